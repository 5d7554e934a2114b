//! Registration (在线注册): from a phone, a name and a document to an account.

use uuid::Uuid;
use zhipei_domain::{
    Account, AccountState, Actor, AuditEvent, AuditResult, CodePurpose, ConsentPurpose, IdDocument,
    Identity, IdentityLevel, Learner, LearnerId, LocalDay, LoginName, LoginStage, NoticeKind,
    PersonName, Phone, RegionCode, Rejection, RosterEntry, Scope, Title, TraineeCategory, UnixMs,
    check_evidence, check_new_password, may_register,
};
use zhipei_ledger::{ConsentGiven, RegistrationBody};
use zhipei_storage::{Db, Error, Txn, audit, credentials, identities, learners, regions, rosters};
use zhipei_vault::KeyRing;

use crate::correction::{self, Wanted};
use crate::idempotency::{Once, RequestKey, once};
use crate::learner::NewLearner;
use crate::login::{Gate, LoginToken};
use crate::login_session::{self, NewLogin};
use crate::sms_code::{self, GivenCode};
use crate::{Keys, Result, consent, identity, ledger, look, notice};

/// A repeated registration logs in for so long after the first.
const RESUMED_MS: i64 = 10 * 60_000;

/// What a person gives to register.
pub struct Registration<'a> {
    /// Theirs, as the code proves.
    pub phone: Phone,
    /// From the answer to the request for the code.
    pub ticket: Uuid,
    /// As typed.
    pub code: &'a str,
    /// As on the document.
    pub name: PersonName,
    /// The document.
    pub document: IdDocument,
    /// Where the document does not say it.
    pub born_on: Option<LocalDay>,
    /// Where they work.
    pub employer: Option<Title>,
    /// Where they belong.
    pub region: RegionCode,
    /// What kinds of trainees they are.
    pub categories: Vec<TraineeCategory>,
    /// What they log in with beside the phone.
    pub password: &'a str,
    /// Why the document is theirs, where another account holds it: then a reviewer decides.
    pub evidence: Option<&'a str>,
    /// What they agree to, each with the version of its text.
    pub consents: Vec<(ConsentPurpose, u32)>,
    /// The secret of the login that begins with the account.
    pub token: &'a LoginToken,
    /// What the browser calls itself.
    pub user_agent: &'a str,
    /// From where.
    pub ip: &'a str,
}

/// How it ended.
#[derive(Debug)]
pub enum Registered {
    /// There is an account, and its holder is logged in.
    Done {
        /// The account.
        learner: Learner,
        /// Claims that gave way to it.
        set_aside: Vec<LearnerId>,
    },
    /// The code is not right.
    CodeWrong,
    /// Phone or document is another's. The code is used up: it cannot be asked with again.
    Refused(Rejection),
}

/// Registers a person, once for each `key`. A repetition gets the id of the learner as text.
///
/// Who is on a roster with this phone, name and document is confirmed at once, and a mere claim to the
/// document gives way. Who is not, and finds the document claimed, says with `evidence` why it is theirs: the
/// account is made without it, and a reviewer who gives it to them sets the claim aside.
pub async fn register(
    gate: &Gate,
    db: &Db,
    keys: &Keys,
    key: Option<&RequestKey>,
    form: &Registration<'_>,
    now: UnixMs,
) -> Result<Once<Registered>> {
    may_register(&form.document, form.born_on, now).map_err(Rejection::from)?;
    for purpose in ConsentPurpose::ALL.into_iter().filter(|p| p.required()) {
        if !form.consents.iter().any(|(given, _)| *given == purpose) {
            return Err(Rejection::ConsentMissing.into());
        }
    }
    // Whatever is wrong with the form is told before it is asked who is registered: each answer to that costs a
    // code.
    for (purpose, version) in &form.consents {
        consent::check(*purpose, *version)?;
    }
    form.evidence.map(check_evidence).transpose()?;
    if !regions::exists(db.read(), &form.region).await? {
        return Err(Rejection::UnknownRegion.into());
    }
    let login_name = LoginName::draw((keys.vault.random())());
    check_new_password(form.password, &login_name)?;
    let given = GivenCode {
        purpose: CodePurpose::Registration,
        phone: &form.phone,
        ticket: form.ticket,
        code: form.code,
    };
    let repeated = once(
        db,
        key,
        now,
        // The hash is dear: nobody gets one computed without a right code.
        async |txn| sms_code::check(txn, &keys.vault, given, now).await,
        |_| None,
    )
    .await?;
    match repeated {
        Once::Now(true) => {}
        Once::Now(false) => return Ok(Once::Now(Registered::CodeWrong)),
        Once::Before(answer) => return Ok(Once::Before(answer)),
        Once::OtherRequest => return Ok(Once::OtherRequest),
    }
    let password_hash = gate.hasher.hash(form.password).await?;
    let work = async |txn: &Txn| {
        if !sms_code::redeem(txn, &keys.vault, given, now).await? {
            return Ok(Registered::CodeWrong);
        }
        add(txn, keys, form, login_name, password_hash, now).await
    };
    let done = once(db, key, now, work, |done| match done {
        Registered::Done { learner, .. } => Some(learner.id.to_string()),
        Registered::CodeWrong | Registered::Refused(_) => None,
    })
    .await;
    // Another one took phone or document meanwhile, and nothing was kept: not even that the code was used.
    if matches!(done, Err(crate::Error::Rejected(_))) {
        db.write(async |txn| sms_code::redeem(txn, &keys.vault, given, now).await)
            .await?;
    }
    done
}

