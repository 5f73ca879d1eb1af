//! The memory that what is read of many files may take.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

/// Bytes of memory that are left.
#[derive(Debug)]
pub struct Budget {
    left: AtomicUsize,
}

impl Budget {
    /// Takes so many bytes, or all that are left.
    pub fn spend(&self, bytes: usize) {
        let less = |left: usize| Some(left.saturating_sub(bytes));
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Whether nothing is left.
    pub fn is_spent(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }
}

/// Reads files in parallel, each with the budget that all of them have in common: `most` MiB, of
/// which `used` bytes are taken already. Returns what was read, in the order of the files, and the
/// bytes that are taken then. `tick` is called for every file that is done, from several threads.
pub fn read_within<File: Sync, Read: Send>(
    most: usize,
    used: usize,
    files: &[File],
    read: impl Fn(&File, &Budget) -> Read + Sync,
    tick: &(dyn Fn() + Sync),
) -> (Vec<Read>, usize) {
    let most = most.saturating_mul(1 << 20);
    let budget = || Budget { left: AtomicUsize::new(most.saturating_sub(used)) };
    let first = budget();
    let one = |file| {
        let one = read(file, &first);
        tick();
        one
    };
    let all: Vec<Read> = files.par_iter().map(one).collect();
    if !first.is_spent() {
        return (all, most - first.left.into_inner());
    }
    // Which files came first depends on the threads: again, in their order.
    drop(all);
    let again = budget();
    let all = files.iter().map(|file| read(file, &again)).collect();
    (all, most - again.left.into_inner())
}
