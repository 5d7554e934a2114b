//! Invitations (邀请码) to a class and requests (入班申请) to join it.

use std::fmt;

use crate::{ClassId, InvitationId, JoinRequestId, LearnerId, Rejection, UnixMs};

/// Letters and digits that are not taken for one another.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// No invitation is open longer.
const LONGEST_MS: i64 = 180 * 86_400_000;
/// No class takes more by one invitation.
const MOST_USES: u32 = 2_000;

/// The code of an invitation, 50 random bits: ten characters, written `ABCDE-FGHJK`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InvitationCode(String);

impl InvitationCode {
    /// Out of random bytes.
    pub fn draw(random: [u8; 32]) -> Self {
        let letters = random[..10].iter().map(|byte| {
            let at = usize::from(byte % 32);
            char::from(ALPHABET[at])
        });
        Self(letters.collect())
    }

    /// Takes small letters, blanks and dashes, `O` for nought and `I` for one never being there.
    pub fn parse(text: &str) -> Option<Self> {
        let code = crate::typed::number(text);
        let fits = code.len() == 10 && code.bytes().all(|b| ALPHABET.contains(&b));
        fits.then_some(Self(code))
    }

    /// The ten characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", &self.0[..5], &self.0[5..])
    }
}

impl fmt::Debug for InvitationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationCode(..)")
    }
}

/// A way into a class for whoever has the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassInvitation {
    /// Its identity.
    pub id: InvitationId,
    /// Into which class.
    pub class: ClassId,
    /// The code, on paper or behind a QR image.
    pub code: InvitationCode,
    /// Does the institution decide on each who comes?
    pub approval: bool,
    /// Good before this.
    pub expires_at: UnixMs,
    /// How many may come.
    pub most_uses: u32,
    /// How many came.
    pub uses: u32,
    /// When it was called off.
    pub revoked_at: Option<UnixMs>,
    /// When it was made.
    pub created_at: UnixMs,
}

impl ClassInvitation {
    /// Checks what was asked for: open for at most 180 days, for 1 to 2,000 learners.
    pub fn check(&self) -> Result<(), Rejection> {
        let lives_ms = self.expires_at - self.created_at;
        let fits =
            (1..=LONGEST_MS).contains(&lives_ms) && (1..=MOST_USES).contains(&self.most_uses);
        fits.then_some(()).ok_or(Rejection::InvitationLimits)
    }

    /// May one more come at `now`?
    pub fn is_open(&self, now: UnixMs) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && self.uses < self.most_uses
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinState {
    /// Nobody has decided.
    Pending,
    /// In the class.
    Approved,
    /// Not in the class.
    Refused,
}

impl JoinState {
    /// The stored form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    /// The opposite of [`JoinState::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Pending, Self::Approved, Self::Refused]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// A learner asks for a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinRequest {
    /// Its identity.
    pub id: JoinRequestId,
    /// Who asks.
    pub learner: LearnerId,
    /// For which class.
    pub class: ClassId,
    /// What became of it.
    pub state: JoinState,
    /// Why not, for the learner to read.
    pub reason: Option<String>,
    /// When it was asked.
    pub created_at: UnixMs,
    /// When it was decided.
    pub decided_at: Option<UnixMs>,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn invitation(lives_ms: i64, most_uses: u32) -> ClassInvitation {
        ClassInvitation {
            id: InvitationId(Uuid::nil()),
            class: ClassId(Uuid::nil()),
            code: InvitationCode::draw([0; 32]),
            approval: false,
            expires_at: lives_ms,
            most_uses,
            uses: 0,
            revoked_at: None,
            created_at: 0,
        }
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = InvitationCode::draw(*b"any thirty-two bytes will do her");
        for text in [
            code.to_string(),
            code.as_str().to_lowercase(),
            format!(" {} ", code.to_string().replace('-', " ")),
        ] {
            assert_eq!(InvitationCode::parse(&text), Some(code.clone()), "{text}");
        }
        for bad in ["", "ABCDE", "ABCDE-FGHJ0", "ABCDE-FGHJI", "ABCDEFGHJKL"] {
            assert_eq!(InvitationCode::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_invitation_has_an_end_and_a_number() {
        assert_eq!(invitation(LONGEST_MS, MOST_USES).check(), Ok(()));
        for (lives, uses) in [
            (LONGEST_MS + 1, 1),
            (0, 1),
            (-1, 1),
            (1, 0),
            (1, MOST_USES + 1),
        ] {
            let limits = Err(Rejection::InvitationLimits);
            assert_eq!(invitation(lives, uses).check(), limits, "{lives} {uses}");
        }
        let mut open = invitation(1_000, 2);
        assert!(open.is_open(999) && !open.is_open(1_000));
        open.uses = 2;
        assert!(!open.is_open(0));
        open.uses = 1;
        open.revoked_at = Some(5);
        assert!(!open.is_open(0));
    }
}
