//! How long each stage of a run takes.

use std::time::{Duration, Instant};

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
