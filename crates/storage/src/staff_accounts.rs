//! Accounts of staff (平台人员).

use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use zhipei_domain::{
    AddressRange, Charge, Duties, InstitutionId, LoginName, Role, StaffAccount, StaffId,
};

use crate::entity::staff_account::{ActiveModel, Column, Entity, Model};
use crate::institutions::title;
use crate::regions::region_code;
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for Entity {}

/// All accounts, by login name.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<StaffAccount>> {
    let rows = Entity::rows()
        .order_by_asc(Column::LoginName)
        .all(db)
        .await?;
    rows.into_iter().map(StaffAccount::try_from).collect()
}

/// The account with this id.
pub async fn get(db: &impl ConnectionTrait, id: StaffId) -> Result<StaffAccount> {
    let row = Entity::rows().filter(Column::Id.eq(id.0)).one(db).await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// The same, to be changed: until the transaction ends nobody else can.
pub async fn get_to_change(txn: &Txn, id: StaffId) -> Result<StaffAccount> {
    let row = Entity::rows()
        .filter(Column::Id.eq(id.0))
        .lock_exclusive()
        .one(txn)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// All accounts, to decide whether one of them may go: until the transaction ends nobody else can change them.
pub async fn list_to_change(txn: &Txn) -> Result<Vec<StaffAccount>> {
    let rows = Entity::rows()
        .order_by_asc(Column::Id)
        .lock_exclusive()
        .all(txn)
        .await?;
    rows.into_iter().map(StaffAccount::try_from).collect()
}

/// The account that logs in with this name.
pub async fn by_login_name(db: &impl ConnectionTrait, name: &LoginName) -> Result<StaffAccount> {
    let row = Entity::rows()
        .filter(Column::LoginName.eq(name.as_str()))
        .one(db)
        .await?;
    row.ok_or(Error::NotFound)?.try_into()
}

/// Adds one with the key that seals its secrets, wrapped; [`Error::Conflict`] when the login name is
/// taken.
pub async fn insert(txn: &Txn, account: &StaffAccount, wrapped_key: &str) -> Result<()> {
    let row = ActiveModel {
        wrapped_key: Set(wrapped_key.to_owned()),
        ..ActiveModel::from(account)
    };
    row.insert(txn).await?;
    Ok(())
}

/// The key that seals the account's secrets, wrapped.
pub async fn wrapped_key(db: &impl ConnectionTrait, id: StaffId) -> Result<String> {
    let row = Entity::rows().filter(Column::Id.eq(id.0)).one(db).await?;
    Ok(row.ok_or(Error::NotFound)?.wrapped_key)
}

/// All of these keys, for a change of the key that wraps them.
pub async fn wrapped_keys(db: &impl ConnectionTrait) -> Result<Vec<(StaffId, String)>> {
    let rows = Entity::rows().order_by_asc(Column::Id).all(db).await?;
    let keys = rows
        .into_iter()
        .map(|row| (StaffId(row.id), row.wrapped_key));
    Ok(keys.collect())
}

/// Puts a key there that was wrapped anew.
pub async fn set_wrapped_key(txn: &Txn, id: StaffId, wrapped_key: &str) -> Result<()> {
    let row = ActiveModel {
        id: Set(id.0),
        wrapped_key: Set(wrapped_key.to_owned()),
        ..Default::default()
    };
    row.update(txn).await?;
    Ok(())
}

/// Keeps a changed one.
pub async fn update(txn: &Txn, account: &StaffAccount) -> Result<()> {
    ActiveModel::from(account).update(txn).await?;
    Ok(())
}

impl From<&StaffAccount> for ActiveModel {
    fn from(account: &StaffAccount) -> Self {
        let roles: Vec<&str> = account.duties.roles().map(Role::as_str).collect();
        let ranges: Vec<String> = account.ranges.iter().map(AddressRange::to_string).collect();
        let (region_code, institution_id) = match account.duties.charge() {
            Charge::Platform => (None, None),
            Charge::Region(region) => (Some(region.to_string()), None),
            Charge::Institution(institution) => (None, Some(institution.0)),
        };
        Self {
            id: Set(account.id.0),
            login_name: Set(account.login_name.to_string()),
            name: Set(account.name.as_str().to_owned()),
            roles: Set(roles.join(" ")),
            region_code: Set(region_code),
            institution_id: Set(institution_id),
            ranges: Set(ranges.join(" ")),
            created_at: Set(account.created_at),
            enabled_at: Set(account.enabled_at),
            disabled_at: Set(account.disabled_at),
            expires_at: Set(account.expires_at),
            last_login_at: Set(account.last_login_at),
            ..Default::default()
        }
    }
}

impl TryFrom<Model> for StaffAccount {
    type Error = Error;

    fn try_from(row: Model) -> Result<Self> {
        let roles: Option<Vec<Role>> = row.roles.split_whitespace().map(Role::parse).collect();
        let charge = match (&row.region_code, row.institution_id) {
            (Some(region), None) => Charge::Region(region_code(region)?),
            (None, Some(institution)) => Charge::Institution(InstitutionId(institution)),
            _ => Charge::Platform,
        };
        let duties = roles.and_then(|roles| Duties::new(roles, charge).ok());
        let ranges: Result<Vec<AddressRange>, _> =
            row.ranges.split_whitespace().map(str::parse).collect();
        Ok(Self {
            id: StaffId(row.id),
            login_name: LoginName::parse(&row.login_name)
                .map_err(|_| Error::Corrupt("staff_account.login_name"))?,
            name: title(&row.name)?,
            // Rights that do not follow the rules are no rights.
            duties: duties.ok_or(Error::Corrupt("staff_account.roles"))?,
            ranges: ranges.map_err(|_| Error::Corrupt("staff_account.ranges"))?,
            created_at: row.created_at,
            enabled_at: row.enabled_at,
            disabled_at: row.disabled_at,
            expires_at: row.expires_at,
            last_login_at: row.last_login_at,
        })
    }
}
