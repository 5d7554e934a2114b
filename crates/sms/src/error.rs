/// Why a message was not taken. Never says to whom it was to go, nor what it said.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The network or the provider is away or busy: try again later.
    #[error("the provider is not reachable: {0}")]
    Away(String),
    /// The provider wants less: try again later.
    #[error("the provider limits us: {0}")]
    Limited(String),
    /// The provider will not take this message, however often it is tried.
    #[error("the provider refuses: {0}")]
    Refused(String),
    /// The endpoint is no address, or the TLS of this machine does not work.
    #[error("the client cannot be made: {0}")]
    Client(String),
}

impl Error {
    /// Can another try help?
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Limited(_))
    }

    /// Of the code that a provider answered with, which is theirs and holds nothing personal.
    pub(crate) fn of_code(code: &str) -> Self {
        let code: String = code
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
            .take(60)
            .collect();
        let limited = [
            "LimitExceeded",
            "LIMIT_CONTROL",
            "Throttling",
            "RequestLimit",
        ];
        let away = ["InternalError", "ServiceUnavailable", "SYSTEM_ERROR"];
        let has = |words: &[&str]| words.iter().any(|word| code.contains(word));
        if has(&limited) {
            Self::Limited(code)
        } else if has(&away) {
            Self::Away(code)
        } else {
            Self::Refused(code)
        }
    }
}

impl From<reqwest::Error> for Error {
    fn from(error: reqwest::Error) -> Self {
        // Addresses of requests hold phone numbers.
        let error = error.without_url();
        let kind = if error.is_timeout() {
            "timeout"
        } else if error.is_connect() {
            "connect"
        } else {
            "request"
        };
        Self::Away(kind.to_owned())
    }
}

/// A result of sending.
pub type Result<T, E = Error> = std::result::Result<T, E>;
