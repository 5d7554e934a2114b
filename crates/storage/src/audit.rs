//! The audit trail. Rows are added and read, never changed.
//!
//! Each row carries a MAC under a key that is not in the database, from the moment it is written; a job
//! joins the rows to a chain of the ledger soon after, so that a dropped one is seen as well. Joining
//! later keeps the writers from waiting for one another.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait,
    QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;
use zhipei_domain::{Actor, AuditEvent, AuditResult, UnixMs};
use zhipei_ledger::{AUDIT_CHAIN, AuditBody, AuditVerifier, AuditedRow, AuthKey, Chain, Mac};

use crate::entity::audit_event::{ActiveModel, Column, Entity, Model};
use crate::entity::audit_link;
use crate::scope::Unscoped;
use crate::{Result, Txn, ledger};

impl Unscoped for Entity {}
impl Unscoped for audit_link::Entity {}

/// Rows that join the chain in one entry at most.
const JOINED_AT_ONCE: u64 = 500;

/// Where an act came from: what the doors know of a request, kept with every row that it writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The address.
    pub ip: Option<String>,
    /// The hash of what the browser calls itself.
    pub agent_hash: Option<String>,
    /// The number of the request, as in the log.
    pub request_id: Option<String>,
    /// The roles under which a member of staff acts.
    pub roles: Option<String>,
}

tokio::task_local! {
    static REQUEST: Request;
    pub(crate) static KEY: Option<Arc<AuthKey>>;
}

struct Request {
    origin: Origin,
    written: AtomicU32,
}

/// Runs `work`, which answers a request that came from `origin`. Returns also how many rows it wrote
/// and did not take back.
pub async fn of_request<T>(origin: Origin, work: impl Future<Output = T>) -> (T, u32) {
    let request = Request {
        origin,
        written: AtomicU32::new(0),
    };
    let work = async {
        let done = work.await;
        (done, written())
    };
    REQUEST.scope(request, work).await
}

/// Rows that this request has written so far.
pub(crate) fn written() -> u32 {
    REQUEST
        .try_with(|request| request.written.load(Ordering::Relaxed))
        .unwrap_or(0)
}

/// A transaction was rolled back: what it wrote does not count.
pub(crate) fn take_back_to(count: u32) {
    let _ = REQUEST.try_with(|request| request.written.store(count, Ordering::Relaxed));
}

/// A row as read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: UnixMs,
    /// `anonymous`, `learner`, `staff`, `operator` or `system`.
    pub actor_kind: String,
    /// Who, where one is known.
    pub actor_id: Option<String>,
    /// Under which roles.
    pub actor_role: Option<String>,
    /// What.
    pub action: String,
    /// To what kind of thing.
    pub object_kind: Option<String>,
    /// To which thing.
    pub object_id: Option<String>,
    /// `ok`, `refused` or `failed`.
    pub result: String,
    /// What else a reader needs.
    pub detail: Option<String>,
    /// From where.
    pub ip: Option<String>,
    /// With which browser.
    pub agent_hash: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// What authenticates the row.
    pub mac: String,
}

impl AuditRow {
    /// Calls `with` with the row as it is authenticated.
    pub fn proved<T>(&self, with: impl FnOnce(&zhipei_ledger::AuditRow<'_>) -> T) -> T {
        let columns = [
            Some(self.actor_kind.as_str()),
            self.actor_id.as_deref(),
            self.actor_role.as_deref(),
            Some(self.action.as_str()),
            self.object_kind.as_deref(),
            self.object_id.as_deref(),
            Some(self.result.as_str()),
            self.detail.as_deref(),
            self.ip.as_deref(),
            self.agent_hash.as_deref(),
            self.request_id.as_deref(),
        ];
        with(&zhipei_ledger::AuditRow {
            id: self.id,
            at: self.at,
            columns: &columns,
        })
    }
}

/// What is searched for; what is `None` does not matter.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Not before.
    pub from: Option<UnixMs>,
    /// Before.
    pub until: Option<UnixMs>,
    /// Who.
    pub actor_id: Option<String>,
    /// What; a word before a dot finds all that begin with it: `login` also finds `login.code`.
    pub action: Option<String>,
    /// To which thing.
    pub object_id: Option<String>,
    /// How it ended.
    pub result: Option<String>,
}

