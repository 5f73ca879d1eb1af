//! What the API server rejects in a policy and no other `invalid-*` rule reports.

use super::{
    Check, Confidence, Context, Edit, Finding, Fix, Rule, Safety, Severity, object_meta,
    unknown_field, words,
};
use crate::model::tiered::RefusalKind;
use crate::model::{
    At, Direction, Field, Peer, Place, Policy, PolicyId, PortEntry, Protocol, Spot, TrafficRule,
    Why, is_placeholder,
};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "invalid-policy",
    severity: Severity::Error,
    confidence: Confidence::High,
    pedantic: false,
    page: include_str!("../../rules/invalid-policy.md"),
    check: Check::Refusals(check, RefusalKind::Policy),
};

/// pkg/apis/networking/validation: `ValidateNetworkPolicy`, and the decoder before it.
fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    object_meta::check(cx, &RULE, id, findings);
    let policy = cx.cluster.policy(id);
    let mut spec = Spec { cx, id, findings };
    if let Some(place) = policy.spec
        && policy.tree.get("spec").is_some_and(|node| node.as_map().is_none())
    {
        let help = "write the policy's fields, such as `podSelector`, under `spec`";
        return spec.no_mapping(Spot::Spec, place.key, help);
    }
    spec.pod_selector(policy);
    spec.policy_types(policy);
    for direction in Direction::BOTH {
        if let Field::Wrong(place, why) = policy.rules_field(direction) {
            spec.wrong_type(Spot::Rules(direction), *place, "", why);
        }
        for (index, rule) in (0u32..).zip(policy.rules(direction)) {
            spec.rule(direction, index, rule);
        }
    }
}

struct Spec<'a> {
    cx: &'a Context<'a>,
    id: PolicyId,
    findings: &'a mut Vec<Finding>,
}

