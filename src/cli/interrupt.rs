//! What a signal that ends this program does first: what is written down of revisions is removed.

use crate::repo::Revision;

/// Waits for such signals, on a thread of its own.
pub(super) fn watch() {
    #[cfg(unix)]
    {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        use signal_hook::iterator::Signals;
        let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) else { return };
        std::thread::spawn(move || {
            for signal in signals.forever() {
                Revision::abandon();
                // Ends the program as if nobody had waited, so that a shell sees why.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        });
    }
    #[cfg(not(unix))]
    let _ = Revision::abandon;
}
