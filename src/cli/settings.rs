//! The meaning of the arguments, with everything looked up. Nothing after this sees the arguments
//! themselves.

use std::path::{Path, PathBuf};

use crate::config;
use crate::connectivity::Shown;
use crate::expect::Outcome;
use crate::lint::{RULES, Rule, Severity};
use crate::triage::Baseline;
use crate::why::Question;
use crate::{FixOptions, Request, repo};

use super::Failure;
use super::args::{Args, CheckArgs, Command};
use super::diff_args::{ContextOfBoth, DiffArgs};
use super::format::{Format, Output};
use super::in_force::InForce;
use super::options::{AcceptedArgs, ContextArgs, FindingArgs, FixArgs, OutputArgs};
use super::outputs;
use super::reach_args::ReachArgs;
use super::terminal::Terminal;
use super::test_args::TestArgs;
use super::values::{DiffFailOn, DiffFormat, GraphFormat, TestFailOn, TestFormat, TextOrJson};
use super::why_args::WhyArgs;

/// Everything that the program needs to know.
pub(super) struct Settings {
    pub(super) terminal: Terminal,
    pub(super) mode: Mode,
}

/// What to do.
pub(super) enum Mode {
    /// Check manifests.
    Check(Box<Check>),
    /// List the rules.
    Rules(TextOrJson),
    /// Explain one rule.
    Rule(&'static Rule, TextOrJson),
    /// Print the effective configuration.
    Config(Box<InForce>),
    /// Print the configuration's schema.
    Schema,
    /// Print what is applied together.
    Bundles(Box<Request>, TextOrJson),
    /// Print which connections are allowed.
    Reach(Box<Reach>),
    Why(Box<Why>),
    /// Compare what two states allow.
    Diff(Box<Diff>),
    /// Judge expectations.
    Test(Box<Test>),
    /// Print what the repository runs.
    Inventory(Box<Request>),
    /// Write a configuration for the repository around that path.
    Init(PathBuf),
    /// Print completions for that shell.
    Completions(clap_complete::Shell),
    /// Print the manual page of that command, or of the program.
    Man(Option<String>),
}

/// What to check, and what to do with the findings.
pub(super) struct Check {
    pub(super) request: Request,
    /// The path of the configuration, as shown to users.
    pub(super) config: Option<String>,
    pub(super) format: Format,
    /// The reports to files.
    pub(super) outputs: Vec<Output>,
    /// The job summary to which a Markdown report is appended.
    pub(super) summary: Option<PathBuf>,
    pub(super) report: Report,
    /// Whether and how far to fix.
    pub(super) fixing: Option<FixOptions>,
    /// The baseline file to write, and its contents.
    pub(super) rewrite: Option<Rewrite>,
    /// Print on standard error what was read and left out.
    pub(super) verbose: bool,
    /// Print on standard error how long each stage took.
    pub(super) timings: bool,
    /// Print how many findings each rule has, instead of the findings.
    pub(super) statistics: bool,
    /// The lowest severity that makes the run fail; `None` for `never`.
    pub(super) fail_on: Option<Severity>,
    /// The number of threads; `None` for all processors.
    pub(super) threads: Option<usize>,
}

/// How much of the report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// Findings and the closing line.
    Whole,
    /// Findings only.
    Findings,
    /// Nothing: only the exit code is set.
    Nothing,
}

/// The contents of a baseline file.
pub(super) enum Rewrite {
    /// The findings.
    Findings(PathBuf),
    /// The existing entries, without those that no longer match.
    Pruned(PathBuf),
}

impl Settings {
    pub(super) fn new(args: Args) -> Result<Self, Failure> {
        let terminal = Terminal::new(args.look.color)?;
        let mode = match args.command {
            None => Mode::check(args.check, &terminal)?,
            Some(Command::Check(check)) => Mode::check(*check, &terminal)?,
            Some(Command::Rule { id: None, format }) => Mode::Rules(format.output_format),
            Some(Command::Rule { id: Some(id), format }) => {
                let rule = config::look_up(&id, RULES).map_err(Failure::Arguments)?;
                Mode::Rule(rule, format.output_format)
            }
            Some(Command::Config { schema: true, .. }) => Mode::Schema,
            Some(Command::Config { findings, context, .. }) => {
                Mode::Config(Box::new(InForce::new(&findings, &context, &terminal)?))
            }
            Some(Command::Bundles { context, format }) => {
                Mode::Bundles(Box::new(request(*context, &terminal)?), format.output_format)
            }
            Some(Command::Reach(args)) => Mode::Reach(Box::new(reach(*args, &terminal)?)),
            Some(Command::Why(args)) => Mode::Why(Box::new(why(*args, &terminal)?)),
            Some(Command::Diff(args)) => Mode::Diff(Box::new(diff(*args, &terminal)?)),
            Some(Command::Test(args)) => Mode::Test(Box::new(test(*args, &terminal)?)),
            Some(Command::Inventory(context)) => {
                Mode::Inventory(Box::new(request(*context, &terminal)?))
            }
            Some(Command::Init { path }) => Mode::Init(path),
            Some(Command::Completions { shell }) => Mode::Completions(shell),
            Some(Command::Man { command }) => Mode::Man(command),
        };
        Ok(Self { terminal, mode })
    }
}

/// The request of a command that does not lint.
fn request(context: ContextArgs, terminal: &Terminal) -> Result<Request, Failure> {
    let in_force = InForce::new(&FindingArgs::default(), &context, terminal)?;
    Ok(in_force.request(context.paths, context.files, terminal))
}

/// Which connection to explain.
pub(super) struct Why {
    pub(super) request: Request,
    pub(super) question: Question,
}

