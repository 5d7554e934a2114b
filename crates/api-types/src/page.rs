use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// In order.
    pub items: Vec<T>,
    /// Where the next part begins; `null` at the end.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// A list that is here whole.
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
