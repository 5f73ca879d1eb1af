//! Arguments as typed. [`super::settings`] looks them up and builds what they mean.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, CommandFactory, Parser, Subcommand, ValueHint};
use clap_complete::Shell;

use super::diff_args::DiffArgs;
use super::format::{Format, Output};
use super::help;
use super::test_args::TestArgs;
use super::values::{Color, FailOn, GraphFormat, Level, Render, Sureness, TextOrJson};
use crate::config;
use crate::reach::{Port, PortSet};
use crate::why::Question;

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

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct LookArgs {
    /// When to use colors
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Color::Auto, global = true)]
    pub(super) color: Color,
}

/// The output format of a command that reports no findings.
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

/// Options of every command that reads a repository.
#[derive(Debug, clap::Args)]
pub(super) struct ContextArgs {
    /// Files and directories to report on; `-` is standard input
    ///
    /// Selectors are always resolved against the whole repository (the nearest parent directory
    /// with a `netpol-lint.toml` or `.git`), so checking one changed file is correct. A file
    /// argument is read whatever its extension and gitignore rules; in a directory, *.yaml, *.yml,
    /// *.json and Kustomization files are. Files without manifests are not an error: values, *.tpl,
    /// netpol-lint.toml.
    #[arg(value_name = "PATHS", default_value = ".", value_hint = ValueHint::AnyPath)]
    pub(super) paths: Vec<PathBuf>,

    #[command(flatten)]
    pub(super) files: FileArgs,

    #[command(flatten)]
    pub(super) config: ConfigArgs,
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

/// Options of `reach`.
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

    /// Also list who else a rule is for, and what no policy isolates
    #[arg(long)]
    pub(super) exposure: bool,

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

/// What `why` is told.
#[derive(Debug, clap::Args)]
pub(super) struct WhyArgs {
    /// Who connects: `shop/api`, `api`, an address, `internet`, `dns`, `apiserver`
    #[arg(value_name = "FROM")]
    pub(super) from: String,

    /// Who is connected to, and on which port: `shop/db:5432`, `dns:53/UDP`
    #[arg(value_name = "TO[:PORT[/PROTOCOL]]", value_parser = Question::target)]
    pub(super) to: (String, Option<Port>),

    #[command(flatten)]
    pub(super) context: ContextArgs,

    /// Only this cluster of bundles, by its name in `netpol-lint bundles`
    #[arg(long, value_name = "NAME")]
    pub(super) bundle: Option<String>,
}

/// Which findings are shown, and which make the run fail.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Findings")]
pub(super) struct FindingArgs {
    /// Run only these rules: ids, separated by commas, or `all`
    #[arg(long, value_name = "RULES", value_delimiter = ',', action = ArgAction::Append)]
    pub(super) select: Vec<String>,

    /// Ignore these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',', action = ArgAction::Append)]
    pub(super) ignore: Vec<String>,

    /// Also run the pedantic rules, and show notes
    #[arg(long)]
    pub(super) pedantic: bool,

    /// Show what could not be built or read too, where no policy depends on it
    #[arg(long)]
    pub(super) show_run: bool,

    /// Lowest severity to show [default: warning; with --pedantic: note]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) min_severity: Option<Level>,

    /// Lowest confidence to show [default: medium]
    #[arg(long, value_enum, value_name = "CONFIDENCE")]
    pub(super) min_confidence: Option<Sureness>,

    /// Lowest severity that makes the exit code 1 [default: warning]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub(super) fail_on: Option<FailOn>,

    /// Do not judge the repository's expectations (netpol-test.yaml)
    #[arg(long)]
    pub(super) no_expectations: bool,

    /// Exit with 0 even if there are findings
    #[arg(long)]
    pub(super) exit_zero: bool,
}

/// What to fix.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Fixes")]
pub(super) struct FixArgs {
    /// Apply the fixes that do not change what is allowed, and report what remains
    ///
    /// Only files inside the repository are written, never the target of a symbolic link, and only
    /// if the findings are gone afterwards and there is no new error.
    #[arg(long)]
    pub(super) fix: bool,

    /// With --fix or --diff: include fixes that change what is allowed
    #[arg(long)]
    pub(super) unsafe_fixes: bool,

