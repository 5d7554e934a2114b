//! CPU time and memory of processes, from /proc.

use std::fs;

/// /proc counts CPU time in hundredths of a second, whatever the kernel's own tick is.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time that the processes have used together, in seconds. One that is gone counts nothing.
pub(crate) fn cpu_seconds(pids: &[u32]) -> f64 {
    let ticks: u64 = pids
        .iter()
        .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/stat")).ok())
        .map(|stat| ticks(&stat))
        .sum();
    ticks as f64 / TICKS_PER_SECOND
}

/// Memory that the processes hold together, in kB.
pub(crate) fn rss_kb(pids: &[u32]) -> u64 {
    pids.iter()
        .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/status")).ok())
        .map(|status| rss(&status))
        .sum()
}

/// User and system time: fields 14 and 15, after a name that may hold blanks and brackets.
fn ticks(stat: &str) -> u64 {
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum()
}

fn rss(status: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_memory_are_found_behind_any_name() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194560 900 0 0 0 120 35 0 0 20 0 3 0 99 1 2";
        assert_eq!(ticks(stat), 155);
        assert_eq!(rss("Name:\tx\nVmRSS:\t   1234 kB\nThreads:\t3\n"), 1_234);
    }

    #[test]
    fn this_process_uses_memory_and_one_that_is_gone_nothing() {
        assert!(rss_kb(&[std::process::id()]) > 0);
        assert_eq!(rss_kb(&[u32::MAX]), 0);
        assert!(cpu_seconds(&[u32::MAX]).abs() < f64::EPSILON);
    }
}
