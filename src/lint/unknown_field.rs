//! A field that the API does not have at that place.

use super::edits::{self, Site, quoted_like};
use super::{Check, Confidence, Context, Finding, Fix, Rule, Severity, words};
use crate::model::tiered::{METADATA, RefusalKind, near};
use crate::model::{At, Direction, PolicyId, Spot};
use crate::text::Span;
use crate::yaml::{Entry, Node};

/// The rule.
pub static RULE: Rule = Rule {
    id: "unknown-field",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/unknown-field.md"),
    check: Check::Refusals(check, RefusalKind::Field),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for stray in strays(&cx.cluster.policy(id).tree) {
        findings.push(finding(cx, id, &stray));
    }
}

/// Whether there is an unknown field within `span` of a policy: any other finding there would only
/// be its consequence.
pub(super) fn is_within(cx: &Context<'_>, policy: PolicyId, span: Span) -> bool {
    let strays = cx.strays(policy);
    let next = strays.keys.partition_point(|key| key < &span.at_start());
    let mut near = strays.keys[next..]
        .iter()
        .take_while(|key| key.source == span.source && key.start < span.end);
    near.any(|key| span.contains(*key))
}

/// Whether there is an unknown field at that place of a policy: it may be the one that seems to be
/// missing there.
pub(super) fn is_at(cx: &Context<'_>, policy: PolicyId, spot: Spot) -> bool {
    cx.strays(policy).spots.binary_search(&spot).is_ok()
}

/// The unknown fields of a policy.
#[derive(Clone, Debug)]
pub(super) struct Strays {
    /// Their keys, ascending.
    keys: Vec<Span>,
    /// The places of the mappings with such fields, ascending.
    spots: Vec<Spot>,
}

impl Strays {
    pub(super) fn of(tree: &Node) -> Self {
        let strays = strays(tree);
        let mut keys: Vec<Span> = strays.iter().map(|stray| stray.entry.key_span).collect();
        let mut spots: Vec<Spot> = strays.iter().map(|stray| stray.spot).collect();
        keys.sort_unstable();
        spots.sort_unstable();
        Self { keys, spots }
    }
}

/// An unknown field.
struct Stray<'a> {
    entry: &'a Entry,
    /// All entries of its mapping.
    siblings: &'a [Entry],
    /// The API type of its mapping.
    shape: Shape,
    spot: Spot,
    /// The path of its mapping.
    path: String,
}

/// The mappings of a NetworkPolicy, each with its fields
/// (staging/src/k8s.io/api/networking/v1/types.go, apimachinery meta/v1/types.go). Names are
/// case-sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Root,
    Metadata,
    Spec,
    IngressRule,
    EgressRule,
    Peer,
    Port,
    Selector,
    Expression,
    IpBlock,
}

impl Shape {
    fn fields(self) -> &'static [&'static str] {
        match self {
            // `status` was in the API from 1.24 to 1.27; the server drops it silently.
            Self::Root => &["apiVersion", "kind", "metadata", "spec", "status"],
            Self::Metadata => METADATA,
            Self::Spec => &["egress", "ingress", "podSelector", "policyTypes"],
            Self::IngressRule => &["from", "ports"],
            Self::EgressRule => &["ports", "to"],
            Self::Peer => &["ipBlock", "namespaceSelector", "podSelector"],
            Self::Port => &["endPort", "port", "protocol"],
            Self::Selector => &["matchExpressions", "matchLabels"],
            Self::Expression => &["key", "operator", "values"],
            Self::IpBlock => &["cidr", "except"],
        }
    }

    fn of_rule(direction: Direction) -> Self {
        match direction {
            Direction::Ingress => Self::IngressRule,
            Direction::Egress => Self::EgressRule,
        }
    }
}

fn strays(tree: &Node) -> Vec<Stray<'_>> {
    let mut found = Vec::new();
    look(tree, Shape::Root, Spot::Metadata, "", &mut found);
    if let Some(metadata) = tree.get("metadata") {
        look(metadata, Shape::Metadata, Spot::Metadata, "metadata", &mut found);
    }
    let Some(spec) = tree.get("spec") else {
        return found;
    };
    look(spec, Shape::Spec, Spot::Spec, "spec", &mut found);
    selector(spec.get("podSelector"), Spot::PodSelector, &mut found);
    for direction in Direction::BOTH {
        for (index, rule) in items(spec.get(direction.field())) {
            let spot = Spot::Rule(direction, index);
            look(rule, Shape::of_rule(direction), spot, &spot.to_string(), &mut found);
            for (port, entry) in items(rule.get("ports")) {
                let spot = Spot::Port(direction, index, port);
                look(entry, Shape::Port, spot, &spot.to_string(), &mut found);
            }
            for (peer, node) in items(rule.get(direction.peers_field())) {
                peer_strays(node, Spot::Peer(direction, index, peer), &mut found);
            }
        }
    }
    found
}