    /// Print the changes of --fix as a unified diff, without writing them
    #[arg(long)]
    pub(super) diff: bool,
}

/// Findings that somebody has accepted.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Suppressions and baseline")]
pub(super) struct AcceptedArgs {
    /// Also show suppressed findings, with their reasons
    ///
    /// A comment `# netpol-lint: ignore[rule-id] reason` on the line or directly above it
    /// suppresses a finding, and so does the annotation `netpol-lint.dev/ignore: rule-id` on its
    /// policy.
    #[arg(long)]
    pub(super) show_suppressed: bool,

    /// Do not report the findings in this baseline file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) baseline: Option<PathBuf>,

    /// Write the findings to this baseline file instead of reporting them
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with = "baseline")]
    pub(super) write_baseline: Option<PathBuf>,

    /// Remove entries that no longer match from the baseline file
    #[arg(long, requires = "baseline")]
    pub(super) prune_baseline: bool,
}

/// Which files are read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Files")]
pub(super) struct FileArgs {
    /// Report only on files that match this glob, including Markdown files
    ///
    /// Globs work as in a .gitignore at the repository root: `*.yaml` matches at any depth, `k8s/`
    /// everything below directories of that name, `apps/*/np.yaml` from the root; `!` negates. May
    /// be given several times. Files named as arguments are always reported on.
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub(super) include: Vec<String>,

    /// Do not read files that match this glob, not even as context
    ///
    /// Works as in --include. A file or directory named as an argument is read anyway, unless
    /// --force-exclude is given.
    #[arg(long, value_name = "GLOB", action = ArgAction::Append)]
    pub(super) exclude: Vec<String>,

    /// Apply --exclude to paths named as arguments too (for hooks that pass file names)
    #[arg(long)]
    pub(super) force_exclude: bool,

    /// Also read files that gitignore rules hide
    #[arg(long)]
    pub(super) no_ignore: bool,

    /// A file that lists what runs elsewhere in the cluster, as context
    ///
    /// The output of `kubectl get ns,deploy,sts,ds,pods,svc -A -o yaml`, or of `netpol-lint
    /// inventory` in another repository. May be given several times.
    #[arg(long, value_name = "FILE", action = ArgAction::Append, value_hint = ValueHint::FilePath)]
    pub(super) inventory: Vec<String>,

    /// The path to report for standard input
    ///
    /// If it is a file in the repository, standard input replaces its contents.
    #[arg(
        long,
        value_name = "PATH",
        visible_alias = "stdin-filename",
        default_value = "<stdin>",
        hide_default_value = true
    )]
    pub(super) stdin_path: String,

    /// Whether to render Helm charts [default: auto]
    ///
    /// Each chart is rendered as `helm template` would, with its default values or those in
    /// netpol-lint.toml. No helm is needed, nothing is downloaded, and no program is started.
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
            return Err(format!("valid keys: {}", keys().collect::<Vec<_>>().join(", ")));
        };
        match number.parse() {
            Ok(most) if most > 0 && most <= config::most(key) => Ok(Self { key, most }),
            _ => Err(format!("expected a number from 1 to {}", config::most(key))),
        }
    }
}

/// Which configuration is read.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub(super) struct ConfigArgs {
    /// Read this configuration instead of the netpol-lint.toml at the repository root
    ///
    /// Its globs remain relative to the root. A flag replaces the value of the key with the same
    /// name.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<PathBuf>,

    /// Do not read any configuration
    #[arg(long, conflicts_with = "config")]
    pub(super) no_config: bool,
}

/// How findings are printed.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// The report format on standard output
    #[arg(
        short = 'f',
        long,
        visible_alias = "format",
        value_enum,
        value_name = "FORMAT",
        default_value_t = Format::Text
    )]
    pub(super) output_format: Format,

    /// Also write a report to a file, as FORMAT=FILE; may be given several times
    ///
    /// All reports come from the same run, for example one for the log and one for code scanning:
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

    /// Print findings only, without the summary; twice: print nothing, only set the exit code
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "verbose")]
    pub(super) quiet: u8,

    /// Print to standard error which files were read and which were skipped
    #[arg(short, long, overrides_with = "verbose")]
    pub(super) verbose: bool,

    /// Print to standard error how long each stage took
    #[arg(long)]
    pub(super) timings: bool,

    /// Number of threads [default: number of CPUs]
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
