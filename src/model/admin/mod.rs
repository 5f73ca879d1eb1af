//! AdminNetworkPolicy, BaselineAdminNetworkPolicy (v1alpha1) and ClusterNetworkPolicy (v1alpha2) of
//! policy.networking.k8s.io, with what their CRDs reject (config/crd of
//! kubernetes-sigs/network-policy-api, schemas and CEL rules).

mod peers;
mod ports;
mod schema;

use std::sync::Arc;

use super::policy::Direction;
use super::tiered::{
    Action, Closes, Effect, Ends, Flow, LabelOf, Path, PodTerm, PolicyKind, PolicySpec, Rank,
    Reader, RefusalKind, Scope, TieredPolicy, TieredRule, read,
};
use crate::bundle::Head;
use crate::yaml::Node;

/// What differs between the versions of the API.
#[derive(Clone, Copy)]
struct Version {
    kind: PolicyKind,
    /// The most rules, peers and ports.
    most: usize,
    /// The field of a rule that has its ports.
    ports: &'static str,
    actions: &'static [(&'static str, Action)],
}

impl Version {
    fn of(kind: PolicyKind) -> Self {
        let (most, ports, actions): (_, _, &'static [_]) = match kind {
            PolicyKind::ClusterNetworkPolicy => (
                25,
                "protocols",
                &[("Accept", Action::Allow), ("Deny", Action::Deny), ("Pass", Action::Pass)],
            ),
            PolicyKind::BaselineAdminNetworkPolicy => {
                (100, "ports", &[("Allow", Action::Allow), ("Deny", Action::Deny)])
            }
            _ => (
                100,
                "ports",
                &[("Allow", Action::Allow), ("Deny", Action::Deny), ("Pass", Action::Pass)],
            ),
        };
        Self { kind, most, ports, actions }
    }

    fn is_cluster(self) -> bool {
        self.kind == PolicyKind::ClusterNetworkPolicy
    }
}

/// Decodes one policy. Never fails: what is wrong is among its refusals.
pub fn decode(head: &Head, kind: PolicyKind, tree: &Node) -> TieredPolicy {
    let version = Version::of(kind);
    let name = match kind {
        PolicyKind::AdminNetworkPolicy => "AdminNetworkPolicy",
        PolicyKind::BaselineAdminNetworkPolicy => "BaselineAdminNetworkPolicy",
        _ => "ClusterNetworkPolicy",
    };
    let mut reader = Reader::new(name, "the API server", tree, schema::of(kind));
    if kind == PolicyKind::BaselineAdminNetworkPolicy && head.name != "default" {
        let message = "the only BaselineAdminNetworkPolicy is called `default`";
        let path = Path::Root.field("metadata");
        let path = path.field("name");
        reader.refuse(RefusalKind::Policy, head.name_span, &path, message, "write `name: default`");
    }
    let root = Path::Root;
    let path = root.field("spec");
    let mut policy = TieredPolicy {
        kind,
        rank: Rank::Nowhere,
        specs: Vec::new(),
        rules: Arc::default(),
        refusals: Vec::new(),
        tree: tree.clone(),
    };
    match read::entry(tree, "spec") {
        None => reader.refuse(
            RefusalKind::Policy,
            head.kind_span,
            &path,
            "it has no `spec`",
            "write its `subject` and rules under `spec`",
        ),
        Some(entry) if entry.value.as_map().is_some() => {
            let spec = &entry.value;
            let mut decoder = Decoder { reader: &mut reader, version };
            policy.rank = decoder.rank(spec, &path);
            policy.specs.push(PolicySpec {
                place: Some(read::place(entry)),
                index: None,
                subject: decoder.subject(spec, &path),
                is_for_nodes: false,
                closes: [Closes::No; 2],
            });
            let rules = Direction::BOTH
                .into_iter()
                .flat_map(|direction| decoder.rules(spec, direction, &path));
            policy.rules = Arc::new(rules.collect());
        }
        Some(_) => {}
    }
    policy.refusals = reader.refusals;
    policy
}

struct Decoder<'a> {
    reader: &'a mut Reader,
    version: Version,
}

