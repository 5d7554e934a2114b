//! Who learners are (姓名、证件、手机): sealed at rest, opened where it is shown.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ActiveValue::Unchanged, ColumnTrait, ConnectionTrait,
    EntityTrait, QueryFilter,
};
use zhipei_domain::{
    DocumentKind, IdDocument, Identity, LearnerId, LocalDay, PersonName, Phone, Scope, Title,
    UnixMs,
};
use zhipei_vault::{KeyRing, PersonKey, Place, Sealed};

use crate::entity::identity::{ActiveModel, Column, Entity, Model};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn, learners, person_keys};

impl Unscoped for Entity {}

const NAME: Place = Place::new("identity", "name");
const DOCUMENT: Place = Place::new("identity", "document");
const PHONE: Place = Place::new("identity", "phone");
const BORN_ON: Place = Place::new("identity", "born_on");
const EMPLOYER: Place = Place::new("identity", "employer");

/// Seals who a new learner is, under a fresh key; [`Error::Conflict`] when the phone or the document is
/// another's.
pub async fn insert(
    txn: &Txn,
    vault: &KeyRing,
    learner: LearnerId,
    identity: &Identity,
    now: UnixMs,
) -> Result<()> {
    let key = person_keys::draw(txn, vault, learner.0, now).await?;
    sealed(&key, vault, learner, identity).insert(txn).await?;
    Ok(())
}

/// What is changed of who a learner is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Another name.
    Name(PersonName),
    /// Another document, and the day of birth where the document does not say it.
    Document(IdDocument, Option<LocalDay>),
    /// Another phone, or none.
    Phone(Option<Phone>),
}

/// Seals what has changed, under the same key, and touches nothing else; [`Error::Conflict`] as above.
pub async fn update(txn: &Txn, vault: &KeyRing, learner: LearnerId, change: &Change) -> Result<()> {
    let key = person_keys::get(txn, vault, learner.0).await?;
    let seal = |place, text: &str| Some(key.seal(place, text).as_str().to_owned());
    let mut row = ActiveModel {
        learner_id: Unchanged(learner.0),
        ..Default::default()
    };
    match change {
        Change::Name(name) => row.name = Set(seal(NAME, name.as_str())),
        Change::Document(document, born_on) => {
            row.document = Set(seal(DOCUMENT, &document.key()));
            row.document_index = Set(Some(document_index(vault, document)));
            row.born_on = Set(born_on.and_then(|day| seal(BORN_ON, &day.to_string())));
        }
        Change::Phone(phone) => {
            row.phone = Set(phone.as_ref().and_then(|phone| seal(PHONE, phone.as_str())));
            row.phone_index = Set(phone.as_ref().map(|phone| phone_index(vault, phone)));
        }
    }
    row.update(txn).await?;
    Ok(())
}

/// Who the learner is, if they are in the scope; [`zhipei_vault::Error::Erased`] where they were erased.
pub async fn get(
    db: &impl ConnectionTrait,
    scope: &Scope,
    vault: &KeyRing,
    learner: LearnerId,
) -> Result<Identity> {
    learners::check_scope(db, scope, learner).await?;
    let key = person_keys::get(db, vault, learner.0).await?;
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .one(db)
        .await?;
    opened(&key, row.ok_or(Error::NotFound)?)
}

/// Who these learners are, of whom those outside the scope and the erased are left out.
pub async fn many(
    db: &impl ConnectionTrait,
    scope: &Scope,
    vault: &KeyRing,
    of: impl IntoIterator<Item = LearnerId>,
) -> Result<HashMap<LearnerId, Identity>> {
    let ids = learners::those_in_scope(db, scope, of).await?;
    let keys = person_keys::many(db, vault, &ids).await?;
    let rows = Entity::rows()
        .filter(Column::LearnerId.is_in(ids))
        .all(db)
        .await?;
    let mut found = HashMap::new();
    for row in rows {
        if let Some(key) = keys.get(&row.learner_id) {
            found.insert(LearnerId(row.learner_id), opened(key, row)?);
        }
    }
    Ok(found)
}

/// Whose phone it is. To log in by, and to find conflicts: it tells nothing but an id.
pub async fn by_phone(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    phone: &Phone,
) -> Result<LearnerId> {
    by_index(db, Column::PhoneIndex, phone_index(vault, phone)).await
}

