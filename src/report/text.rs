//! The report for a person at a terminal: a line that terminals and editors can click, the lines
//! of the manifest, what else has to do with it, and what to do.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::snippet::{Mark, draw};
use super::{Look, concise};
use crate::Outcome;
use crate::lint::{Confidence, Finding, Related, Safety, Severity};
use crate::text::visible;

/// How many lines apart two places may be to be shown in one snippet.
const NEAR: usize = 6;

/// Writes every finding with its lines.
///
/// # Errors
/// Those of the writer.
pub fn write(out: &mut dyn Write, outcome: &Outcome, look: &Look) -> io::Result<()> {
    for finding in &outcome.findings {
        header(out, outcome, finding, look)?;
        snippets(out, outcome, finding, look)?;
        footer(out, finding, look)?;
        writeln!(out)?;
    }
    Ok(())
}

fn paint(look: &Look, style: Style, text: &str) -> String {
    if look.color {
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}

fn color(severity: Severity) -> Style {
    let color = match severity {
        Severity::Error => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Cyan,
    };
    Style::new().bold().fg_color(Some(color.into()))
}

fn header(
    out: &mut dyn Write,
    outcome: &Outcome,
    finding: &Finding,
    look: &Look,
) -> io::Result<()> {
    let plain = concise::line(outcome, finding, look);
    if !look.color {
        return writeln!(out, "{plain}");
    }
    let rule = format!("{}[{}]", finding.severity.word(), finding.rule.id);
    let Some((place, message)) = plain.split_once(&format!(" {rule}: ")) else {
        return writeln!(out, "{plain}");
    };
    let bold = Style::new().bold();
    let rule = paint(look, color(finding.severity), &rule);
    writeln!(
        out,
        "{} {rule}: {}",
        paint(look, bold, place),
        paint(look, bold, message)
    )
}

/// The place of the finding with the related places near it, then each of the others.
fn snippets(
    out: &mut dyn Write,
    outcome: &Outcome,
    finding: &Finding,
    look: &Look,
) -> io::Result<()> {
    let source = outcome.sources.get(finding.place.source);
    let line = |related: &Related| outcome.sources.start(related.span).line;
    let here = outcome.sources.start(finding.place).line;
    let is_near = |related: &&Related| {
        related.span.source == finding.place.source && line(related).abs_diff(here) <= NEAR
    };
    let (near, far): (Vec<&Related>, Vec<&Related>) = finding.related.iter().partition(is_near);
    let mut marks = vec![Mark {
        span: finding.place,
        message: None,
    }];
    marks.extend(near.into_iter().map(mark));
    let drawn = draw(source, &marks, finding.severity, look);
    if !source.text().is_empty() && !drawn.is_empty() {
        writeln!(out, "{drawn}")?;
    }
    for related in far {
        related_elsewhere(out, outcome, related, look)?;
    }
    Ok(())
}

fn mark(related: &Related) -> Mark {
    Mark {
        span: related.span,
        message: Some(visible(&related.message).into_owned()),
    }
}

fn related_elsewhere(
    out: &mut dyn Write,
    outcome: &Outcome,
    related: &Related,
    look: &Look,
) -> io::Result<()> {
    let source = outcome.sources.get(related.span.source);
    let position = outcome.sources.start(related.span);
    let place = format!(
        "{}:{}:{}",
        look.path(&outcome.root, &source.path),
        position.line,
        position.column
    );
    let note = paint(look, color(Severity::Note), "note");
    writeln!(out, "  {note}: {place}: {}", visible(&related.message))?;
    let marks = [Mark {
        span: related.span,
        message: None,
    }];
    writeln!(out, "{}", draw(source, &marks, Severity::Note, look))
}

fn footer(out: &mut dyn Write, finding: &Finding, look: &Look) -> io::Result<()> {
    let key = |word: &str| {
        paint(
            look,
            Style::new().bold().fg_color(Some(AnsiColor::Green.into())),
            word,
        )
    };
    writeln!(out, "  {}: {}", key("help"), visible(&finding.help))?;
    for fix in &finding.fixes {
        let safety = match fix.safety {
            Safety::Safe => "safe",
            Safety::Unsafe => "unsafe: it changes what is allowed",
        };
        writeln!(out, "  {}: {} ({safety})", key("fix"), visible(&fix.title))?;
    }
    if finding.confidence < Confidence::High {
        writeln!(
            out,
            "  {}: {}",
            key("confidence"),
            finding.confidence.word()
        )?;
    }
    if !finding.bundles.is_empty() {
        writeln!(
            out,
            "  {}: {}",
            key("seen in"),
            visible(&finding.bundles.join(", "))
        )?;
    }
    Ok(())
}
