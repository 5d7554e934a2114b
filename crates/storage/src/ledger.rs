//! Rows of the ledger: entries, the heads of the chains, and seals. Appended, never changed.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};
use zhipei_domain::{LearnerId, UnixMs};
use zhipei_ledger::{Chain, Entry, Hash, Mac, Seal, SealedHead, SealedHeadRow};

use crate::entity::{ledger_chain, ledger_entry, ledger_seal, ledger_sealed_head};
use crate::scope::Unscoped;
use crate::{Error, Result, Txn};

impl Unscoped for ledger_chain::Entity {}
impl Unscoped for ledger_entry::Entity {}
impl Unscoped for ledger_seal::Entity {}
impl Unscoped for ledger_sealed_head::Entity {}

/// Rows in one statement: SQLite takes at most 32,766 values.
const ROWS: usize = 4_000;

/// The heads of these learners' chains, to be appended to; held until the transaction ends.
pub async fn chains(
    txn: &Txn,
    learners: impl IntoIterator<Item = LearnerId>,
) -> Result<HashMap<LearnerId, Chain>> {
    let mut chains: HashMap<LearnerId, Chain> = learners
        .into_iter()
        .map(|learner| (learner, Chain::new(learner)))
        .collect();
    let ids: BTreeSet<_> = chains.keys().map(|learner| learner.0).collect();
    let mut query = ledger_chain::Entity::rows()
        .filter(ledger_chain::Column::LearnerId.is_in(ids))
        .order_by_asc(ledger_chain::Column::LearnerId);
    if txn.get_database_backend() == DbBackend::Postgres {
        query = query.lock_exclusive();
    }
    for row in query.all(txn).await? {
        let chain = chain(&row)?;
        chains.insert(chain.learner, chain);
    }
    Ok(chains)
}

/// Adds entries and moves the heads onto them.
pub async fn append(txn: &Txn, entries: &[Entry], heads: &[Chain]) -> Result<()> {
    for some in entries.chunks(ROWS) {
        let rows = some.iter().map(|entry| ledger_entry::ActiveModel {
            learner_id: Set(entry.learner.0),
            seq: Set(entry.seq as i64),
            kind: Set(entry.kind.as_str().to_owned()),
            at: Set(entry.at),
            body: Set(entry.body.clone()),
            mac: Set(entry.mac.to_string()),
        });
        ledger_entry::Entity::insert_many(rows)
            .exec_without_returning(txn)
            .await?;
    }
    let moved = OnConflict::column(ledger_chain::Column::LearnerId)
        .update_columns([
            ledger_chain::Column::Seq,
            ledger_chain::Column::Mac,
            ledger_chain::Column::Digest,
        ])
        .to_owned();
    for some in heads.chunks(ROWS) {
        let rows = some.iter().map(|head| ledger_chain::ActiveModel {
            learner_id: Set(head.learner.0),
            seq: Set(head.seq as i64),
            mac: Set(head.mac.to_string()),
            digest: Set(head.digest.to_string()),
        });
        ledger_chain::Entity::insert_many(rows)
            .on_conflict(moved.clone())
            .exec_without_returning(txn)
            .await?;
    }
    Ok(())
}

/// An entry as it is stored, which may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Number in the chain.
    pub seq: i64,
    /// Stored form of the kind.
    pub kind: String,
    /// When it was written.
    pub at: UnixMs,
    /// The body.
    pub body: String,
    /// The stored MAC.
    pub mac: String,
}

/// All entries of a learner, by their numbers.
pub async fn entries(db: &impl ConnectionTrait, learner: LearnerId) -> Result<Vec<StoredEntry>> {
    let rows = ledger_entry::Entity::rows()
        .filter(ledger_entry::Column::LearnerId.eq(learner.0))
        .order_by_asc(ledger_entry::Column::Seq)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(stored_entry).collect())
}

/// The stored head of a chain.
pub async fn head(db: &impl ConnectionTrait, learner: LearnerId) -> Result<Option<Chain>> {
    let row = ledger_chain::Entity::rows()
        .filter(ledger_chain::Column::LearnerId.eq(learner.0))
        .one(db)
        .await?;
    row.as_ref().map(chain).transpose()
}

/// When the entry with this number was written.
pub async fn entry_at(
    db: &impl ConnectionTrait,
    chain: LearnerId,
    seq: u64,
) -> Result<Option<UnixMs>> {
    let row = ledger_entry::Entity::rows()
        .filter(ledger_entry::Column::LearnerId.eq(chain.0))
        .filter(ledger_entry::Column::Seq.eq(seq as i64))
        .one(db)
        .await?;
    Ok(row.map(|row| row.at))
}

/// The next entries of a chain after number `seq`, at most `limit`: for a chain that is too long to be
/// read at once.
pub async fn entries_after(
    db: &impl ConnectionTrait,
    chain: LearnerId,
    seq: i64,
    limit: u64,
) -> Result<Vec<StoredEntry>> {
    let rows = ledger_entry::Entity::rows()
        .filter(ledger_entry::Column::LearnerId.eq(chain.0))
        .filter(ledger_entry::Column::Seq.gt(seq))
        .order_by_asc(ledger_entry::Column::Seq)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(stored_entry).collect())
}

