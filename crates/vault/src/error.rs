/// Why the vault does not open something. Never says what is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The person's key was destroyed; nothing of theirs is readable any more.
    #[error("the person was erased")]
    Erased,
    /// The master key is not in the ring.
    #[error("a master key is missing")]
    UnknownKey,
    /// It was changed, moved to another row or column, or belongs to another person.
    #[error("a sealed value is not what was stored here")]
    Tampered,
    /// The text is not one of the stored forms.
    #[error("not a sealed value")]
    Malformed,
    /// The ring has no master key, two of one name, or a name that does not fit the stored form.
    #[error("the key ring is empty or its names do not fit")]
    Ring,
}

/// A result of the vault.
pub type Result<T, E = Error> = std::result::Result<T, E>;
