//! Codes sent by SMS: asking for one, and giving it back.

use uuid::Uuid;
use zhipei_domain::{
    AccountState, CODE_LIVES_MS, CODE_TRIES, CodePurpose, PER_ADDRESS, PER_PHONE, PER_SITE_AN_HOUR,
    PROVED_CODE_LIVES_MS, Phone, Scope, SmsWords, UnixMs, WITHOUT_CAPTCHA, draw_code, is_code,
};
use zhipei_storage::sms_codes::{self, StoredCode};
use zhipei_storage::{Error, Txn, identities, learners};
use zhipei_vault::KeyRing;

use crate::{Result, outbox};

const HOUR_MS: i64 = 3_600_000;
/// A picture is good for so long.
const CAPTCHA_LIVES_MS: i64 = 5 * 60_000;

/// Who asks for a code, and from where.
#[derive(Clone, Copy, Debug)]
pub struct CodeRequest<'a> {
    /// What for.
    pub purpose: CodePurpose,
    /// Where it is to go.
    pub phone: &'a Phone,
    /// The network that asks.
    pub network: &'a str,
    /// The larger network that it is a part of, where there is one.
    pub site: Option<&'a str>,
    /// The picture that was read, and what was read in it.
    pub captcha: Option<(Uuid, &'a str)>,
    /// Messages that the whole platform may send in this clock hour and the 23 before it.
    pub most_a_day: usize,
    /// When.
    pub now: UnixMs,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSent {
    /// It is on its way, or for all that a stranger may know it is.
    Sent {
        /// To be given back with the code.
        ticket: Uuid,
    },
    /// Too many from this address: a picture is to be read first.
    CaptchaNeeded,
    /// The picture was not read right; it is used up.
    CaptchaWrong,
    /// Too many.
    Wait {
        /// When the next one may go.
        until: UnixMs,
    },
    /// The platform has sent all that it may today. Somebody has to look into it.
    Exhausted,
}

/// Sends a code, if the limits allow it. For a purpose that needs an account a stranger is told the same,
/// at the same cost, and gets none. Source of the limits: ASVS 5.0, 6.6.3.
pub async fn send(txn: &Txn, vault: &KeyRing, request: CodeRequest<'_>) -> Result<CodeSent> {
    let now = request.now;
    let phone_index = identities::phone_index(vault, request.phone);
    let by_phone = format!("phone:{phone_index}");
    let by_address = format!("address:{}", request.network);
    // Always in this order: two that hold one row each and want the other's would wait for ever.
    let mut address = sms_codes::history_to_change(txn, &by_address, now).await?;
    let mut phone = sms_codes::history_to_change(txn, &by_phone, now).await?;
    // Asked whether one is to be sent or not: a stranger must not learn it here.
    if sms_codes::sent(txn, "all", 24, now).await? >= request.most_a_day {
        return Ok(CodeSent::Exhausted);
    }
    let by_site = request.site.map(|site| format!("site:{site}"));
    if let Some(site) = &by_site
        && sms_codes::sent(txn, site, 1, now).await? >= PER_SITE_AN_HOUR
    {
        let until = (now / HOUR_MS + 1) * HOUR_MS;
        return Ok(CodeSent::Wait { until });
    }
    let wait = phone
        .wait_until(&PER_PHONE, now)
        .max(address.wait_until(&PER_ADDRESS, now));
    if let Some(until) = wait {
        return Ok(CodeSent::Wait { until });
    }
    if address.reached(WITHOUT_CAPTCHA, now) {
        let Some((picture, read)) = request.captcha else {
            return Ok(CodeSent::CaptchaNeeded);
        };
        if !captcha_is_right(txn, vault, picture, read, now).await? {
            return Ok(CodeSent::CaptchaWrong);
        }
    }
    for (sender, history) in [(&by_address, &mut address), (&by_phone, &mut phone)] {
        history.note(now);
        sms_codes::keep_history(txn, sender, history, now).await?;
    }
    if let Some(site) = &by_site {
        sms_codes::count(txn, site, now).await?;
    }
    let ticket = Uuid::from_bytes(half((vault.random())()));
    let code = draw_code((vault.random())());
    let words = SmsWords::Code(code.clone());
    let expires_at = now + CODE_LIVES_MS;
    let known = has_account(txn, vault, request.phone).await?;
    let kept = if known || !request.purpose.needs_account() {
        outbox::queue_sms(txn, vault, now, request.phone, &words, Some(expires_at)).await?;
        // What is not sent costs nothing: strangers cannot use the day up.
        sms_codes::count(txn, "all", now).await?;
        code
    } else {
        outbox::queue_decoy(txn, vault, now, request.phone, &words, Some(expires_at)).await?;
        // No six digits are this.
        hex::encode((vault.random())())
    };
    let stored = StoredCode {
        id: ticket,
        purpose: request.purpose,
        code_mac: mac(vault, request.purpose, &phone_index, ticket, &kept),
        phone_index,
        sent_at: now,
        expires_at,
        wrong_tries: 0,
        proved_at: None,
    };
    sms_codes::insert(txn, &stored).await?;
    Ok(CodeSent::Sent { ticket })
}

/// A code given back.
#[derive(Clone, Copy)]
pub struct GivenCode<'a> {
    /// What for.
    pub purpose: CodePurpose,
    /// Where it went.
    pub phone: &'a Phone,
    /// From the answer to the request.
    pub ticket: Uuid,
    /// As typed.
    pub code: &'a str,
}

