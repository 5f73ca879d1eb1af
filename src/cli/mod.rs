//! The command line: arguments to an exit code.
//!
//! Arguments are processed in two steps: `args` is what was typed, `settings` what it means, with
//! everything looked up. No other module sees the argument parser, and each command is one file
//! that sees only its settings and the writer it is given.

mod args;
mod baseline;
mod bundles;
mod check;
mod completions;
mod config;
mod diff;
mod diff_args;
mod format;
mod help;
mod in_force;
mod init;
mod interrupt;
mod inventory;
mod man;
mod mistyped;
mod options;
mod outputs;
mod page;
mod progress;
mod reach;
mod reach_args;
mod replace;
mod rule;
mod settings;
mod terminal;
mod test;
mod test_args;
mod values;
mod why;
mod why_args;

use std::ffi::OsString;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::repo;

use args::Args;
use settings::{Mode, Settings};
use values::TextOrJson;

/// Nothing to report, or `--exit-zero`.
const CLEAN: u8 = 0;
/// Findings at or above `--fail-on`.
const FINDINGS: u8 = 1;
/// The command failed.
const FAILED: u8 = 2;

/// Runs the program with `arguments` (the first is the program's name) and returns its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::read(arguments) {
        Ok(args) => args,
        Err(error) => return answer(&error),
    };
    match perform(args) {
        Ok(code) => ExitCode::from(code),
        // The reader closed the pipe: for `netpol-lint | head` that is a success.
        Err(Failure::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(CLEAN)
        }
        Err(failure) => {
            // If this fails too, there is nowhere left to report it.
            let _ = writeln!(anstream::stderr(), "{}", failure.line());
            ExitCode::from(FAILED)
        }
    }
}

/// Parses the settings and runs the command.
fn perform(args: Args) -> Result<u8, Failure> {
    let settings = Settings::new(args)?;
    let mut out = settings.terminal.stdout();
    let code = match settings.mode {
        Mode::Check(check) => check::run(*check, &settings.terminal, &mut out)?,
        Mode::Rules(TextOrJson::Text) => {
            rule::table(crate::lint::RULES, &settings.terminal, &mut out)?
        }
        Mode::Rules(TextOrJson::Json) => rule::json(crate::lint::RULES, &mut out)?,
        Mode::Rule(rule, TextOrJson::Text) => rule::page(rule, &settings.terminal, &mut out)?,
        Mode::Rule(rule, TextOrJson::Json) => rule::json(&[rule], &mut out)?,
        Mode::Config(in_force) => config::print(&in_force, &mut out)?,
        Mode::Schema => config::schema(&mut out)?,
        Mode::Bundles(request, format) => {
            bundles::print(&request, format, &settings.terminal, &mut out)?
        }
        Mode::Reach(reach) => reach::print(&reach, &mut out)?,
        Mode::Why(asked) => why::print(&asked, &settings.terminal, &mut out)?,
        Mode::Diff(diff) => diff::run(&diff, &mut out)?,
        Mode::Test(test) => test::run(&test, &settings.terminal, &mut out)?,
        Mode::Inventory(request) => inventory::print(&request, &mut out)?,
        Mode::Init(path) => init::write(&path, &settings.terminal, &mut out)?,
        Mode::Completions(shell) => completions::write(shell, &mut out)?,
        Mode::Man(command) => man::write(command.as_deref(), &mut out)?,
    };
    out.flush()?;
    Ok(code)
}

/// Prints the parser's message: help and version go to standard output and are a success.
fn answer(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { FAILED } else { CLEAN })
}

/// Why a command fails.
#[derive(Debug)]
enum Failure {
    /// Arguments that parse but are invalid, in a sentence.
    Arguments(String),
    /// The repository can't be read.
    Repo(repo::Error),
    /// The configuration is invalid.
    Config(crate::config::Error),
    /// A configuration can't be read or written: its path, which of the two, and why.
    ConfigFile(String, &'static str, io::Error),
    /// Standard input can't be read, or there is no working directory.
    Read(&'static str, io::Error),
    /// Standard output can't be written.
    Write(io::Error),
}

impl Failure {
    /// The message on standard error: a line, and the invalid line of a configuration.
    fn line(&self) -> String {
        let red = anstyle::AnsiColor::Red.on_default().bold();
        let message = self.to_string();
        // File names and globs are data, so they are escaped.
        let message = match self {
            Self::Config(_) => std::borrow::Cow::Borrowed(message.as_str()),
            _ => crate::text::visible(&message),
        };
        format!("{red}error:{red:#} {message}")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arguments(what) => f.write_str(what),
            Self::Repo(error) => write!(f, "{error}{}", mistyped::hint(error)),
            // Already escaped, line by line.
            Self::Config(error) => write!(f, "{error}"),
            Self::ConfigFile(path, verb, error) => {
                write!(f, "`{path}` can't be {verb}: {error}")
            }
            Self::Read(what, error) => write!(f, "{what} can't be read: {error}"),
            Self::Write(error) => write!(f, "the report can't be written: {error}"),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<repo::Error> for Failure {
    fn from(error: repo::Error) -> Self {
        Self::Repo(error)
    }
}
