//! Faces (人脸): templates, sealed; what was asked, what was decided, and which frames were seen.

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use zhipei_domain::{
    ChallengeId, EnrolledFace, FRAMES_KNOWN_MS, FaceAction, FaceChallenge, FaceCheck, FaceCheckId,
    FaceOutcome, FacePurpose, FaceStanding, FramePrint, LearnerId, LessonId, LocalDay,
    LoginSessionId, Scope, UnixMs,
};
use zhipei_vault::{KeyRing, Place, Sealed};

use crate::entity::{face_challenge, face_check, face_frame, face_template};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, learners, person_keys};

impl Unscoped for face_template::Entity {}
impl Unscoped for face_challenge::Entity {}
impl Unscoped for face_check::Entity {}
impl Unscoped for face_frame::Entity {}

const TEMPLATE: Place = Place::new("face_template", "template");
const EVIDENCE: Place = Place::new("face_check", "evidence");

/// Frames of a learner that are known again at most; of more, the newest.
const FRAMES_KNOWN: u64 = 20_000;

/// What is told of the learner's template, if they are in the scope and have one.
pub async fn get(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
) -> Result<Option<EnrolledFace>> {
    learners::check_scope(db, scope, learner).await?;
    let row = template_row(db, learner).await?;
    row.map(EnrolledFace::try_from).transpose()
}

/// The templates in the scope that nobody has vouched for, by learner, those after `after`.
pub async fn provisional(
    db: &impl ConnectionTrait,
    scope: &Scope,
    after: Option<LearnerId>,
    most: u64,
) -> Result<Vec<EnrolledFace>> {
    use face_template::Column;
    let mut query = face_template::Entity::rows()
        .filter(Column::Standing.eq(FaceStanding::Provisional.as_str()))
        .filter(Column::LearnerId.in_subquery(learners::ids_in(scope)));
    if let Some(after) = after {
        query = query.filter(Column::LearnerId.gt(after.0));
    }
    let rows = query
        .order_by_asc(Column::LearnerId)
        .limit(most)
        .all(db)
        .await?;
    rows.into_iter().map(EnrolledFace::try_from).collect()
}

/// The learner's template, opened: base64 of what `face` stores. `None` without one.
pub async fn template(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    learner: LearnerId,
) -> Result<Option<zeroize::Zeroizing<String>>> {
    let Some(row) = template_row(db, learner).await? else {
        return Ok(None);
    };
    let key = person_keys::get(db, vault, learner.0).await?;
    Ok(Some(key.open(TEMPLATE, &Sealed::parse(&row.template)?)?))
}

