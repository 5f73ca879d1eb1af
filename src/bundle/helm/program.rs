//! The `helm` program: found, and run with bounds on everything that it could cost. Nothing of the
//! user's own helm (plugins, repositories, clusters) is there for it, and no network.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use super::arguments::Arguments;
use super::cleanup::{Running, kill};

/// What is kept of what helm says on standard error.
const SAID: u64 = 1 << 20;
/// How long a killed process may take to let go of its pipes.
const GRACE: Duration = Duration::from_millis(500);

/// How a run of helm ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It printed this.
    Printed(String),
    /// It refused: what it printed all the same, and what it said.
    Refused(String, String),
    /// It took longer than allowed.
    Late,
    /// It printed more than allowed.
    Long,
    /// It needed more memory than allowed.
    Large,
    /// It could not be run, and why.
    Failed(String),
}

/// What a run may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) time: Duration,
    /// Bytes of standard output.
    pub(super) output: u64,
    /// Bytes of memory; held where the system can.
    pub(super) memory: u64,
}

/// The program: `named` itself where it is a path, else the first of that name on the PATH.
/// A relative entry of the PATH is passed by: what it leads to may be the repository's.
pub(super) fn find(named: &Path) -> Option<PathBuf> {
    if named.components().count() > 1 {
        return is_program(named).then(|| named.to_path_buf());
    }
    let name = match named.extension() {
        Some(_) => named.as_os_str().to_owned(),
        None => {
            let mut name = named.as_os_str().to_owned();
            name.push(env::consts::EXE_SUFFIX);
            name
        }
    };
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(&name))
        .find(|candidate| is_program(candidate))
}

fn is_program(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

/// Runs helm with `arguments`; `home` is an empty directory that takes the place of the user's.
/// `launcher` starts it, as [`super::Helm`] says.
pub(super) fn run(
    program: &Path,
    arguments: &Arguments,
    home: &Path,
    bounds: &Bounds,
    launcher: Option<&(PathBuf, OsString)>,
) -> Ended {
    if bounds.time.is_zero() {
        return Ended::Late;
    }
    let mut command = match launcher {
        None => Command::new(program),
        Some((launcher, word)) => {
            let mut command = Command::new(launcher);
            let numbers = [u64::from(std::process::id()), bounds.memory, seconds(bounds)];
            command.arg(word).args(numbers.map(|number| number.to_string())).arg(program);
            command
        }
    };
    command.args(arguments.words()).current_dir(home);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    seclude(&mut command, home);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // A group of its own, so that a wrapper's children are ended with it.
        command.process_group(0);
    }
    let (mut child, _running) = match Running::start(|| command.spawn(), Child::id) {
        Ok(started) => started,
        Err(error) => return Ended::Failed(error.to_string()),
    };
    // A launcher bounds itself, once it has no more to do.
    if launcher.is_none() {
        limit(&child, bounds);
    }
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        end(&mut child);
        return Ended::Failed("it has no output".to_owned());
    };
    let printed = read_to(stdout, bounds.output + 1);
    let said = read_to(stderr, SAID);
    wait(child, &printed, &said, bounds)
}

fn wait(mut child: Child, printed: &Output, said: &Output, bounds: &Bounds) -> Ended {
    let deadline = Instant::now() + bounds.time;
    let left = || deadline.saturating_duration_since(Instant::now());
    // All pipes are at their end only when the process is, or when it has printed too much.
    let Ok(printed) = printed.recv_timeout(left()) else {
        end(&mut child);
        return Ended::Late;
    };
    if printed.len() as u64 > bounds.output {
        end(&mut child);
        return Ended::Long;
    }
    let Ok(said) = said.recv_timeout(left()) else {
        end(&mut child);
        return Ended::Late;
    };
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if left().is_zero() => {
                end(&mut child);
                return Ended::Late;
            }
            Ok(None) => thread::sleep(Duration::from_millis(1)),
            Err(error) => return Ended::Failed(error.to_string()),
        }
    };
    let (printed, said) = (into_text(printed), into_text(said));
    if status.success() {
        return Ended::Printed(printed);
    }
    let is_out_of_memory =
        said.contains("runtime: out of memory") || said.contains("cannot allocate memory");
    if is_out_of_memory { Ended::Large } else { Ended::Refused(printed, said) }
}

fn into_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// What was read of a pipe, once it is at its end or the bound is reached.
type Output = Receiver<Vec<u8>>;

