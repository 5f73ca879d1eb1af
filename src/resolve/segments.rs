//! A segment tree: which of many ranges contain a number.

use std::ops::RangeInclusive;

/// Items, each with ranges of numbers. A range is stored in at most two nodes per level, so adding
/// and looking up take the logarithm of the numbers, however wide the ranges are.
#[derive(Debug, Default)]
pub struct SegmentTree {
    /// The leaves are the second half; the children of node `n` are `2n` and `2n + 1`.
    nodes: Vec<Vec<u32>>,
}

impl SegmentTree {
    /// An empty tree over the numbers below `count`.
    pub fn new(count: u32) -> Self {
        let leaves = (count as usize).next_power_of_two();
        Self { nodes: vec![Vec::new(); 2 * leaves] }
    }

    /// Adds a range that contains `item`.
    pub fn add(&mut self, range: RangeInclusive<u32>, item: u32) {
        let leaves = self.nodes.len() / 2;
        let mut from = *range.start() as usize + leaves;
        let mut to = *range.end() as usize + leaves + 1;
        while from < to {
            if from % 2 == 1 {
                self.nodes[from].push(item);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                self.nodes[to].push(item);
            }
            from /= 2;
            to /= 2;
        }
    }

    /// The items whose ranges contain `number`, in no order.
    pub fn at(&self, number: u32) -> impl Iterator<Item = u32> {
        let leaf = number as usize + self.nodes.len() / 2;
        std::iter::successors(Some(leaf), |node| (*node > 1).then_some(node / 2))
            .filter_map(|node| self.nodes.get(node))
            .flatten()
            .copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_agrees_with_a_linear_search(
            count in 1..40u32,
            ranges in prop::collection::vec((0..40u32, 0..40u32), 0..20),
        ) {
            let within = |(from, length): &(u32, u32)| {
                let from = from % count;
                from..=(from + length).min(count - 1)
            };
            let mut tree = SegmentTree::new(count);
            for (item, range) in (0u32..).zip(&ranges) {
                tree.add(within(range), item);
            }
            for number in 0..count {
                let mut found: Vec<u32> = tree.at(number).collect();
                found.sort_unstable();
                let all = (0u32..).zip(&ranges);
                let holds = all.filter(|(_, range)| within(range).contains(&number));
                prop_assert_eq!(found, holds.map(|(item, _)| item).collect::<Vec<_>>());
            }
        }
    }
}
