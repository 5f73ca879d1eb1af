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

/// Becomes the program that the arguments name, behind [`WORD`] and the numbers that
/// [`Helm::launcher`](crate::bundle::helm::Helm::launcher) lists.
pub(super) fn launch(arguments: &[OsString]) -> ExitCode {
    #[cfg(target_os = "linux")]
    if let [parent, memory, seconds, program, words @ ..] = arguments {
        use rustix::process::{Resource, Rlimit, Signal, setrlimit};
        use rustix::process::{getppid, set_parent_process_death_signal};
        use std::os::unix::process::CommandExt;
        let mut command = std::process::Command::new(program);
        command.args(words);
        let is_set = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
        // It may have died before it could be told.
        let is_there = getppid().is_some_and(|id| {
            parent.to_str() == Some(id.as_raw_nonzero().get().to_string().as_str())
        });
        // Last: this program itself may have reserved more than helm may have.
        let bound = |resource, most: &OsString| {
            let most = most.to_str().and_then(|number| number.parse().ok());
            setrlimit(resource, Rlimit { current: most, maximum: most }).is_ok() && most.is_some()
        };
        let is_bound = || bound(Resource::Cpu, seconds) && bound(Resource::Data, memory);
        if is_set && is_there && is_bound() {
            let error = command.exec();
            let _ = std::io::Write::write_all(
                &mut std::io::stderr(),
                format!("{}: {error}\n", program.to_string_lossy()).as_bytes(),
            );
        }
    }
    let _ = arguments;
    ExitCode::from(FAILED)
}
