//! A progress bar, only on a terminal, and only if the scan takes longer than half a second.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::Progress;

/// Shorter runs do not flicker.
const PATIENCE: Duration = Duration::from_millis(500);
const REDRAW: Duration = Duration::from_millis(100);

/// Runs `work`, and shows its progress on standard error, unless `quiet`.
pub(super) fn during<T>(quiet: bool, work: impl FnOnce(&dyn Progress) -> T) -> T {
    if quiet || !std::io::stderr().is_terminal() {
        return work(&());
    }
    let bar = Bar(ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()));
    let (done, waiting) = channel::<()>();
    thread::scope(|scope| {
        let bar = &bar;
        scope.spawn(move || {
            // The sender is dropped when the work is done or has panicked; either ends the wait.
            if waiting.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                bar.appear();
                let _ = waiting.recv();
            }
            bar.0.finish_and_clear();
        });
        let outcome = work(bar);
        drop(done);
        outcome
    })
}

struct Bar(ProgressBar);

impl Bar {
    fn appear(&self) {
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_bar} {pos}/{len} files") {
            self.0.set_style(style);
        }
        self.0.set_draw_target(ProgressDrawTarget::stderr());
        self.0.enable_steady_tick(REDRAW);
    }
}

impl Progress for Bar {
    fn files(&self, count: usize) {
        self.0.set_length(count as u64);
    }

    fn file_done(&self) {
        self.0.inc(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_work_returns_is_returned() {
        assert_eq!(during(true, |progress| (progress.files(2), progress.file_done(), 7).2), 7);
    }
}