impl Spec<'_> {
    fn push(&mut self, spot: Spot, place: Span, message: String, help: String) -> &mut Finding {
        let at = At { policy: self.id, spot };
        self.findings.push(Finding::new(&RULE, place, message, help).about(self.cx, at));
        let last = self.findings.len() - 1;
        &mut self.findings[last]
    }

    /// A part that must be a mapping and is not.
    fn no_mapping(&mut self, spot: Spot, place: Span, help: &str) {
        let message = format!("`{spot}` must be a mapping: the API server rejects the policy");
        self.push(spot, place, message, help.to_owned());
    }

    /// A field of the wrong type; the finding is on its key, because a list may span many lines.
    fn wrong_type(&mut self, spot: Spot, place: Place, field: &str, why: &Why) {
        let Why::Type { wanted, found } = why else {
            return;
        };
        let dot = if field.is_empty() { "" } else { "." };
        let path = format!("{spot}{dot}{field}");
        let help = match (*wanted, *found) {
            ("a list", "a mapping") => "write a list, with a dash before each item".to_owned(),
            ("a mapping", "a list") if path.ends_with("Selector") => {
                "write a selector without a dash; `{}` selects everything".to_owned()
            }
            ("a mapping", "a list") => "write it without the dash".to_owned(),
            (wanted, _) => format!("write {wanted}"),
        };
        let message =
            format!("`{path}` must be {wanted}, not {found}: the API server rejects the policy");
        self.push(spot, place.key, message, help).field = path;
    }

    /// The field is optional in the API, and an empty one selects every pod (in every version;
    /// documented so since 1.34, kubernetes/kubernetes#131354).
    fn pod_selector(&mut self, policy: &Policy) {
        match &policy.pod_selector {
            Field::Given(..) => {}
            Field::Wrong(place, why) => self.wrong_type(Spot::PodSelector, *place, "", why),
            Field::Absent => {
                if unknown_field::is_at(self.cx, self.id, Spot::Spec)
                    || unknown_field::is_at(self.cx, self.id, Spot::Metadata)
                {
                    return;
                }
                let null = policy.tree.at(&["spec"]).and_then(|spec| spec.entry("podSelector"));
                if null.is_some_and(|entry| self.cx.is_template_comment(entry.value.span)) {
                    return;
                }
                let head = self.cx.cluster.head(self.id);
                let place = null.map(|entry| entry.key_span);
                let place = place.or(policy.spec.map(|spec| spec.key)).unwrap_or(head.name_span);
                let message = format!(
                    "without a `podSelector`, this policy selects {}; tools with a schema older \
                     than Kubernetes 1.34 reject it",
                    words::pods_of(self.cx, self.id)
                );
                let help = "write `podSelector: {}` to select every pod, or the labels of certain \
                            pods";
                let finding = self.push(Spot::PodSelector, place, message, help.into());
                finding.severity = Severity::Warning;
            }
        }
    }

    fn policy_types(&mut self, policy: &Policy) {
        let types = match &policy.policy_types {
            Field::Absent => return,
            Field::Wrong(place, why) => {
                return self.wrong_type(Spot::PolicyTypes, *place, "", why);
            }
            Field::Given(types, place) if types.len() > 2 => {
                let message = "`policyTypes` has more than two entries: the API server rejects the \
                               policy";
                let help = "write `Ingress` and `Egress` at most once each";
                self.push(Spot::PolicyTypes, place.key, message.into(), help.into());
                return;
            }
            Field::Given(types, _) => types,
        };
        for (index, entry) in types.iter().enumerate() {
            if let Field::Wrong(place, why) = entry {
                let known = Direction::BOTH.map(Direction::policy_type);
                let field = format!("spec.policyTypes[{index}]");
                self.word(Spot::PolicyTypes, *place, why, "policy type", &field, &known);
            }
        }
    }

    fn rule(&mut self, direction: Direction, index: u32, rule: &TrafficRule) {
        let spot = Spot::Rule(direction, index);
        if rule.wrong {
            let peers = direction.peers_field();
            let help =
                format!("write `{peers}` and `ports` after the dash, or `{{}}` to allow everyone");
            return self.no_mapping(spot, rule.span, &help);
        }
        if let Field::Wrong(place, why) = &rule.peers {
            self.wrong_type(spot, *place, direction.peers_field(), why);
        }
        if let Field::Wrong(place, why) = &rule.ports {
            self.wrong_type(spot, *place, "ports", why);
        }
        for (number, peer) in (0u32..).zip(rule.peer_list()) {
            self.peer(direction, index, number, peer);
        }
        for (number, entry) in (0u32..).zip(rule.port_list()) {
            self.port(Spot::Port(direction, index, number), entry);
        }
    }

    fn peer(&mut self, direction: Direction, rule: u32, index: u32, peer: &Peer) {
        let mut look = |spot: Spot, wrong: Option<(Place, &Why)>| {
            if let Some((place, why)) = wrong {
                self.wrong_type(spot, place, "", why);
            }
        };
        look(Spot::PeerPods(direction, rule, index), fault(&peer.pod_selector));
        look(Spot::PeerNamespaces(direction, rule, index), fault(&peer.namespace_selector));
        look(Spot::PeerBlock(direction, rule, index), fault(&peer.ip_block));
    }

    fn port(&mut self, spot: Spot, entry: &PortEntry) {
        if entry.wrong {
            return self.no_mapping(spot, entry.first_token, "write `port: …` after the dash");
        }
        if let Some((place, why)) = fault(&entry.protocol) {
            let known = Protocol::ALL.map(|protocol| protocol.to_string());
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            self.word(spot, place, why, "protocol", &format!("{spot}.protocol"), &known);
        }
    }

    /// A value that must be one of a few words.
    fn word(
        &mut self,
        spot: Spot,
        place: Place,
        why: &Why,
        what: &str,
        field: &str,
        known: &[&str],
    ) {
        let written = self.cx.text(place.value);
        let word = written.trim_matches(['"', '\'']);
        if is_placeholder(word) {
            return;
        }
        if let Why::Type { found, .. } = why {
            let message = format!(
                "a {what} must be a string, not {found}: the API server rejects the policy"
            );
            self.push(spot, place.key, message, one_of(known)).field = field.to_owned();
            return;
        }
        let fitting = known.iter().find(|known| known.eq_ignore_ascii_case(word));
        let message = match (fitting, word) {
            (Some(_), _) => {
                format!(
                    "{what}s are case-sensitive: the API server rejects {}",
                    words::quoted(word)
                )
            }
            (None, "") => format!("this {what} is empty: the API server rejects the policy"),
            (None, _) => {
                format!(
                    "there is no {what} {}: the API server rejects the policy",
                    words::quoted(word)
                )
            }
        };
        let help = fitting.map_or_else(|| one_of(known), |fitting| format!("write `{fitting}`"));
        let finding = self.push(spot, place.value, message, help);
        field.clone_into(&mut finding.field);
        finding.fixes.extend(fitting.map(|fitting| Fix {
            title: format!("Write {fitting}"),
            safety: Safety::Safe,
            edits: vec![Edit { span: place.value, text: requoted(written, fitting) }],
        }));
    }
}

fn fault<T>(field: &Field<T>) -> Option<(Place, &Why)> {
    match field {
        Field::Wrong(place, why) => Some((*place, why)),
        _ => None,
    }
}

fn one_of(known: &[&str]) -> String {
    let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
    format!("write one of {}", words::list(&known, known.len()))
}

/// `word` in the quotes of `written`.
fn requoted(written: &str, word: &str) -> String {
    match written.chars().next() {
        Some(quote @ ('"' | '\'')) => format!("{quote}{word}{quote}"),
        _ => word.to_owned(),
    }
}
