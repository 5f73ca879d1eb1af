//! The progress of a run, and how long each of its stages takes.

use std::time::{Duration, Instant};

/// Receives the progress of a run, from several threads at once.
pub trait Progress: Sync {
    /// That many files will be read.
    fn files(&self, count: usize) {
        let _ = count;
    }
    /// One more has been read.
    fn file_done(&self) {}
}

/// Ignores progress.
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

    /// Ends the stage with that name.
    pub(crate) fn stage(&mut self, name: &'static str) {
        let now = Instant::now();
        self.stages.push((name, now - self.last));
        self.last = now;
    }

    /// The time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }
}