fn peer_strays<'a>(node: &'a Node, spot: Spot, found: &mut Vec<Stray<'a>>) {
    look(node, Shape::Peer, spot, &spot.to_string(), found);
    let Spot::Peer(direction, rule, peer) = spot else {
        return;
    };
    selector(node.get("podSelector"), Spot::PeerPods(direction, rule, peer), found);
    selector(node.get("namespaceSelector"), Spot::PeerNamespaces(direction, rule, peer), found);
    if let Some(block) = node.get("ipBlock") {
        let spot = Spot::PeerBlock(direction, rule, peer);
        look(block, Shape::IpBlock, spot, &spot.to_string(), found);
    }
}

fn selector<'a>(node: Option<&'a Node>, spot: Spot, found: &mut Vec<Stray<'a>>) {
    let Some(node) = node else { return };
    look(node, Shape::Selector, spot, &spot.to_string(), found);
    for (index, item) in items(node.get("matchExpressions")) {
        let path = format!("{spot}.matchExpressions[{index}]");
        look(item, Shape::Expression, spot, &path, found);
    }
}

fn items(node: Option<&Node>) -> impl Iterator<Item = (u32, &Node)> {
    (0u32..).zip(node.and_then(Node::as_seq).unwrap_or_default())
}

fn look<'a>(node: &'a Node, shape: Shape, spot: Spot, path: &str, found: &mut Vec<Stray<'a>>) {
    let entries = node.as_map().map_or(&[][..], |map| &map.entries);
    for entry in entries.iter().filter(|entry| !shape.fields().contains(&entry.key.as_str())) {
        found.push(Stray { entry, siblings: entries, shape, spot, path: path.to_owned() });
    }
}

fn finding(cx: &Context<'_>, id: PolicyId, stray: &Stray<'_>) -> Finding {
    let key = words::quoted(&stray.entry.key);
    let (advice, fix) = advice(stray);
    let here =
        if stray.path.is_empty() { "a NetworkPolicy".into() } else { words::quoted(&stray.path) };
    let message = format!(
        "{here} has no field {key}: kubectl rejects the policy, and other clients drop the field \
         silently"
    );
    let at = At { policy: id, spot: stray.spot };
    let place = stray.entry.key_span;
    let mut finding = Finding::new(&RULE, place, message, advice).about(cx, at);
    finding.field = if stray.path.is_empty() {
        stray.entry.key.to_string()
    } else {
        format!("{}.{}", stray.path, stray.entry.key)
    };
    finding.fixes.extend(fix.and_then(|name| rename(cx, id, stray, name)));
    finding
}

/// A field that exists already must not occur twice.
fn rename(cx: &Context<'_>, id: PolicyId, stray: &Stray<'_>, name: &str) -> Option<Fix> {
    let place = stray.entry.key_span;
    if stray.siblings.iter().any(|entry| entry.key == name) {
        return None;
    }
    let edit = Site::of(cx, id)?.replace(place, quoted_like(cx.text(place), name));
    let effect = "puts the field into effect, which may allow or deny traffic";
    edits::risky(format!("Write `{name}`"), effect, Some(edit))
}

/// The help, and the intended field if it is only a typo.
fn advice(stray: &Stray<'_>) -> (String, Option<&'static str>) {
    if let Some(help) = misplaced(stray) {
        return (help.into(), None);
    }
    if let Some(name) = near_field(stray) {
        return (format!("write `{name}` (field names are case-sensitive)"), Some(name));
    }
    let help = match stray.shape {
        Shape::Selector => {
            "put labels under `matchLabels`: without it, this selector is empty and matches \
             everything"
                .to_owned()
        }
        shape => format!("the fields here are {}", known(shape)),
    };
    (help, None)
}

/// The help for a field that exists, but not there.
fn misplaced(stray: &Stray<'_>) -> Option<&'static str> {
    Some(match (stray.shape, stray.entry.key.as_str()) {
        (Shape::IngressRule, "to") => "put the peers of an ingress rule under `from`",
        (Shape::EgressRule, "from") => "put the peers of an egress rule under `to`",
        (Shape::Peer, "namespace" | "namespaces") => {
            "select the namespace with `namespaceSelector: {matchLabels: \
             {kubernetes.io/metadata.name: …}}`"
        }
        (Shape::Peer | Shape::Spec, "ports" | "port") => {
            "put `ports` in the rule, beside `from` or `to`"
        }
        (Shape::IngressRule | Shape::EgressRule, "port" | "protocol" | "endPort") => {
            "put it in an item of `ports`"
        }
        (Shape::IngressRule, "podSelector" | "namespaceSelector" | "ipBlock") => {
            "put selectors in an item of `from`"
        }
        (Shape::EgressRule, "podSelector" | "namespaceSelector" | "ipBlock") => {
            "put selectors in an item of `to`"
        }
        _ => return None,
    })
}

/// The one field of that mapping that is spelt almost like `key`, unless it exists already.
fn near_field(stray: &Stray<'_>) -> Option<&'static str> {
    near(&stray.entry.key, stray.shape.fields())
}

fn known(shape: Shape) -> String {
    let names: Vec<String> = shape.fields().iter().map(|name| format!("`{name}`")).collect();
    words::list(&names, 6)
}