/// The newest rows that the filter leaves, at most `limit`, older than the row at `before`.
pub async fn search(
    db: &impl ConnectionTrait,
    filter: &AuditFilter,
    before: Option<(UnixMs, Uuid)>,
    limit: u64,
) -> Result<Vec<AuditRow>> {
    let mut found = Condition::all()
        .add_option(filter.from.map(|at| Column::At.gte(at)))
        .add_option(filter.until.map(|at| Column::At.lt(at)))
        .add_option(filter.actor_id.as_ref().map(|id| Column::ActorId.eq(id)))
        .add_option(filter.object_id.as_ref().map(|id| Column::ObjectId.eq(id)))
        .add_option(filter.result.as_ref().map(|word| Column::Result.eq(word)));
    if let Some(action) = &filter.action {
        // `/` comes right after `.`: everything that begins with "action.".
        let below = Condition::all()
            .add(Column::Action.gte(format!("{action}.")))
            .add(Column::Action.lt(format!("{action}/")));
        found = found.add(Condition::any().add(Column::Action.eq(action)).add(below));
    }
    if let Some((at, id)) = before {
        let same = Condition::all()
            .add(Column::At.eq(at))
            .add(Column::Id.lt(id));
        found = found.add(Condition::any().add(Column::At.lt(at)).add(same));
    }
    let rows = Entity::rows()
        .filter(found)
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

/// When `actor` did the `n`th newest of such acts after `since`, if they did so many.
pub async fn nth_newest(
    db: &impl ConnectionTrait,
    actor: &Actor,
    action: &str,
    since: UnixMs,
    n: u64,
) -> Result<Option<UnixMs>> {
    let (kind, id) = columns_of(actor);
    let row = Entity::rows()
        .filter(Column::ActorKind.eq(kind))
        .filter(Column::ActorId.eq(id))
        .filter(Column::Action.eq(action))
        .filter(Column::Result.eq(AuditResult::Ok.as_str()))
        .filter(Column::At.gt(since))
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .offset(n - 1)
        .limit(1)
        .one(db)
        .await?;
    Ok(row.map(|row| row.at))
}

/// The newest acts of these kinds, at most `limit`.
pub async fn newest_of(
    db: &impl ConnectionTrait,
    actions: &[&str],
    limit: u64,
) -> Result<Vec<AuditRow>> {
    let rows = Entity::rows()
        .filter(Column::Action.is_in(actions.iter().copied()))
        .order_by_desc(Column::At)
        .order_by_desc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

/// The whole trail, in order. For tests: it reads everything.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<AuditRow>> {
    let rows = Entity::rows()
        .order_by_asc(Column::At)
        .order_by_asc(Column::Id)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

/// The next rows after `after` in the order of their ids, at most `limit`: for who reads all of them.
pub async fn page(
    db: &impl ConnectionTrait,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<AuditRow>> {
    let later = Condition::all().add_option(after.map(|id| Column::Id.gt(id)));
    let rows = Entity::rows()
        .filter(later)
        .order_by_asc(Column::Id)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

/// Adds a row, authenticated by the key of the database that the transaction is of.
pub async fn insert(txn: &Txn, event: &AuditEvent) -> Result<()> {
    let (actor_kind, actor_id) = columns_of(&event.actor);
    let origin = REQUEST
        .try_with(|request| request.origin.clone())
        .unwrap_or_default();
    let (object_kind, object_id) = event.object.clone().unzip();
    let mut row = AuditRow {
        id: Uuid::now_v7(),
        at: event.at,
        actor_kind: actor_kind.to_owned(),
        actor_id,
        actor_role: origin.roles.filter(|_| actor_kind == "staff"),
        action: event.action.to_owned(),
        object_kind: object_kind.map(str::to_owned),
        object_id,
        result: event.result.as_str().to_owned(),
        detail: event.detail.clone(),
        ip: event.ip.clone().or(origin.ip),
        agent_hash: origin.agent_hash,
        request_id: origin.request_id,
        mac: String::new(),
    };
    let key = KEY.try_with(Clone::clone).ok().flatten();
    if let Some(key) = key {
        row.mac = row.proved(|row| row.authenticate(&key)).to_string();
    }
    ActiveModel::from(row).insert(txn).await?;
    let _ = REQUEST.try_with(|request| request.written.fetch_add(1, Ordering::Relaxed));
    Ok(())
}

fn columns_of(actor: &Actor) -> (&'static str, Option<String>) {
    match actor {
        Actor::Anonymous => ("anonymous", None),
        Actor::Learner(id) => ("learner", Some(id.to_string())),
        Actor::Staff(id) => ("staff", Some(id.to_string())),
        Actor::Operator(name) => ("operator", Some(name.clone())),
        Actor::System => ("system", None),
    }
}

/// Joins rows to the chain that are not in it yet; returns how many. Rows that the key did not
/// authenticate stay outside, where verification finds them.
pub async fn join(txn: &Txn, key: &AuthKey, now: UnixMs) -> Result<usize> {
    let mut chains = ledger::chains(txn, [AUDIT_CHAIN]).await?;
    let mut chain = chains
        .remove(&AUDIT_CHAIN)
        .unwrap_or_else(|| Chain::new(AUDIT_CHAIN));
    let last = ledger::entry_at(txn, AUDIT_CHAIN, chain.seq).await?;
    // No transaction is open for so long: what is older and outside is not ours.
    let since = last.map_or(UnixMs::MIN, |at| at - AuditVerifier::JOINS_WITHIN_MS);
    let linked = Query::select()
        .column("event_id")
        .from("audit_link")
        .and_where(Expr::col(("audit_link", "event_id")).equals(("audit_event", "id")))
        .take();
    let mut joined = 0;
    let mut after: Option<(UnixMs, Uuid)> = None;
    loop {
        let mut waiting = Condition::all()
            .add(Column::At.gte(since))
            .add(Expr::exists(linked.clone()).not());
        if let Some((at, id)) = after {
            let same = Condition::all()
                .add(Column::At.eq(at))
                .add(Column::Id.gt(id));
            waiting = waiting.add(Condition::any().add(Column::At.gt(at)).add(same));
        }
        let rows = Entity::rows()
            .filter(waiting)
            .order_by_asc(Column::At)
            .order_by_asc(Column::Id)
            .limit(JOINED_AT_ONCE)
            .all(txn)
            .await?;
        let Some(newest) = rows.last() else {
            return Ok(joined);
        };
        after = Some((newest.at, newest.id));
        let audited: Vec<AuditedRow> = rows
            .into_iter()
            .map(AuditRow::from)
            .filter_map(|row| {
                let mac = row.proved(|row| row.authenticate(key));
                (Mac::parse(&row.mac) == Some(mac)).then_some(AuditedRow { id: row.id, mac })
            })
            .collect();
        if audited.is_empty() {
            continue;
        }
        joined += audited.len();
        let links: Vec<_> = audited
            .iter()
            .map(|row| audit_link::ActiveModel {
                event_id: Set(row.id),
                seq: Set(chain.seq as i64 + 1),
            })
            .collect();
        audit_link::Entity::insert_many(links)
            .exec_without_returning(txn)
            .await?;
        let entry = chain.append(key, now, &AuditBody { rows: audited }.into());
        ledger::append(txn, &[entry], &[chain]).await?;
    }
}

impl From<Model> for AuditRow {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            actor_role: row.actor_role,
            action: row.action,
            object_kind: row.object_kind,
            object_id: row.object_id,
            result: row.result,
            detail: row.detail,
            ip: row.ip,
            agent_hash: row.agent_hash,
            request_id: row.request_id,
            mac: row.mac,
        }
    }
}

impl From<AuditRow> for ActiveModel {
    fn from(row: AuditRow) -> Self {
        Self {
            id: Set(row.id),
            at: Set(row.at),
            actor_kind: Set(row.actor_kind),
            actor_id: Set(row.actor_id),
            actor_role: Set(row.actor_role),
            action: Set(row.action),
            object_kind: Set(row.object_kind),
            object_id: Set(row.object_id),
            result: Set(row.result),
            detail: Set(row.detail),
            ip: Set(row.ip),
            agent_hash: Set(row.agent_hash),
            request_id: Set(row.request_id),
            mac: Set(row.mac),
        }
    }
}