fn why(args: WhyArgs, terminal: &Terminal) -> Result<Why, Failure> {
    let (to, port) = args.to;
    let question = Question { from: args.from, to, port, cluster: args.bundle };
    Ok(Why { request: request(args.context, terminal)?, question })
}

/// Which connections to print, and how.
pub(super) struct Reach {
    pub(super) request: Request,
    pub(super) shown: Shown,
    pub(super) format: GraphFormat,
}

fn reach(args: ReachArgs, terminal: &Terminal) -> Result<Reach, Failure> {
    let ReachArgs { from, to, port, bundle, exposure, .. } = &args;
    let shown = Shown {
        from: from.clone(),
        to: to.clone(),
        ports: port.clone(),
        cluster: bundle.clone(),
        exposure: *exposure,
    };
    Ok(Reach { request: request(args.context, terminal)?, shown, format: args.output_format })
}

/// What to compare, and what to make of it.
pub(super) struct Diff {
    /// What is asked of either state, which has no paths yet.
    pub(super) request: Request,
    pub(super) base: String,
    /// None for the working tree.
    pub(super) head: Option<String>,
    pub(super) format: DiffFormat,
    pub(super) fail_on: DiffFailOn,
}

fn diff(args: DiffArgs, terminal: &Terminal) -> Result<Diff, Failure> {
    let DiffArgs { base, head, context, fail_on, output_format } = args;
    let ContextOfBoth { files, config } = *context;
    let context = ContextArgs { paths: Vec::new(), files, config };
    let request = request(context, terminal)?;
    Ok(Diff { request, base, head, format: output_format, fail_on })
}

/// Which expectations to judge, and what to make of them.
pub(super) struct Test {
    pub(super) request: Request,
    pub(super) format: TestFormat,
    /// The mildest outcome that makes the run fail; none for never.
    pub(super) fail_on: Option<Outcome>,
    pub(super) is_quiet: bool,
    /// Write today's connections to this file instead.
    pub(super) init: Option<Option<PathBuf>>,
}

fn test(args: TestArgs, terminal: &Terminal) -> Result<Test, Failure> {
    let fail_on = match args.fail_on {
        TestFailOn::Unknown => Some(Outcome::Unknown),
        TestFailOn::Failed => Some(Outcome::Failed),
        TestFailOn::Never => None,
    };
    Ok(Test {
        request: request(args.context, terminal)?,
        format: args.output_format,
        fail_on,
        is_quiet: args.quiet,
        init: args.init,
    })
}

impl Mode {
    fn check(args: CheckArgs, terminal: &Terminal) -> Result<Self, Failure> {
        let fixing = fixing(&args.fixes)?;
        outputs::refuse_twice(&args.output.output, terminal.cwd())?;
        let root = repo::root(&args.context.paths, terminal.cwd())?;
        let (baseline, rewrite) = baseline(&args.accepted, &root)?;
        let in_force = InForce::new(&args.findings, &args.context, terminal)?;
        let report = match args.output.quiet {
            0 => Report::Whole,
            1 => Report::Findings,
            _ => Report::Nothing,
        };
        let fail_on = if args.findings.exit_zero { None } else { in_force.fail_on.value };
        let config = in_force.file.clone();
        let threads = args.output.threads.map(usize::from);
        let mut request = Request {
            baseline,
            show_suppressed: args.accepted.show_suppressed,
            ..in_force.request(args.context.paths, args.context.files, terminal)
        };
        request.selection.show_run = args.findings.show_run;
        let selected = &request.selection.select;
        let is_left = |id: &String| !request.selection.ignore.contains(id);
        if !selected.is_empty() && !selected.iter().any(is_left) {
            let what = "no rule is on: every rule that is selected is ignored too";
            return Err(Failure::Arguments(what.to_owned()));
        }
        if args.output.statistics && !args.output.output_format.is_for_people() {
            let what = "--statistics is a table for people: leave --output-format out";
            return Err(Failure::Arguments(what.to_owned()));
        }
        Ok(Self::Check(Box::new(Check {
            request,
            config,
            format: args.output.output_format,
            summary: summary(&args.output, report),
            outputs: args.output.output,
            report,
            fixing,
            rewrite,
            verbose: args.output.verbose,
            timings: args.output.timings,
            statistics: args.output.statistics,
            fail_on,
            threads,
        })))
    }
}

/// GitHub's file for the job summary, if annotations are written.
fn summary(args: &OutputArgs, report: Report) -> Option<PathBuf> {
    let printed = args.output_format == Format::Github && report != Report::Nothing;
    let is_github = printed || args.output.iter().any(|output| output.format == Format::Github);
    let file = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|file| !file.is_empty());
    file.filter(|_| is_github).map(PathBuf::from)
}

/// `--diff` changes nothing, whatever else is given.
fn fixing(args: &FixArgs) -> Result<Option<FixOptions>, Failure> {
    let is_asked_for = args.fix || args.diff;
    if args.unsafe_fixes && !is_asked_for {
        let what = "--unsafe-fixes requires --fix or --diff";
        return Err(Failure::Arguments(what.to_owned()));
    }
    Ok(is_asked_for.then_some(FixOptions { risky: args.unsafe_fixes, write: !args.diff }))
}

/// The baseline to compare with, and which file to write.
fn baseline(
    args: &AcceptedArgs,
    root: &Path,
) -> Result<(Option<Baseline>, Option<Rewrite>), Failure> {
    let read = match &args.baseline {
        Some(file) => Some(super::baseline::read(file, root)?),
        None => None,
    };
    let rewrite = match (&args.write_baseline, &args.baseline) {
        (Some(file), _) => Some(Rewrite::Findings(file.clone())),
        (None, Some(file)) if args.prune_baseline => Some(Rewrite::Pruned(file.clone())),
        _ => None,
    };
    Ok((read, rewrite))
}