/// Is there a phone that codes go to?
pub async fn has_phone(db: &impl ConnectionTrait, learner: LearnerId) -> Result<bool> {
    let row = Entity::rows()
        .filter(Column::LearnerId.eq(learner.0))
        .filter(Column::PhoneIndex.is_not_null())
        .one(db)
        .await?;
    Ok(row.is_some())
}

/// Whose document it is.
pub async fn by_document(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    document: &IdDocument,
) -> Result<LearnerId> {
    by_index(db, Column::DocumentIndex, document_index(vault, document)).await
}

/// Frees phone and document for their true holder. What was typed in stays sealed with the account.
pub async fn set_aside(txn: &Txn, learner: LearnerId) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::PhoneIndex, Expr::value(Option::<String>::None))
        .col_expr(Column::DocumentIndex, Expr::value(Option::<String>::None))
        .filter(Column::LearnerId.eq(learner.0))
        .exec(txn)
        .await?;
    Ok(())
}

/// Destroys the learner's key and empties the row.
pub async fn erase(txn: &Txn, learner: LearnerId, now: UnixMs) -> Result<()> {
    person_keys::destroy(txn, learner.0, now).await?;
    let mut update = Entity::update_many().filter(Column::LearnerId.eq(learner.0));
    for column in [
        Column::Name,
        Column::Document,
        Column::Phone,
        Column::BornOn,
        Column::Employer,
        Column::PhoneIndex,
        Column::DocumentIndex,
    ] {
        update = update.col_expr(column, Expr::value(Option::<String>::None));
    }
    update.exec(txn).await?;
    Ok(())
}

/// Seals a text of the learner's for a place outside this table, as an entry of the ledger.
pub async fn key_of(
    db: &impl ConnectionTrait,
    vault: &KeyRing,
    learner: LearnerId,
) -> Result<PersonKey> {
    person_keys::get(db, vault, learner.0).await
}

/// The blind index of a phone.
pub fn phone_index(vault: &KeyRing, phone: &Phone) -> String {
    vault.index().index("phone", phone.as_str())
}

/// The blind index of a document.
pub fn document_index(vault: &KeyRing, document: &IdDocument) -> String {
    vault.index().index("document", &document.key())
}

async fn by_index(db: &impl ConnectionTrait, column: Column, index: String) -> Result<LearnerId> {
    let row = Entity::rows().filter(column.eq(index)).one(db).await?;
    row.map(|row| LearnerId(row.learner_id))
        .ok_or(Error::NotFound)
}

fn sealed(
    key: &PersonKey,
    vault: &KeyRing,
    learner: LearnerId,
    identity: &Identity,
) -> ActiveModel {
    let seal = |place, text: &str| key.seal(place, text).as_str().to_owned();
    let (document, phone) = (identity.document.as_ref(), identity.phone.as_ref());
    ActiveModel {
        learner_id: Set(learner.0),
        name: Set(Some(seal(NAME, identity.name.as_str()))),
        document: Set(document.map(|document| seal(DOCUMENT, &document.key()))),
        phone: Set(phone.map(|phone| seal(PHONE, phone.as_str()))),
        born_on: Set(identity.born_on.map(|day| seal(BORN_ON, &day.to_string()))),
        employer: Set(identity
            .employer
            .as_ref()
            .map(|employer| seal(EMPLOYER, employer.as_str()))),
        phone_index: Set(phone.map(|phone| phone_index(vault, phone))),
        document_index: Set(document.map(|document| document_index(vault, document))),
    }
}

fn opened(key: &PersonKey, row: Model) -> Result<Identity> {
    let open = |place, text: Option<String>| open(key, place, text);
    let name = open(NAME, row.name)?.ok_or(Error::Corrupt("identity.name"))?;
    let phone = open(PHONE, row.phone)?.map(|text| Phone::parse(&text));
    let document = open(DOCUMENT, row.document)?;
    let born_on = open(BORN_ON, row.born_on)?.map(|text| text.parse());
    let employer = open(EMPLOYER, row.employer)?.map(|text| Title::parse(&text));
    Ok(Identity {
        name: PersonName::parse(&name).map_err(|_| Error::Corrupt("identity.name"))?,
        document: document.map(|text| document_of(&text)).transpose()?,
        born_on: born_on
            .transpose()
            .map_err(|_| Error::Corrupt("identity.born_on"))?,
        phone: phone
            .transpose()
            .map_err(|_| Error::Corrupt("identity.phone"))?,
        employer: employer
            .transpose()
            .map_err(|_| Error::Corrupt("identity.employer"))?,
    })
}

