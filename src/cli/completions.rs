//! `netpol-lint completions`: a shell's completion script.

use std::io::Write;

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::lint::RULES;

use super::args::Args;
use super::{CLEAN, Failure};

/// Prints the script for `shell`.
pub(super) fn write(shell: Shell, out: &mut dyn Write) -> Result<u8, Failure> {
    let mut command = with_rules(Args::command());
    let name = command.get_name().to_owned();
    // Into memory first: the generator panics if a write fails.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    let script = String::from_utf8_lossy(&script);
    // clap_complete 4.6 replaces the `-` of our name as if it separated a command, in the labels
    // that bash jumps to but not in the jumps.
    out.write_all(script.replace("netpol__subcmd__lint", "netpol__lint").as_bytes())?;
    Ok(CLEAN)
}

/// The same command with the rule ids as possible values. The parser itself accepts any word, so
/// that the error for a wrong one can be more than a list.
fn with_rules(command: Command) -> Command {
    let ids = || PossibleValuesParser::new(RULES.iter().map(|rule| rule.id));
    let lists = move |command: Command| {
        command
            .mut_arg("select", |arg| arg.value_parser(ids()))
            .mut_arg("ignore", |arg| arg.value_parser(ids()))
    };
    lists(command)
        .mut_subcommand("check", lists)
        .mut_subcommand("config", lists)
        .mut_subcommand("rule", |rule| rule.mut_arg("id", |arg| arg.value_parser(ids())))
}
