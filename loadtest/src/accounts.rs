//! Learners who are logged in already: 2,000 argon2 hashes would take a minute.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Deserialize;
use zhipei_domain::{ClassId, LessonId};

use crate::Result;

/// A learner, and what to learn. One JSON object a line:
/// `{"cookie":"zhipei_session=…","class":"…","lesson":"…","lesson_ms":2700000}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    /// The `Cookie` header of the learner's login.
    pub(crate) cookie: String,
    /// The class; null or absent in free study.
    #[serde(default)]
    pub(crate) class: Option<ClassId>,
    /// The lesson to learn.
    pub(crate) lesson: LessonId,
    /// Its length: playing starts over at the end.
    pub(crate) lesson_ms: i64,
}

/// The first `learners` accounts of a file.
pub(crate) fn read(path: &Path, learners: usize) -> Result<Vec<Account>> {
    let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut accounts = Vec::with_capacity(learners);
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line?;
        if accounts.len() == learners {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let account = serde_json::from_str(&line)
            .map_err(|error| format!("{} line {}: {error}", path.display(), index + 1))?;
        accounts.push(account);
    }
    if accounts.len() < learners {
        let found = accounts.len();
        return Err(format!("{} holds {found} accounts, not {learners}", path.display()).into());
    }
    Ok(accounts)
}