/// Reads on a thread of its own, so that neither pipe fills up; a pipe that is not read to its end
/// is closed, and what is written to it then ends the writer.
fn read_to(pipe: impl Read + Send + 'static, bound: u64) -> Output {
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.take(bound).read_to_end(&mut bytes);
        let _ = send.send(bytes);
    });
    receive
}

/// Kills the process with those it has started, and waits for it.
fn end(child: &mut Child) {
    kill(child.id());
    let _ = child.kill();
    let deadline = Instant::now() + GRACE;
    while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(1));
    }
}

/// helm renders everything before it prints anything, so that a bound on what it prints is none on
/// what it holds. Processor time is bounded by the system as well, in case this process is gone.
fn limit(child: &Child, bounds: &Bounds) {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{Pid, Resource, Rlimit, prlimit};
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        for (resource, most) in [(Resource::Data, bounds.memory), (Resource::Cpu, seconds(bounds))]
        {
            let limit = Rlimit { current: Some(most), maximum: Some(most) };
            let _ = prlimit(pid, resource, limit);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (child, bounds);
}

/// Seconds of processor time, of all processors together.
fn seconds(bounds: &Bounds) -> u64 {
    let processors = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    bounds.time.as_secs().saturating_add(1).saturating_mul(processors)
}

/// Nothing of the user's helm and clusters, no plugins, and a proxy that is not there in place of
/// the network.
fn seclude(command: &mut Command, home: &Path) {
    for (name, _) in env::vars_os() {
        if is_in_the_way(&name) {
            command.env_remove(name);
        }
    }
    let places = [
        ("HELM_CACHE_HOME", "cache"),
        ("HELM_CONFIG_HOME", "config"),
        ("HELM_DATA_HOME", "data"),
        ("HELM_PLUGINS", "plugins"),
        ("HELM_REGISTRY_CONFIG", "registry.json"),
        ("HELM_REPOSITORY_CACHE", "repository"),
        ("HELM_REPOSITORY_CONFIG", "repositories.yaml"),
        ("KUBECONFIG", "kubeconfig"),
    ];
    for (variable, name) in places {
        command.env(variable, home.join(name));
    }
    command.env("HELM_NO_PLUGINS", "1");
    // Port 9 discards, and hardly anybody listens there.
    for variable in ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"] {
        command.env(variable, "http://127.0.0.1:9");
    }
}

fn is_in_the_way(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_uppercase();
    name.starts_with("HELM_") || name.starts_with("KUBE") || name == "NO_PROXY"
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    const BOUNDS: Bounds =
        Bounds { time: Duration::from_secs(2), output: 1 << 20, memory: 256 << 20 };

    fn shell(script: &str) -> (Ended, Duration) {
        let home = tempfile::tempdir().unwrap();
        let arguments = Arguments::of_test(&["-c", script]);
        let started = Instant::now();
        (run(Path::new("/bin/sh"), &arguments, home.path(), &BOUNDS, None), started.elapsed())
    }

    #[test]
    fn what_is_printed_and_said_is_told_apart() {
        assert!(matches!(shell("echo a").0, Ended::Printed(text) if text == "a\n"));
        let (ended, _) = shell("echo a; echo b >&2; exit 3");
        assert!(matches!(ended, Ended::Refused(a, b) if a == "a\n" && b == "b\n"));
    }

    #[test]
    fn time_and_output_are_bounded_also_those_of_children() {
        let (ended, took) = shell("sleep 60 & sleep 60");
        assert!(matches!(ended, Ended::Late) && took < Duration::from_secs(30), "{took:?}");
        let (ended, took) = shell("yes | cat");
        assert!(matches!(ended, Ended::Long) && took < Duration::from_secs(30), "{took:?}");
        let (ended, _) = shell("exec >&- 2>&-; sleep 60");
        assert!(matches!(ended, Ended::Late));
    }

    #[test]
    fn nothing_of_the_users_helm_is_there() {
        let (ended, _) = shell("echo $HELM_NO_PLUGINS $KUBECONFIG");
        assert!(matches!(ended, Ended::Printed(text)
            if text.starts_with("1 /") && text.ends_with("/kubeconfig\n")));
    }

    #[test]
    fn a_program_is_found_on_the_path_or_where_it_is_named() {
        assert!(find(Path::new("sh")).unwrap().is_absolute());
        assert!(find(Path::new("/bin/sh")).is_some());
        assert!(find(Path::new("no-such-program")).is_none());
        assert!(find(Path::new("/etc/passwd")).is_none());
    }
}
