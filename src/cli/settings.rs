//! What was typed, understood: a request to the library, and where and how to write.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anstream::AutoStream;

use super::Stop;
use super::args::{Check, ColorChoice, Confidence, FailOn, Severity};
use crate::lint::{self, RULES};
use crate::report::Look;
use crate::{Request, repo, settle};

/// Where to write, and whether in colours.
pub(super) struct Output {
    color: anstream::ColorChoice,
}

impl Output {
    /// Output with colours as asked for; NO_COLOR and the terminal decide where nothing is said.
    pub fn new(choice: ColorChoice) -> Self {
        let color = match choice {
            ColorChoice::Auto => AutoStream::choice(&io::stdout()),
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self { color }
    }

    /// Whether standard output takes colours.
    pub fn is_colored(&self) -> bool {
        !matches!(self.color, anstream::ColorChoice::Never)
    }

    /// Standard output, buffered.
    pub fn stdout(&self) -> impl Write {
        io::BufWriter::new(io::stdout().lock())
    }

    /// Standard error.
    pub fn stderr(&self) -> impl Write {
        io::stderr().lock()
    }

    /// How a report looks on standard output.
    pub fn look(&self, cwd: &Path) -> Look {
        Look {
            color: self.is_colored(),
            width: width(),
            unicode: is_unicode(),
            cwd: cwd.to_owned(),
        }
    }
}

/// The columns of the terminal; 100 where there is none, so that reports in files are the same
/// everywhere.
pub(super) fn width() -> usize {
    const DEFAULT: usize = 100;
    if !io::stdout().is_terminal() {
        return DEFAULT;
    }
    clap_width().unwrap_or(DEFAULT)
}

fn clap_width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

/// Whether lines may be drawn with characters beyond ASCII: unless the locale says otherwise.
fn is_unicode() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    !matches!(locale.as_deref(), Some("C" | "POSIX"))
}

/// The request that the arguments of `check` make.
pub(super) fn request(check: &Check) -> Result<Request, Stop> {
    for id in check.select.iter().chain(&check.ignore) {
        known_rule(id)?;
    }
    let cwd = std::env::current_dir()
        .and_then(|cwd| cwd.canonicalize())
        .map_err(|error| Stop::Failed(format!("can't tell the working directory: {error}")))?;
    let reads_stdin = check.paths.iter().any(|path| path.as_os_str() == "-");
    let paths: Vec<PathBuf> = check
        .paths
        .iter()
        .filter(|path| path.as_os_str() != "-")
        .cloned()
        .collect();
    let scope = repo::Scope {
        paths,
        stdin: if reads_stdin {
            Some(read_stdin()?)
        } else {
            None
        },
        stdin_path: "<stdin>".into(),
        include: check.include.clone(),
        exclude: check.exclude.clone(),
        no_ignore: check.no_ignore,
        force_exclude: check.force_exclude,
    };
    let selection = settle::Selection {
        select: check.select.clone(),
        ignore: check.ignore.clone(),
        pedantic: check.pedantic,
        min_severity: check.min_severity.map(severity),
        min_confidence: check.min_confidence.map(confidence),
    };
    Ok(Request {
        cwd,
        scope,
        selection,
        ..Request::default()
    })
}

fn read_stdin() -> Result<Vec<u8>, Stop> {
    let limit = crate::yaml::Limits::default().file_bytes;
    let mut text = Vec::new();
    io::stdin()
        .lock()
        .take(limit)
        .read_to_end(&mut text)
        .map_err(|error| Stop::Failed(format!("can't read standard input: {error}")))?;
    Ok(text)
}

/// The rule of that id, or what might be meant.
pub(super) fn known_rule(id: &str) -> Result<(), Stop> {
    if id == "all" || lint::rule(id).is_some() {
        return Ok(());
    }
    let mut near: Vec<(&str, f64)> = RULES
        .iter()
        .map(|rule| (rule.id, strsim::jaro_winkler(rule.id, id)))
        .collect();
    near.sort_by(|a, b| b.1.total_cmp(&a.1));
    let meant: Vec<String> = near
        .iter()
        .take(2)
        .map(|(id, _)| format!("`{id}`"))
        .collect();
    Err(Stop::Failed(format!(
        "there is no rule `{}`; nearest are {} (`netpol-lint rule` lists all)",
        crate::text::visible(id),
        meant.join(" and ")
    )))
}

fn severity(typed: Severity) -> lint::Severity {
    match typed {
        Severity::Error => lint::Severity::Error,
        Severity::Warning => lint::Severity::Warning,
        Severity::Note => lint::Severity::Note,
    }
}

fn confidence(typed: Confidence) -> lint::Confidence {
    match typed {
        Confidence::High => lint::Confidence::High,
        Confidence::Medium => lint::Confidence::Medium,
        Confidence::Low => lint::Confidence::Low,
    }
}

/// The least severity that fails the run; none where none does.
pub(super) fn fail_on(typed: FailOn) -> Option<lint::Severity> {
    match typed {
        FailOn::Error => Some(lint::Severity::Error),
        FailOn::Warning => Some(lint::Severity::Warning),
        FailOn::Note => Some(lint::Severity::Note),
        FailOn::Never => None,
    }
}
