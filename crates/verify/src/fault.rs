use zhipei_domain::{IntervalId, LearnerId, LocalDay};
use zhipei_ledger::Finding;

/// Something in an export that is not as it must be. Shown to whoever verifies.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The ledger's own rules.
    #[error(transparent)]
    Ledger(#[from] Finding),
    /// The first line is missing or of another version, a key is none, or lines are out of order.
    #[error("第 {line} 行不合导出格式：{why}")]
    Form {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// No seal covers anything of the learner.
    #[error("学员 {learner} 的记录尚未封存，无法证明没有被改写")]
    NotSealed {
        /// Who.
        learner: LearnerId,
    },
    /// The entries do not give the digest that was sealed, or the sealed head is not of its seal.
    #[error("学员 {learner} 的记录与第 {number} 号封印不符：第 1 至 {seq} 条之间有改动")]
    SealBroken {
        /// Whose chain.
        learner: LearnerId,
        /// The last entry that the seal covers.
        seq: u64,
        /// The seal.
        number: u64,
    },
    /// An interval breaks a rule of credit.
    #[error("学员 {learner} 的学时 {interval}：{rule}")]
    Credit {
        /// Whose.
        learner: LearnerId,
        /// Which.
        interval: IntervalId,
        /// What it breaks.
        rule: Broken,
    },
    /// More was earned on a local day than its cap allows.
    #[error("学员 {learner} 在 {day} 计入 {ms} 毫秒，超过每日上限 {cap_min} 分钟")]
    OverCap {
        /// Who.
        learner: LearnerId,
        /// When.
        day: LocalDay,
        /// Milliseconds that stand as earned.
        ms: i64,
        /// The highest cap of the policies used that day.
        cap_min: i64,
    },
}

/// A rule of credit that an interval breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Worth more than the server time that it spans, or less than nothing.
    #[error("时长多于服务器时间的跨度")]
    Elapsed,
    /// Worth more than the media that it covers.
    #[error("时长多于所看的内容")]
    Media,
    /// Beyond the lesson, or in a lesson that the export does not have.
    #[error("超出课时的范围")]
    Lesson,
    /// In another local day than it says, or across midnight.
    #[error("日期与时间不符")]
    Day,
    /// The heartbeats of its entry do not show that this media was played, for so long, by then.
    #[error("没有相应的心跳记录")]
    Heartbeats,
    /// Overlaps server time in which the learner earned already.
    #[error("与另一段学时的时间重叠")]
    Overlap,
    /// Covers media that was earned already and was not void by then.
    #[error("内容已经计入过")]
    Again,
    /// Verified by no check under a policy that asks for one: only a settlement may verify.
    #[error("未经核验就计为已核验")]
    Unchecked,
}
