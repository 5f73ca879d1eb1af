//! The command line: what was typed, what it means, one file per command, an exit code.

mod args;
mod check;
mod progress;
mod rule;
mod settings;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use args::{Args, Command};
use settings::Output;

/// What ends a run.
#[derive(Debug)]
enum Stop {
    /// It could not be done: why, in words.
    Failed(String),
    /// Standard output is gone, which is no failure: the reader has seen enough.
    Closed,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(format!("can't write the report: {error}")),
        }
    }
}

/// Nothing to report.
const CLEAN: u8 = 0;
/// Findings at or above `--fail-on`.
const FOUND: u8 = 1;
/// The work could not be done.
const FAILED: u8 = 2;

/// Runs the program with these arguments, the first of which is its own name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::read(arguments) {
        Ok(args) => args,
        Err(message) => return say(&message),
    };
    let output = Output::new(args.color());
    let result = match args.command {
        Command::Check(check) => check::run(check, &output),
        Command::Rule(rule) => rule::run(&rule, &output),
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(Stop::Closed) => ExitCode::from(CLEAN),
        Err(Stop::Failed(why)) => {
            let _ = writeln!(output.stderr(), "netpol-lint: {why}");
            ExitCode::from(FAILED)
        }
    }
}

/// What clap has to say: help and version on standard output, errors on standard error.
fn say(message: &clap::Error) -> ExitCode {
    let _ = message.print();
    ExitCode::from(if message.use_stderr() { FAILED } else { CLEAN })
}
