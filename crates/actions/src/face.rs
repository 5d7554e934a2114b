//! Faces: asking, using up what was asked, keeping what was decided, and forgetting.

use sha2::{Digest, Sha256};
use zhipei_domain::{
    Actor, AuditEvent, AuditResult, ChallengeId, ConsentPurpose, EnrolledFace, FACE_CHALLENGE_MS,
    FACE_CHALLENGES, FACE_KEPT_DAYS, FACE_PAUSE_MS, FACE_TRIES_WITHIN_MS, FaceAction,
    FaceChallenge, FaceCheck, FaceCheckId, FaceOutcome, FacePurpose, FaceStanding, LearnerId,
    LessonId, LocalDay, LoginSessionId, NoticeKind, Rejection, Scope, UnixMs, face_paused_until,
};
use zhipei_storage::{Connection, Error, Txn, audit, consents, faces, learners};
use zhipei_vault::KeyRing;

use crate::audit::done;
use crate::{Keys, Result, notice};

/// Who is asked for what.
#[derive(Clone, Copy, Debug)]
pub struct FaceRequest {
    /// Whose face.
    pub learner: LearnerId,
    /// What for.
    pub purpose: FacePurpose,
    /// The login that asks.
    pub login: LoginSessionId,
    /// The lesson that is to start.
    pub lesson: Option<LessonId>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaceAsked {
    /// Look into the camera and do this.
    Asked(FaceChallenge),
    /// Too many failures or questions: another way until then.
    Paused {
        /// The end of it.
        until: UnixMs,
    },
}

/// Asks a learner to look into the camera: with consent, with a template but for enrolling, and within the
/// limits. `random` is 64 bytes of the operating system's generator in two halves.
pub async fn ask(
    txn: &Txn,
    request: FaceRequest,
    random: [[u8; 32]; 2],
    now: UnixMs,
) -> Result<FaceAsked> {
    let learner = request.learner;
    if !agreed(txn, learner).await? {
        return Err(Rejection::FaceConsentNeeded.into());
    }
    let template = faces::get(txn, &Scope::Learner(learner), learner).await?;
    if template.is_none() && request.purpose != FacePurpose::Enrolment {
        return Err(Rejection::FaceNotEnrolled.into());
    }
    if let Some(until) = paused(txn, learner, now).await? {
        return Ok(FaceAsked::Paused { until });
    }
    let since = now - FACE_TRIES_WITHIN_MS + FACE_CHALLENGE_MS;
    if faces::asked_since(txn, learner, since).await? >= FACE_CHALLENGES as u64 {
        let until = now + FACE_TRIES_WITHIN_MS;
        return Ok(FaceAsked::Paused { until });
    }
    let challenge = FaceChallenge {
        login: Some(request.login),
        lesson: request.lesson,
        ..drawn(Some(learner), request.purpose, random, now)
    };
    faces::ask(txn, &challenge).await?;
    Ok(FaceAsked::Asked(challenge))
}

/// Asks somebody who wants to log in by face. A stranger, and who cannot log in so, is asked alike; nothing that
/// they send passes.
pub async fn ask_to_log_in(
    txn: &Txn,
    whose: Option<LearnerId>,
    random: [[u8; 32]; 2],
    now: UnixMs,
) -> Result<FaceChallenge> {
    let able = match whose {
        Some(learner) => is_able(txn, learner, now).await?,
        None => false,
    };
    let whose = whose.filter(|_| able);
    let challenge = drawn(whose, FacePurpose::Login, random, now);
    faces::ask(txn, &challenge).await?;
    Ok(challenge)
}

fn drawn(
    learner: Option<LearnerId>,
    purpose: FacePurpose,
    random: [[u8; 32]; 2],
    now: UnixMs,
) -> FaceChallenge {
    let mut id = [0; 16];
    id.copy_from_slice(&random[0][..16]);
    FaceChallenge {
        id: FaceCheckId(uuid::Builder::from_random_bytes(id).into_uuid()),
        learner,
        purpose,
        login: None,
        lesson: None,
        actions: FaceAction::draw(random[1]).to_vec(),
        expires_at: now + FACE_CHALLENGE_MS,
        used_at: None,
    }
}

/// Frames have come for a question of this login: it is used up by them, whatever they show.
pub async fn take(
    txn: &Txn,
    id: FaceCheckId,
    login: Option<LoginSessionId>,
    now: UnixMs,
) -> Result<FaceChallenge> {
    let challenge = faces::asked(txn, id).await?;
    if challenge.login != login {
        return Err(Error::NotFound.into());
    }
    if challenge.expires_at < now {
        return Err(Rejection::FaceChallengeOver.into());
    }
    if !faces::take(txn, id, now).await? {
        return Err(Rejection::FaceChallengeUsed.into());
    }
    Ok(challenge)
}

/// Nobody could look at the frames: the question stands again.
pub async fn give_back(txn: &Txn, id: FaceCheckId) -> Result<()> {
    Ok(faces::give_back(txn, id).await?)
}

/// Keeps a decision with what it rests on. The audit row names it and holds its digest, so that neither changes
/// unnoticed.
pub async fn decide(
    txn: &Txn,
    vault: &KeyRing,
    check: &FaceCheck,
    challenge: Option<ChallengeId>,
) -> Result<()> {
    faces::insert_check(txn, vault, check, challenge).await?;
    let digest = hex::encode(Sha256::digest(check.evidence.as_bytes()));
    let (purpose, outcome) = (check.purpose.as_str(), check.outcome.as_str());
    let row = AuditEvent {
        at: check.at,
        actor: Actor::Learner(check.learner),
        action: "face.check",
        object: Some(("face_check", check.id.to_string())),
        result: match check.outcome {
            FaceOutcome::Passed => AuditResult::Ok,
            FaceOutcome::Failed | FaceOutcome::Mismatch => AuditResult::Refused,
        },
        detail: Some(format!("{purpose} {outcome} sha256:{digest}")),
        ip: None,
    };
    Ok(audit::insert(txn, &row).await?)
}

/// Keeps a template that a passed check made, in place of the one before.
pub async fn enrol(
    txn: &Txn,
    keys: &Keys,
    check: &FaceCheck,
    model: &str,
    template: &str,
) -> Result<EnrolledFace> {
    let (learner, now) = (check.learner, check.at);
    // Until the end of the transaction nobody withdraws the consent or closes the account.
    learners::get_to_change(txn, &Scope::Learner(learner), learner).await?;
    if !agreed(txn, learner).await? {
        return Err(Rejection::FaceConsentNeeded.into());
    }
    let before = faces::get(txn, &Scope::Learner(learner), learner).await?;
    let face = EnrolledFace {
        learner,
        model: model.to_owned(),
        standing: FaceStanding::Provisional,
        enrolled_at: now,
        bound_at: None,
    };
    faces::put(txn, &keys.vault, &face, template).await?;
    let by = Actor::Learner(learner);
    done(txn, &by, now, "face.enrol", "learner", learner, model).await?;
    if before.is_some() {
        let kind = NoticeKind::FaceChanged;
        let body = "如果不是您本人操作，请马上修改密码，并联系培训机构。";
        notice::send(txn, &keys.vault, now, learner, kind, body).await?;
    }
    Ok(face)
}

/// Somebody vouches that the face is that of the person.
pub async fn bind(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    scope: &Scope,
    now: UnixMs,
    learner: LearnerId,
    standing: FaceStanding,
) -> Result<()> {
    learners::get_to_change(txn, scope, learner).await?;
    if !faces::bind(txn, learner, standing, now).await? {
        return Err(Rejection::FaceNotEnrolled.into());
    }
    let kind = NoticeKind::FaceBound;
    let body = match standing {
        FaceStanding::IdCard => "采集的人脸与身份证照片一致。",
        _ => "培训机构已确认采集的人脸是您本人。",
    };
    notice::send(txn, &keys.vault, now, learner, kind, body).await?;
    let how = standing.as_str();
    done(txn, by, now, "face.bind", "learner", learner, how).await
}

/// Destroys the template; nothing is compared any more.
pub(crate) async fn forget(txn: &Txn, by: &Actor, now: UnixMs, learner: LearnerId) -> Result<()> {
    if faces::delete(txn, learner).await? {
        done(txn, by, now, "face.forget", "learner", learner, "").await?;
    }
    Ok(())
}

/// Has the learner agreed to comparing and to uploading, in the words that hold now?
pub async fn agreed(db: &impl Connection, learner: LearnerId) -> zhipei_storage::Result<bool> {
    Ok(
        consents::lives(db, learner, ConsentPurpose::FaceCompare).await?
            && consents::lives(db, learner, ConsentPurpose::FaceUpload).await?,
    )
}

/// Until when the learner's face waits after failures.
pub async fn paused(
    db: &impl Connection,
    learner: LearnerId,
    now: UnixMs,
) -> zhipei_storage::Result<Option<UnixMs>> {
    let since = now - FACE_PAUSE_MS - FACE_TRIES_WITHIN_MS;
    let failures = faces::failed_since(db, learner, since).await?;
    Ok(face_paused_until(&failures, now))
}

/// Can the learner be checked by face right now?
pub async fn is_able(
    db: &impl Connection,
    learner: LearnerId,
    now: UnixMs,
) -> zhipei_storage::Result<bool> {
    Ok(faces::get(db, &Scope::Learner(learner), learner)
        .await?
        .is_some()
        && agreed(db, learner).await?
        && paused(db, learner, now).await?.is_none())
}

/// Templates that are destroyed in one transaction.
const AT_ONCE: u64 = 200;

/// Drops questions that are over, frames that are no longer to be known, and templates whose classes ended long ago.
pub async fn tidy(txn: &Txn, now: UnixMs) -> Result<()> {
    let day = LocalDay(LocalDay::of(now).0 - FACE_KEPT_DAYS);
    let over = faces::no_longer_needed(txn, day, day.start_ms(), AT_ONCE).await?;
    for learner in over {
        forget(txn, &Actor::System, now, learner).await?;
    }
    Ok(faces::delete_old(txn, now).await?)
}