pub(crate) fn open(key: &PersonKey, place: Place, text: Option<String>) -> Result<Option<String>> {
    let Some(text) = text else { return Ok(None) };
    let opened = key.open(place, &Sealed::parse(&text)?)?;
    Ok(Some(opened.as_str().to_owned()))
}

/// The opposite of [`IdDocument::key`].
pub(crate) fn document_of(text: &str) -> Result<IdDocument> {
    let corrupt = Error::Corrupt("identity.document");
    let parsed = text.split_once(':').and_then(|(kind, number)| {
        let kind = DocumentKind::parse(kind)?;
        IdDocument::parse(kind, number).ok()
    });
    parsed.ok_or(corrupt)
}

#[cfg(test)]
mod tests {
    use sea_orm::Statement;
    use uuid::Uuid;
    use zhipei_domain::{AccountState, IdentityLevel, Learner, LoginName, RegionCode};
    use zhipei_vault::{IndexKey, MasterKey, Suite};

    use super::*;
    use crate::testing::{TestDb, vault};

    fn fu(phone: &str, document: &str) -> Identity {
        Identity {
            document: Some(IdDocument::parse(DocumentKind::ResidentId, document).unwrap()),
            phone: Some(Phone::parse(phone).unwrap()),
            employer: Some(Title::parse("琼海海平电器厂").unwrap()),
            ..Identity::named(PersonName::parse("符秀英").unwrap())
        }
    }

    async fn add(test: &TestDb, identity: &Identity) -> Result<LearnerId> {
        let id = LearnerId(Uuid::now_v7());
        let learner = Learner {
            id,
            login_name: LoginName::parse(&format!("x{}", &id.0.simple().to_string()[20..]))
                .unwrap(),
            identity_level: IdentityLevel::Claimed,
            region: RegionCode::parse("469002").unwrap(),
            categories: Vec::new(),
            state: AccountState::Active,
            created_at: 0,
        };
        test.db
            .write(async |txn| {
                learners::insert(txn, &learner).await?;
                insert(txn, &vault(), id, identity, 0).await?;
                Ok(id)
            })
            .await
    }

