//! Groups of options that several commands have.

use std::path::PathBuf;

use clap::{ArgAction, ValueHint};

use super::format::{Format, Output};
use super::values::{Color, FailOn, Level, Render, Sureness, TextOrJson};
use crate::config;

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