impl Decoder<'_> {
    fn rank(&mut self, spec: &Node, path: &Path<'_>) -> Rank {
        let priority = match self.version.kind {
            PolicyKind::BaselineAdminNetworkPolicy => None,
            _ => self.priority(spec, path),
        };
        match self.version.kind {
            PolicyKind::AdminNetworkPolicy => Rank::Admin { priority },
            PolicyKind::BaselineAdminNetworkPolicy => Rank::Baseline { priority },
            _ => {
                let known = [("Admin", true), ("Baseline", false)];
                let tier = self.required(spec, path, "tier", "`Admin` or `Baseline`");
                let is_admin = tier
                    .and_then(|node| self.reader.word(node, &path.field("tier"), "tier", &known));
                match is_admin {
                    Some(true) => Rank::Admin { priority },
                    Some(false) => Rank::Baseline { priority },
                    None => Rank::Nowhere,
                }
            }
        }
    }

    fn priority(&mut self, spec: &Node, path: &Path<'_>) -> Option<u16> {
        let node = self.required(spec, path, "priority", "a number from 0 to 1000")?;
        let number = read::integer(node)?;
        let fits = u16::try_from(number).ok().filter(|number| *number <= 1000);
        if fits.is_none() {
            let path = path.field("priority");
            let message = format!("priority {number} is not between 0 and 1000");
            let help = "write a number from 0 (the first) to 1000";
            self.reader.refuse(RefusalKind::Policy, node.span, &path, message, help);
        }
        fits
    }

    /// A field that must be there.
    fn required<'n>(
        &mut self,
        node: &'n Node,
        path: &Path<'_>,
        field: &'static str,
        what: &str,
    ) -> Option<&'n Node> {
        let found = read::value(node, field);
        if found.is_none() {
            let place = node.entry(field).map_or(read::token(node), |entry| entry.key_span);
            let message = format!("`{path}` has no `{field}`");
            let help = format!("write `{field}`: {what}");
            let path = path.field(field);
            self.reader.refuse(RefusalKind::Policy, place, &path, message, help);
        }
        found
    }

    fn subject(&mut self, spec: &Node, path: &Path<'_>) -> PodTerm {
        let unknown = PodTerm {
            place: read::item_place(spec),
            scope: Scope::Everywhere,
            labels: super::tiered::Expr::Unknown,
        };
        let Some(subject) = self.required(spec, path, "subject", "`namespaces` or `pods`") else {
            return unknown;
        };
        let path = path.field("subject");
        if subject.as_map().is_none() {
            return unknown;
        }
        let forms = read::written(subject, &["namespaces", "pods"]);
        match forms.as_slice() {
            [("namespaces", entry)] => self.namespaces(entry, &path),
            [(_, entry)] => self.pods(entry, &path).unwrap_or(unknown),
            _ => {
                let message = match forms.len() {
                    0 => "the subject selects nothing",
                    _ => "the subject has both `namespaces` and `pods`",
                };
                let help = "write one of `namespaces` and `pods`; `namespaces: {}` is every pod";
                let place = read::token(subject);
                self.reader.refuse(RefusalKind::Policy, place, &path, message, help);
                unknown
            }
        }
    }

    fn rules(&mut self, spec: &Node, direction: Direction, path: &Path<'_>) -> Vec<TieredRule> {
        let path = path.field(direction.field());
        let list = read::items(spec, direction.field());
        self.at_most(spec, direction.field(), &path);
        let rules = list.iter().enumerate();
        rules.map(|(index, node)| self.rule(node, direction, index, &path.item(index))).collect()
    }

    /// Refuses a list that is too long.
    fn at_most(&mut self, node: &Node, field: &str, path: &Path<'_>) {
        if let Some(entry) = node.entry(field) {
            let most = self.version.most;
            self.reader.at_most(most, RefusalKind::Policy, entry, path, "split the policy");
        }
    }

    fn rule(
        &mut self,
        node: &Node,
        direction: Direction,
        index: usize,
        path: &Path<'_>,
    ) -> TieredRule {
        if let Some(name) = read::value(node, "name")
            .filter(|name| name.as_str().is_some_and(|text| text.chars().count() > 100))
        {
            let message = "the name of the rule has more than 100 characters";
            let path = path.field("name");
            self.reader.refuse(RefusalKind::Policy, name.span, &path, message, "shorten it");
        }
        let words: Vec<String> =
            self.version.actions.iter().map(|(word, _)| format!("`{word}`")).collect();
        let action = self.required(node, path, "action", &words.join(", "));
        let known = self.version.actions;
        let action =
            action.and_then(|node| self.reader.word(node, &path.field("action"), "action", known));
        let peer = self.peers(node, direction, path);
        let flow = self.flow(node, path);
        self.no_named_ports_outside(node, &peer, &flow, path);
        TieredRule {
            spec: 0,
            direction,
            action: action.unwrap_or(Action::Deny),
            list: direction.field(),
            index: index as u32,
            span: read::token(node),
            whole: node.span,
            peer,
            own: Ends::Everyone,
            flow,
            effect: match action {
                Some(_) => Effect::Sure,
                None => Effect::Unknown,
            },
            dns: None,
            has_l7: false,
        }
    }

    /// A CEL rule of the experimental CRDs of v1alpha1: addresses have no names for their ports.
    fn no_named_ports_outside(&mut self, node: &Node, peer: &Ends, flow: &Flow, path: &Path<'_>) {
        let is_outside =
            |end: &&Ends| matches!(end, Ends::Net(_) | Ends::Nodes(..) | Ends::Name(_));
        let has_names = flow
            .ports()
            .iter()
            .any(|port| matches!(port.port, Some(super::ports::PortRef::Name(_))));
        if has_names && !self.version.is_cluster() && peer.terms().iter().any(is_outside) {
            let message = "the rule has a named port and a peer outside of the pods";
            let help = "write the number of the port, or the peers in rules of their own";
            self.reader.refuse(RefusalKind::Port, read::token(node), path, message, help);
        }
    }

    fn namespaces(&mut self, entry: &crate::yaml::Entry, path: &Path<'_>) -> PodTerm {
        let path = path.field("namespaces");
        let labels = self.reader.selector(
            &entry.value,
            &path,
            LabelOf::Namespace,
            super::tiered::Laxity::Types,
        );
        let place = read::place(entry);
        let labels_of_pods = super::tiered::Expr::Always;
        PodTerm { place, scope: Scope::Where(labels, place), labels: labels_of_pods }
    }
}
