//! Shapes that cross a process: problems, pages, moments, the messages of a learning session.

pub mod learning;
mod moment;
mod page;
mod problem;

pub use moment::Moment;
pub use page::Page;
pub use problem::{FieldProblem, Problem};
