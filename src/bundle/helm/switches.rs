//! Values that turn policies on: those in the conditions around a policy whose names say so, or that
//! the configuration names.

use std::collections::BTreeSet;
use std::fmt;

use super::template::{
    Block, Branch, Data, Map, MapKind, Node, NodeKind, Operand, OperandKind, Pipe, Place, Range,
    Template, Value,
};
use crate::text::Span;
use crate::yaml::{self, ScalarKind};

/// Whether the text of a template writes a policy.
fn writes_policy(text: &str) -> bool {
    text.lines().any(|line| {
        let value = line.trim().strip_prefix("kind:").map(str::trim).unwrap_or_default();
        let value = value.trim_matches(['"', '\'']);
        value.ends_with("NetworkPolicy") || value.ends_with("NetworkPolicyList")
    })
}

/// A value that is set, as `helm install --set` takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// The keys, with points between them.
    path: String,
    /// As written.
    value: String,
}

impl Assignment {
    /// Parses `networkPolicy.enabled=true`; none for what is not of this form.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, value) = text.split_once('=')?;
        let is_key = |key: &str| !key.is_empty() && !key.contains(['[', ']', ',', '\\']);
        let fits = path.split('.').all(is_key) && path.trim() == path;
        fits.then(|| Self { path: path.to_owned(), value: value.to_owned() })
    }

    fn on(path: String) -> Self {
        Self { path, value: "true".to_owned() }
    }

    /// Changes the values.
    pub(super) fn apply(&self, values: &Map) {
        let (holder, key) = self.path.rsplit_once('.').unwrap_or(("", &self.path));
        let mut map = values.clone();
        for part in holder.split('.').filter(|part| !part.is_empty()) {
            map = match map.get(part) {
                Some(Value { data: Data::Map(inner), .. }) => inner,
                _ => {
                    let inner = Map::new(MapKind::Any);
                    map.set(part, inner.clone().into());
                    inner
                }
            };
        }
        map.set(key, self.value());
    }

    fn value(&self) -> Value {
        match yaml::resolve(&self.value) {
            ScalarKind::Null => Value::nil(),
            ScalarKind::Bool(value) => value.into(),
            ScalarKind::Int(int) => Value::int64(int),
            ScalarKind::Float(float) => Value::float(float),
            ScalarKind::Str | ScalarKind::NotJson => self.value.as_str().into(),
        }
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.path, self.value)
    }
}

/// The paths of values in the conditions around policies, each with where the chart that asks for
/// it is among the values of all.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    paths: BTreeSet<(String, String)>,
}

impl Conditions {
    /// Adds those of a template. `prefix` is where its chart's values are among those of all.
    pub(super) fn add(&mut self, template: &Template, prefix: &str) {
        let mut found = BTreeSet::new();
        block(template, &template.body, &mut Vec::new(), &mut found);
        self.paths.extend(found.into_iter().map(|path| (prefix.to_owned(), path)));
    }

    /// What turns the policies on: switches that are off and are named after network policies, and
    /// those of `sets` that say something else than the values.
    pub(super) fn assignments(&self, values: &Map, sets: &[Assignment]) -> Vec<Assignment> {
        let mut all: Vec<Assignment> = Vec::new();
        for (prefix, path) in &self.paths {
            let whole = below(prefix, path);
            let is_named = |it: &&Assignment| it.path == *path || it.path == whole;
            let set = match sets.iter().find(is_named) {
                Some(set) => Assignment { path: whole.clone(), ..set.clone() },
                None if names_policies(path) && is_switch(values, &whole) => {
                    Assignment::on(whole.clone())
                }
                None => continue,
            };
            if !all.contains(&set) {
                all.push(set);
            }
        }
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }
}

/// Where the values of a chart (`shop/charts/db`) are among those of all (`db`).
pub(super) fn values_path(path: &str) -> String {
    path.split("/charts/").skip(1).collect::<Vec<_>>().join(".")
}

/// The path of a part's value among all; what is global is global.
fn below(prefix: &str, path: &str) -> String {
    match prefix {
        "" => path.to_owned(),
        _ if path == "global" || path.starts_with("global.") => path.to_owned(),
        prefix => format!("{prefix}.{path}"),
    }
}

/// Whether a value is off, or not there: nothing that is more than a switch is overwritten.
fn is_switch(values: &Map, path: &str) -> bool {
    let mut at: Value = values.clone().into();
    for key in path.split('.') {
        let Some(map) = at.as_map() else { return at.is_nil() };
        match map.get(key) {
            Some(value) => at = value,
            None => return true,
        }
    }
    matches!(at.data, Data::Bool(false) | Data::Nil | Data::Nothing)
}

/// Where a template writes a policy: the line of its kind.
pub(super) fn policy(template: &Template) -> Option<Span> {
    let text: &str = &template.source.text;
    let line = text.lines().find(|line| writes_policy(line))?.trim();
    let at = u32::try_from((line.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?).ok()?;
    let span = template.span(Range { start: at, end: at + u32::try_from(line.len()).ok()? });
    matches!(template.source.place, Place::File(_)).then_some(span)
}

/// Whether a path of values names policies and turns something on: not the port or the selector of
/// one (`networkPolicy.discovery.port`).
fn names_policies(path: &str) -> bool {
    let plain: String = path.to_ascii_lowercase().chars().filter(|c| c.is_alphanumeric()).collect();
    let last = path.rsplit('.').next().unwrap_or(path).to_ascii_lowercase();
    let is_switch = matches!(last.as_str(), "on" | "use")
        || ["active", "create", "enable", "install", "netpol", "polic"]
            .iter()
            .any(|word| last.contains(word));
    is_switch && (plain.contains("networkpolic") || plain.contains("netpol"))
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

#[cfg(test)]
mod tests {
    use super::names_policies;

    #[test]
    fn a_port_of_a_policy_is_no_switch() {
        for path in
            ["networkPolicy.enabled", "web.networkPolicies.create", "networkPolicy", "x.netpol"]
        {
            assert!(names_policies(path), "{path}");
        }
        for path in [
            "networkPolicy.discovery.port",
            "networkPolicy.ingress.podSelector",
            "networkPolicy.extraEgress",
            "podSecurityPolicy.enabled",
        ] {
            assert!(!names_policies(path), "{path}");
        }
    }
}
