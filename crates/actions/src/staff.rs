//! Accounts of staff: adding one, its one-time link, coming in by the link, changing what it may do.

use std::net::IpAddr;

use uuid::Uuid;
use zeroize::Zeroizing;
use zhipei_domain::{
    Account, Actor, AddressRange, Charge, Duties, Lockout, LoginEnd, LoginName, Rejection, Role,
    StaffAccount, StaffId, StaffState, Title, UnixMs, check_new_staff_password,
};
use zhipei_storage::staff_credentials::StaffCredential;
use zhipei_storage::staff_invitations::StaffInvitation;
use zhipei_storage::{
    Db, Txn, institutions, login_sessions, regions, staff_accounts, staff_credentials,
    staff_invitations,
};
use zhipei_vault::{KeyRing, Place, Sealed};

use crate::audit::done;
use crate::login::LoginToken;
use crate::totp::TotpSecret;
use crate::{Conflicts, Error, Hasher, Result, recovery_codes};

/// A one-time link is good for so long (MLPS-05).
const LINK_MS: i64 = 24 * 3_600_000;
const TOTP_SECRET: Place = Place::new("staff", "totp_secret");

/// A member of staff to be added.
#[derive(Clone, Debug)]
pub struct NewStaff {
    /// What they will log in with.
    pub login_name: LoginName,
    /// The person's name.
    pub name: Title,
    /// Roles and charge.
    pub duties: Duties,
    /// From where the account may be used; from anywhere when empty.
    pub ranges: Vec<AddressRange>,
    /// From when on it is of no use any more.
    pub expires_at: Option<UnixMs>,
}

/// A one-time link that was made for an account.
#[derive(Clone, Debug)]
pub struct Link {
    /// For whom.
    pub account: StaffAccount,
    /// From when on it is over.
    pub expires_at: UnixMs,
}

/// Adds an account. Nobody comes in before there is a link for it: see [`make_link`].
pub async fn add(
    txn: &Txn,
    by: &Actor,
    ring: &KeyRing,
    now: UnixMs,
    new: NewStaff,
) -> Result<StaffAccount> {
    check_limits(&new.ranges, new.expires_at, now)?;
    check_charge(txn, &new.duties).await?;
    let id = StaffId(Uuid::now_v7());
    let (_, wrapped) = ring.draw(id.0);
    let account = StaffAccount {
        id,
        login_name: new.login_name,
        name: new.name,
        duties: new.duties,
        ranges: new.ranges,
        created_at: now,
        enabled_at: now,
        disabled_at: None,
        expires_at: new.expires_at,
        last_login_at: None,
    };
    staff_accounts::insert(txn, &account, wrapped.as_str())
        .await
        .or_rejected(Rejection::LoginNameTaken)?;
    let detail = account.login_name.as_str();
    done(txn, by, now, "staff.add", "staff", account.id, detail).await?;
    Ok(account)
}

/// Takes away password, authenticator, recovery codes and an open link, and ends the logins.
pub(crate) async fn reset_access(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    staff: StaffId,
) -> Result<StaffAccount> {
    let account = staff_accounts::get_to_change(txn, staff).await?;
    staff_credentials::delete(txn, staff).await?;
    staff_invitations::delete(txn, staff).await?;
    end_logins(txn, staff).await?;
    let detail = account.login_name.as_str();
    done(txn, by, now, "staff.reset_access", "staff", staff, detail).await?;
    Ok(account)
}

/// Makes a one-time link, whose secret is `token`, for an account that is not set up; a former one dies.
pub async fn make_link(
    txn: &Txn,
    by: &Actor,
    ring: &KeyRing,
    now: UnixMs,
    staff: StaffId,
    token: &LoginToken,
) -> Result<Link> {
    let account = staff_accounts::get_to_change(txn, staff).await?;
    match staff_credentials::get(txn, staff).await {
        Err(zhipei_storage::Error::NotFound) => {}
        found => {
            found?;
            return Err(Rejection::AccountSetUp.into());
        }
    }
    if account.state(now) != StaffState::Active {
        return Err(Rejection::AccountNotActive.into());
    }
    let secret = TotpSecret::from_random(ring.random()());
    let key = person_key(txn, ring, staff).await?;
    let invitation = StaffInvitation {
        staff,
        expires_at: now + LINK_MS,
        totp_secret: key.seal(TOTP_SECRET, &secret.base32()).as_str().to_owned(),
    };
    staff_invitations::put(txn, &token.hash(), &invitation, now).await?;
    let detail = account.login_name.as_str();
    done(txn, by, now, "staff.make_link", "staff", staff, detail).await?;
    Ok(Link {
        account,
        expires_at: invitation.expires_at,
    })
}

