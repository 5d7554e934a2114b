//! Learners (学员) and the names they go by.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{LearnerId, Phone, RegionCode, Rejection, TraineeCategory, UnixMs};

/// How well it is known who the learner is; every list prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityLevel {
    /// 自报: as typed in.
    Claimed,
    /// 已确认: an institution's roster agrees.
    Confirmed,
}

impl IdentityLevel {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Confirmed => "confirmed",
        }
    }

    /// The opposite of [`IdentityLevel::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Claimed, Self::Confirmed]
            .into_iter()
            .find(|level| level.as_str() == text)
    }

    /// The word on screen and on paper.
    pub fn word(self) -> &'static str {
        match self {
            Self::Claimed => "自报",
            Self::Confirmed => "已确认",
        }
    }
}

/// What a learner types to log in: 3 to 32 lower-case letters, digits, `_`, `-` or `.`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LoginName(String);

impl LoginName {
    /// Capitals are taken as small letters, so that one name cannot exist twice.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let name = text.trim().to_ascii_lowercase();
        let fits = (3..=32).contains(&name.len())
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'));
        if Phone::parse(&name).is_ok() {
            return Err(Rejection::LoginNameIsPhone);
        }
        fits.then_some(Self(name)).ok_or(Rejection::LoginName)
    }

    /// One that says nothing of its holder, out of random bytes: `x` and ten letters and digits.
    pub fn draw(random: [u8; 32]) -> Self {
        const ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyz7";
        let letters = random[..10]
            .iter()
            .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
        Self(std::iter::once('x').chain(letters).collect())
    }

    /// The name as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for LoginName {
    type Error = Rejection;

    fn try_from(text: String) -> Result<Self, Rejection> {
        Self::parse(&text)
    }
}

impl From<LoginName> for String {
    fn from(name: LoginName) -> Self {
        name.0
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name of a person or thing as it is printed: 1 to 100 characters, no control characters.
///
/// Rare characters and every script are welcome; nothing is normalised.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Title(String);

impl Title {
    /// Trims blanks at both ends.
    pub fn parse(text: &str) -> Result<Self, Rejection> {
        let text = text.trim();
        let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned())).ok_or(Rejection::Title)
    }

    /// The text as printed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text as printed.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl TryFrom<String> for Title {
    type Error = Rejection;

    fn try_from(text: String) -> Result<Self, Rejection> {
        Self::parse(&text)
    }
}

impl From<Title> for String {
    fn from(title: Title) -> Self {
        title.0
    }
}

/// What an account can still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// Everything.
    Active,
    /// Nothing: another was found to be the true holder of the document. Its records stay.
    SetAside,
    /// Nothing: its holder closed it; kept until the law lets it go.
    Restricted,
    /// Nothing: its key is destroyed, and nobody can be read any more.
    Erased,
}

impl AccountState {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::SetAside => "set_aside",
            Self::Restricted => "restricted",
            Self::Erased => "erased",
        }
    }

    /// The opposite of [`AccountState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::SetAside, Self::Restricted, Self::Erased]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A person who takes courses. What is personal of them lies sealed elsewhere
/// ([`Identity`](crate::Identity)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learner {
    /// Its identity.
    pub id: LearnerId,
    /// What they log in with; unique.
    pub login_name: LoginName,
    /// How well it is known who they are.
    pub identity_level: IdentityLevel,
    /// Where they belong.
    pub region: RegionCode,
    /// What kinds of trainees they are; accounts made by an operator may be of none.
    pub categories: Vec<TraineeCategory>,
    /// What the account can still do.
    pub state: AccountState,
    /// When the account was made.
    pub created_at: UnixMs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_exists_in_one_spelling_only() {
        assert_eq!(LoginName::parse(" Demo01 "), LoginName::parse("demo01"));
        for bad in ["", "ab", "符秀英", "a b c", "a\u{0}bc", &"x".repeat(33)] {
            assert_eq!(LoginName::parse(bad), Err(Rejection::LoginName), "{bad}");
        }
    }

    #[test]
    fn a_phone_number_is_no_login_name() {
        for phone in ["13812345678", "86-138-1234-5678"] {
            let refused = Err(Rejection::LoginNameIsPhone);
            assert_eq!(LoginName::parse(phone), refused, "{phone}");
        }
        let drawn = LoginName::draw(*b"any thirty-two bytes will do her");
        assert_eq!(LoginName::parse(drawn.as_str()), Ok(drawn));
    }

    #[test]
    fn rare_characters_are_names_and_control_characters_are_not() {
        for good in ["符秀英", "𬱖𫛚", "阿卜杜拉·买买提", "Ñandú"] {
            assert_eq!(Title::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "  ", "a\nb", "a\u{7f}", &"字".repeat(101)] {
            assert_eq!(Title::parse(bad), Err(Rejection::Title), "{bad:?}");
        }
    }
}
