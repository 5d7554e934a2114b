//! What all learners of a run saw together.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::time::Instant;

/// So many errors are kept in full.
const MAX_EXAMPLES: usize = 8;

/// Shared by all learners behind a mutex; they run on one thread.
#[derive(Debug)]
pub(crate) struct Tally {
    /// What is measured begins and ends here; before and after it learners only warm up and end.
    window: Option<(Instant, Instant)>,
    /// Microseconds from the intended sending to the acknowledgement.
    latency: Histogram<u64>,
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    pub(crate) in_window: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) checks: Checks,
    pub(crate) go_backs: u64,
    pub(crate) played_ms: i64,
    pub(crate) credited_ms: i64,
    errors: BTreeMap<&'static str, u64>,
    examples: Vec<String>,
}

/// How presence checks went.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Checks {
    pub(crate) asked: u64,
    pub(crate) passed: u64,
    pub(crate) other: u64,
}

/// Errors by their kind.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Errors {
    pub(crate) total: u64,
    pub(crate) by_kind: BTreeMap<&'static str, u64>,
    pub(crate) examples: Vec<String>,
}

/// Milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Latency {
    /// Times messages per second: how many were outstanding, by Little's law.
    pub(crate) mean: f64,
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            window: None,
            latency: Histogram::new(3).expect("three digits are allowed"),
            sent: 0,
            acknowledged: 0,
            in_window: 0,
            bytes_sent: 0,
            bytes_received: 0,
            checks: Checks::default(),
            go_backs: 0,
            played_ms: 0,
            credited_ms: 0,
            errors: BTreeMap::new(),
            examples: Vec::new(),
        }
    }
}

impl Tally {
    /// From here to there it is measured.
    pub(crate) fn measure(&mut self, from: Instant, to: Instant) {
        self.window = Some((from, to));
    }

    /// A heartbeat that was to be sent at `intended` was acknowledged at `now`.
    pub(crate) fn acknowledge(&mut self, intended: Instant, now: Instant) {
        self.acknowledged += 1;
        let Some((from, to)) = self.window else {
            return;
        };
        if (from..to).contains(&now) {
            self.in_window += 1;
        }
        if (from..to).contains(&intended) {
            let waited = now.saturating_duration_since(intended).as_micros() as u64;
            // Not `saturating_record`: it clamps to what was seen before, and hides every slow answer.
            self.latency
                .record(waited.max(1))
                .expect("the histogram grows with what it holds");
        }
    }

    /// Something is wrong.
    pub(crate) fn error(&mut self, kind: &'static str, detail: impl FnOnce() -> String) {
        *self.errors.entry(kind).or_default() += 1;
        if self.examples.len() < MAX_EXAMPLES {
            self.examples.push(format!("{kind}: {}", detail()));
        }
    }

    pub(crate) fn errors(&self) -> Errors {
        Errors {
            total: self.errors.values().sum(),
            by_kind: self.errors.clone(),
            examples: self.examples.clone(),
        }
    }

    /// Of what was intended inside the window.
    pub(crate) fn latency(&self) -> Latency {
        let at = |quantile| self.latency.value_at_quantile(quantile) as f64 / 1_000.0;
        Latency {
            mean: self.latency.mean() / 1_000.0,
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: self.latency.max() as f64 / 1_000.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_slow_answer_counts_in_full() {
        let start = Instant::now();
        let mut tally = Tally::default();
        tally.measure(start, start + Duration::from_mins(1));
        for ms in 1..=1_000 {
            tally.acknowledge(start, start + Duration::from_millis(ms));
        }
        tally.acknowledge(start, start + Duration::from_secs(30));
        let latency = tally.latency();
        assert!((499.0..=502.0).contains(&latency.p50), "{latency:?}");
        assert!((989.0..=992.0).contains(&latency.p99), "{latency:?}");
        assert!((29_900.0..=30_100.0).contains(&latency.max), "{latency:?}");
    }

    #[tokio::test]
    async fn only_what_falls_into_the_window_is_measured() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut tally = Tally::default();
        tally.acknowledge(start, start);
        tally.measure(start + second, start + 2 * second);
        tally.acknowledge(start, start + second);
        tally.acknowledge(start + second, start + 3 * second);
        assert_eq!((tally.acknowledged, tally.in_window), (3, 1));
        assert!(tally.latency().p50 > 1_990.0);
    }
}
