//! What was typed. No other module sees clap's attributes; [`super::settings`] says what it means.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

/// What the program is asked to do.
pub(super) struct Args {
    color: ColorChoice,
    pub command: Command,
}

/// Finds Kubernetes NetworkPolicies that fail silently, at the exact line.
///
/// Reads the manifests of a repository, works out offline which pods each policy selects and
/// which connections it allows, and reports what is wrong: DNS that is not allowed, selectors
/// that select nothing, rules for another namespace without a namespaceSelector, and more.
#[derive(Debug, Parser)]
#[command(name = "netpol-lint", version, args_conflicts_with_subcommands = true, after_help = AFTER_HELP)]
struct Typed {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    check: Check,
}

const AFTER_HELP: &str = "\
Exit codes:
  0  nothing to report
  1  findings at or above --fail-on
  2  the work could not be done (arguments, a path that does not exist, nothing to read)

Environment:
  NO_COLOR        no colours, whatever the terminal
  CLICOLOR_FORCE  colours even where the output is no terminal

Examples:
  netpol-lint                             check the repository of the working directory
  netpol-lint policies/frontend.yaml      report on one file; the whole repository is its context
  kubectl get netpol -A -o yaml | netpol-lint -
  netpol-lint rule missing-dns-egress     what a rule means, and how to fix what it finds";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check manifests (the default).
    Check(Check),
    /// Explain a rule, or list all of them.
    Rule(Rule),
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Files and directories to report on, `-` for standard input [default: .]
    ///
    /// What selectors are resolved against is always the whole repository, found upwards by
    /// netpol-lint.toml or .git.
    pub paths: Vec<PathBuf>,

    /// How findings are written.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub output_format: Format,

    /// Run only these rules (ids, or `all`).
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub select: Vec<String>,

    /// Leave these rules out.
    #[arg(long, value_name = "RULES", value_delimiter = ',')]
    pub ignore: Vec<String>,

    /// Show notes and run the rules that are a matter of taste.
    #[arg(long)]
    pub pedantic: bool,

    /// The least severity shown [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub min_severity: Option<Severity>,

    /// The least confidence shown [default: medium]
    #[arg(long, value_enum, value_name = "CONFIDENCE")]
    pub min_confidence: Option<Confidence>,

    /// Exit with 1 when a finding is at least this severe.
    #[arg(long, value_enum, default_value_t = FailOn::Warning, value_name = "SEVERITY")]
    pub fail_on: FailOn,

    /// Report only on files that match this glob (repeatable).
    ///
    /// Globs mean what they mean in a .gitignore at the repository's root. Markdown files that
    /// match are read for the YAML in their fenced blocks.
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,

    /// Neither report on files that match this glob nor use them as context (repeatable).
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,

    /// Read files that .gitignore and the like hide.
    #[arg(long)]
    pub no_ignore: bool,

    /// Apply --exclude to files named on the command line too, as pre-commit needs it.
    #[arg(long)]
    pub force_exclude: bool,

    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,

    /// When to use colours.
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub color: ColorChoice,

    /// Only findings, no closing line; twice for nothing but the exit code.
    #[arg(short, long, action = clap::ArgAction::Count, conflicts_with = "verbose")]
    pub quiet: u8,

    /// Say what was read and what was left out.
    #[arg(short, long)]
    pub verbose: bool,

    /// Say how long each stage took.
    #[arg(long)]
    pub timings: bool,

    /// Exit with 0 whatever is found.
    #[arg(long)]
    pub exit_zero: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Rule {
    /// The rule's id; all rules are listed without one.
    pub id: Option<String>,

    /// When to use colours.
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    color: ColorChoice,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// With the lines of the manifests, for people.
    Text,
    /// One line a finding.
    Concise,
    /// One JSON document, for programs (docs/json.md).
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Severity {
    Error,
    Warning,
    Note,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Confidence {
    High,
    Medium,
    Low,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    Auto,
    Always,
    Never,
}

impl Args {
    /// Reads the command line. Help, version and errors come back as clap's own message.
    pub fn read(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = Typed::command().try_get_matches_from(arguments)?;
        let typed = Typed::from_arg_matches(&matches)?;
        let command = typed.command.unwrap_or(Command::Check(typed.check));
        let color = match &command {
            Command::Check(check) => check.color,
            Command::Rule(rule) => rule.color,
        };
        Ok(Self { color, command })
    }

    /// When to use colours.
    pub fn color(&self) -> ColorChoice {
        self.color
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_holds_together() {
        Typed::command().debug_assert();
    }
}
