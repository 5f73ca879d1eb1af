//! A document to trees: which parser reads it, and which error is reported if none can.

use super::events::{Events, Lead};
use super::stop::{Input, Stop, What};
use super::tree::Builder;
use super::{Limits, Node, Problem};
use super::{json, libyaml};

/// The root of the document (more than one only if a lone carriage return hid a marker).
///
/// # Errors
/// Its first error.
pub(super) fn build(input: Input<'_>, limits: &Limits) -> Result<Vec<Node>, Problem> {
    let built = match json::indent(input.text) {
        Some(indent) => build_json(input, indent, limits),
        None => Builder::new(input, limits, false).run(Events::new(input.text)),
    };
    let built = built.or_else(|stop| build_as_libyaml(input, limits, stop));
    built.map_err(|stop| stop.into_problem(input, limits))
}

/// Builds a text that the first parser rejects, if libyaml accepts it.
///
/// # Errors
/// The first parser's error, unless libyaml exceeds a limit further down.
fn build_as_libyaml(input: Input<'_>, limits: &Limits, stop: Stop) -> Result<Vec<Node>, Stop> {
    if !matches!(stop.what, What::Syntax(_)) {
        return Err(stop);
    }
    let Some(events) = libyaml::Events::new(input.text) else {
        return Err(stop);
    };
    let built = Builder::new(input, limits, false).run(events);
    built.map_err(|other| match other.what {
        What::Depth | What::Nodes => other,
        What::Syntax(_) | What::Surrogate => stop,
    })
}

/// Builds a text that begins like JSON, whether it is JSON or YAML in brackets.
fn build_json(input: Input<'_>, indent: usize, limits: &Limits) -> Result<Vec<Node>, Stop> {
    let lead = Lead { parsed: json::MARKER.len(), original: indent };
    let marked = |json: &str| format!("{}{json}", json::MARKER);
    let json = input.text.get(indent..).unwrap_or("");
    let text = marked(json);
    let events = Events::replaced(&text, input.text, lead);
    let built = Builder::new(input, limits, false).run(events);
    if !matches!(&built, Err(stop) if stop.what == What::Surrogate) {
        return built;
    }
    let text = marked(&json::join_surrogates(json));
    Builder::new(input, limits, true).run(Events::replaced(&text, input.text, lead))
}
