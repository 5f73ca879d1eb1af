//! CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy (cilium.io/v2), with what the CRD's schema
//! and the agent (pkg/policy/api/rule_validation.go, `Sanitize`) reject.

mod layer7;
mod peers;
mod ports;
mod schema;
mod selector;
mod settings;

pub use selector::{AskedKey, Key, NAMESPACE_KEY, key, label_keys, source, written_key};

pub use settings::{
    CONFIG, CiliumSettings, Enforcement, Installed, installed, is_flux_release, of_config_map,
};

use std::sync::Arc;

use super::policy::Direction;
use super::tiered::{
    Action, Closes, Effect, Ends, Expr, Path, PodTerm, PolicyKind, PolicySpec, Rank, Reader,
    RefusalKind, Scope, TieredPolicy, TieredRule, read,
};
use crate::bundle::Head;
use crate::yaml::{Entry, Node};

/// The lists of rules, in the order in which they decide.
const LISTS: [(&str, Direction, Action); 4] = [
    ("ingress", Direction::Ingress, Action::Allow),
    ("ingressDeny", Direction::Ingress, Action::Deny),
    ("egress", Direction::Egress, Action::Allow),
    ("egressDeny", Direction::Egress, Action::Deny),
];

/// Decodes one policy. Never fails: what is wrong is among its refusals.
pub fn decode(head: &Head, kind: PolicyKind, tree: &Node) -> TieredPolicy {
    let name = match kind {
        PolicyKind::CiliumNetworkPolicy => "CiliumNetworkPolicy",
        _ => "CiliumClusterwideNetworkPolicy",
    };
    let reader = Reader::new(name, "the API server", tree, schema::POLICY);
    let mut decoder = Decoder {
        reader,
        is_namespaced: !kind.is_cluster_wide(),
        specs: Vec::new(),
        rules: Vec::new(),
    };
    let (root, spec, specs) = (Path::Root, read::entry(tree, "spec"), read::entry(tree, "specs"));
    if spec.is_none() && specs.is_none() {
        let message = "it has neither `spec` nor `specs`";
        let help = "write what it selects and its rules under `spec`";
        let path = root.field("spec");
        decoder.reader.refuse(RefusalKind::Policy, head.kind_span, &path, message, help);
    }
    if let Some(entry) = spec {
        decoder.spec(&entry.value, read::place(entry), None, &root.field("spec"));
    }
    if let Some(entry) = specs {
        let path = root.field("specs");
        for (index, node) in entry.value.as_seq().unwrap_or_default().iter().enumerate() {
            decoder.spec(node, read::item_place(node), Some(index as u32), &path.item(index));
        }
    }
    let Decoder { reader, specs, rules, .. } = decoder;
    let refusals = reader.refusals;
    let rules = Arc::new(rules);
    TieredPolicy { kind, rank: Rank::Beside, specs, rules, refusals, tree: tree.clone() }
}

struct Decoder {
    reader: Reader,
    /// Whether it is a CiliumNetworkPolicy.
    is_namespaced: bool,
    specs: Vec<PolicySpec>,
    rules: Vec<TieredRule>,
}

/// One rule while it is read.
#[derive(Clone, Copy)]
struct At {
    direction: Direction,
    action: Action,
    /// Whether it is a rule for nodes.
    is_host: bool,
}

impl Decoder {
    /// The agent stores what the schema lets through, and enforces nothing of what it rejects.
    fn agent_refuses(
        &mut self,
        kind: RefusalKind,
        span: crate::text::Span,
        path: &Path<'_>,
        what: impl AsRef<str>,
        help: impl Into<String>,
    ) {
        let judge = std::mem::replace(&mut self.reader.judge, "the Cilium agent");
        self.reader.refuse(kind, span, path, what, help);
        self.reader.judge = judge;
    }

    fn spec(
        &mut self,
        node: &Node,
        place: super::field::Place,
        index: Option<u32>,
        path: &Path<'_>,
    ) {
        if node.as_map().is_none() {
            return;
        }
        let (subject, is_host) = self.subject(node, path);
        let number = self.specs.len();
        let closes = self.closes(node);
        self.specs.push(PolicySpec {
            place: Some(place),
            index,
            subject,
            is_for_nodes: is_host,
            closes,
        });
        self.lists(node, place.key, path);
        for (list, direction, action) in LISTS {
            let path = path.field(list);
            for (position, item) in read::items(node, list).iter().enumerate() {
                let at = At { direction, action, is_host };
                let rule = self.rule(item, at, &path.item(position));
                let (index, list) = (position as u32, list);
                self.rules.push(TieredRule { spec: number, list, index, ..rule });
            }
        }
    }

