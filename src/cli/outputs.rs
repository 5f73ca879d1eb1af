//! Where reports go: one to standard output, others to files, all from the same run.

use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use crate::Outcome;
use crate::report::{self, Look};
use crate::text::Origin;

use super::Failure;
use super::format::{Format, Output};
use super::replace::{append, replace, words};

/// The columns of a report to a file.
const WIDTH: usize = 100;

/// Rejects two reports to one file: the second would replace the first.
pub(super) fn refuse_twice(outputs: &[Output], cwd: &Path) -> Result<(), Failure> {
    for (i, output) in outputs.iter().enumerate() {
        let file = real(&output.file, cwd);
        if outputs[..i].iter().any(|other| real(&other.file, cwd) == file) {
            let name = output.file.to_string_lossy();
            let why = format!("two reports have the same file `{name}`: give each its own");
            return Err(Failure::Arguments(why));
        }
    }
    Ok(())
}

/// The real path of a file, whether it exists or not.
fn real(file: &Path, cwd: &Path) -> PathBuf {
    let file = cwd.join(file);
    if let Ok(real) = file.canonicalize() {
        return real;
    }
    let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, file.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => file.components().filter(|part| *part != Component::CurDir).collect(),
    }
}

/// Writes the report in `format` to `out`, with closing lines if it has any and `closing` is set.
pub(super) fn write(
    format: Format,
    closing: bool,
    outcome: &Outcome,
    look: &Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    let look = if format.is_for_people() { look.clone() } else { plain(look) };
    let write = match format {
        Format::Text => report::text::write,
        Format::Concise => report::concise::write,
        Format::Json => report::json::write,
        Format::Jsonl => report::jsonl::write,
        Format::Sarif => report::sarif::write,
        Format::Github => report::github::write,
        Format::Gitlab => report::gitlab::write,
        Format::Junit => report::junit::write,
        Format::Checkstyle => report::checkstyle::write,
        Format::Markdown => report::markdown::write,
    };
    write(out, outcome, &look)?;
    if closing && format.has_closing() {
        if format.is_for_people() {
            if format == Format::Concise && report::by_rule::is_told(outcome) {
                writeln!(out)?;
            }
            report::by_rule::write(out, outcome, &look)?;
        }
        report::closing::write(out, outcome, &look)?;
    }
    Ok(())
}

/// The look of a report that is not shown on a terminal.
fn plain(look: &Look) -> Look {
    let cwd = look.cwd.clone();
    Look { color: false, links: false, unicode: true, width: WIDTH, wrap: false, cwd }
}

/// Writes the reports to files.
pub(super) fn write_files(
    outputs: &[Output],
    closing: bool,
    outcome: &Outcome,
    look: &Look,
) -> Result<(), Failure> {
    for Output { format, file } in outputs {
        refuse_manifest(file, outcome, &look.cwd)?;
        let mut text = Vec::new();
        write(*format, closing, outcome, &plain(look), &mut text)?;
        replace(file, &text, &outcome.root).map_err(|error| cannot(file, &error))?;
    }
    Ok(())
}

/// Rejects a manifest as the target: the name is probably mistyped. A JSON file may well be the
/// previous run's report, which was read like any other file.
fn refuse_manifest(file: &Path, outcome: &Outcome, cwd: &Path) -> Result<(), Failure> {
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let Ok(real) = cwd.join(file).canonicalize() else { return Ok(()) };
    let is_read = |origin: &Origin| match origin {
        Origin::File(path) => {
            path.file_name() == real.file_name() && path.canonicalize().is_ok_and(|p| p == real)
        }
        Origin::Stdin => false,
    };
    if !is_json && outcome.sources.iter().any(|(_, source)| is_read(&source.origin)) {
        let name = file.to_string_lossy();
        let why =
            format!("`{name}` is a file that was checked: refusing to overwrite it with a report");
        return Err(Failure::Arguments(why));
    }
    Ok(())
}

fn cannot(file: &Path, error: &io::Error) -> Failure {
    let hint = match error.kind() {
        io::ErrorKind::NotFound => " (does its directory exist?)",
        _ => "",
    };
    let name = file.to_string_lossy();
    Failure::Arguments(format!("the report `{name}` can't be written: {}{hint}", words(error)))
}

/// Appends the Markdown report to the job summary, to which other steps write as well.
pub(super) fn append_summary(file: &Path, outcome: &Outcome, look: &Look) -> Result<(), Failure> {
    let mut text = Vec::new();
    report::markdown::write(&mut text, outcome, &plain(look))?;
    text.push(b'\n');
    let written = append(file, &text, &outcome.root);
    written.map_err(|error| {
        let name = file.to_string_lossy();
        let why = words(&error);
        Failure::Arguments(format!("the summary `{name}` (GITHUB_STEP_SUMMARY): {why}"))
    })
}