/// What whoever follows a link needs to set up the authenticator.
pub struct Welcome {
    /// The account.
    pub account: StaffAccount,
    /// The authenticator's secret, to be typed.
    pub totp_secret: Zeroizing<String>,
    /// The same as an address, for a QR code.
    pub totp_url: Zeroizing<String>,
    /// From when on the link is over.
    pub expires_at: UnixMs,
}

impl std::fmt::Debug for Welcome {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Welcome")
            .field("account", &self.account.id)
            .finish_non_exhaustive()
    }
}

/// Follows a link; it stays good until it is accepted.
pub async fn open_link(
    db: &Db,
    ring: &KeyRing,
    token: &LoginToken,
    now: UnixMs,
) -> Result<Welcome> {
    let invitation = open_invitation(db, token, now).await?;
    let account = staff_accounts::get(db.read(), invitation.staff).await?;
    let secret = open_secret(db.read(), ring, account.id, &invitation.totp_secret).await?;
    Ok(Welcome {
        totp_secret: secret.base32(),
        totp_url: secret.url(account.login_name.as_str()),
        expires_at: invitation.expires_at,
        account,
    })
}

/// What somebody gives who accepts a link.
#[derive(Clone, Copy)]
pub struct Acceptance<'a> {
    /// The link's secret.
    pub token: &'a LoginToken,
    /// The password that they chose.
    pub password: &'a str,
    /// A code of the authenticator, to show that it is set up.
    pub code: &'a str,
    /// From where.
    pub from: IpAddr,
}

/// Accepts a link: sets the password and the authenticator, uses the link up, and returns the recovery
/// codes, which are never shown again.
pub async fn accept_link(
    db: &Db,
    hasher: &Hasher,
    ring: &KeyRing,
    given: Acceptance<'_>,
    now: UnixMs,
) -> Result<Vec<String>> {
    let invitation = open_invitation(db, given.token, now).await?;
    let account = staff_accounts::get(db.read(), invitation.staff).await?;
    check_new_staff_password(given.password, &account.login_name)?;
    let secret = open_secret(db.read(), ring, account.id, &invitation.totp_secret).await?;
    let step = secret.step_of(given.code, now, None);
    let step = step.ok_or(Rejection::TotpWrong)?;
    let password_hash = hash_unused(db, hasher, account.id, given.password).await?;
    let codes = recovery_codes::draw(ring.random());
    db.write(async |txn| {
        // Whoever makes another link meanwhile waits, and then finds the account set up.
        staff_accounts::get_to_change(txn, account.id).await?;
        let used = staff_invitations::use_up(txn, &given.token.hash(), now).await;
        used.map_err(over)?;
        let credential = StaffCredential {
            staff: account.id,
            password_hash: password_hash.clone(),
            changed_at: now,
            totp_secret: invitation.totp_secret.clone(),
            totp_step: Some(step),
            lockout: Lockout::default(),
        };
        staff_credentials::put(txn, &credential).await?;
        staff_credentials::remember_password(txn, account.id, &password_hash).await?;
        put_codes(txn, account.id, &codes).await?;
        let by = Actor::Staff(account.id);
        let from = given.from.to_string();
        done(
            txn,
            &by,
            now,
            "staff.accept_link",
            "staff",
            account.id,
            &from,
        )
        .await
    })
    .await?;
    Ok(codes)
}

