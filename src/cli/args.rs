//! What was typed. Nothing here is looked up or built: that is [`super::settings`].

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use super::format::{Format, Output};
use super::help;
use super::test_args::TestArgs;
use super::values::{Color, FailOn, GraphFormat, Level, Render, Sureness, TextOrJson};
use crate::config;
use crate::reach::PortSet;

/// Finds the Kubernetes NetworkPolicies that fail silently, at the exact line.
#[derive(Debug, Parser)]
#[command(
    name = "netpol-lint",
    version,
    about,
    long_about = "Finds the Kubernetes NetworkPolicies that fail silently, at the exact line.\n\n\
        Reads a repository of manifests, works out offline which pods each NetworkPolicy selects \
        and which connections it allows, and reports what is wrong. Needs no cluster and no \
        configuration; a netpol-lint.toml at the repository's root is read. A path that has the \
        name of a command is written `./check`.",
    after_help = "Exit codes: 0 nothing to report, 1 findings, 2 could not do the work. \
        `--help` says more.",
    after_long_help = help::after(),
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,

    /// Without a command: check.
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

/// Moves a command before the options that it follows: the parser takes words after an option for
/// paths. An option that the command does not have is then rejected with its name.
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
    /// Explain a rule; without an id, list all rules
    Rule {
        /// The id of a rule, such as missing-dns-egress
        id: Option<String>,

        #[command(flatten)]
        format: TextOrJsonArgs,
    },
    /// Print the configuration in force, and where each value comes from
    Config {
        /// Print the JSON schema of netpol-lint.toml instead
        #[arg(long)]
        schema: bool,

        #[command(flatten)]
        findings: FindingArgs,

        #[command(flatten)]
        context: Box<ContextArgs>,
    },
    /// Print what is applied together: bundles, namespaces, and where more may run than is shown
    Bundles {
        #[command(flatten)]
        context: Box<ContextArgs>,

        #[command(flatten)]
        format: TextOrJsonArgs,
    },
    /// Print which connections the policies allow
    Reach(Box<ReachArgs>),
    /// Compare the policies with expectations: connections to allow or deny
    Test(Box<TestArgs>),
    /// Print what the repository runs, for `--inventory` in another repository
    Inventory(Box<ContextArgs>),
    /// Write a commented netpol-lint.toml for the repository
    Init {
        /// A directory of the repository
        #[arg(value_name = "PATH", default_value = ".", value_hint = ValueHint::DirPath)]
        path: PathBuf,
    },
    /// Print completions for a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the manual page, in roff
    #[command(after_help = help::MAN)]
    Man {
        /// The page of this command
        command: Option<String>,
    },
}

/// What every command knows.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct LookArgs {
    /// When to use colours
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto, global = true)]
    pub(super) color: Color,
}

/// How a command that reports no findings prints.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct TextOrJsonArgs {
    /// How it is printed
    #[arg(
        short = 'f',
        long,
        visible_alias = "format",
        value_enum,
        value_name = "FORMAT",
        default_value_t = TextOrJson::Text
    )]
    pub(super) output_format: TextOrJson,
}

/// What every command that reads a repository is told.
#[derive(Debug, clap::Args)]
pub(super) struct ContextArgs {
    /// Files and directories to report on; `-` is standard input
    ///
    /// Selectors are resolved against the whole repository around these paths, found upwards by
    /// `netpol-lint.toml` or `.git`, so that checking one changed file is right. A file is read
    /// whatever its extension and whatever gitignore says; of a directory, *.yaml, *.yml, *.json
    /// and Kustomization are. Files that hold no manifests do no harm: values, *.tpl,
    /// netpol-lint.toml.
    #[arg(value_name = "PATHS", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) files: FileArgs,

    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

/// What `check` is told.
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

/// What `reach` is told.
#[derive(Debug, clap::Args)]
pub(super) struct ReachArgs {
    #[command(flatten)]
    pub(super) context: ContextArgs,

    /// Only connections from this workload (`shop/api`, `api`), address, or `internet`
    #[arg(long, value_name = "END")]
    pub(super) from: Option<String>,

