//! Shapes that cross a process: problems, pages, moments, the messages of a learning session.

mod moment;
mod page;
mod problem;

pub use moment::Moment;
pub use page::Page;
pub use problem::{FieldProblem, Problem};