/// Gives an account other duties. Its logins end: what was opened under the old ones is over.
pub async fn change_duties(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    staff: StaffId,
    duties: Duties,
) -> Result<StaffAccount> {
    check_charge(txn, &duties).await?;
    let mut account = staff_accounts::get_to_change(txn, staff).await?;
    check_not_last(txn, now, &account, Some(&duties)).await?;
    let words = |duties: &Duties| serde_json::to_string(duties).expect("duties are plain data");
    let detail = format!("{} -> {}", words(&account.duties), words(&duties));
    account.duties = duties;
    staff_accounts::update(txn, &account).await?;
    end_logins(txn, staff).await?;
    done(txn, by, now, "staff.change_duties", "staff", staff, &detail).await?;
    Ok(account)
}

/// Disables an account, or enables it again; its logins end at once. An administrator's is disabled by two:
/// see [`crate::approval`].
pub async fn set_enabled(
    txn: &Txn,
    by: StaffId,
    now: UnixMs,
    staff: StaffId,
    enabled: bool,
) -> Result<StaffAccount> {
    check_alone(txn, by, staff, enabled).await?;
    let by = Actor::Staff(by);
    if !enabled {
        return disable(txn, &by, now, staff).await;
    }
    let mut account = staff_accounts::get_to_change(txn, staff).await?;
    account.disabled_at = None;
    account.enabled_at = now;
    staff_accounts::update(txn, &account).await?;
    let detail = account.login_name.as_str();
    done(txn, &by, now, "staff.enable", "staff", staff, detail).await?;
    Ok(account)
}

/// Disables an account, if it is not the last one of an administrator's duty.
pub(crate) async fn disable(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    staff: StaffId,
) -> Result<StaffAccount> {
    let mut account = staff_accounts::get(txn, staff).await?;
    check_not_last(txn, now, &account, None).await?;
    account.disabled_at = Some(now);
    end_logins(txn, staff).await?;
    staff_accounts::update(txn, &account).await?;
    let detail = account.login_name.as_str();
    done(txn, by, now, "staff.disable", "staff", staff, detail).await?;
    Ok(account)
}

/// Sets the addresses from which an account may be used and when it is over. An administrator's is limited by
/// two, as it is disabled.
pub async fn set_limits(
    txn: &Txn,
    by: StaffId,
    now: UnixMs,
    staff: StaffId,
    ranges: Vec<AddressRange>,
    expires_at: Option<UnixMs>,
) -> Result<StaffAccount> {
    check_alone(txn, by, staff, false).await?;
    limit(txn, &Actor::Staff(by), now, staff, ranges, expires_at).await
}

pub(crate) async fn limit(
    txn: &Txn,
    by: &Actor,
    now: UnixMs,
    staff: StaffId,
    ranges: Vec<AddressRange>,
    expires_at: Option<UnixMs>,
) -> Result<StaffAccount> {
    check_limits(&ranges, expires_at, now)?;
    let mut account = staff_accounts::get_to_change(txn, staff).await?;
    account.ranges = ranges;
    account.expires_at = expires_at;
    staff_accounts::update(txn, &account).await?;
    let detail = account.login_name.as_str();
    done(txn, by, now, "staff.set_limits", "staff", staff, detail).await?;
    Ok(account)
}

/// May one person do this to the account alone? Not to their own; and to take an administrator out of office
/// needs a second one.
async fn check_alone(txn: &Txn, by: StaffId, staff: StaffId, gives: bool) -> Result<()> {
    if by == staff {
        return Err(Rejection::OwnAccount.into());
    }
    if !gives
        && staff_accounts::get(txn, staff)
            .await?
            .duties
            .is_administrator()
    {
        return Err(Rejection::ApprovalNeeded.into());
    }
    Ok(())
}

