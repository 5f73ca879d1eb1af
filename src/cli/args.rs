//! Arguments as typed. [`super::settings`] looks them up and builds what they mean.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use super::diff_args::DiffArgs;
use super::help;
use super::options::{
    AcceptedArgs, ContextArgs, FindingArgs, FixArgs, LookArgs, OutputArgs, TextOrJsonArgs,
};
use super::reach_args::ReachArgs;
use super::test_args::TestArgs;
use super::why_args::WhyArgs;

/// Finds the Kubernetes NetworkPolicies that fail silently, at the exact line.
#[derive(Debug, Parser)]
#[command(
    name = "netpol-lint",
    version,
    about,
    long_about = "Finds the Kubernetes NetworkPolicies that fail silently, at the exact line.\n\n\
                  Reads the manifests of a repository, works out offline which pods each \
                  NetworkPolicy selects and which connections it allows, and reports mistakes. \
                  Needs no cluster and no configuration; reads a netpol-lint.toml at the \
                  repository root if there is one. To check a path that is named like a command, \
                  write `./check`.",
    after_help = "Exit codes: 0 nothing to report, 1 findings, 2 the run failed. See `--help` for \
                  details.",
    after_long_help = help::after(),
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    /// Without a command, `check` runs.
    #[command(flatten)]
    pub(super) check: CheckArgs,

    #[command(flatten)]
    pub(super) look: LookArgs,
}

impl Args {
    /// Parses `arguments`; the first is the program's name.
    pub(super) fn read(arguments: impl IntoIterator<Item = OsString>) -> clap::error::Result<Self> {
        let mut arguments: Vec<OsString> = arguments.into_iter().collect();
        command_first(&mut arguments);
        Self::try_parse_from(arguments)
    }
}

/// Moves a command before the options that precede it: the parser treats words after an option as
/// paths. An option that the command does not have is then rejected by name.
fn command_first(arguments: &mut [OsString]) {
    let program = Args::command();
    let mut at = 1;
    while let Some(argument) = arguments.get(at).and_then(|argument| argument.to_str()) {
        if argument == "--" {
            return;
        }
        if !argument.starts_with('-') || argument == "-" {
            if program.find_subcommand(argument).is_some() {
                arguments[1..=at].rotate_right(1);
            }
            return;
        }
        at += if takes_next(&program, argument) { 2 } else { 1 };
    }
}

/// Whether the word after this option is its value.
fn takes_next(program: &clap::Command, option: &str) -> bool {
    let named = |arg: &&clap::Arg| match option.strip_prefix("--") {
        Some(long) => {
            let aliases = arg.get_all_aliases().unwrap_or_default();
            arg.get_long() == Some(long) || aliases.contains(&long)
        }
        // The last of `-qf` may take a value; in `-fjson` it is the rest of the word.
        None => arg.get_short().is_some_and(|short| option == format!("-{short}")),
    };
    let arg = program.get_arguments().find(named);
    arg.is_some_and(|arg| arg.get_action().takes_values())
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check manifests (the default command)
    #[command(after_help = help::after())]
    Check(Box<CheckArgs>),
    /// Explain a rule, or list all rules
    Rule {
        /// The id of a rule, such as missing-dns-egress
        id: Option<String>,

        #[command(flatten)]
        format: TextOrJsonArgs,
    },
    /// Print every setting, and where its value comes from
    Config {
        /// Print the JSON schema of netpol-lint.toml instead
        #[arg(long)]
        schema: bool,

        #[command(flatten)]
        findings: FindingArgs,

        #[command(flatten)]
        context: Box<ContextArgs>,
    },
    /// Print what is applied together: bundles, namespaces, and which namespaces are open
    Bundles {
        #[command(flatten)]
        context: Box<ContextArgs>,

        #[command(flatten)]
        format: TextOrJsonArgs,
    },
    /// Print which connections the policies allow
    Reach(Box<ReachArgs>),
    /// Explain why a connection is allowed or rejected
    Why(Box<WhyArgs>),
    /// Compare what two revisions or directories allow
    Diff(Box<DiffArgs>),
    /// Compare the policies with expectations: connections to allow or deny
    Test(Box<TestArgs>),
    /// Print what the repository runs, for `--inventory` in another repository
    Inventory(Box<ContextArgs>),
    /// Write a commented netpol-lint.toml for the repository
    Init {
        /// A directory in the repository
        #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::DirPath)]
        path: PathBuf,
    },
    /// Print shell completions
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, in roff
    #[command(after_help = help::MAN)]
    Man {
        /// The command to document
        command: Option<String>,
    },
}

/// Options of `check`.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    pub(super) context: ContextArgs,

    #[command(flatten)]
    pub(super) findings: FindingArgs,

    #[command(flatten)]
    pub(super) fixes: FixArgs,

    #[command(flatten)]
    pub(super) accepted: AcceptedArgs,

    #[command(flatten)]
    pub(super) output: OutputArgs,
}

#[cfg(test)]
mod tests {
    use super::super::values::Color;
    use super::*;

    #[test]
    fn the_parser_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn check_is_the_default_command() {
        let parse = |line: &str| Args::read(line.split(' ').map(OsString::from)).unwrap();
        let args = parse("netpol-lint");
        assert!(args.command.is_none());
        assert_eq!(args.check.context.paths, [PathBuf::from(".")]);

        let args = parse("netpol-lint --pedantic a b.yaml --color never -");
        assert!(args.command.is_none() && args.check.findings.pedantic);
        assert_eq!(args.check.context.paths, ["a", "b.yaml", "-"].map(PathBuf::from));

        for line in ["netpol-lint check --color never a", "netpol-lint --color never check a"] {
            let args = parse(line);
            assert_eq!(args.look.color, Color::Never);
            assert!(matches!(args.command, Some(Command::Check(_))), "{line}");
        }
        assert!(matches!(parse("netpol-lint rule x").command, Some(Command::Rule { .. })));
        let paths = |line| parse(line).check.context.paths;
        assert_eq!(paths("netpol-lint ./rule"), [PathBuf::from("./rule")]);
        assert_eq!(paths("netpol-lint -- rule"), [PathBuf::from("rule")]);
        assert_eq!(paths("netpol-lint a rule"), ["a", "rule"].map(PathBuf::from));
    }

    #[test]
    fn a_command_may_follow_its_options() {
        let read = |line: &str| Args::read(line.split(' ').map(OsString::from));
        for line in [
            "netpol-lint --pedantic check a",
            "netpol-lint -j 2 -q --format json check",
            "netpol-lint --select=split-peer --fail-on error check",
            "netpol-lint --exclude rule -qq check",
        ] {
            assert!(matches!(read(line).unwrap().command, Some(Command::Check(_))), "{line}");
        }
        let line = "netpol-lint -f json rule split-peer";
        assert!(matches!(read(line).unwrap().command, Some(Command::Rule { id: Some(_), .. })));
        let refused = read("netpol-lint --pedantic rule x").unwrap_err().to_string();
        assert!(refused.contains("unexpected argument '--pedantic'"), "{refused}");
    }
}
