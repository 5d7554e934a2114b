//! Corrections (信息更正): asking with evidence, deciding as a reviewer.

use uuid::Uuid;
use zhipei_domain::{
    AccountState, Actor, Correction, CorrectionField, CorrectionId, CorrectionState, DocumentKind,
    IdDocument, Identity, LearnerId, MOST_LOST_PHONES, NoticeKind, PHONE_WAITS_MS, PersonName,
    Phone, Rejection, Scope, UnixMs, check_evidence, check_reason, may_register,
};
use zhipei_storage::corrections::{self, Asked};
use zhipei_storage::identities::Change;
use zhipei_storage::{Db, Error, Txn, identities, learners, login_sessions};

use crate::audit::done;
use crate::{Conflicts, Keys, Result, identity, notice};

/// Changes of phones in one go.
const AT_ONCE: u64 = 50;

/// What is to stand there instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Another name.
    Name(PersonName),
    /// Another document.
    Document(IdDocument),
    /// Another phone, which its holder has proved to have.
    Phone(Phone),
}

impl Wanted {
    /// Which field it is.
    pub fn field(&self) -> CorrectionField {
        match self {
            Self::Name(_) => CorrectionField::Name,
            Self::Document(_) => CorrectionField::Document,
            Self::Phone(_) => CorrectionField::Phone,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Name(name) => name.as_str().to_owned(),
            Self::Document(document) => document.key(),
            Self::Phone(phone) => phone.as_str().to_owned(),
        }
    }

    fn parse(field: CorrectionField, text: &str) -> Result<Self> {
        let corrupt = Error::Corrupt("correction.new_value");
        let parsed = match field {
            CorrectionField::Name => PersonName::parse(text).ok().map(Self::Name),
            CorrectionField::Phone => Phone::parse(text).ok().map(Self::Phone),
            CorrectionField::Document => text.split_once(':').and_then(|(kind, number)| {
                let document = IdDocument::parse(DocumentKind::parse(kind)?, number);
                document.ok().map(Self::Document)
            }),
        };
        Ok(parsed.ok_or(corrupt)?)
    }
}

/// Asks for a correction of one's own data.
pub async fn ask(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    learner: LearnerId,
    wanted: &Wanted,
    evidence: &str,
) -> Result<Correction> {
    let by = Actor::Learner(learner);
    put(txn, keys, &by, now, learner, wanted, evidence).await
}

async fn put(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
    wanted: &Wanted,
    evidence: &str,
) -> Result<Correction> {
    let evidence = check_evidence(evidence)?;
    let scope = Scope::Learner(learner);
    let identity = identities::get(txn, &scope, &keys.vault, learner).await?;
    check_age(&identity, wanted, now)?;
    let correction = Correction {
        id: CorrectionId(Uuid::now_v7()),
        learner,
        field: wanted.field(),
        state: CorrectionState::Pending,
        reason: None,
        created_at: now,
        decided_at: None,
        takes_effect_at: None,
    };
    let asked = Asked {
        old_value: current(&identity, wanted.field()),
        new_value: wanted.text(),
        evidence: evidence.to_owned(),
        comment: None,
    };
    corrections::insert(txn, &keys.vault, &correction, &asked)
        .await
        .or_rejected(Rejection::CorrectionPending)?;
    let body = match correction.field {
        CorrectionField::Name => None,
        CorrectionField::Document => {
            Some("有人申请更正这个账号的证件号码。如果不是您本人，请马上修改密码并联系监管部门。")
        }
        CorrectionField::Phone => {
            Some("有人申请更换这个账号的手机号。如果不是您本人，请重新登录一次，申请随即作废。")
        }
    };
    // To the phone of now: its holder should know before anything changes.
    if let Some(body) = body {
        let kind = NoticeKind::CorrectionAsked;
        notice::send(txn, &keys.vault, now, learner, kind, body).await?;
    }
    done(
        txn,
        by,
        now,
        "correction.ask",
        "correction",
        correction.id,
        correction.field.as_str(),
    )
    .await?;
    Ok(correction)
}

