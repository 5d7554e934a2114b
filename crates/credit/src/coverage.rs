//! Sets of media: sorted, disjoint, half-open ranges of milliseconds.

/// A set of milliseconds as sorted, disjoint, non-touching ranges `[from, to)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeSet(Vec<(i64, i64)>);

impl RangeSet {
    /// Adds `[from, to)`; nothing when it is empty.
    pub fn insert(&mut self, from: i64, to: i64) {
        if from >= to {
            return;
        }
        let first = self.0.partition_point(|range| range.1 < from);
        let last = self.0.partition_point(|range| range.0 <= to);
        let (mut low, mut high) = (from, to);
        if first < last {
            low = low.min(self.0[first].0);
            high = high.max(self.0[last - 1].1);
        }
        self.0.splice(first..last, [(low, high)]);
    }

    /// Takes `[from, to)` out.
    pub fn remove(&mut self, from: i64, to: i64) {
        if from >= to {
            return;
        }
        let mut rest = Vec::with_capacity(self.0.len() + 1);
        for &(low, high) in &self.0 {
            if low < from.min(high) {
                rest.push((low, from.min(high)));
            }
            if to.max(low) < high {
                rest.push((to.max(low), high));
            }
        }
        self.0 = rest;
    }

    /// Is `at` in the set?
    pub fn contains(&self, at: i64) -> bool {
        let after = self.0.partition_point(|range| range.0 <= at);
        after > 0 && at < self.0[after - 1].1
    }

    /// The edges of ranges strictly between `from` and `to`, ascending.
    pub fn edges_within(&self, from: i64, to: i64) -> impl Iterator<Item = i64> + '_ {
        let first = self.0.partition_point(|range| range.1 <= from);
        self.0[first..]
            .iter()
            .take_while(move |range| range.0 < to)
            .flat_map(|&(low, high)| [low, high])
            .filter(move |&edge| from < edge && edge < to)
    }

    /// How much the set holds.
    pub fn total(&self) -> i64 {
        self.0.iter().map(|(from, to)| to - from).sum()
    }

    /// The ranges, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_range_set_is_a_set_of_milliseconds(
            steps in prop::collection::vec((any::<bool>(), 0_i64..60, 0_i64..20), 0..40)
        ) {
            let mut ranges = RangeSet::default();
            let mut plain = BTreeSet::new();
            for (add, from, length) in steps {
                if add {
                    ranges.insert(from, from + length);
                    plain.extend(from..from + length);
                } else {
                    ranges.remove(from, from + length);
                    plain.retain(|at| !(from..from + length).contains(at));
                }
                prop_assert_eq!(ranges.total(), plain.len() as i64);
                prop_assert!((0..100).all(|at| ranges.contains(at) == plain.contains(&at)));
                let edges: Vec<i64> = (6..50)
                    .filter(|at| plain.contains(at) != plain.contains(&(at - 1)))
                    .collect();
                prop_assert_eq!(ranges.edges_within(5, 50).collect::<Vec<_>>(), edges);
                prop_assert!(ranges.iter().zip(ranges.iter().skip(1)).all(|(a, b)| a.1 < b.0));
            }
        }
    }
}
