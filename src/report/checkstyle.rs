//! Checkstyle's XML, which many build servers and editors read.

use std::io::{self, Write};

use quick_xml::Writer;

use super::xml::{self, inert};
use super::{Look, by_file, details};
use crate::Outcome;
use crate::lint::{Finding, Severity};

/// The version of Checkstyle whose format this is; some readers require it.
const VERSION: &str = "4.3";

/// Writes one document. Suppressed findings are omitted: the format can't express them.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    let mut writer = xml::start(out)?;
    writer.create_element("checkstyle").with_attribute(("version", VERSION)).write_inner_content(
        |writer| {
            for (path, findings) in by_file(&outcome.findings, &outcome.sources) {
                writer
                    .create_element("file")
                    .with_attribute(("name", inert(path).as_ref()))
                    .write_inner_content(|writer| {
                        findings.iter().try_for_each(|finding| error(writer, finding, outcome))
                    })?;
            }
            Ok(())
        },
    )?;
    writeln!(writer.into_inner())
}

fn error(
    writer: &mut Writer<&mut dyn Write>,
    finding: &Finding,
    outcome: &Outcome,
) -> io::Result<()> {
    let at = details::region(&outcome.sources, finding.place);
    let severity = match finding.severity {
        Severity::Note => "info",
        other => other.word(),
    };
    let mut message = vec![details::message(finding)];
    message.extend(details::lines(finding, outcome));
    writer
        .create_element("error")
        .with_attribute(("line", at.line.to_string().as_str()))
        .with_attribute(("column", at.column.to_string().as_str()))
        .with_attribute(("severity", severity))
        .with_attribute(("message", inert(&message.join(" | ")).as_ref()))
        .with_attribute(("source", format!("netpol-lint.{}", finding.rule.id).as_str()))
        .write_empty()?;
    Ok(())
}
