//! Joining a class: by invitation code, by roster, or by a request that somebody decides on.

use uuid::Uuid;
use zhipei_domain::{
    Actor, ClassId, ClassInvitation, Enrolment, InvitationCode, InvitationId, JoinRequest,
    JoinRequestId, JoinState, LearnerId, LocalDay, NoticeKind, PLEDGE, PLEDGE_VERSION, Rejection,
    RosterEntryId, Scope, TrainingClass, UnixMs, check_reason,
};
use zhipei_storage::{Error, Txn, class_invitations, learners, rosters, training_classes};
use zhipei_vault::KeyRing;

use crate::audit::done;
use crate::{Conflicts, Result, consent, enrolment, notice};

/// What an invitation is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewInvitation {
    /// Into which class.
    pub class: ClassId,
    /// Does somebody decide on each who comes?
    pub approval: bool,
    /// Good before this.
    pub expires_at: UnixMs,
    /// How many may come.
    pub most_uses: u32,
}

/// Makes an invitation with a fresh code.
pub async fn create(
    txn: &Txn,
    vault: &KeyRing,
    by: &Actor,
    now: UnixMs,
    new: NewInvitation,
) -> Result<ClassInvitation> {
    let invitation = ClassInvitation {
        id: InvitationId(Uuid::now_v7()),
        class: new.class,
        code: InvitationCode::draw((vault.random())()),
        approval: new.approval,
        expires_at: new.expires_at,
        most_uses: new.most_uses,
        uses: 0,
        revoked_at: None,
        created_at: now,
    };
    invitation.check()?;
    class_invitations::insert(txn, &invitation).await?;
    let class = new.class.to_string();
    done(
        txn,
        by,
        now,
        "class_invitation.create",
        "class_invitation",
        invitation.id,
        &class,
    )
    .await?;
    Ok(invitation)
}

/// Calls an invitation off.
pub async fn revoke(txn: &Txn, by: &Actor, now: UnixMs, id: InvitationId) -> Result<()> {
    class_invitations::revoke(txn, id, now).await?;
    done(
        txn,
        by,
        now,
        "class_invitation.revoke",
        "class_invitation",
        id,
        "",
    )
    .await
}

/// What a code opens, if it opens anything at `now`; [`Rejection::ClassInvitationOver`] else.
pub async fn look_up(
    txn: &Txn,
    code: &str,
    now: UnixMs,
) -> Result<(ClassInvitation, TrainingClass)> {
    let over = || Rejection::ClassInvitationOver;
    let code = InvitationCode::parse(code).ok_or_else(over)?;
    let invitation = match class_invitations::by_code(txn, &code).await {
        Err(Error::NotFound) => return Err(over().into()),
        found => found?,
    };
    if !invitation.is_open(now) {
        return Err(over().into());
    }
    let class = training_classes::get(txn, invitation.class).await?;
    Ok((invitation, class))
}

/// How a learner came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Joined {
    /// In the class.
    Enrolled(Enrolment),
    /// Somebody decides.
    Requested(JoinRequest),
}

/// Joins by an invitation code, with the pledge of `pledge_version` signed.
pub async fn join_by_code(
    txn: &Txn,
    vault: &KeyRing,
    now: UnixMs,
    learner: LearnerId,
    code: &str,
    pledge_version: u32,
) -> Result<Joined> {
    let (invitation, class) = look_up(txn, code, now).await?;
    sign(txn, learner, &class, pledge_version, now).await?;
    if !class_invitations::use_one(txn, invitation.id, now).await? {
        return Err(Rejection::ClassInvitationOver.into());
    }
    if !invitation.approval {
        let enrolment = enrol(txn, vault, &Actor::Learner(learner), now, learner, &class).await?;
        return Ok(Joined::Enrolled(enrolment));
    }
    let request = JoinRequest {
        id: JoinRequestId(Uuid::now_v7()),
        learner,
        class: class.id,
        state: JoinState::Pending,
        reason: None,
        created_at: now,
        decided_at: None,
    };
    class_invitations::insert_request(txn, &request)
        .await
        .or_rejected(Rejection::JoinPending)?;
    let by = Actor::Learner(learner);
    let which = class.id.to_string();
    done(
        txn,
        &by,
        now,
        "join_request.create",
        "join_request",
        request.id,
        &which,
    )
    .await?;
    Ok(Joined::Requested(request))
}

/// Joins a class on whose roster the learner was found.
pub async fn join_by_roster(
    txn: &Txn,
    vault: &KeyRing,
    now: UnixMs,
    learner: LearnerId,
    place: RosterEntryId,
    pledge_version: u32,
) -> Result<Enrolment> {
    let places = rosters::of_learner(txn, vault, learner).await?;
    let place = places.into_iter().find(|it| it.id == place);
    let class = place.ok_or(Error::NotFound)?.class;
    let class = training_classes::get(txn, class).await?;
    sign(txn, learner, &class, pledge_version, now).await?;
    enrol(txn, vault, &Actor::Learner(learner), now, learner, &class).await
}

/// Decides on a request to join. A refusal says why.
pub async fn decide(
    txn: &Txn,
    vault: &KeyRing,
    by: &Actor,
    now: UnixMs,
    id: JoinRequestId,
    refusal: Option<&str>,
) -> Result<()> {
    let request = class_invitations::request(txn, id).await?;
    let reason = refusal.map(check_reason).transpose()?;
    let state = if reason.is_none() {
        JoinState::Approved
    } else {
        JoinState::Refused
    };
    if !class_invitations::decide(txn, id, state, reason, now).await? {
        return Err(Rejection::JoinDecided.into());
    }
    let class = training_classes::get(txn, request.class).await?;
    let title = class.title.as_str();
    let body = match reason {
        None => format!("“{title}”：已同意，可以开始学习。"),
        // The reason is the reviewer's free text: it stands with the request only.
        Some(_) => format!("“{title}”：没有同意，理由见入班申请。"),
    };
    if reason.is_none() {
        enrol(txn, vault, by, now, request.learner, &class).await?;
    }
    notice::send(
        txn,
        vault,
        now,
        request.learner,
        NoticeKind::JoinDecided,
        &body,
    )
    .await?;
    let said = state.as_str();
    done(
        txn,
        by,
        now,
        "join_request.decide",
        "join_request",
        id,
        said,
    )
    .await
}

async fn sign(
    txn: &Txn,
    learner: LearnerId,
    class: &TrainingClass,
    version: u32,
    now: UnixMs,
) -> Result<()> {
    if version != PLEDGE_VERSION {
        return Err(Rejection::PledgeMissing.into());
    }
    if class.window.last() < LocalDay::of(now) {
        return Err(Rejection::ClassOver.into());
    }
    let hash = consent::text_hash(PLEDGE);
    Ok(class_invitations::sign_pledge(txn, learner, class.id, version, &hash, now).await?)
}

async fn enrol(
    txn: &Txn,
    vault: &KeyRing,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
    class: &TrainingClass,
) -> Result<Enrolment> {
    // Until the end of the transaction nobody closes the account.
    let learner = learners::get_to_change(txn, &Scope::Platform, learner).await?;
    let enrolment = enrolment::enrol(txn, by, now, &learner, class.id).await?;
    let title = class.title.as_str();
    notice::send(txn, vault, now, learner.id, NoticeKind::Enrolled, title).await?;
    Ok(enrolment)
}
