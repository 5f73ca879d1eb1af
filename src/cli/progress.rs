//! A progress bar, on a terminal, when a scan takes longer than half a second.

use std::io::IsTerminal;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::Progress;

/// How long a scan may take before it is worth a bar.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many files pass between two looks at the clock.
const STRIDE: u64 = 64;

/// The bar, drawn on standard error.
pub(super) struct Bar {
    wanted: bool,
    started: Instant,
    total: AtomicU64,
    read: AtomicU64,
    shown: OnceLock<ProgressBar>,
}

impl Bar {
    /// A bar that shows itself only on a terminal, and only if `wanted`.
    pub fn new(wanted: bool) -> Self {
        Self {
            wanted: wanted && std::io::stderr().is_terminal(),
            started: Instant::now(),
            total: AtomicU64::new(0),
            read: AtomicU64::new(0),
            shown: OnceLock::new(),
        }
    }

    /// Takes the bar away again.
    pub fn done(&self) {
        if let Some(bar) = self.shown.get() {
            bar.finish_and_clear();
        }
    }

    fn show(&self) -> &ProgressBar {
        self.shown.get_or_init(|| {
            let bar = ProgressBar::new(self.total.load(Ordering::Relaxed));
            let style = ProgressStyle::with_template("reading {wide_bar} {pos}/{len} files");
            if let Ok(style) = style {
                bar.set_style(style);
            }
            bar
        })
    }
}

impl Progress for Bar {
    fn files(&self, count: usize) {
        self.total.store(count as u64, Ordering::Relaxed);
    }

    fn file_done(&self) {
        let read = self.read.fetch_add(1, Ordering::Relaxed) + 1;
        if self.wanted && read.is_multiple_of(STRIDE) && self.started.elapsed() > PATIENCE {
            self.show().set_position(read);
        }
    }
}