/// Keeps a template, in place of the one before.
pub async fn put(txn: &Txn, vault: &KeyRing, face: &EnrolledFace, template: &str) -> Result<()> {
    delete(txn, face.learner).await?;
    let key = person_keys::get(txn, vault, face.learner.0).await?;
    let row = face_template::ActiveModel {
        learner_id: Set(face.learner.0),
        template: Set(key.seal(TEMPLATE, template).as_str().to_owned()),
        made_by: Set(face.model.clone()),
        standing: Set(face.standing.as_str().to_owned()),
        enrolled_at: Set(face.enrolled_at),
        bound_at: Set(face.bound_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// Notes who vouches for the template; says whether there is one.
pub async fn bind(
    txn: &Txn,
    learner: LearnerId,
    standing: FaceStanding,
    now: UnixMs,
) -> Result<bool> {
    use face_template::Column;
    let done = face_template::Entity::update_many()
        .col_expr(Column::Standing, Expr::value(standing.as_str()))
        .col_expr(Column::BoundAt, Expr::value(now))
        .filter(Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    Ok(done.rows_affected > 0)
}

/// Destroys the template; says whether there was one.
pub async fn delete(txn: &Txn, learner: LearnerId) -> Result<bool> {
    let done = face_template::Entity::delete_many()
        .filter(face_template::Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    Ok(done.rows_affected > 0)
}

/// Drops all that is kept of a learner's face: template, questions and frames. Decisions stay, unreadable once
/// the person's key is gone.
pub async fn erase(txn: &Txn, learner: LearnerId) -> Result<()> {
    delete(txn, learner).await?;
    face_challenge::Entity::delete_many()
        .filter(face_challenge::Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    face_frame::Entity::delete_many()
        .filter(face_frame::Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Persons of whom a template is kept: the number that the filing duty looks at.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(face_template::Entity::rows().count(db).await?)
}

/// Keeps what is asked.
pub async fn ask(txn: &Txn, challenge: &FaceChallenge) -> Result<()> {
    let actions: Vec<&str> = challenge.actions.iter().map(|a| a.as_str()).collect();
    let row = face_challenge::ActiveModel {
        id: Set(challenge.id.0),
        learner_id: Set(challenge.learner.map(|id| id.0)),
        purpose: Set(challenge.purpose.as_str().to_owned()),
        login_id: Set(challenge.login.map(|id| id.0)),
        lesson_id: Set(challenge.lesson.map(|id| id.0)),
        actions: Set(actions.join(",")),
        expires_at: Set(challenge.expires_at),
        used_at: Set(None),
    };
    row.insert(txn).await?;
    Ok(())
}

/// What was asked.
pub async fn asked(db: &impl ConnectionTrait, id: FaceCheckId) -> Result<FaceChallenge> {
    let row = face_challenge::Entity::rows()
        .filter(face_challenge::Column::Id.eq(id.0))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Uses a question up; `false` where it was used before.
pub async fn take(txn: &Txn, id: FaceCheckId, now: UnixMs) -> Result<bool> {
    let done = face_challenge::Entity::update_many()
        .col_expr(face_challenge::Column::UsedAt, Expr::value(now))
        .filter(face_challenge::Column::Id.eq(id.0))
        .filter(face_challenge::Column::UsedAt.is_null())
        .exec(txn)
        .await?;
    Ok(done.rows_affected > 0)
}

/// Gives a question back that was put off through no fault of the learner.
pub async fn give_back(txn: &Txn, id: FaceCheckId) -> Result<()> {
    face_challenge::Entity::update_many()
        .col_expr(
            face_challenge::Column::UsedAt,
            Expr::value(Option::<i64>::None),
        )
        .filter(face_challenge::Column::Id.eq(id.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Questions that the learner fetched and that end after `since`.
pub async fn asked_since(
    db: &impl ConnectionTrait,
    learner: LearnerId,
    since: UnixMs,
) -> Result<u64> {
    Ok(face_challenge::Entity::rows()
        .filter(face_challenge::Column::LearnerId.eq(learner.0))
        .filter(face_challenge::Column::ExpiresAt.gt(since))
        .count(db)
        .await?)
}

/// Keeps a decision and its frames; a file that is known already stays as it is.
pub async fn insert_check(
    txn: &Txn,
    vault: &KeyRing,
    check: &FaceCheck,
    challenge: Option<ChallengeId>,
) -> Result<()> {
    let key = person_keys::get(txn, vault, check.learner.0).await?;
    let row = face_check::ActiveModel {
        id: Set(check.id.0),
        learner_id: Set(check.learner.0),
        purpose: Set(check.purpose.as_str().to_owned()),
        challenge_id: Set(challenge.map(|id| id.0)),
        login_id: Set(check.login.map(|id| id.0)),
        lesson_id: Set(check.lesson.map(|id| id.0)),
        at: Set(check.at),
        outcome: Set(check.outcome.as_str().to_owned()),
        failures: Set(check.failures.join(",")),
        evidence: Set(key.seal(EVIDENCE, &check.evidence).as_str().to_owned()),
    };
    row.insert(txn).await?;
    let frames = check.frames.iter().map(|frame| face_frame::ActiveModel {
        id: Set(Uuid::now_v7()),
        learner_id: Set(check.learner.0),
        sha256: Set(hex::encode(frame.sha256)),
        perceptual: Set(hex::encode(frame.perceptual)),
        at: Set(check.at),
    });
    face_frame::Entity::insert_many(frames)
        .on_conflict(
            sea_orm::sea_query::OnConflict::columns([
                face_frame::Column::LearnerId,
                face_frame::Column::Sha256,
            ])
            .do_nothing()
            .to_owned(),
        )
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// When the learner's face failed since `since`, for whatever purpose.
pub async fn failed_since(
    db: &impl ConnectionTrait,
    learner: LearnerId,
    since: UnixMs,
) -> Result<Vec<UnixMs>> {
    Ok(face_check::Entity::rows()
        .select_only()
        .column(face_check::Column::At)
        .filter(face_check::Column::LearnerId.eq(learner.0))
        .filter(face_check::Column::At.gt(since))
        .filter(face_check::Column::Outcome.ne(FaceOutcome::Passed.as_str()))
        .into_tuple()
        .all(db)
        .await?)
}

/// Has the face passed with this login since `since`: for this lesson, or, where none is given, for anything
/// that a login needs?
pub async fn has_passed(
    db: &impl ConnectionTrait,
    login: LoginSessionId,
    lesson: Option<LessonId>,
    since: UnixMs,
) -> Result<bool> {
    use face_check::Column;
    let mut query = face_check::Entity::rows()
        .filter(Column::LoginId.eq(login.0))
        .filter(Column::At.gt(since))
        .filter(Column::Outcome.eq(FaceOutcome::Passed.as_str()));
    if let Some(lesson) = lesson {
        query = query.filter(Column::LessonId.eq(lesson.0));
    }
    Ok(query.count(db).await? > 0)
}

/// How looks at faces ended since `since`, by purpose.
pub async fn outcomes_since(
    db: &impl ConnectionTrait,
    since: UnixMs,
) -> Result<Vec<(FacePurpose, FaceOutcome, u64)>> {
    use face_check::Column;
    let rows: Vec<(String, String, i64)> = face_check::Entity::rows()
        .select_only()
        .column(Column::Purpose)
        .column(Column::Outcome)
        .column_as(Column::Id.count(), "count")
        .filter(Column::At.gt(since))
        .group_by(Column::Purpose)
        .group_by(Column::Outcome)
        .into_tuple()
        .all(db)
        .await?;
    rows.into_iter()
        .map(|(purpose, outcome, count)| {
            let corrupt = || Error::Corrupt("face_check");
            Ok((
                FacePurpose::parse(&purpose).ok_or_else(corrupt)?,
                FaceOutcome::parse(&outcome).ok_or_else(corrupt)?,
                count.unsigned_abs(),
            ))
        })
        .collect()
}

/// The frames of the learner that are known again, the newest first.
pub async fn frames(db: &impl ConnectionTrait, learner: LearnerId) -> Result<Vec<FramePrint>> {
    let rows = face_frame::Entity::rows()
        .filter(face_frame::Column::LearnerId.eq(learner.0))
        .order_by_desc(face_frame::Column::At)
        .limit(FRAMES_KNOWN)
        .all(db)
        .await?;
    rows.into_iter()
        .map(|row| {
            let bytes = |text: &str| {
                let mut bytes = [0; 32];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| Error::Corrupt("face_frame"))?;
                Ok::<_, Error>(bytes)
            };
            Ok(FramePrint {
                sha256: bytes(&row.sha256)?,
                perceptual: bytes(&row.perceptual)?,
            })
        })
        .collect()
}

/// Some of the learners whose template is older than `enrolled_before` and whose classes, at least one, had all ended
/// before `day`.
pub async fn no_longer_needed(
    txn: &Txn,
    day: LocalDay,
    enrolled_before: UnixMs,
    most: u64,
) -> Result<Vec<LearnerId>> {
    let places = || {
        Query::select()
            .column("learner_id")
            .from("enrolment")
            .and_where(Expr::col("state").ne("withdrawn"))
            .take()
    };
    let running = Query::select()
        .column("id")
        .from("training_class")
        .and_where(Expr::col("ends_on").gte(day.to_string()))
        .take();
    let still = places()
        .and_where(Expr::col("class_id").in_subquery(running))
        .take();
    let ids: Vec<Uuid> = face_template::Entity::rows()
        .select_only()
        .column(face_template::Column::LearnerId)
        .filter(face_template::Column::EnrolledAt.lt(enrolled_before))
        .filter(face_template::Column::LearnerId.in_subquery(places()))
        .filter(face_template::Column::LearnerId.not_in_subquery(still))
        .limit(most)
        .into_tuple()
        .all(txn)
        .await?;
    Ok(ids.into_iter().map(LearnerId).collect())
}

/// Drops questions that are over and frames that are no longer to be known.
pub async fn delete_old(txn: &Txn, now: UnixMs) -> Result<()> {
    face_challenge::Entity::delete_many()
        .filter(face_challenge::Column::ExpiresAt.lt(now - 86_400_000))
        .exec(txn)
        .await?;
    face_frame::Entity::delete_many()
        .filter(face_frame::Column::At.lt(now - FRAMES_KNOWN_MS))
        .exec(txn)
        .await?;
    Ok(())
}

async fn template_row(
    db: &impl ConnectionTrait,
    learner: LearnerId,
) -> Result<Option<face_template::Model>> {
    Ok(face_template::Entity::rows()
        .filter(face_template::Column::LearnerId.eq(learner.0))
        .one(db)
        .await?)
}

impl TryFrom<face_template::Model> for EnrolledFace {
    type Error = Error;

    fn try_from(row: face_template::Model) -> Result<Self> {
        Ok(Self {
            learner: LearnerId(row.learner_id),
            model: row.made_by,
            standing: FaceStanding::parse(&row.standing)
                .ok_or(Error::Corrupt("face_template.standing"))?,
            enrolled_at: row.enrolled_at,
            bound_at: row.bound_at,
        })
    }
}

impl TryFrom<face_challenge::Model> for FaceChallenge {
    type Error = Error;

    fn try_from(row: face_challenge::Model) -> Result<Self> {
        let corrupt = || Error::Corrupt("face_challenge");
        Ok(Self {
            id: FaceCheckId(row.id),
            learner: row.learner_id.map(LearnerId),
            purpose: FacePurpose::parse(&row.purpose).ok_or_else(corrupt)?,
            login: row.login_id.map(LoginSessionId),
            lesson: row.lesson_id.map(LessonId),
            actions: row
                .actions
                .split(',')
                .filter(|action| !action.is_empty())
                .map(|action| FaceAction::parse(action).ok_or_else(corrupt))
                .collect::<Result<_>>()?,
            expires_at: row.expires_at,
            used_at: row.used_at,
        })
    }
}
