//! JUnit's XML: each file of expectations is a suite, each expectation a test. One that the
//! repository can't decide is an error: servers that know no third value show it, and do not count
//! it as passed.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::BytesText;

use super::name;
use crate::expect::{Outcome, TestResult, Tested};
use crate::report::details;
use crate::report::xml::{self, inert};
use crate::text::Sources;

type Xml<'a> = Writer<&'a mut dyn Write>;

/// How many tests there are, and how many of them failed or could not be decided.
struct Counts {
    tests: String,
    failures: String,
    errors: String,
}

/// Writes one document.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, tested: &Tested) -> io::Result<()> {
    let mut writer = xml::start(out)?;
    let counts = Counts::of(&tested.results);
    let source = |result: &TestResult| result.place.source;
    writer
        .create_element("testsuites")
        .with_attribute(("name", "netpol-lint test"))
        .with_attributes(counts.attributes())
        .write_inner_content(|writer| {
            let suites = tested.results.chunk_by(|a, b| source(a) == source(b));
            suites.into_iter().try_for_each(|suite| write_suite(writer, suite, &tested.sources))
        })?;
    writeln!(writer.into_inner())
}

fn write_suite(writer: &mut Xml<'_>, suite: &[TestResult], sources: &Sources) -> io::Result<()> {
    let Some(first) = suite.first() else { return Ok(()) };
    let path = &sources.get(first.place.source).path;
    let counts = Counts::of(suite);
    writer
        .create_element("testsuite")
        .with_attribute(("name", inert(path).as_ref()))
        .with_attributes(counts.attributes())
        .write_inner_content(|writer| {
            suite.iter().try_for_each(|result| write_test(writer, result, sources))
        })?;
    Ok(())
}

fn write_test(writer: &mut Xml<'_>, result: &TestResult, sources: &Sources) -> io::Result<()> {
    let line = sources.start(result.place).line;
    let path = &sources.get(result.place.source).path;
    let name = format!("{} (line {line})", name(result));
    let test = writer
        .create_element("testcase")
        .with_attribute(("name", inert(&name).as_ref()))
        .with_attribute(("classname", inert(path).as_ref()));
    let element = match result.outcome {
        Outcome::Passed => return test.write_empty().map(drop),
        Outcome::Failed => "failure",
        Outcome::Unknown | Outcome::Invalid => "error",
    };
    let lines = lines(result, sources);
    let text = lines.iter().map(|line| inert(line)).collect::<Vec<_>>().join("\n");
    test.write_inner_content(|writer| {
        writer
            .create_element(element)
            .with_attribute(("message", inert(&result.message).as_ref()))
            .with_attribute(("type", result.outcome.word()))
            .write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}

/// What stands below the message.
fn lines(result: &TestResult, sources: &Sources) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", details::place(sources, result.place), result.message)];
    lines.extend((!result.reason.is_empty()).then(|| format!("Reason: {}", result.reason)));
    lines.push(format!("Help: {}", result.help));
    for evidence in &result.evidence {
        let place = details::place(sources, evidence.span);
        lines.push(format!("See {place}: {}", evidence.message));
    }
    lines
}

impl Counts {
    fn of(results: &[TestResult]) -> Self {
        let count = |is: fn(Outcome) -> bool| {
            results.iter().filter(|result| is(result.outcome)).count().to_string()
        };
        Self {
            tests: results.len().to_string(),
            failures: count(|outcome| outcome == Outcome::Failed),
            errors: count(|outcome| matches!(outcome, Outcome::Unknown | Outcome::Invalid)),
        }
    }

    fn attributes(&self) -> [(&str, &str); 3] {
        let Self { tests, failures, errors } = self;
        [("tests", tests), ("failures", failures), ("errors", errors)]
    }
}
