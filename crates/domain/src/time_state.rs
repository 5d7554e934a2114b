use serde::{Deserialize, Serialize};

/// What became of a piece of learning time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeState {
    /// 已计入: counts.
    Verified,
    /// 待核验: waits for the next random check to be passed.
    Pending,
    /// 待复核: a face did not match; a person decides.
    Frozen,
    /// 不计入: a check was missed; watching again earns it again.
    Void,
    /// Over the daily cap: stays outside and can be earned another day.
    OverCap,
}

impl TimeState {
    /// All five; they account for every millisecond.
    pub const ALL: [Self; 5] = [
        Self::Verified,
        Self::Pending,
        Self::Frozen,
        Self::Void,
        Self::OverCap,
    ];

    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Pending => "pending",
            Self::Frozen => "frozen",
            Self::Void => "void",
            Self::OverCap => "over_cap",
        }
    }

    /// The opposite of [`TimeState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Verified, pending or frozen: fills the day and covers its media.
    pub fn is_earned(self) -> bool {
        matches!(self, Self::Verified | Self::Pending | Self::Frozen)
    }
}
