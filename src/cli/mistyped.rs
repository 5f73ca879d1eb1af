//! Suggestions for mistyped commands: the parser treats an unknown word as a path.

use std::io::ErrorKind;

use clap::{Command, CommandFactory};

use crate::config::did_you_mean;
use crate::repo;

use super::args::Args;

/// What other linters call their commands, and what ours are called.
const OTHERS: [(&str, &str); 6] = [
    ("explain", "rule"),
    ("fix", "--fix"),
    ("help", "--help"),
    ("lint", "check"),
    ("rules", "rule"),
    ("version", "--version"),
];

/// `; did you mean …?` for a path that does not exist and looks like a command.
pub(super) fn hint(error: &repo::Error) -> String {
    let repo::Error::Path(path, why) = error else { return String::new() };
    match path.to_str() {
        Some(word) if why.kind() == ErrorKind::NotFound && !word.contains(['/', '\\', '.']) => {
            if let Some((_, known)) = OTHERS.iter().find(|(other, _)| *other == word) {
                return format!("; did you mean `{known}`?");
            }
            let program = Args::command();
            did_you_mean(word, &[names(&program), vec!["--help", "--version"]].concat())
        }
        _ => String::new(),
    }
}

/// The message for a command that does not exist.
pub(super) fn no_command(name: &str, program: &Command) -> String {
    let hint = did_you_mean(name, &names(program));
    format!("there is no command `{name}`{hint} (`netpol-lint --help` lists all commands)")
}

fn names(program: &Command) -> Vec<&str> {
    program.get_subcommands().map(Command::get_name).collect()
}