/// Logs in who repeats a registration: the first answer, and its cookie with it, may have been lost. Only
/// while the account is new and as it was made; `None` else.
pub async fn resume(
    txn: &Txn,
    vault: &KeyRing,
    learner: LearnerId,
    form: &Registration<'_>,
    now: UnixMs,
) -> Result<Option<Learner>> {
    let learner = learners::get_to_change(txn, &Scope::Learner(learner), learner).await?;
    if learner.state != AccountState::Active || now - learner.created_at >= RESUMED_MS {
        return Ok(None);
    }
    let credential = credentials::get(txn, learner.id).await?;
    if credential.changed_at != learner.created_at {
        return Ok(None);
    }
    log_in(txn, vault, learner.id, form, now).await?;
    let row = AuditEvent {
        at: now,
        actor: Actor::Learner(learner.id),
        action: "registration.resume",
        object: Some(("learner", learner.id.to_string())),
        result: AuditResult::Ok,
        detail: None,
        ip: Some(form.ip.to_owned()),
    };
    audit::insert(txn, &row).await?;
    Ok(Some(learner))
}

/// What rosters know of a phone, the newest first, for who has given the code that went there.
pub async fn on_rosters(
    txn: &Txn,
    vault: &KeyRing,
    given: GivenCode<'_>,
    now: UnixMs,
) -> Result<Option<Vec<RosterEntry>>> {
    if !sms_code::check(txn, vault, given, now).await? {
        return Ok(None);
    }
    let places = rosters::by_phone(txn, vault, given.phone).await?;
    if let Some(place) = places.first() {
        look::at_roster_entry(txn, place.id, now).await?;
    }
    Ok(Some(places))
}