/// Is anything in the ledger?
pub async fn has_entries(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(ledger_chain::Entity::rows().one(db).await?.is_some())
}

/// Everybody of whom the ledger, the heads or the intervals know something.
pub async fn learners(db: &impl ConnectionTrait) -> Result<Vec<LearnerId>> {
    let sql = "select learner_id from ledger_entry union select learner_id from ledger_chain \
               union select learner_id from learning_interval order by learner_id";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await?;
    rows.iter()
        .map(|row| Ok(LearnerId(row.try_get("", "learner_id")?)))
        .collect()
}

/// A seal as it is stored, which may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSeal {
    /// Its number.
    pub number: i64,
    /// When.
    pub at: UnixMs,
    /// Stored form of the root.
    pub root: String,
    /// Entries in all chains.
    pub entries: i64,
    /// Stored form of the hash of the seal before.
    pub previous: String,
    /// Name of the key.
    pub key_id: String,
    /// Stored form of the signature.
    pub signature: String,
}

/// All seals, by their numbers.
pub async fn seals(db: &impl ConnectionTrait) -> Result<Vec<StoredSeal>> {
    let rows = ledger_seal::Entity::rows()
        .order_by_asc(ledger_seal::Column::Number)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(stored_seal).collect())
}

/// The newest seal.
pub async fn newest_seal(db: &impl ConnectionTrait) -> Result<Option<StoredSeal>> {
    let row = ledger_seal::Entity::rows()
        .order_by_desc(ledger_seal::Column::Number)
        .one(db)
        .await?;
    Ok(row.map(stored_seal))
}

/// The stored heads under a seal.
pub async fn sealed_heads(db: &impl ConnectionTrait, number: i64) -> Result<Vec<SealedHeadRow>> {
    let rows = ledger_sealed_head::Entity::rows()
        .filter(ledger_sealed_head::Column::Number.eq(number))
        .all(db)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| SealedHeadRow {
            learner: LearnerId(row.learner_id),
            seq: row.seq.unsigned_abs(),
            mac: Mac::parse(&row.mac),
            digest: Hash::parse(&row.digest),
        })
        .collect())
}

/// The heads that moved since each learner's newest sealed one, and the entries in all chains.
pub async fn moved_heads(txn: &Txn) -> Result<(Vec<Chain>, u64)> {
    let sealed: HashMap<_, i64> = ledger_sealed_head::Entity::rows()
        .select_only()
        .column(ledger_sealed_head::Column::LearnerId)
        .column_as(ledger_sealed_head::Column::Seq.max(), "seq")
        .group_by(ledger_sealed_head::Column::LearnerId)
        .into_tuple::<(uuid::Uuid, i64)>()
        .all(txn)
        .await?
        .into_iter()
        .collect();
    let mut entries = 0;
    let mut moved = Vec::new();
    for row in ledger_chain::Entity::rows().all(txn).await? {
        entries += row.seq.unsigned_abs();
        if sealed.get(&row.learner_id).is_none_or(|seq| *seq < row.seq) {
            moved.push(chain(&row)?);
        }
    }
    Ok((moved, entries))
}

/// Adds a seal with the heads under it.
pub async fn insert_seal(txn: &Txn, seal: &Seal, heads: &[SealedHead]) -> Result<()> {
    let row = ledger_seal::ActiveModel {
        number: Set(seal.number as i64),
        at: Set(seal.at),
        root: Set(seal.root.to_string()),
        entries: Set(seal.entries as i64),
        previous: Set(seal.previous.to_string()),
        key_id: Set(seal.key_id.clone()),
        signature: Set(seal.signature_hex()),
    };
    ledger_seal::Entity::insert(row)
        .exec_without_returning(txn)
        .await?;
    for some in heads.chunks(ROWS) {
        let rows = some.iter().map(|head| ledger_sealed_head::ActiveModel {
            number: Set(head.number as i64),
            learner_id: Set(head.learner.0),
            seq: Set(head.seq as i64),
            mac: Set(head.mac.to_string()),
            digest: Set(head.digest.to_string()),
        });
        ledger_sealed_head::Entity::insert_many(rows)
            .exec_without_returning(txn)
            .await?;
    }
    Ok(())
}

fn stored_entry(row: ledger_entry::Model) -> StoredEntry {
    StoredEntry {
        seq: row.seq,
        kind: row.kind,
        at: row.at,
        body: row.body,
        mac: row.mac,
    }
}

fn stored_seal(row: ledger_seal::Model) -> StoredSeal {
    StoredSeal {
        number: row.number,
        at: row.at,
        root: row.root,
        entries: row.entries,
        previous: row.previous,
        key_id: row.key_id,
        signature: row.signature,
    }
}

fn chain(row: &ledger_chain::Model) -> Result<Chain> {
    Ok(Chain {
        learner: LearnerId(row.learner_id),
        seq: row.seq.unsigned_abs(),
        mac: Mac::parse(&row.mac).ok_or(Error::Corrupt("ledger_chain.mac"))?,
        digest: Hash::parse(&row.digest).ok_or(Error::Corrupt("ledger_chain.digest"))?,
    })
}
