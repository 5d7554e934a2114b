//! Corrections (信息更正): asking with evidence, deciding as a reviewer.

use uuid::Uuid;
use zhipei_domain::{
    AccountState, Actor, Correction, CorrectionField, CorrectionId, CorrectionState, DocumentKind,
    IdDocument, Identity, LearnerId, LoginSessionId, NoticeKind, PersonName, Phone, Rejection,
    Scope, UnixMs, check_evidence, check_reason,
};
use zhipei_storage::corrections::{self, Asked};
use zhipei_storage::identities::Change;
use zhipei_storage::{Error, Txn, identities, learners, login_sessions};

use crate::audit::done;
use crate::{Conflicts, Keys, Result, identity, notice};

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
    let evidence = check_evidence(evidence)?;
    let scope = Scope::Learner(learner);
    let identity = identities::get(txn, &scope, &keys.vault, learner).await?;
    let correction = Correction {
        id: CorrectionId(Uuid::now_v7()),
        learner,
        field: wanted.field(),
        state: CorrectionState::Pending,
        reason: None,
        created_at: now,
        decided_at: None,
    };
    let asked = Asked {
        old_value: current(&identity, wanted.field()),
        new_value: wanted.text(),
        evidence: evidence.to_owned(),
    };
    corrections::insert(txn, &keys.vault, &correction, &asked)
        .await
        .or_rejected(Rejection::CorrectionPending)?;
    let (by, field) = (Actor::Learner(learner), correction.field.as_str());
    done(
        txn,
        &by,
        now,
        "correction.ask",
        "correction",
        correction.id,
        field,
    )
    .await?;
    Ok(correction)
}

/// Who lost the phone of their account asks for another one, whose holder they have proved to be. Where
/// name and document are nobody's, nothing happens, and nobody is told.
pub async fn ask_after_loss(
    txn: &Txn,
    keys: &Keys,
    now: UnixMs,
    name: &PersonName,
    document: &IdDocument,
    phone: Phone,
    evidence: &str,
) -> Result<()> {
    let evidence = check_evidence(evidence)?;
    let id = match identities::by_document(txn, &keys.vault, document).await {
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    let scope = Scope::Learner(id);
    let learner = learners::get(txn, &scope, id).await?;
    let identity = identities::get(txn, &scope, &keys.vault, id).await?;
    if learner.state != AccountState::Active || identity.name != *name {
        return Ok(());
    }
    let before = corrections::of_learner(txn, &scope, id).await?;
    let waits = |it: &Correction| {
        it.field == CorrectionField::Phone && it.state == CorrectionState::Pending
    };
    // Saying that one waits would tell a stranger that there is an account.
    if before.iter().any(waits) {
        return Ok(());
    }
    ask(txn, keys, now, id, &Wanted::Phone(phone), evidence).await?;
    Ok(())
}

/// What a decision did.
#[derive(Debug)]
pub struct Decided {
    /// Whose data.
    pub learner: LearnerId,
    /// Logins that ended with it.
    pub ended: Vec<LoginSessionId>,
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

/// Carries out a decision on a learner in the scope. A document that was found to be the learner's is no longer
/// that of who merely claims it. With a new phone all logins end: whoever has the old
/// one may be in.
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
    let learner = correction.learner;
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
    let decided_by = format!("{by:?}");
    if !corrections::decide(txn, id, state, reason, &decided_by, now).await? {
        return Err(Rejection::CorrectionDecided.into());
    }
    let (mut ended, mut set_aside) = (Vec::new(), None);
    if approved {
        let wanted = Wanted::parse(correction.field, &asked.new_value)?;
        if let Wanted::Document(document) = &wanted {
            let holder = Some(learner);
            set_aside = identity::end_claim(txn, keys, by, now, document, holder).await?;
        }
        identity::change(txn, keys, now, learner, &wanted.into()).await?;
        if correction.field == CorrectionField::Phone {
            ended = login_sessions::delete_all(txn, learner).await?;
        }
    }
    let what = correction.field.word();
    let word = if approved {
        "已更正"
    } else {
        "没有更正"
    };
    let body = format!("{what}：{word}。{reason}");
    notice::send(
        txn,
        &keys.vault,
        now,
        learner,
        NoticeKind::CorrectionDecided,
        &body,
    )
    .await?;
    done(
        txn,
        by,
        now,
        "correction.decide",
        "correction",
        id,
        state.as_str(),
    )
    .await?;
    Ok(Decided {
        learner,
        ended,
        set_aside,
    })
}

fn current(identity: &Identity, field: CorrectionField) -> Option<String> {
    match field {
        CorrectionField::Name => Some(identity.name.as_str().to_owned()),
        CorrectionField::Document => identity.document.as_ref().map(IdDocument::key),
        CorrectionField::Phone => identity.phone.as_ref().map(|p| p.as_str().to_owned()),
    }
}

impl From<Wanted> for Change {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::Name(name) => Self::Name(name),
            Wanted::Document(document) => Self::Document(document),
            Wanted::Phone(phone) => Self::Phone(Some(phone)),
        }
    }
}