    /// Only connections to this workload, address, or `internet`
    #[arg(long, value_name = "END")]
    pub(super) to: Option<String>,

    /// Only connections that may use one of these ports: `80`, `TCP 80,8080-8090`, `UDP 53`
    #[arg(long, value_name = "PORTS", value_parser = PortSet::parse)]
    pub(super) port: Option<PortSet>,

    /// Only this cluster of bundles, by its name in `netpol-lint bundles`
    #[arg(long, value_name = "NAME")]
    pub(super) bundle: Option<String>,

    /// How connections are written to standard output
    #[arg(
        short = 'f',
        long,
        visible_alias = "format",
        value_enum,
        value_name = "FORMAT",
        default_value_t = GraphFormat::Text,
        help_heading = "Output"
    )]
    pub(super) output_format: GraphFormat,
}

/// Which findings are shown, and which make the run fail.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Findings")]
pub(super) struct FindingArgs {
    /// Run only these rules: ids, separated by commas, or `all`
    #[arg(long, value_name = "RULES", value_delimiter = ',', action = ArgAction::Append)]
    pub(super) select: Vec<String>,

    /// Leave these rules out
    #[arg(long, value_name = "RULES", value_delimiter = ',', action = ArgAction::Append)]
    pub(super) ignore: Vec<String>,

    /// Run the pedantic rules too, and show notes
    #[arg(long)]
    pub(super) pedantic: bool,

    /// Show what could not be built or read too, where no policy depends on it
    #[arg(long)]
    pub(super) show_run: bool,

    /// The least severity shown [default: warning; with --pedantic note]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) min_severity: Option<Level>,

    /// The least confidence shown [default: medium]
    #[arg(long, value_enum, value_name = "CONFIDENCE")]
    pub(super) min_confidence: Option<Sureness>,

    /// The least severity that makes the exit code 1 [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,

    /// Leave out the repository's expectations (netpol-test.yaml)
    #[arg(long)]
    pub(super) no_expectations: bool,

    /// Exit with 0 even when there are findings
    #[arg(long)]
    pub(super) exit_zero: bool,
}

/// What is mended.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(super) struct FixArgs {
    /// Mend what can be mended without changing what is allowed, and report what remains
    ///
    /// Only files of the repository are written, never what a symbolic link leads to, and a file
    /// only if its findings are then gone and no other error comes up.
    #[arg(long)]
    pub(super) fix: bool,

    /// With --fix or --diff: fixes that change what is allowed too
    #[arg(long)]
    pub(super) unsafe_fixes: bool,

    /// Print what --fix would change as a unified diff, and change nothing
    #[arg(long)]
    pub(super) diff: bool,
}

/// Findings that somebody has accepted.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Accepted findings")]
pub(super) struct AcceptedArgs {
    /// Show what comments and annotations suppress too, with their reasons
    ///
    /// A finding is suppressed by a comment `# netpol-lint: ignore[rule-id] reason` on its line or
    /// directly above it, or by an annotation `netpol-lint.dev/ignore: rule-id` of its policy.
    #[arg(long)]
    pub(super) show_suppressed: bool,

    /// Hold back the findings that this baseline file has
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) baseline: Option<PathBuf>,

    /// Write the findings to this baseline file instead of reporting them
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "baseline")]
    pub(super) write_baseline: Option<PathBuf>,

    /// Take out of the baseline file what is no finding any more
    #[arg(long, requires = "baseline")]
    pub(super) prune_baseline: bool,
}

/// Which files are read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Files")]
pub(super) struct FileArgs {
    /// Report only on files that match this glob, and read Markdown files that do
    ///
    /// Globs mean what they mean in a gitignore file at the repository's root: `*.yaml` at any
    /// depth, `k8s/` all below directories of that name, `apps/*/np.yaml` from the root; `!`
    /// takes back. Can be given several times. Files named as arguments are always reported on.
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub(super) include: Vec<String>,

    /// Neither report on files that match this glob nor resolve against them
    ///
    /// Written like --include. A file or directory named as an argument is read all the same,
    /// unless --force-exclude is given.
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub(super) exclude: Vec<String>,

