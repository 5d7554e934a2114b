use zhipei_domain::Rejection;

/// Why an action did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule said no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Storage did not do it.
    #[error(transparent)]
    Storage(#[from] zhipei_storage::Error),
    /// A sealed value does not open.
    #[error(transparent)]
    Vault(#[from] zhipei_vault::Error),
    /// A kept password hash does not parse, or the machine cannot compute one.
    #[error("the password hash cannot be computed")]
    PasswordHash,
    /// Too many wait for a password to be hashed.
    #[error("too many wait for a password hash")]
    Busy,
}

/// A result of an action.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Tells what a broken constraint means to the user.
pub(crate) trait Conflicts<T> {
    fn or_rejected(self, conflict: Rejection) -> Result<T>;
}

impl<T> Conflicts<T> for zhipei_storage::Result<T> {
    fn or_rejected(self, conflict: Rejection) -> Result<T> {
        self.map_err(|error| match error {
            zhipei_storage::Error::Conflict => Error::Rejected(conflict),
            // Of all that these rows refer to, only the region is typed in.
            zhipei_storage::Error::Dangling => Error::Rejected(Rejection::UnknownRegion),
            other => Error::Storage(other),
        })
    }
}
