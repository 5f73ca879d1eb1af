//! What must not outlive this process: running helms and the copies of charts they read. Each is
//! known here from its first moment to its last, so that a signal can end them all.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

#[derive(Debug)]
struct Open {
    /// Nothing begins any more.
    is_closed: bool,
    groups: BTreeSet<u32>,
    folders: BTreeSet<PathBuf>,
}

static OPEN: Mutex<Open> =
    Mutex::new(Open { is_closed: false, groups: BTreeSet::new(), folders: BTreeSet::new() });

fn open() -> MutexGuard<'static, Open> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Kills every helm and removes every copy; nothing begins after this. For a process that is about
/// to end.
pub fn abandon() {
    let mut open = open();
    open.is_closed = true;
    open.groups.iter().for_each(|group| kill(*group));
    for folder in &open.folders {
        // A thread that was writing may put a file back while the directory is emptied.
        let _ = (0..5).find(|_| fs::remove_dir_all(folder).is_ok() && !folder.exists());
    }
}

/// Kills a process with all that it has started.
pub(super) fn kill(group: u32) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(group).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    #[cfg(not(unix))]
    let _ = group;
}

/// A process that runs.
#[derive(Debug)]
pub(super) struct Running(u32);

impl Running {
    /// Starts a process and notes it, in one step.
    pub(super) fn start<T>(
        spawn: impl FnOnce() -> io::Result<T>,
        group: impl FnOnce(&T) -> u32,
    ) -> io::Result<(T, Self)> {
        let mut open = open();
        if open.is_closed {
            return Err(io::Error::other("netpol-lint is shutting down"));
        }
        let child = spawn()?;
        let group = group(&child);
        open.groups.insert(group);
        Ok((child, Self(group)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        open().groups.remove(&self.0);
    }
}

/// A temporary directory.
#[derive(Debug)]
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> io::Result<Self> {
        let mut open = open();
        if open.is_closed {
            return Err(io::Error::other("netpol-lint is shutting down"));
        }
        let folder = tempfile::Builder::new().prefix("netpol-lint-").tempdir()?;
        open.folders.insert(folder.path().to_path_buf());
        Ok(Self(folder))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        open().folders.remove(self.0.path());
    }
}