    /// `endpointSelector` or `nodeSelector`, and whether it is the latter.
    fn subject(&mut self, node: &Node, path: &Path<'_>) -> (PodTerm, bool) {
        let forms = read::written(node, &["endpointSelector", "nodeSelector"]);
        match forms.as_slice() {
            [("endpointSelector", entry)] => {
                let labels = self.labels(&entry.value, &path.field("endpointSelector"));
                (self.own_pods(entry, labels), false)
            }
            [(_, entry)] => {
                if self.is_namespaced {
                    let message = "a policy for nodes needs a CiliumClusterwideNetworkPolicy";
                    let help = "write `endpointSelector`, or a CiliumClusterwideNetworkPolicy";
                    let path = path.field("nodeSelector");
                    self.agent_refuses(RefusalKind::Policy, entry.key_span, &path, message, help);
                }
                let labels = self.labels(&entry.value, &path.field("nodeSelector"));
                let place = read::place(entry);
                (PodTerm { place, scope: Scope::Everywhere, labels }, true)
            }
            forms => {
                let message = match forms.len() {
                    0 => format!("`{path}` has neither `endpointSelector` nor `nodeSelector`"),
                    _ => format!("`{path}` has both `endpointSelector` and `nodeSelector`"),
                };
                let help = "write one of them; `endpointSelector: {}` selects every pod";
                let place = read::token(node);
                self.reader.refuse(RefusalKind::Policy, place, path, message, help);
                let (place, labels) = (read::item_place(node), Expr::Unknown);
                let scope = if self.is_namespaced { Scope::Own } else { Scope::Everywhere };
                (PodTerm { place, scope, labels }, false)
            }
        }
    }

    /// The pods of an endpointSelector. In a CiliumNetworkPolicy the namespace of the policy is
    /// added; another one under the `k8s:` prefix is replaced by it
    /// (pkg/k8s/apis/cilium.io/utils, `ParseToCiliumRule`).
    fn own_pods(&mut self, entry: &Entry, labels: Expr) -> PodTerm {
        let place = read::place(entry);
        match self.is_namespaced {
            true => {
                let labels = selector::without_replaced_namespace(&entry.value, labels);
                PodTerm { place, scope: Scope::Own, labels }
            }
            false => PodTerm { place, scope: Scope::Everywhere, labels },
        }
    }

    /// Whether a direction is closed: by default where it has a rule, allow or deny.
    fn closes(&self, node: &Node) -> [Closes; 2] {
        let switches = read::value(node, "enableDefaultDeny");
        Direction::BOTH.map(|direction| {
            let switch = switches.and_then(|node| read::value(node, direction.field()));
            let lists = LISTS.iter().filter(|(_, of, _)| *of == direction);
            let has_rules = lists.clone().any(|(list, ..)| !read::items(node, list).is_empty());
            match (switch.and_then(read::boolean), has_rules) {
                (Some(false), _) => Closes::No,
                (_, true) => Closes::Yes,
                // It makes no entry in the code; no document says so.
                (Some(true), false) => Closes::Unknown,
                (None, false) => Closes::No,
            }
        })
    }

    /// A spec needs a list of rules (the schema), and a rule in one of them (the agent).
    fn lists(&mut self, node: &Node, key: crate::text::Span, path: &Path<'_>) {
        let written: Vec<&Entry> =
            LISTS.iter().filter_map(|(list, ..)| read::entry(node, list)).collect();
        let help = "an empty rule denies everything in its direction: `ingress: [{}]`";
        if written.is_empty() {
            let message = format!("`{path}` has no rules, so nothing is allowed or denied");
            self.reader.refuse(RefusalKind::Policy, key, path, message, help);
        } else if written.iter().all(|entry| entry.value.as_seq().is_some_and(<[_]>::is_empty)) {
            let message = format!(
                "`{path}` has only empty lists of rules, so nothing is denied and everything stays open"
            );
            self.agent_refuses(RefusalKind::Inert, written[0].key_span, path, message, help);
        }
    }

    fn rule(&mut self, node: &Node, at: At, path: &Path<'_>) -> TieredRule {
        let (peer, has_peers) = self.peers(node, at, path);
        let flow = self.flow(node, path);
        let peer = match (has_peers, flow.is_everything()) {
            (true, _) => peer,
            // A rule without peers and without ports matches nothing: it only closes.
            (false, true) => Ends::Nobody,
            (false, false) => Ends::Everyone,
        };
        let (dns, has_l7) = self.layer7(node, at, path);
        TieredRule {
            spec: 0,
            direction: at.direction,
            action: at.action,
            list: "",
            index: 0,
            span: read::token(node),
            whole: node.span,
            peer,
            own: Ends::Everyone,
            flow,
            effect: self.authentication(node, path),
            dns,
            has_l7,
        }
    }

    /// `authentication.mode`.
    fn authentication(&mut self, node: &Node, path: &Path<'_>) -> Effect {
        let mode = read::value(node, "authentication").and_then(|node| read::value(node, "mode"));
        let Some(mode) = mode else { return Effect::Sure };
        let known = [
            ("disabled", Effect::Sure),
            ("required", Effect::Unknown),
            ("test-always-fail", Effect::Never),
        ];
        let path = path.field("authentication");
        let effect = self.reader.word(mode, &path.field("mode"), "mode", &known);
        effect.unwrap_or(Effect::Unknown)
    }
}
