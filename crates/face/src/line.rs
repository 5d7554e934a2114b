//! Who waits and who is next: callers take turns, so that one with much to do does not keep the others waiting.

use std::collections::{HashMap, VecDeque};

use crate::engine::CallerKey;

/// A bounded waiting line.
pub(crate) struct Line<J> {
    /// Callers that wait, in the order of their turns; each once.
    turns: VecDeque<CallerKey>,
    waiting: HashMap<CallerKey, VecDeque<J>>,
    length: usize,
    capacity: usize,
    per_caller: usize,
}

/// Why somebody may not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    Line,
    Caller,
}

impl<J> Line<J> {
    pub(crate) fn new(capacity: usize, per_caller: usize) -> Self {
        Self {
            turns: VecDeque::new(),
            waiting: HashMap::new(),
            length: 0,
            capacity,
            per_caller,
        }
    }

    /// Is there room for one more of this caller?
    pub(crate) fn room(&self, caller: CallerKey) -> Result<(), Full> {
        if self
            .waiting
            .get(&caller)
            .is_some_and(|jobs| jobs.len() >= self.per_caller)
        {
            Err(Full::Caller)
        } else if self.length >= self.capacity {
            Err(Full::Line)
        } else {
            Ok(())
        }
    }

    /// Puts a job at the end of its caller's; see [`Line::room`].
    pub(crate) fn push(&mut self, caller: CallerKey, job: J) {
        let jobs = self.waiting.entry(caller).or_default();
        if jobs.is_empty() {
            self.turns.push_back(caller);
        }
        jobs.push_back(job);
        self.length += 1;
    }

    /// The first job of the caller whose turn it is; the caller's next one waits for another turn.
    pub(crate) fn pop(&mut self) -> Option<J> {
        let caller = self.turns.pop_front()?;
        let jobs = self.waiting.get_mut(&caller)?;
        let job = jobs.pop_front()?;
        self.length -= 1;
        if jobs.is_empty() {
            self.waiting.remove(&caller);
        } else {
            self.turns.push_back(caller);
        }
        Some(job)
    }

    /// Takes out all that will not be done any more.
    pub(crate) fn remove(&mut self, is_over: impl Fn(&J) -> bool) -> Vec<J> {
        let mut over = Vec::new();
        for jobs in self.waiting.values_mut() {
            for job in std::mem::take(jobs) {
                if is_over(&job) {
                    over.push(job);
                } else {
                    jobs.push_back(job);
                }
            }
        }
        self.waiting.retain(|_, jobs| !jobs.is_empty());
        self.turns
            .retain(|caller| self.waiting.contains_key(caller));
        self.length -= over.len();
        over
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &J> {
        self.waiting.values().flatten()
    }

    pub(crate) fn len(&self) -> usize {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(number: u128) -> CallerKey {
        CallerKey(number)
    }

    #[test]
    fn callers_take_turns() {
        let mut line = Line::new(10, 10);
        for job in ["a1", "a2", "a3"] {
            line.push(key(1), job);
        }
        line.push(key(2), "b1");
        line.push(key(3), "c1");
        let order: Vec<_> = std::iter::from_fn(|| line.pop()).collect();
        assert_eq!(order, ["a1", "b1", "c1", "a2", "a3"]);
    }

    #[test]
    fn asvs_41_as_many_wait_as_may_and_no_more() {
        let mut line = Line::new(3, 2);
        assert_eq!(line.room(key(1)), Ok(()));
        line.push(key(1), ());
        line.push(key(1), ());
        assert_eq!(line.room(key(1)), Err(Full::Caller));
        assert_eq!(line.room(key(2)), Ok(()));
        line.push(key(2), ());
        assert_eq!(line.room(key(3)), Err(Full::Line));
        line.pop();
        assert_eq!(line.room(key(3)), Ok(()));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_each_caller_keeps_its_order(
            steps in proptest::collection::vec((0u8..5, 0u128..4), 0..200),
        ) {
            let mut line = Line::new(usize::MAX, usize::MAX);
            let (mut sent, mut out, mut number) = (0, Vec::new(), 0u32);
            for (step, caller) in steps {
                match step {
                    0..=2 => { line.push(key(caller), (caller, number)); number += 1; sent += 1; }
                    3 => out.extend(line.pop()),
                    _ => out.extend(line.remove(|(_, n)| n % 7 == 3)),
                }
                prop_assert_eq!(line.len() + out.len(), sent);
                prop_assert_eq!(line.iter().count(), line.len());
            }
            while let Some(job) = line.pop() { out.push(job); }
            prop_assert_eq!(out.len(), sent);
            for caller in 0..4 {
                let kept: Vec<_> = out.iter().filter(|(c, n)| *c == caller && n % 7 != 3).collect();
                prop_assert!(kept.is_sorted());
            }
        }
    }
}
