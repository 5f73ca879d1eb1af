//! Values that turn policies on: those in the conditions around a policy whose names say so.

use std::collections::BTreeSet;

use super::template::{
    Block, Branch, Node, NodeKind, Operand, OperandKind, Pipe, Place, Range, Template,
};
use crate::text::Span;

/// Whether the text of a template writes a policy.
fn writes_policy(text: &str) -> bool {
    text.lines().any(|line| {
        let value = line.trim().strip_prefix("kind:").map(str::trim).unwrap_or_default();
        let value = value.trim_matches(['"', '\'']);
        value.ends_with("NetworkPolicy") || value.ends_with("NetworkPolicyList")
    })
}

/// The paths of values (`networkPolicy.enabled`) in the conditions around the policies of a
/// template that name network policies.
pub(super) fn switches(template: &Template) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut around = Vec::new();
    block(template, &template.body, &mut around, &mut found);
    found.retain(|path| names_policies(path));
    found
}

/// Where a template writes a policy: the line of its kind.
pub(super) fn policy(template: &Template) -> Option<Span> {
    let text: &str = &template.source.text;
    let line = text.lines().find(|line| writes_policy(line))?.trim();
    let at = u32::try_from((line.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?).ok()?;
    let span = template.span(Range { start: at, end: at + u32::try_from(line.len()).ok()? });
    matches!(template.source.place, Place::File(_)).then_some(span)
}

fn names_policies(path: &str) -> bool {
    let plain: String = path.to_ascii_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    plain.contains("networkpolic") || plain.contains("netpol")
}

fn block(
    template: &Template,
    nodes: &Block,
    around: &mut Vec<String>,
    found: &mut BTreeSet<String>,
) {
    for node in nodes {
        match &node.kind {
            NodeKind::Text => {
                if writes_policy(template.slice(node.range)) {
                    found.extend(around.iter().cloned());
                }
            }
            NodeKind::If(branch) | NodeKind::With(branch) | NodeKind::Range(branch) => {
                inner(template, node, branch, around, found);
            }
            NodeKind::Action(_)
            | NodeKind::Template { .. }
            | NodeKind::Break
            | NodeKind::Continue => {}
        }
    }
}

fn inner(
    template: &Template,
    node: &Node,
    branch: &Branch,
    around: &mut Vec<String>,
    found: &mut BTreeSet<String>,
) {
    let known = around.len();
    // What is ranged over is no switch.
    if !matches!(node.kind, NodeKind::Range(_)) {
        paths(&branch.pipe, around);
    }
    block(template, &branch.body, around, found);
    around.truncate(known);
    if let Some(otherwise) = &branch.otherwise {
        block(template, otherwise, around, found);
    }
}

/// The paths of values that a pipeline asks; not those that it negates.
fn paths(pipe: &Pipe, found: &mut Vec<String>) {
    for command in &pipe.commands {
        let first = std::iter::once(&command.first);
        first.chain(&command.arguments).for_each(|operand| path(operand, found));
    }
}

fn path(operand: &Operand, found: &mut Vec<String>) {
    match &operand.kind {
        OperandKind::Field(names) | OperandKind::Variable(_, names) => {
            if let Some(("Values", rest)) = names.split_first().map(|(a, rest)| (&**a, rest))
                && !rest.is_empty()
            {
                found.push(rest.join("."));
            }
        }
        OperandKind::Pipe(pipe) => paths(pipe, found),
        OperandKind::Chain(inner, _) => path(inner, found),
        _ => {}
    }
}