    async fn run(test: &TestDb, sql: &str) {
        let statement = Statement::from_string(test.db.backend(), sql);
        test.db
            .write(async |txn| {
                txn.execute_raw(statement).await?;
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
    }

    async fn row(test: &TestDb, learner: LearnerId) -> String {
        let row = Entity::rows()
            .filter(Column::LearnerId.eq(learner.0))
            .one(test.db.read())
            .await;
        format!("{:?}", row.unwrap().unwrap())
    }

    #[tokio::test]
    async fn pipl_09_the_database_shows_nothing_and_the_vault_opens_all_of_it() {
        let test = TestDb::new().await;
        let identity = fu("13800000001", "460100199001010019");
        let id = add(&test, &identity).await.unwrap();
        let seen = row(&test, id).await;
        for personal in ["符", "秀英", "13800000001", "460100", "0019", "海平"] {
            assert!(!seen.contains(personal), "{seen}");
        }
        let opened = get(test.db.read(), &Scope::Learner(id), &vault(), id).await;
        assert_eq!(opened.unwrap(), identity);
        let phone = identity.phone.unwrap();
        assert_eq!(
            by_phone(test.db.read(), &vault(), &phone).await.unwrap(),
            id
        );
    }

    #[tokio::test]
    async fn mlps_01_a_phone_and_a_document_belong_to_one_account() {
        let test = TestDb::new().await;
        add(&test, &fu("13800000001", "460100199001010019"))
            .await
            .unwrap();
        for taken in [
            fu("13800000001", "11010519491231002X"),
            fu("13800000002", "460100199001010019"),
        ] {
            let refused = add(&test, &taken).await;
            assert!(matches!(refused, Err(Error::Conflict)), "{refused:?}");
        }
        // Who has neither is not in anybody's way.
        for _ in 0..2 {
            let named = Identity::named(PersonName::parse("王勇").unwrap());
            add(&test, &named).await.unwrap();
        }
    }

    #[tokio::test]
    async fn outside_the_scope_nobody_is_found() {
        let test = TestDb::new().await;
        let id = add(&test, &fu("13800000001", "460100199001010019"))
            .await
            .unwrap();
        let read = async |scope| get(test.db.read(), &scope, &vault(), id).await;
        let region = |code: &str| Scope::Region(RegionCode::parse(code).unwrap());
        assert!(read(region("460000")).await.is_ok());
        assert!(matches!(read(region("460100")).await, Err(Error::NotFound)));
        let stranger = Scope::Learner(LearnerId(Uuid::nil()));
        assert!(matches!(read(stranger).await, Err(Error::NotFound)));
    }

    #[tokio::test]
    async fn pipl_09_a_row_copied_over_another_does_not_open() {
        let test = TestDb::new().await;
        let ana = add(&test, &fu("13800000001", "460100199001010019"))
            .await
            .unwrap();
        let bea = add(&test, &fu("13800000002", "11010519491231002X"))
            .await
            .unwrap();
        let literal = |id: LearnerId| match test.db.backend() {
            sea_orm::DbBackend::Sqlite => format!("x'{}'", id.0.simple()),
            _ => format!("'{}'", id.0),
        };
        for (table, key, column) in [
            ("identity", "learner_id", "name"),
            ("person_key", "person_id", "wrapped"),
        ] {
            run(
                &test,
                &format!(
                    "update {table} set {column} = (select {column} from {table} where {key} = {}) \
                     where {key} = {}",
                    literal(ana),
                    literal(bea)
                ),
            )
            .await;
            let opened = get(test.db.read(), &Scope::Platform, &vault(), bea).await;
            let tampered = zhipei_vault::Error::Tampered;
            assert!(
                matches!(&opened, Err(Error::Vault(error)) if *error == tampered),
                "{table}: {opened:?}"
            );
        }
    }

    #[tokio::test]
    async fn pipl_11_an_erased_person_is_read_by_nobody_and_their_phone_is_free() {
        let test = TestDb::new().await;
        let identity = fu("13800000001", "460100199001010019");
        let id = add(&test, &identity).await.unwrap();
        test.db
            .write(async |txn| erase(txn, id, 1).await)
            .await
            .unwrap();
        let opened = get(test.db.read(), &Scope::Platform, &vault(), id).await;
        let erased = zhipei_vault::Error::Erased;
        assert!(matches!(opened, Err(Error::Vault(error)) if error == erased));
        assert!(add(&test, &identity).await.is_ok());
    }

    #[tokio::test]
    async fn pipl_09_a_rotation_keeps_everybody_readable_and_the_erased_erased() {
        let test = TestDb::new().await;
        let mut ids = Vec::new();
        for n in 0..7 {
            let named = Identity::named(PersonName::parse("王勇").unwrap());
            let identity = Identity {
                phone: Some(Phone::parse(&format!("1380000000{n}")).unwrap()),
                ..named
            };
            ids.push(add(&test, &identity).await.unwrap());
        }
        test.db
            .write(async |txn| erase(txn, ids[3], 1).await)
            .await
            .unwrap();
        let old = vault();
        let masters = vec![
            MasterKey::from_bytes("master-9", [9; 32]),
            crate::testing::master(),
        ];
        let index = IndexKey::from_bytes(Suite::Intl, [2; 32]);
        let both = KeyRing::new(Suite::Gm, masters, index, old.random()).unwrap();
        let (mut after, mut done) = (Uuid::nil(), 0);
        let step = async |after| {
            test.db
                .write(async |txn| person_keys::rewrap(txn, &both, after, 3).await)
                .await
        };
        while let Some((last, some)) = step(after).await.unwrap() {
            (after, done) = (last, done + some);
        }
        assert_eq!(done, 6);
        let left = person_keys::wrapped_by(test.db.read(), old.newest()).await;
        assert_eq!(left.unwrap(), 0);
        let now = person_keys::wrapped_by(test.db.read(), "master-9").await;
        assert_eq!(now.unwrap(), 6);
        for (n, id) in ids.iter().enumerate() {
            let opened = get(test.db.read(), &Scope::Platform, &both, *id).await;
            assert_eq!(opened.is_ok(), n != 3, "{n}");
        }
    }
}