async fn add(
    txn: &Txn,
    keys: &Keys,
    form: &Registration<'_>,
    login_name: LoginName,
    password_hash: String,
    now: UnixMs,
) -> Result<Registered> {
    let vault = &keys.vault;
    let mut places = rosters::by_phone(txn, vault, &form.phone).await?;
    places.retain(|place| place.agrees(&form.name, &form.document));
    let has_phone = holder(txn, identities::by_phone(txn, vault, &form.phone).await).await?;
    let has_document = holder(
        txn,
        identities::by_document(txn, vault, &form.document).await,
    )
    .await?;
    // A mere claim gives way to who is on a roster; who is confirmed keeps what they have.
    let on_roster = !places.is_empty();
    let keeps = |holder: &Option<Learner>| {
        holder
            .as_ref()
            .is_some_and(|holder| !on_roster || holder.identity_level == IdentityLevel::Confirmed)
    };
    if keeps(&has_phone) {
        return Ok(Registered::Refused(Rejection::AlreadyRegistered));
    }
    let contested = keeps(&has_document);
    if contested {
        if form.evidence.is_none() {
            return Ok(Registered::Refused(Rejection::DocumentRegistered));
        }
        places.clear();
    }
    let confirmed = !places.is_empty();
    let set_aside = if confirmed {
        make_room(txn, keys, form, now).await?
    } else {
        Vec::new()
    };
    let new = NewLearner {
        login_name,
        identity: Identity {
            name: form.name.clone(),
            document: Some(form.document.clone()).filter(|_| !contested),
            born_on: form.born_on.filter(|_| form.document.born_on().is_none()),
            phone: Some(form.phone.clone()),
            employer: form.employer.clone(),
        },
        identity_level: if confirmed {
            IdentityLevel::Confirmed
        } else {
            IdentityLevel::Claimed
        },
        region: form.region.clone(),
        categories: form.categories.clone(),
        password_hash,
    };
    let learner = crate::learner::insert(txn, vault, now, new).await?;
    for place in places {
        rosters::link(txn, place.id, learner.id).await?;
    }
    let mut consents = Vec::new();
    for (purpose, version) in &form.consents {
        let given = consent::insert(txn, learner.id, *purpose, *version, now).await?;
        consents.push(ConsentGiven {
            purpose: purpose.as_str().to_owned(),
            version: *version,
            text_hash: given.text_hash,
        });
    }
    record(txn, keys, form, &learner, consents, now).await?;
    if let Some(evidence) = form.evidence.filter(|_| contested) {
        let wanted = Wanted::Document(form.document.clone());
        correction::ask(txn, keys, now, learner.id, &wanted, evidence).await?;
    }
    let kind = NoticeKind::Registered;
    let body = "您可以用手机号加密码，或者短信验证码登录。";
    notice::send(txn, vault, now, learner.id, kind, body).await?;
    log_in(txn, vault, learner.id, form, now).await?;
    Ok(Registered::Done { learner, set_aside })
}

/// The ledger's and the audit trail's record of it: who, when, from where, what they agreed to.
async fn record(
    txn: &Txn,
    keys: &Keys,
    form: &Registration<'_>,
    learner: &Learner,
    consents: Vec<ConsentGiven>,
    now: UnixMs,
) -> Result<()> {
    let key = identities::key_of(txn, &keys.vault, learner.id).await?;
    let body = RegistrationBody {
        name: ledger::sealed(&key, form.name.as_str()),
        document: ledger::sealed(&key, &form.document.key()),
        phone: ledger::sealed(&key, form.phone.as_str()),
        from: ledger::sealed(&key, form.ip),
        identity_level: learner.identity_level.as_str().to_owned(),
        region: learner.region.clone(),
        categories: learner
            .categories
            .iter()
            .map(|category| category.code().to_owned())
            .collect(),
        consents,
    };
    ledger::append(txn, &keys.ledger, learner.id, now, body).await?;
    let row = AuditEvent {
        at: now,
        actor: Actor::Learner(learner.id),
        action: "registration",
        object: Some(("learner", learner.id.to_string())),
        result: AuditResult::Ok,
        detail: Some(learner.identity_level.as_str().to_owned()),
        ip: Some(form.ip.to_owned()),
    };
    Ok(audit::insert(txn, &row).await?)
}

/// Sets aside who claims the document, and takes the phone from who had it before: it may be shared, or have
/// gone from one to the other, which says nothing of who they are.
async fn make_room(
    txn: &Txn,
    keys: &Keys,
    form: &Registration<'_>,
    now: UnixMs,
) -> Result<Vec<LearnerId>> {
    let by = &Actor::System;
    let set_aside = identity::end_claim(txn, keys, by, now, &form.document, None).await?;
    match identities::by_phone(txn, &keys.vault, &form.phone).await {
        Err(Error::NotFound) => {}
        found => identity::detach_phone(txn, keys, by, now, found?).await?,
    }
    Ok(set_aside.into_iter().collect())
}

/// Who it is, held until the end: nobody confirms or closes the account meanwhile.
async fn holder(txn: &Txn, found: zhipei_storage::Result<LearnerId>) -> Result<Option<Learner>> {
    match found {
        Err(Error::NotFound) => Ok(None),
        found => {
            let scope = &Scope::Platform;
            Ok(Some(learners::get_to_change(txn, scope, found?).await?))
        }
    }
}

async fn log_in(
    txn: &Txn,
    vault: &KeyRing,
    learner: LearnerId,
    form: &Registration<'_>,
    now: UnixMs,
) -> Result<()> {
    let new = NewLogin {
        account: Account::Learner(learner),
        stage: LoginStage::Complete,
        token: form.token,
        user_agent: form.user_agent,
        ip: form.ip,
    };
    login_session::open(txn, vault, new, now).await?;
    Ok(())
}
