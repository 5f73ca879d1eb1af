//! How far a run is, and how long each of its stages takes.

use std::time::{Duration, Instant};

/// Is told how far a run is, from several threads at once.
pub trait Progress: Sync {
    /// So many files are to be read.
    fn files(&self, count: usize) {
        let _ = count;
    }
    /// One more has been read.
    fn file_done(&self) {}
}

/// Says nothing.
impl Progress for () {}

/// Measures the stages of a run.
pub(crate) struct Clock {
    started: Instant,
    last: Instant,
    pub(crate) stages: Vec<(&'static str, Duration)>,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let now = Instant::now();
        Self { started: now, last: now, stages: Vec::new() }
    }

    /// Ends the stage of that name.
    pub(crate) fn stage(&mut self, name: &'static str) {
        let now = Instant::now();
        self.stages.push((name, now - self.last));
        self.last = now;
    }

    /// How long it is since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
