use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was not answered (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The HTTP status.
    pub status: u16,
    /// Stable; clients translate it.
    #[schema(example = "login_failed")]
    pub code: String,
    /// One sentence for the learner, in Chinese.
    #[schema(example = "登录名或密码不对")]
    pub title: String,
    /// What else helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The fields that are wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Its name in the request.
    pub field: String,
    /// One sentence, in Chinese.
    pub title: String,
}
