//! What was meant: arguments with everything looked up. After this nothing asks what was typed.

use std::path::PathBuf;

use crate::lint::{Confidence, RULES, Rule, Severity};
use crate::settle::{Baseline, Selection};
use crate::{Mending, Request, repo, yaml};

use super::Failure;
use super::args::{
    AcceptedArgs, Args, CheckArgs, Command, FailOn, FileArgs, FindingArgs, FixArgs, Format, Level,
    Sureness,
};
use super::terminal::Terminal;

/// All that the program needs to know.
pub(super) struct Settings {
    pub(super) terminal: Terminal,
    pub(super) mode: Mode,
}

/// What to do.
pub(super) enum Mode {
    /// Check manifests.
    Check(Box<Check>),
    /// List the rules.
    Rules,
    /// Explain one rule.
    Rule(&'static Rule),
}

/// What to check, and what to make of the findings.
pub(super) struct Check {
    pub(super) request: Request,
    pub(super) format: Format,
    pub(super) report: Report,
    /// Whether and how far to mend.
    pub(super) mending: Option<Mending>,
    /// The baseline file to write, and with what.
    pub(super) rewrite: Option<Rewrite>,
    /// Say on standard error what was read and left out.
    pub(super) verbose: bool,
    /// Say on standard error how long each stage took.
    pub(super) timings: bool,
    /// The least severity that makes the run fail; none for never.
    pub(super) fail_on: Option<Severity>,
    /// How many threads; none for all processors.
    pub(super) threads: Option<usize>,
}

/// What is written to a baseline file.
pub(super) enum Rewrite {
    /// The findings.
    Findings(PathBuf),
    /// What it holds, without what is no finding any more.
    Pruned(PathBuf),
}

/// How much of the report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// Findings and the closing line.
    Whole,
    /// Findings only.
    Findings,
    /// Nothing: the exit code says it.
    Nothing,
}

impl Settings {
    pub(super) fn new(args: Args) -> Result<Self, Failure> {
        let terminal = Terminal::new(args.look.color)?;
        let mode = match args.command {
            None => Mode::check(args.check, &terminal)?,
            Some(Command::Check(check)) => Mode::check(*check, &terminal)?,
            Some(Command::Rule { id: None }) => Mode::Rules,
            Some(Command::Rule { id: Some(id) }) => Mode::Rule(look_up(&id, RULES)?),
        };
        Ok(Self { terminal, mode })
    }
}

impl Mode {
    fn check(args: CheckArgs, terminal: &Terminal) -> Result<Self, Failure> {
        let CheckArgs { paths, findings, fixes, accepted, files, output } = args;
        let mending = mending(&fixes)?;
        let fail_on = match findings.fail_on {
            _ if findings.exit_zero => None,
            FailOn::Error => Some(Severity::Error),
            FailOn::Warning => Some(Severity::Warning),
            FailOn::Note => Some(Severity::Note),
            FailOn::Never => None,
        };
        let report = match output.quiet {
            0 => Report::Whole,
            1 => Report::Findings,
            _ => Report::Nothing,
        };
        let threads = files.threads.map(usize::from);
        let selection = selection(&findings)?;
        let scope = scope(paths, files);
        let (baseline, rewrite) = baseline(&accepted)?;
        let request = Request {
            cwd: terminal.cwd().to_owned(),
            scope,
            selection,
            limits: yaml::Limits::default(),
            baseline,
            show_suppressed: accepted.show_suppressed,
            profile: None,
        };
        Ok(Self::Check(Box::new(Check {
            request,
            format: output.output_format,
            report,
            mending,
            rewrite,
            verbose: output.verbose,
            timings: output.timings,
            fail_on,
            threads,
        })))
    }
}

/// `--diff` changes nothing, whatever else is given.
fn mending(args: &FixArgs) -> Result<Option<Mending>, Failure> {
    let is_asked_for = args.fix || args.diff;
    if args.unsafe_fixes && !is_asked_for {
        let what = "--unsafe-fixes says how far --fix or --diff goes: give one of them too";
        return Err(Failure::Arguments(what.to_owned()));
    }
    Ok(is_asked_for.then_some(Mending { risky: args.unsafe_fixes, write: !args.diff }))
}

/// The baseline to hold findings against, and what to write to which.
fn baseline(args: &AcceptedArgs) -> Result<(Option<Baseline>, Option<Rewrite>), Failure> {
    let read = match &args.baseline {
        Some(file) => Some(super::baseline::read(file)?),
        None => None,
    };
    let rewrite = match (&args.write_baseline, &args.baseline) {
        (Some(file), _) => Some(Rewrite::Findings(file.clone())),
        (None, Some(file)) if args.prune_baseline => Some(Rewrite::Pruned(file.clone())),
        _ => None,
    };
    Ok((read, rewrite))
}

