use uuid::Uuid;
use zhipei_domain::{IntervalId, LearnerId};

/// Something that is not as the ledger wrote it. Shown to whoever verifies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The content or the MAC of one entry is not what was written.
    #[error("学员 {learner} 的第 {seq} 条记录被改动")]
    EntryAltered {
        /// Whose chain.
        learner: LearnerId,
        /// Its number.
        seq: u64,
    },
    /// Neighbouring entries are all not authenticated by the ledger's key: rewritten, or made up.
    #[error("学员 {learner} 的第 {from} 至 {to} 条记录被改写，不是由台账密钥写入")]
    EntriesRewritten {
        /// Whose chain.
        learner: LearnerId,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Entries are gone. The entry after the gap cannot be checked without them.
    #[error("学员 {learner} 的第 {from} 至 {to} 条记录被删除")]
    EntriesMissing {
        /// Whose chain.
        learner: LearnerId,
        /// The first, by the number it was written under.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Entries that the ledger did not write stand in the chain; without them it verifies.
    #[error("学员 {learner} 的第 {from} 至 {to} 条记录系插入，台账未曾写入")]
    EntriesInserted {
        /// Whose chain.
        learner: LearnerId,
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// An entry comes again, or after one with a higher number.
    #[error("学员 {learner} 的第 {seq} 条记录重复或次序颠倒")]
    EntryOutOfOrder {
        /// Whose chain.
        learner: LearnerId,
        /// Its number.
        seq: u64,
    },
    /// The chain ends before an entry that was there when seal `number` was signed.
    #[error(
        "学员 {learner} 的记录止于第 {last} 条，第 {number} 号封印时已有 {sealed} 条：末尾被删除"
    )]
    TailMissing {
        /// Whose chain.
        learner: LearnerId,
        /// The last entry that is there; 0 when there is none.
        last: u64,
        /// The entry that was sealed.
        sealed: u64,
        /// The seal.
        number: u64,
    },
    /// An entry is another than the one that was sealed: something in `from..=seq` was written anew,
    /// by someone who holds the authentication key.
    #[error(
        "学员 {learner} 的第 {seq} 条记录与第 {number} 号封印不符：第 {from} 至 {seq} 条之间被改写"
    )]
    SealedHeadDiffers {
        /// Whose chain.
        learner: LearnerId,
        /// The first entry that no agreeing seal covers.
        from: u64,
        /// The sealed entry.
        seq: u64,
        /// The seal.
        number: u64,
    },
    /// The row that keeps the chain's head is not the chain's last entry.
    #[error("学员 {learner} 的链头登记为第 {row} 条，实际止于第 {last} 条或校验码不符")]
    ChainRowDiffers {
        /// Whose chain.
        learner: LearnerId,
        /// The last entry that is there.
        last: u64,
        /// The number in the row; 0 without a row.
        row: u64,
    },
    /// Seals are gone.
    #[error("第 {from} 至 {to} 号封印缺失")]
    SealsMissing {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// A seal comes again, or after one with a higher number.
    #[error("第 {number} 号封印重复或次序颠倒")]
    SealOutOfOrder {
        /// The seal.
        number: u64,
    },
    /// A text of the seal is not what it should be.
    #[error("第 {number} 号封印无法读出")]
    SealUnreadable {
        /// The seal.
        number: u64,
    },
    /// The seal names a key that is not known.
    #[error("第 {number} 号封印所用的密钥 {key_id} 不在验证密钥之列")]
    SealKeyUnknown {
        /// The seal.
        number: u64,
        /// The key.
        key_id: String,
    },
    /// The signature does not fit the seal.
    #[error("第 {number} 号封印的签名不符")]
    SealSignatureWrong {
        /// The seal.
        number: u64,
    },
    /// The sealed heads do not give the root that was signed: a head was changed, dropped or added.
    #[error("第 {number} 号封印的根与所封链头不符")]
    SealRootWrong {
        /// The seal.
        number: u64,
    },
    /// The seal does not follow from the one before.
    #[error("第 {number} 号封印与前一号不相衔接")]
    SealChainBroken {
        /// The seal.
        number: u64,
    },
    /// The number of entries does not follow from the heads.
    #[error("第 {number} 号封印的记录总数与链头不符")]
    SealEntriesWrong {
        /// The seal.
        number: u64,
    },
    /// A head was sealed that is not beyond the learner's head sealed before.
    #[error("第 {number} 号封印中学员 {learner} 的链头倒退")]
    SealedHeadWentBack {
        /// The seal.
        number: u64,
        /// Whose chain.
        learner: LearnerId,
    },
    /// The seal is another than the copy kept outside.
    #[error("第 {number} 号封印与外部留存的副本不符")]
    OutsideSealDiffers {
        /// The seal.
        number: u64,
    },
    /// A seal of which a copy is kept outside is gone.
    #[error("外部留有第 {number} 号封印的副本，但库中没有这一号")]
    OutsideSealMissing {
        /// The seal.
        number: u64,
    },
    /// The body of an entry is not one of its kind.
    #[error("学员 {learner} 的第 {seq} 条记录内容无法读出")]
    BodyUnreadable {
        /// Whose chain.
        learner: LearnerId,
        /// Its number.
        seq: u64,
    },
    /// An entry credits an interval that was credited before, or settles one that waits for nothing.
    #[error("学员 {learner} 的第 {seq} 条记录处置了不应处置的学时 {interval}")]
    EntryUnfounded {
        /// Whose chain.
        learner: LearnerId,
        /// Its number.
        seq: u64,
        /// The interval.
        interval: IntervalId,
    },
    /// An entry states another sum than its intervals are worth.
    #[error(
        "学员 {learner} 的第 {seq} 条记录所载时长 {stated_ms} 毫秒，其学时合计 {found_ms} 毫秒"
    )]
    SumDiffers {
        /// Whose chain.
        learner: LearnerId,
        /// Its number.
        seq: u64,
        /// What it says.
        stated_ms: i64,
        /// What its intervals are worth.
        found_ms: i64,
    },
    /// A field of an interval's row is not what the ledger implies.
    #[error("学员 {learner} 的学时 {interval} 的 {field} 为 {row}，台账为 {ledger}")]
    IntervalChanged {
        /// Whose interval.
        learner: LearnerId,
        /// Which.
        interval: IntervalId,
        /// The column.
        field: &'static str,
        /// By the ledger.
        ledger: String,
        /// In the row.
        row: String,
    },
    /// A row of the audit trail is not as it was written, or was not written by the platform.
    #[error("审计记录 {id} 被改动，或不是平台写入的")]
    AuditRowWrong {
        /// The row.
        id: Uuid,
    },
    /// A row of the audit trail is gone.
    #[error("审计记录 {id} 被删除（审计链第 {seq} 条载有它）")]
    AuditRowMissing {
        /// The row.
        id: Uuid,
        /// The entry of the audit chain that names it.
        seq: u64,
    },
    /// A row of the audit trail is older than the chain's end and stands in no entry.
    #[error("审计记录 {id} 没有进入审计链")]
    AuditRowUnchained {
        /// The row.
        id: Uuid,
    },
    /// An entry of the audit chain does not say what such an entry says.
    #[error("审计链的第 {seq} 条内容无法读出")]
    AuditEntryUnreadable {
        /// Its number.
        seq: u64,
    },
    /// The ledger implies an interval that has no row.
    #[error("学员 {learner} 的学时 {interval} 在台账中有记录，学时表中没有")]
    IntervalMissing {
        /// Whose interval.
        learner: LearnerId,
        /// Which.
        interval: IntervalId,
    },
    /// A row stands for an interval that the ledger does not know.
    #[error("学员 {learner} 的学时 {interval} 在台账中没有记录")]
    IntervalExtra {
        /// Whose interval.
        learner: LearnerId,
        /// Which.
        interval: IntervalId,
    },
}