/// Of each of the three duties there is always an account that somebody can come in with, so that those who are
/// to watch one another cannot be put away.
async fn check_not_last(
    txn: &Txn,
    now: UnixMs,
    account: &StaffAccount,
    then: Option<&Duties>,
) -> Result<()> {
    let keeps = |role| then.is_some_and(|duties| duties.roles().any(|kept| kept == role));
    let lost = |role: &Role| role.is_administrator() && !keeps(*role);
    if account.state(now) != StaffState::Active || !account.duties.roles().any(|it| lost(&it)) {
        return Ok(());
    }
    let all = staff_accounts::list_to_change(txn).await?;
    for role in account.duties.roles().filter(lost) {
        let mut others = false;
        for other in &all {
            let holds = other.id != account.id && other.duties.roles().any(|held| held == role);
            if holds && other.state(now) == StaffState::Active {
                // Who has not come in yet has no password.
                match staff_credentials::get(txn, other.id).await {
                    Err(zhipei_storage::Error::NotFound) => {}
                    found => {
                        found?;
                        others = true;
                        break;
                    }
                }
            }
        }
        if !others {
            return Err(Rejection::LastOfDuty.into());
        }
    }
    Ok(())
}

/// The authenticator's secret of a member of staff.
pub(crate) async fn open_secret(
    db: &impl zhipei_storage::Connection,
    ring: &KeyRing,
    staff: StaffId,
    sealed: &str,
) -> Result<TotpSecret> {
    let key = person_key(db, ring, staff).await?;
    let base32 = key.open(TOTP_SECRET, &Sealed::parse(sealed)?)?;
    let corrupt = zhipei_storage::Error::Corrupt("staff_credential.totp_secret");
    Ok(TotpSecret::parse(&base32).ok_or(corrupt)?)
}

/// The hash of a new password, if it is none of the last ones.
pub(crate) async fn hash_unused(
    db: &Db,
    hasher: &Hasher,
    staff: StaffId,
    password: &str,
) -> Result<String> {
    for kept in staff_credentials::last_passwords(db.read(), staff).await? {
        if hasher.matches(password, Some(&kept)).await? {
            return Err(Rejection::PasswordReused.into());
        }
    }
    hasher.hash(password).await
}

pub(crate) async fn put_codes(txn: &Txn, staff: StaffId, codes: &[String]) -> Result<()> {
    let hashes: Vec<_> = codes
        .iter()
        .map(|code| recovery_codes::hash(code))
        .collect();
    Ok(staff_credentials::put_recovery_codes(txn, staff, &hashes).await?)
}

async fn person_key(
    db: &impl zhipei_storage::Connection,
    ring: &KeyRing,
    staff: StaffId,
) -> Result<zhipei_vault::PersonKey> {
    let wrapped = staff_accounts::wrapped_key(db, staff).await?;
    Ok(ring.unwrap(staff.0, Some(&Sealed::parse(&wrapped)?))?)
}

async fn end_logins(txn: &Txn, staff: StaffId) -> Result<()> {
    login_sessions::end_others(txn, Account::Staff(staff), None, LoginEnd::Revoked).await?;
    Ok(())
}

async fn open_invitation(db: &Db, token: &LoginToken, now: UnixMs) -> Result<StaffInvitation> {
    let found = staff_invitations::open(db.read(), &token.hash(), now).await;
    found.map_err(over)
}

fn over(error: zhipei_storage::Error) -> Error {
    match error {
        zhipei_storage::Error::NotFound => Rejection::InvitationOver.into(),
        other => other.into(),
    }
}

/// Does what the duties are in charge of exist?
pub(crate) async fn check_charge(txn: &Txn, duties: &Duties) -> Result<()> {
    match duties.charge() {
        Charge::Platform => Ok(()),
        Charge::Region(region) => {
            let tree = regions::tree(txn).await?;
            let known = tree.get(region).map(|_| ());
            Ok(known.ok_or(Rejection::UnknownRegion)?)
        }
        Charge::Institution(institution) => match institutions::get(txn, *institution).await {
            Err(zhipei_storage::Error::NotFound) => Err(Rejection::UnknownInstitution.into()),
            found => Ok(found.map(|_| ())?),
        },
    }
}

pub(crate) fn check_limits(
    ranges: &[AddressRange],
    expires_at: Option<UnixMs>,
    now: UnixMs,
) -> Result<(), Rejection> {
    if ranges.len() > AddressRange::MOST {
        return Err(Rejection::AddressRange);
    }
    if expires_at.is_some_and(|at| at <= now) {
        return Err(Rejection::ExpiryPast);
    }
    Ok(())
}