fn scope(paths: Vec<PathBuf>, files: FileArgs) -> repo::Scope {
    repo::Scope {
        paths,
        stdin: None,
        stdin_path: files.stdin_path,
        include: files.include,
        exclude: files.exclude,
        no_ignore: files.no_ignore,
        force_exclude: files.force_exclude,
        ..repo::Scope::default()
    }
}

fn selection(args: &FindingArgs) -> Result<Selection, Failure> {
    Ok(Selection {
        select: ids(&args.select, RULES)?,
        ignore: ids(&args.ignore, RULES)?,
        pedantic: args.pedantic,
        min_severity: args.min_severity.map(|level| match level {
            Level::Error => Severity::Error,
            Level::Warning => Severity::Warning,
            Level::Note => Severity::Note,
        }),
        min_confidence: args.min_confidence.map(|sureness| match sureness {
            Sureness::High => Confidence::High,
            Sureness::Medium => Confidence::Medium,
            Sureness::Low => Confidence::Low,
        }),
    })
}

/// The ids of `typed`, each once, with `all` written out: no later stage knows the word.
fn ids(typed: &[String], rules: &[&'static Rule]) -> Result<Vec<String>, Failure> {
    let mut ids: Vec<String> = Vec::new();
    // A comma at the end of a list is no id.
    for id in typed.iter().map(|id| id.trim()).filter(|id| !id.is_empty()) {
        if id == "all" {
            ids.extend(rules.iter().map(|rule| rule.id.to_owned()));
        } else {
            ids.push(look_up(id, rules)?.id.to_owned());
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// The rule of that id, or an error that names the ids it may have been meant for.
fn look_up(id: &str, rules: &[&'static Rule]) -> Result<&'static Rule, Failure> {
    rules.iter().copied().find(|rule| rule.id == id).ok_or_else(|| {
        let near: Vec<String> =
            nearest(id, rules).iter().map(|rule| format!("`{}`", rule.id)).collect();
        let hint = match near.as_slice() {
            [] => String::new(),
            [one] => format!("; did you mean {one}?"),
            [first @ .., last] => format!("; did you mean {} or {last}?", first.join(", ")),
        };
        let id = crate::text::visible(id);
        Failure::Arguments(format!(
            "there is no rule `{id}`{hint} (`netpol-lint rule` lists all rules)"
        ))
    })
}

/// Up to three rules whose ids look like `id`, the nearest first.
fn nearest(id: &str, rules: &[&'static Rule]) -> Vec<&'static Rule> {
    let id = id.to_lowercase().replace('_', "-");
    let mut near: Vec<(f64, &Rule)> = rules
        .iter()
        .map(|rule| {
            let contained = id.len() > 2 && rule.id.contains(&id);
            let likeness = strsim::jaro_winkler(&id, rule.id);
            (if contained { likeness.max(0.95) } else { likeness }, *rule)
        })
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.id.cmp(b.1.id)));
    near.into_iter().take(3).map(|(_, rule)| rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::Check;

    const fn rule(id: &'static str) -> Rule {
        let (severity, confidence) = (Severity::Error, Confidence::High);
        Rule { id, severity, confidence, pedantic: false, page: "", check: Check::Run }
    }

    static KNOWN: [Rule; 3] =
        [rule("dns-wrong-target"), rule("missing-dns-egress"), rule("orphaned-pod-selector")];

    fn known() -> [&'static Rule; 3] {
        [&KNOWN[0], &KNOWN[1], &KNOWN[2]]
    }

    fn typed(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    #[test]
    fn ids_are_looked_up_once_each() {
        let some = typed(&["missing-dns-egress", " dns-wrong-target", "missing-dns-egress", ""]);
        let all = typed(&["all"]);
        assert_eq!(ids(&some, &known()).unwrap(), ["dns-wrong-target", "missing-dns-egress"]);
        assert_eq!(ids(&all, &known()).unwrap().len(), 3);
    }

    #[test]
    fn an_unknown_id_names_the_nearest() {
        for (id, near) in [
            ("mising-dns-egres", "missing-dns-egress"),
            ("missing_dns_egress", "missing-dns-egress"),
            ("pod-selector", "orphaned-pod-selector"),
        ] {
            let said = look_up(id, &known()).unwrap_err().to_string();
            assert!(said.contains(&format!("did you mean `{near}`?")), "{said}");
        }
        let said = look_up("zzz", &known()).unwrap_err().to_string();
        assert_eq!(said, "there is no rule `zzz` (`netpol-lint rule` lists all rules)");
    }
}
