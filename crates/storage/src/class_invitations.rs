//! Invitations (邀请码) to a class, requests (入班申请) to join one, and the pledges (承诺书) signed.

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use zhipei_domain::{
    ClassId, ClassInvitation, InvitationCode, InvitationId, JoinRequest, JoinRequestId, JoinState,
    LearnerId, Scope, UnixMs,
};

use crate::entity::{class_invitation, join_request, pledge};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, learners};

impl Unscoped for class_invitation::Entity {}
impl Unscoped for join_request::Entity {}
impl Unscoped for pledge::Entity {}

/// Adds one; [`Error::Conflict`] when the code is taken.
pub async fn insert(txn: &Txn, invitation: &ClassInvitation) -> Result<()> {
    let row = class_invitation::ActiveModel {
        id: Set(invitation.id.0),
        class_id: Set(invitation.class.0),
        code: Set(invitation.code.as_str().to_owned()),
        approval: Set(invitation.approval),
        expires_at: Set(invitation.expires_at),
        most_uses: Set(invitation.most_uses as i32),
        uses: Set(invitation.uses as i32),
        revoked_at: Set(invitation.revoked_at),
        created_at: Set(invitation.created_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// The invitation with this code, open or not.
pub async fn by_code(db: &impl ConnectionTrait, code: &InvitationCode) -> Result<ClassInvitation> {
    let row = class_invitation::Entity::rows()
        .filter(class_invitation::Column::Code.eq(code.as_str()))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Counts one more who came, if one more may at `now`; says whether.
pub async fn use_one(txn: &Txn, id: InvitationId, now: UnixMs) -> Result<bool> {
    use class_invitation::Column;
    let done = class_invitation::Entity::update_many()
        .col_expr(Column::Uses, Expr::col(Column::Uses).add(1))
        .filter(Column::Id.eq(id.0))
        .filter(Column::RevokedAt.is_null())
        .filter(Expr::col(Column::ExpiresAt).gt(now))
        .filter(Expr::col(Column::Uses).lt(Expr::col(Column::MostUses)))
        .exec(txn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Calls an invitation off.
pub async fn revoke(txn: &Txn, id: InvitationId, now: UnixMs) -> Result<()> {
    class_invitation::Entity::update_many()
        .col_expr(class_invitation::Column::RevokedAt, Expr::value(now))
        .filter(class_invitation::Column::Id.eq(id.0))
        .filter(class_invitation::Column::RevokedAt.is_null())
        .exec(txn)
        .await?;
    Ok(())
}

/// The invitations of a class, the newest first.
pub async fn of_class(db: &impl ConnectionTrait, class: ClassId) -> Result<Vec<ClassInvitation>> {
    let rows = class_invitation::Entity::rows()
        .filter(class_invitation::Column::ClassId.eq(class.0))
        .order_by_desc(class_invitation::Column::CreatedAt)
        .all(db)
        .await?;
    rows.into_iter().map(ClassInvitation::try_from).collect()
}

/// Adds a request; [`Error::Conflict`] when one of the learner waits for this class.
pub async fn insert_request(txn: &Txn, request: &JoinRequest) -> Result<()> {
    let row = join_request::ActiveModel {
        id: Set(request.id.0),
        learner_id: Set(request.learner.0),
        class_id: Set(request.class.0),
        state: Set(request.state.as_str().to_owned()),
        reason: Set(request.reason.clone()),
        created_at: Set(request.created_at),
        decided_at: Set(request.decided_at),
    };
    row.insert(txn).await?;
    Ok(())
}

/// The request with this id.
pub async fn request(db: &impl ConnectionTrait, id: JoinRequestId) -> Result<JoinRequest> {
    let row = join_request::Entity::rows()
        .filter(join_request::Column::Id.eq(id.0))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The requests of a class that wait after the one with the id `after`, the oldest first, `most` at most.
pub async fn waiting(
    db: &impl ConnectionTrait,
    class: ClassId,
    after: Option<JoinRequestId>,
    most: u64,
) -> Result<Vec<JoinRequest>> {
    let mut query = join_request::Entity::rows()
        .filter(join_request::Column::ClassId.eq(class.0))
        .filter(join_request::Column::State.eq(JoinState::Pending.as_str()));
    if let Some(after) = after {
        query = query.filter(Expr::col(join_request::Column::Id).gt(after.0));
    }
    // Ids are made in the order of time.
    let query = query.order_by_asc(join_request::Column::Id).limit(most);
    let rows = query.all(db).await?;
    rows.into_iter().map(JoinRequest::try_from).collect()
}

/// All requests of a learner, the newest first.
pub async fn requests_of_learner(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
) -> Result<Vec<JoinRequest>> {
    learners::check_scope(db, scope, learner).await?;
    let rows = join_request::Entity::rows()
        .filter(join_request::Column::LearnerId.eq(learner.0))
        .order_by_desc(join_request::Column::CreatedAt)
        .all(db)
        .await?;
    rows.into_iter().map(JoinRequest::try_from).collect()
}

/// Keeps a decision; says whether the request still waited.
pub async fn decide(
    txn: &Txn,
    id: JoinRequestId,
    state: JoinState,
    reason: Option<&str>,
    now: UnixMs,
) -> Result<bool> {
    use join_request::Column;
    let done = join_request::Entity::update_many()
        .col_expr(Column::State, Expr::value(state.as_str()))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::DecidedAt, Expr::value(now))
        .filter(Column::Id.eq(id.0))
        .filter(Column::DecidedAt.is_null())
        .exec(txn)
        .await?;
    Ok(done.rows_affected == 1)
}

/// Refuses what waits of a learner who is gone.
pub async fn close(txn: &Txn, learner: LearnerId, reason: &str, now: UnixMs) -> Result<()> {
    use join_request::Column;
    join_request::Entity::update_many()
        .col_expr(Column::State, Expr::value(JoinState::Refused.as_str()))
        .col_expr(Column::Reason, Expr::value(reason))
        .col_expr(Column::DecidedAt, Expr::value(now))
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::DecidedAt.is_null())
        .exec(txn)
        .await?;
    Ok(())
}

/// Empties what was written to a learner.
pub async fn erase(txn: &Txn, learner: LearnerId) -> Result<()> {
    use join_request::Column;
    join_request::Entity::update_many()
        .col_expr(Column::Reason, Expr::value(Option::<String>::None))
        .filter(Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Keeps that the learner signed the pledge; a later one takes the place of an earlier.
pub async fn sign_pledge(
    txn: &Txn,
    learner: LearnerId,
    class: ClassId,
    version: u32,
    text_hash: &str,
    now: UnixMs,
) -> Result<()> {
    use pledge::Column;
    let row = pledge::ActiveModel {
        learner_id: Set(learner.0),
        class_id: Set(class.0),
        version: Set(version as i32),
        text_hash: Set(text_hash.to_owned()),
        signed_at: Set(now),
    };
    let again = sea_orm::sea_query::OnConflict::columns([Column::LearnerId, Column::ClassId])
        .update_columns([Column::Version, Column::TextHash, Column::SignedAt])
        .to_owned();
    pledge::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(txn)
        .await?;
    Ok(())
}

/// The pledges of a learner: class, version, when.
pub async fn pledges(
    db: &impl ConnectionTrait,
    scope: &Scope,
    learner: LearnerId,
) -> Result<Vec<(ClassId, u32, UnixMs)>> {
    learners::check_scope(db, scope, learner).await?;
    let rows = pledge::Entity::rows()
        .filter(pledge::Column::LearnerId.eq(learner.0))
        .order_by_asc(pledge::Column::SignedAt)
        .all(db)
        .await?;
    let pledged = |row: pledge::Model| {
        (
            ClassId(row.class_id),
            row.version.unsigned_abs(),
            row.signed_at,
        )
    };
    Ok(rows.into_iter().map(pledged).collect())
}

impl TryFrom<class_invitation::Model> for ClassInvitation {
    type Error = Error;

    fn try_from(row: class_invitation::Model) -> Result<Self> {
        Ok(Self {
            id: InvitationId(row.id),
            class: ClassId(row.class_id),
            code: InvitationCode::parse(&row.code)
                .ok_or(Error::Corrupt("class_invitation.code"))?,
            approval: row.approval,
            expires_at: row.expires_at,
            most_uses: row.most_uses.unsigned_abs(),
            uses: row.uses.unsigned_abs(),
            revoked_at: row.revoked_at,
            created_at: row.created_at,
        })
    }
}

impl TryFrom<join_request::Model> for JoinRequest {
    type Error = Error;

    fn try_from(row: join_request::Model) -> Result<Self> {
        Ok(Self {
            id: JoinRequestId(row.id),
            learner: LearnerId(row.learner_id),
            class: ClassId(row.class_id),
            state: JoinState::parse(&row.state).ok_or(Error::Corrupt("join_request.state"))?,
            reason: row.reason,
            created_at: row.created_at,
            decided_at: row.decided_at,
        })
    }
}