/// Who lost the phone of their account asks for another one, whose holder they have proved to be. Where
/// name and document are nobody's, nothing happens, and nobody is told. Several may ask, each for a phone of
/// their own: which of them is the holder, a reviewer decides.
pub async fn ask_after_loss(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    name: &PersonName,
    document: &IdDocument,
    phone: Phone,
    evidence: &str,
) -> Result<()> {
    check_evidence(evidence)?;
    let id = match identities::by_document(txn, &keys.vault, document).await {
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    let scope = Scope::Learner(id);
    let learner = learners::get_to_change(txn, &Scope::Platform, id).await?;
    let identity = identities::get(txn, &scope, &keys.vault, id).await?;
    if learner.state != AccountState::Active || identity.name != *name {
        return Ok(());
    }
    let field = CorrectionField::Phone;
    let before = corrections::undecided(txn, &scope, id, field).await?;
    let same = corrections::value_index(&keys.vault, field, phone.as_str());
    // Saying that one waits, or that there are too many, would tell a stranger that there is an account.
    if before.len() >= MOST_LOST_PHONES || before.iter().any(|(_, index)| *index == same) {
        return Ok(());
    }
    let wanted = Wanted::Phone(phone);
    put(txn, keys, &Actor::Anonymous, now, id, &wanted, evidence).await?;
    Ok(())
}

/// The holder of the current phone is there, as a login shows: requests for another one end, also those that
/// are approved and not done yet.
pub(crate) async fn object(txn: &Txn, now: UnixMs, learner: LearnerId) -> Result<()> {
    let (field, by) = (Some(CorrectionField::Phone), Actor::Learner(learner));
    let (reason, closer) = ("账号的持有人已登录，申请作废", format!("{by:?}"));
    if corrections::close(txn, learner, field, None, reason, &closer, now).await? > 0 {
        done(txn, &by, now, "correction.object", "learner", learner, "").await?;
    }
    Ok(())
}

/// What a decision did.
#[derive(Debug)]
pub struct Decided {
    /// Whose data.
    pub learner: LearnerId,
    /// When the change is made, if not at once.
    pub takes_effect_at: Option<UnixMs>,
    /// Who had claimed the document.
    pub set_aside: Option<LearnerId>,
}

/// A reviewer's decision.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// On which correction.
    pub id: CorrectionId,
    /// Is it made?
    pub approved: bool,
    /// Why, for the learner to read.
    pub reason: &'a str,
}

/// Carries out a decision on a learner in the scope. A name is for either to decide; a phone or a document
/// opens or becomes another's account, and is not for the institution alone. A document that was found to be
/// the learner's is no longer that of who merely claims it. A new phone waits for a day, for the holder of the
/// current one to object.
pub async fn decide(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    scope: &Scope,
    now: UnixMs,
    decision: Decision<'_>,
) -> Result<Decided> {
    let Decision { id, approved, .. } = decision;
    let reason = check_reason(decision.reason)?;
    let (correction, asked) = corrections::get(txn, scope, &keys.vault, id).await?;
    let Correction { learner, field, .. } = correction;
    if field != CorrectionField::Name && matches!(scope, Scope::Institution(_)) {
        return Err(Rejection::SupervisorNeeded.into());
    }
    // Until the end of the transaction nobody closes the account or changes it.
    let account = learners::get_to_change(txn, scope, learner).await?;
    // What an account still waited for when it was closed is decided with that.
    if account.state != AccountState::Active {
        return Err(Rejection::CorrectionDecided.into());
    }
    let state = if approved {
        CorrectionState::Approved
    } else {
        CorrectionState::Refused
    };
    let waits = approved && field == CorrectionField::Phone;
    let takes_effect_at = waits.then_some(now + PHONE_WAITS_MS);
    let decided_by = format!("{by:?}");
    if !corrections::decide(txn, id, state, reason, &decided_by, now, takes_effect_at).await? {
        return Err(Rejection::CorrectionDecided.into());
    }
    let what = field.word();
    let body = match (approved, waits) {
        (true, true) => {
            "手机号码：同意更换，24 小时后生效。如果不是您本人申请，请在此之前重新登录一次，申请随即作废。"
                .to_owned()
        }
        (true, false) => format!("{what}：已更正。"),
        // The reason is the reviewer's free text: it stands with the correction only.
        (false, _) => format!("{what}：没有更正，理由见信息更正。"),
    };
    let kind = NoticeKind::CorrectionDecided;
    notice::send(txn, &keys.vault, now, learner, kind, &body).await?;
    let mut set_aside = None;
    if approved {
        let wanted = Wanted::parse(field, &asked.new_value)?;
        if waits {
            check_free(txn, keys, learner, &wanted).await?;
            let (rest, other) = (Some(field), "已同意另一项更换手机号的申请");
            corrections::close(txn, learner, rest, Some(id), other, &decided_by, now).await?;
        } else {
            set_aside = apply(txn, keys, by, now, learner, wanted).await?;
        }
    }
    let said = state.as_str();
    done(txn, by, now, "correction.decide", "correction", id, said).await?;
    Ok(Decided {
        learner,
        takes_effect_at,
        set_aside,
    })
}

/// What an institution, or whoever reviews, has to say to a correction that waits, for who decides to read.
pub async fn comment(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    scope: &Scope,
    now: UnixMs,
    id: CorrectionId,
    comment: &str,
) -> Result<()> {
    let comment = check_reason(comment)?;
    let (correction, _) = corrections::get(txn, scope, &keys.vault, id).await?;
    if !corrections::set_comment(txn, &keys.vault, correction.learner, id, comment).await? {
        return Err(Rejection::CorrectionDecided.into());
    }
    done(txn, by, now, "correction.comment", "correction", id, "").await
}

