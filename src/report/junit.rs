//! JUnit's XML, as Jenkins, GitLab, CircleCI and Azure Pipelines read it: each file with findings
//! is a suite, each finding a failed test, each suppressed finding a skipped test.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::xml::{self, inert};
use super::{Look, by_file, details};
use crate::Outcome;
use crate::lint::Finding;
use crate::triage::Suppressed;

type Xml<'a> = Writer<&'a mut dyn Write>;

/// The findings of one file.
struct Suite<'a> {
    path: &'a str,
    failed: Vec<&'a Finding>,
    skipped: Vec<&'a Suppressed>,
}

/// Writes one document. Without findings it has one test, which passes: build servers treat a
/// report without tests as a failure.
///
/// # Errors
/// Any error of `out`.
pub fn write(out: &mut dyn Write, outcome: &Outcome, _look: &Look) -> io::Result<()> {
    let mut writer = xml::start(out)?;
    let suites = suites(outcome);
    let failed: usize = suites.iter().map(|suite| suite.failed.len()).sum();
    let skipped: usize = suites.iter().map(|suite| suite.skipped.len()).sum();
    let tests = (failed + skipped).max(1);
    writer
        .create_element("testsuites")
        .with_attribute(("name", "netpol-lint"))
        .with_attribute(("tests", tests.to_string().as_str()))
        .with_attribute(("failures", failed.to_string().as_str()))
        .with_attribute(("errors", "0"))
        .write_inner_content(|writer| match suites.is_empty() {
            true => passed(writer),
            false => suites.iter().try_for_each(|suite| suite.write(writer, outcome)),
        })?;
    writeln!(writer.into_inner())
}

/// By path, in the order of the findings; suppressed findings have the same order.
fn suites(outcome: &Outcome) -> Vec<Suite<'_>> {
    let failed = by_file(&outcome.findings, &outcome.sources);
    let mut suites: Vec<_> = failed
        .into_iter()
        .map(|(path, failed)| Suite { path, failed, skipped: Vec::new() })
        .collect();
    for suppressed in outcome.suppressed.iter().flatten() {
        let path = outcome.sources.get(suppressed.finding.place.source).path.as_str();
        match suites.binary_search_by(|suite| suite.path.cmp(path)) {
            Ok(at) => suites[at].skipped.push(suppressed),
            Err(at) => {
                suites.insert(at, Suite { path, failed: Vec::new(), skipped: vec![suppressed] });
            }
        }
    }
    suites
}

fn passed(writer: &mut Xml<'_>) -> io::Result<()> {
    writer
        .create_element("testsuite")
        .with_attributes([("name", "netpol-lint"), ("tests", "1")])
        .with_attributes([("failures", "0"), ("errors", "0"), ("skipped", "0")])
        .write_inner_content(|writer| {
            let test = writer.create_element("testcase").with_attribute(("name", "No findings"));
            test.with_attribute(("classname", "netpol-lint")).write_empty()?;
            Ok(())
        })?;
    Ok(())
}

impl Suite<'_> {
    fn write(&self, writer: &mut Xml<'_>, outcome: &Outcome) -> io::Result<()> {
        let (failed, skipped) = (self.failed.len(), self.skipped.len());
        writer
            .create_element("testsuite")
            .with_attribute(("name", inert(self.path).as_ref()))
            .with_attribute(("tests", (failed + skipped).to_string().as_str()))
            .with_attribute(("failures", failed.to_string().as_str()))
            .with_attribute(("errors", "0"))
            .with_attribute(("skipped", skipped.to_string().as_str()))
            .write_inner_content(|writer| {
                self.failed.iter().try_for_each(|finding| failure(writer, finding, outcome))?;
                self.skipped.iter().try_for_each(|suppressed| skip(writer, suppressed, outcome))
            })?;
        Ok(())
    }
}

/// The place makes a test's name unique; its class is the file.
fn names(finding: &Finding, outcome: &Outcome) -> (String, String) {
    let at = outcome.sources.start(finding.place);
    let path = &outcome.sources.get(finding.place.source).path;
    (format!("{} at {}:{}", finding.rule.id, at.line, at.column), inert(path).into_owned())
}

fn failure(writer: &mut Xml<'_>, finding: &Finding, outcome: &Outcome) -> io::Result<()> {
    let (name, class) = names(finding, outcome);
    let place = details::place(&outcome.sources, finding.place);
    let message = details::message(finding);
    let first = format!("{place}: {}: {message}", finding.severity.word());
    let mut lines = vec![first];
    lines.extend(details::lines(finding, outcome));
    lines.push(finding.rule.url());
    let text: Vec<_> = lines.iter().map(|line| inert(line)).collect();
    let kind = format!("{}[{}]", finding.severity.word(), finding.rule.id);
    writer
        .create_element("testcase")
        .with_attributes([("name", name.as_str()), ("classname", class.as_str())])
        .write_inner_content(|writer| {
            writer
                .create_element("failure")
                .with_attribute(("message", inert(&message).as_ref()))
                .with_attribute(("type", kind.as_str()))
                .write_text_content(BytesText::new(&text.join("\n")))?;
            Ok(())
        })?;
    Ok(())
}

fn skip(writer: &mut Xml<'_>, suppressed: &Suppressed, outcome: &Outcome) -> io::Result<()> {
    let (name, class) = names(&suppressed.finding, outcome);
    let place = details::place(&outcome.sources, suppressed.place);
    let reason = match suppressed.reason.as_str() {
        "" => "no reason given",
        reason => reason,
    };
    let message = format!("suppressed: {reason} ({place})");
    writer
        .create_element("testcase")
        .with_attributes([("name", name.as_str()), ("classname", class.as_str())])
        .write_inner_content(|writer| {
            let skipped = writer.create_element("skipped");
            skipped.with_attribute(("message", inert(&message).as_ref())).write_empty()?;
            Ok(())
        })?;
    Ok(())
}
