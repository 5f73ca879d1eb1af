//! The numbers of workloads and namespaces in a cluster.

use std::ops::{Range, RangeInclusive};

use range_set_blaze::Integer;

crate::ids::id! {
    /// A workload of a cluster. They are numbered by namespace.
    WorkloadId
}

crate::ids::id! {
    /// A namespace of a cluster, by its position in the order of names.
    NamespaceId
}

impl WorkloadId {
    /// The number itself, for an index that is shared with other kinds of numbers.
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// A range that is not empty, with its last number.
    pub(super) fn inclusive(range: &Range<Self>) -> RangeInclusive<Self> {
        range.start..=range.end.sub_one()
    }

    /// The workloads of a range, in order.
    pub fn all(range: &Range<Self>) -> impl ExactSizeIterator<Item = Self> + Clone + use<> {
        (range.start.0..range.end.0).map(Self)
    }
}

/// So that sets of workloads are few ranges: pods of one namespace have numbers in a row.
impl Integer for WorkloadId {
    type SafeLen = u64;

    fn checked_add_one(self) -> Option<Self> {
        self.0.checked_add(1).map(Self)
    }

    fn add_one(self) -> Self {
        Self(self.0 + 1)
    }

    fn sub_one(self) -> Self {
        Self(self.0 - 1)
    }

    fn assign_sub_one(&mut self) {
        self.0 -= 1;
    }

    fn range_next(range: &mut RangeInclusive<Self>) -> Option<Self> {
        let mut numbers = range.start().0..=range.end().0;
        if range.is_empty() {
            return None;
        }
        let next = numbers.next().map(Self);
        *range = left(numbers);
        next
    }

    fn range_next_back(range: &mut RangeInclusive<Self>) -> Option<Self> {
        let mut numbers = range.start().0..=range.end().0;
        if range.is_empty() {
            return None;
        }
        let next = numbers.next_back().map(Self);
        *range = left(numbers);
        next
    }

    fn min_value() -> Self {
        Self(u32::MIN)
    }

    fn max_value() -> Self {
        Self(u32::MAX)
    }

    fn safe_len(range: &RangeInclusive<Self>) -> u64 {
        u32::safe_len(&(range.start().0..=range.end().0))
    }

    fn f64_to_safe_len_lossy(length: f64) -> u64 {
        u32::f64_to_safe_len_lossy(length)
    }

    fn safe_len_to_f64_lossy(length: u64) -> f64 {
        u32::safe_len_to_f64_lossy(length)
    }

    fn inclusive_end_from_start(self, length: u64) -> Self {
        Self(self.0.inclusive_end_from_start(length))
    }

    fn start_from_inclusive_end(self, length: u64) -> Self {
        Self(self.0.start_from_inclusive_end(length))
    }
}

/// The numbers in a range of workloads.
pub(crate) fn numbers(range: RangeInclusive<WorkloadId>) -> RangeInclusive<u32> {
    range.start().0..=range.end().0
}

/// What is left of a range of which a number was taken.
fn left(numbers: RangeInclusive<u32>) -> RangeInclusive<WorkloadId> {
    match numbers.is_empty() {
        true => WorkloadId::exhausted_range(),
        false => WorkloadId(*numbers.start())..=WorkloadId(*numbers.end()),
    }
}
