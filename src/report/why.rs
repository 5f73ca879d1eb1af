//! Whether one connection is allowed, for people: the answer, then each side with its policies and
//! lines, and for what is rejected the change that would allow it.

use std::io::{self, Write};

use super::paint::{Ink, paint};
use super::{Look, text};
use crate::Outcome;
use crate::lint::Severity;
use crate::reach::Port;
use crate::resolve::Tri;
use crate::text::visible;
use crate::why::{Answer, Change, Why};

/// Writes the answers one after another.
///
/// # Errors
/// Those of `out`.
pub fn write(out: &mut dyn Write, why: Why, port: Option<Port>, look: &Look) -> io::Result<()> {
    let Why { answers, sources, root, .. } = why;
    let outcome = Outcome::of_texts(sources, root);
    let is_titled = answers.iter().any(|answer| answer.cluster != answers[0].cluster);
    for (nth, answer) in answers.iter().enumerate() {
        if nth > 0 {
            writeln!(out)?;
        }
        if is_titled {
            writeln!(out, "# {}", visible(&answer.cluster))?;
        }
        write_answer(out, answer, port, &outcome, look)?;
    }
    Ok(())
}

fn write_answer(
    out: &mut dyn Write,
    answer: &Answer,
    port: Option<Port>,
    outcome: &Outcome,
    look: &Look,
) -> io::Result<()> {
    let (from, to) = (visible(&answer.from), visible(&answer.to));
    let on = match port {
        Some(port) => format!(" on {} {}", port.protocol, port.number),
        None => String::new(),
    };
    let head = format!("{from} => {to}{on}: {}", in_words(answer, port));
    writeln!(out, "{}", paint(look, Ink::Strong, &head))?;
    for step in &answer.steps {
        writeln!(out, "\n{}", visible(&step.text))?;
        if let Some(place) = step.place {
            let severity = if step.verdict.is_no() { Severity::Error } else { Severity::Note };
            text::write_places(out, outcome, look, severity, (place, &step.related))?;
        }
    }
    for change in &answer.changes {
        write_change(out, change)?;
    }
    Ok(())
}

fn in_words(answer: &Answer, port: Option<Port>) -> String {
    let word = match answer.verdict {
        Tri::Yes => "allowed",
        Tri::No => "rejected",
        Tri::Unknown(_) => "unknown",
    };
    match (port, answer.verdict) {
        (Some(_), _) | (None, Tri::No) => word.to_owned(),
        (None, Tri::Yes) => format!("{word} on {}", answer.allowed.sure),
        (None, Tri::Unknown(_)) => format!("{word} on {}", answer.allowed.possible),
    }
}

fn write_change(out: &mut dyn Write, change: &Change) -> io::Result<()> {
    let (policy, field) = (visible(&change.policy), change.field);
    match &change.diff {
        Some(diff) => {
            writeln!(out, "\nthe smallest change of {policy} that allows it:")?;
            write!(out, "{diff}")
        }
        None => {
            writeln!(out, "\nthe smallest rule that allows it, below `{field}` of {policy}:")?;
            writeln!(out, "{}", visible(&change.rule))
        }
    }
}
