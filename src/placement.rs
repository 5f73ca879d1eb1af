//! Where the ends of connections and the policies of a cluster are written, and which policies
//! isolate whom: what a comparison of two clusters says of why they differ.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::connectivity::{ClusterConnectivity, RulePlace, display_names};
use crate::model::tiered::{Closes, TieredPolicy};
use crate::model::{Direction, Policy, Spot};
use crate::reach::Connections;
use crate::resolve::Cluster;
use crate::text::{LineIndex, SourceId, Sources, Span};
use crate::yaml::Node;

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The file, relative to the repository's root.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// A cluster in one state: what it allows, and where that is written.
pub type Snapshot = (ClusterConnectivity, Placement);

/// The policies that isolate an end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Isolating {
    /// What comes in.
    pub ingress: Vec<String>,
    /// What goes out.
    pub egress: Vec<String>,
}

/// Where everything of a cluster is.
#[derive(Debug, Default)]
pub struct Placement {
    /// By the names of workloads, as connections have them.
    pub workloads: BTreeMap<String, Line>,
    /// By the names of policies.
    pub policies: BTreeMap<String, Line>,
    /// By the names of workloads.
    pub isolating: BTreeMap<String, Isolating>,
    /// Every rule: its policy, and its text without its layout.
    rules: BTreeSet<(String, String)>,
    /// The text of a rule, by its policy and its field.
    texts: HashMap<(String, String), String>,
}

impl Placement {
    /// Of one cluster.
    pub(crate) fn of(cluster: &Cluster, sources: &Sources, found: &Connections) -> Self {
        let mut placement = Self::default();
        let mut lines = Lines { sources, known: HashMap::new() };
        for &id in cluster.policies() {
            let head = cluster.head(id);
            let name = format!("{}/{}", cluster.namespace_name_of(head), head.name);
            placement.enter_rules(&name, cluster.policy(id), sources);
            placement.policies.insert(name, lines.of(head.start));
        }
        for &id in cluster.tiered() {
            let name = cluster.policy_name(id);
            if let Some(policy) = cluster.tiered_policy(id) {
                placement.enter_statements(&name, policy, sources);
            }
            placement.policies.insert(name, lines.of(cluster.head(id).start));
        }
        for (number, name) in cluster.workload_ids().zip(display_names(cluster, found)) {
            let Some(name) = name else { continue };
            let class = found.classes.of_workload(number);
            let isolating = |direction| {
                let policies = found.classes[class].policies.iter().map(|(id, _)| *id);
                let isolating = policies.filter(|id| cluster.policy(*id).isolates(direction));
                let head = |id| cluster.head(id);
                let names = isolating
                    .map(|id| format!("{}/{}", cluster.namespace_name_of(head(id)), head(id).name));
                let specs = cluster.specs_selecting(number).into_iter().map(|(id, _)| id);
                let closing = specs.filter(|id| cluster.spec_closes(*id, direction) != Closes::No);
                let tiered = closing.map(|id| cluster.policy_name(id.policy));
                let mut names: Vec<String> = names.chain(tiered).collect();
                names.dedup();
                names
            };
            let (ingress, egress) = (isolating(Direction::Ingress), isolating(Direction::Egress));
            placement.isolating.insert(name.clone(), Isolating { ingress, egress });
            let place = cluster.workload(number).head.start;
            placement.workloads.insert(name, lines.of(place));
        }
        placement
    }

    fn enter_statements(&mut self, name: &str, policy: &TieredPolicy, sources: &Sources) {
        for (number, rule) in (0u32..).zip(policy.rules.iter()) {
            let Some(field) = policy.rule_path(number) else { continue };
            let text = sources.slice(rule.span).split_whitespace().collect::<Vec<_>>().join(" ");
            self.rules.insert((name.to_owned(), text.clone()));
            self.texts.insert((name.to_owned(), field), text);
        }
    }

    fn enter_rules(&mut self, name: &str, policy: &Policy, sources: &Sources) {
        for direction in Direction::BOTH {
            let list = policy.tree.at(&["spec", direction.field()]);
            for (index, rule) in (0u32..).zip(list.and_then(Node::as_seq).unwrap_or_default()) {
                let words = sources.slice(rule.span).split_whitespace().collect::<Vec<_>>();
                let text = format!("{} {}", direction.field(), words.join(" "));
                let field = Spot::Rule(direction, index).to_string();
                self.rules.insert((name.to_owned(), text.clone()));
                self.texts.insert((name.to_owned(), field), text);
            }
        }
    }

    /// Whether the other cluster has a rule of this one, in whatever place of the same policy.
    pub fn has_rule_of(&self, other: &Self, rule: &RulePlace) -> bool {
        let text = other.texts.get(&(rule.policy.clone(), rule.field.clone()));
        text.is_some_and(|text| self.rules.contains(&(rule.policy.clone(), text.clone())))
    }
}

/// Turns places into lines.
struct Lines<'a> {
    sources: &'a Sources,
    known: HashMap<SourceId, LineIndex>,
}

impl Lines<'_> {
    fn of(&mut self, span: Span) -> Line {
        let source = self.sources.get(span.source);
        let lines = self.known.entry(span.source);
        let lines = lines.or_insert_with(|| LineIndex::new(source.text()));
        Line { path: source.path.clone(), line: lines.line(span.start as usize) }
    }
}