/// Changes the phones whose time has come. With a new phone all logins end: whoever has the old one may be
/// in. Returns whose they are.
pub async fn carry_out_due(db: &Db, keys: &Keys, now: UnixMs) -> Result<Vec<LearnerId>> {
    let mut changed = Vec::new();
    for id in corrections::due(db.read(), now, AT_ONCE).await? {
        let carried = db
            .write(async |txn| carry_out(txn, keys, now, id).await)
            .await;
        match carried {
            Ok(learner) => changed.extend(learner),
            // Somebody else has the phone by now.
            Err(crate::Error::Rejected(_)) => {
                db.write(async |txn| give_up(txn, keys, now, id).await)
                    .await?;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(changed)
}

async fn carry_out(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    id: CorrectionId,
) -> Result<Option<LearnerId>> {
    let (correction, asked) = corrections::get(txn, &Scope::Platform, &keys.vault, id).await?;
    let learner = correction.learner;
    learners::get_to_change(txn, &Scope::Platform, learner).await?;
    if !corrections::take_effect(txn, id, now).await? {
        return Ok(None);
    }
    let body = "验证码和安全提醒从此发到新的手机。如果不是您本人操作，请马上联系监管部门。";
    let kind = NoticeKind::PhoneChanged;
    // To the old phone, for the last time.
    notice::send(txn, &keys.vault, now, learner, kind, body).await?;
    let wanted = Wanted::parse(correction.field, &asked.new_value)?;
    let by = Actor::System;
    apply(txn, keys, &by, now, learner, wanted).await?;
    login_sessions::delete_all(txn, learner).await?;
    done(
        txn,
        &by,
        now,
        "correction.take_effect",
        "correction",
        id,
        "",
    )
    .await?;
    Ok(Some(learner))
}

async fn give_up(txn: &Txn, keys: &Keys, now: UnixMs, id: CorrectionId) -> Result<()> {
    let (correction, _) = corrections::get(txn, &Scope::Platform, &keys.vault, id).await?;
    let (learner, field) = (correction.learner, Some(correction.field));
    let (by, reason) = (Actor::System, "新的手机号已属于另一个账号");
    corrections::close(txn, learner, field, None, reason, &format!("{by:?}"), now).await?;
    let kind = NoticeKind::CorrectionDecided;
    let body = "手机号码：没有更换，理由见信息更正。";
    notice::send(txn, &keys.vault, now, learner, kind, body).await?;
    done(txn, &by, now, "correction.give_up", "correction", id, "").await
}

/// Makes the change, and says who had claimed the document.
async fn apply(
    txn: &Txn,
    keys: &Keys,
    by: &Actor,
    now: UnixMs,
    learner: LearnerId,
    wanted: Wanted,
) -> Result<Option<LearnerId>> {
    let scope = Scope::Learner(learner);
    let identity = identities::get(txn, &scope, &keys.vault, learner).await?;
    check_age(&identity, &wanted, now)?;
    let set_aside = match &wanted {
        Wanted::Document(document) => {
            identity::end_claim(txn, keys, by, now, document, Some(learner)).await?
        }
        _ => None,
    };
    identity::change(txn, keys, now, learner, &changed(&identity, wanted)).await?;
    Ok(set_aside)
}

/// Is the phone nobody else's, so far?
async fn check_free(txn: &Txn, keys: &Keys, learner: LearnerId, wanted: &Wanted) -> Result<()> {
    let Wanted::Phone(phone) = wanted else {
        return Ok(());
    };
    let holder = match identities::by_phone(txn, &keys.vault, phone).await {
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    if holder == learner {
        Ok(())
    } else {
        Err(Rejection::AlreadyRegistered.into())
    }
}

/// Another document is no way round the youngest age.
fn check_age(identity: &Identity, wanted: &Wanted, now: UnixMs) -> Result<(), Rejection> {
    if let Wanted::Document(document) = wanted {
        let known = identity.born_on().filter(|_| document.born_on().is_none());
        may_register(document, known, now)?;
    }
    Ok(())
}

fn current(identity: &Identity, field: CorrectionField) -> Option<String> {
    match field {
        CorrectionField::Name => Some(identity.name.as_str().to_owned()),
        CorrectionField::Document => identity.document.as_ref().map(IdDocument::key),
        CorrectionField::Phone => identity.phone.as_ref().map(|p| p.as_str().to_owned()),
    }
}

/// A day of birth that the next document does not say stays known.
fn changed(identity: &Identity, wanted: Wanted) -> Change {
    match wanted {
        Wanted::Name(name) => Change::Name(name),
        Wanted::Document(document) => {
            let born_on = identity.born_on().filter(|_| document.born_on().is_none());
            Change::Document(document, born_on)
        }
        Wanted::Phone(phone) => Change::Phone(Some(phone)),
    }
}