/// Is the code right? Wrong tries count; the code stays good for what comes next, for ten minutes after it
/// was sent.
pub async fn check(txn: &Txn, vault: &KeyRing, given: GivenCode<'_>, now: UnixMs) -> Result<bool> {
    Ok(find(txn, vault, given, now).await?.is_some())
}

/// Is the code right? Then it is used up. Wrong tries count.
pub async fn redeem(txn: &Txn, vault: &KeyRing, given: GivenCode<'_>, now: UnixMs) -> Result<bool> {
    let Some(code) = find(txn, vault, given, now).await? else {
        return Ok(false);
    };
    sms_codes::delete(txn, code.id).await?;
    Ok(true)
}

async fn find(
    txn: &Txn,
    vault: &KeyRing,
    given: GivenCode<'_>,
    now: UnixMs,
) -> Result<Option<StoredCode>> {
    let mut code = match sms_codes::get_to_change(txn, given.ticket).await {
        Err(Error::NotFound) => return Ok(None),
        found => found?,
    };
    let phone_index = identities::phone_index(vault, given.phone);
    let typed: String = given.code.chars().filter(|c| !c.is_whitespace()).collect();
    let parts = parts(given.purpose, &phone_index, given.ticket, &typed);
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    // What is kept of a code that was never sent is not six digits: nothing that can be typed opens it.
    let right = is_code(&typed)
        && vault.index().matches("sms_code", &parts, &code.code_mac)
        && code.purpose == given.purpose
        && code.phone_index == phone_index;
    if now >= code.expires_at || code.wrong_tries >= CODE_TRIES {
        return Ok(None);
    }
    if !right {
        code.wrong_tries += 1;
        sms_codes::update(txn, &code).await?;
        return Ok(None);
    }
    if code.proved_at.is_none() {
        code.proved_at = Some(now);
        code.expires_at = code.sent_at + PROVED_CODE_LIVES_MS;
        sms_codes::update(txn, &code).await?;
    }
    Ok(Some(code))
}

/// Keeps what a picture says, as a keyed hash. Returns the picture's name.
pub async fn keep_captcha(txn: &Txn, vault: &KeyRing, text: &str, now: UnixMs) -> Result<Uuid> {
    let id = Uuid::from_bytes(half((vault.random())()));
    let answer = captcha_mac(vault, id, text);
    sms_codes::insert_captcha(txn, id, &answer, now + CAPTCHA_LIVES_MS).await?;
    Ok(id)
}

/// Drops codes, pictures and histories that are over.
pub async fn tidy(txn: &Txn, now: UnixMs) -> Result<()> {
    Ok(sms_codes::delete_old(txn, now).await?)
}

/// Was the picture read right? It is used up, whatever was read.
pub async fn captcha_is_right(
    txn: &Txn,
    vault: &KeyRing,
    picture: Uuid,
    read: &str,
    now: UnixMs,
) -> Result<bool> {
    let kept = sms_codes::take_captcha(txn, picture, now).await?;
    Ok(kept.is_some_and(|kept| kept == captcha_mac(vault, picture, read)))
}

fn captcha_mac(vault: &KeyRing, picture: Uuid, text: &str) -> String {
    let text = text.trim().to_ascii_lowercase();
    let parts = [picture.as_bytes().as_slice(), text.as_bytes()];
    vault.index().mac("captcha", &parts)
}

async fn has_account(txn: &Txn, vault: &KeyRing, phone: &Phone) -> Result<bool> {
    match identities::by_phone(txn, vault, phone).await {
        Ok(id) => {
            let learner = learners::get(txn, &Scope::Platform, id).await?;
            Ok(learner.state == AccountState::Active)
        }
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn mac(
    vault: &KeyRing,
    purpose: CodePurpose,
    phone_index: &str,
    ticket: Uuid,
    code: &str,
) -> String {
    let parts = parts(purpose, phone_index, ticket, code);
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    vault.index().mac("sms_code", &parts)
}

/// What a code is bound to. Source: ASVS 5.0, 6.6.2.
fn parts(purpose: CodePurpose, phone_index: &str, ticket: Uuid, code: &str) -> [Vec<u8>; 4] {
    [
        purpose.as_str().into(),
        phone_index.into(),
        ticket.as_bytes().to_vec(),
        code.into(),
    ]
}

fn half(bytes: [u8; 32]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&bytes[..16]);
    half
}
