//! How helm is started on Linux: by this program, in place of itself. Between the start of a
//! process and its program, only the process itself can ask to be killed when its parent dies.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use super::FAILED;

/// Begins the arguments of a launch. No path and no command has this name.
pub(super) const WORD: &str = "--launch-for-parent";

/// What launches helm: this program, where it can.
pub(super) fn launcher() -> Option<(PathBuf, OsString)> {
    cfg!(target_os = "linux").then(std::env::current_exe)?.ok().map(|it| (it, WORD.into()))
}

/// Becomes the program that the arguments name behind [`WORD`] and the parent's id.
pub(super) fn launch(arguments: &[OsString]) -> ExitCode {
    #[cfg(target_os = "linux")]
    if let [parent, program, words @ ..] = arguments {
        use rustix::process::{Signal, getppid, set_parent_process_death_signal};
        use std::os::unix::process::CommandExt;
        let is_set = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
        // It may have died before it could be told.
        let is_there = getppid().is_some_and(|id| {
            parent.to_str() == Some(id.as_raw_nonzero().get().to_string().as_str())
        });
        if is_set && is_there {
            let error = std::process::Command::new(program).args(words).exec();
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("{}: {error}\n", program.to_string_lossy()).as_bytes(),
            );
        }
    }
    let _ = arguments;
    ExitCode::from(FAILED)
}
