/// Why storage did not do it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row inside the caller's scope.
    #[error("not found")]
    NotFound,
    /// A unique column has the value already.
    #[error("a row with this key exists")]
    Conflict,
    /// A row is not as its writer knew it: somebody else wrote it since.
    #[error("a row was written by somebody else")]
    Stale,
    /// A row names another that does not exist.
    #[error("a row refers to one that does not exist")]
    Dangling,
    /// A stored value does not parse: something else than this program wrote it.
    #[error("the column {0} holds a value that does not parse")]
    Corrupt(&'static str),
    /// A sealed value does not open, or its person was erased.
    #[error(transparent)]
    Vault(#[from] zhipei_vault::Error),
    /// The database said no, or is away.
    #[error(transparent)]
    Database(sea_orm::DbErr),
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        match error.sql_err() {
            Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) => Self::Conflict,
            Some(sea_orm::SqlErr::ForeignKeyConstraintViolation(_)) => Self::Dangling,
            _ => Self::Database(error),
        }
    }
}

/// A result of storage.
pub type Result<T, E = Error> = std::result::Result<T, E>;