    /// Apply --exclude to paths named as arguments too, as hooks that pass file names need
    #[arg(long)]
    pub(super) force_exclude: bool,

    /// Read files that gitignore rules hide
    #[arg(long)]
    pub(super) no_ignore: bool,

    /// A file that tells what runs elsewhere in the cluster, as context
    ///
    /// What `kubectl get ns,deploy,sts,ds,pods,svc -A -o yaml` prints, or `netpol-lint inventory`
    /// in another repository. Can be given several times.
    #[arg(long, value_name = "FILE", action = ArgAction::Append, value_hint = ValueHint::FilePath)]
    pub(super) inventory: Vec<String>,

    /// The path that standard input is reported under
    ///
    /// When it names a file of the repository, standard input is read in its place.
    #[arg(
        long,
        value_name = "PATH",
        visible_alias = "stdin-filename",
        default_value = "<stdin>",
        hide_default_value = true
    )]
    pub(super) stdin_path: String,

    /// Whether to render Helm charts with `helm template` [default: auto]
    ///
    /// helm renders a copy of each chart with its default values, or as netpol-lint.toml says;
    /// it fetches nothing and runs nothing else.
    #[arg(long, value_enum, value_name = "WHEN", env = "NETPOL_LINT_HELM", hide_env = true)]
    pub(super) helm: Option<Render>,

    /// A bound on what a file or a chart may cost, beyond what netpol-lint.toml may say
    ///
    /// The keys are those of `[limits]`, and `time-limit` and `output-limit` of `[helm]`. Can be
    /// given several times.
    #[arg(long, value_name = "KEY=NUMBER", action = ArgAction::Append)]
    pub(super) limit: Vec<Limit>,
}

/// One `--limit`.
#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) key: &'static str,
    pub(super) most: u64,
}

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let keys = || config::CEILINGS.iter().map(|(key, _)| *key);
        let (key, number) = typed.split_once('=').unwrap_or((typed, ""));
        let Some(key) = keys().find(|known| *known == key) else {
            return Err(format!("the keys are {}", keys().collect::<Vec<_>>().join(", ")));
        };
        match number.parse() {
            Ok(most) if most > 0 && most <= config::most(key) => Ok(Self { key, most }),
            _ => Err(format!("a number from 1 to {} is expected", config::most(key))),
        }
    }
}

/// Which configuration is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(super) struct ConfigArgs {
    /// Read this configuration, not the netpol-lint.toml at the repository's root
    ///
    /// Its globs are still relative to the root. A flag replaces the value of the key that has
    /// its name.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<PathBuf>,

    /// Read no configuration
    #[arg(long, conflicts_with = "config")]
    pub(super) no_config: bool,
}

/// How findings are printed.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// How findings are written to standard output
    #[arg(
        short = 'f',
        long,
        visible_alias = "format",
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Text
    )]
    pub(super) output_format: Format,

    /// Also write a report of that format to a file; can be given several times
    ///
    /// All reports are of the same run, so that one serves the log, code scanning and a comment:
    /// `--output-format github --output sarif=results.sarif`. A file is replaced as a whole.
    #[arg(
        long,
        value_name = "FORMAT=FILE",
        value_parser = Output::parse,
        action = ArgAction::Append,
        conflicts_with_all = ["diff", "write_baseline"]
    )]
    pub(super) output: Vec<Output>,

    /// Print how many findings each rule has instead of the findings
    #[arg(long, conflicts_with_all = ["diff", "write_baseline"])]
    pub(super) statistics: bool,

    /// Print findings only, no closing line; twice: print no report, only set the exit code
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "verbose")]
    pub(super) quiet: u8,

    /// Say on standard error what was read and what was left out
    #[arg(short, long, overrides_with = "verbose")]
    pub(super) verbose: bool,

    /// Say on standard error how long each stage took
    #[arg(long)]
    pub(super) timings: bool,

    /// How many threads work [default: as many as there are processors]
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parser_is_sound() {
        Args::command().debug_assert();
    }

    #[test]
    fn check_is_what_is_done_without_a_command() {
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
