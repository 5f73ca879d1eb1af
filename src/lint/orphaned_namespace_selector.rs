//! A namespaceSelector with a value that no Namespace in the repository has.

use strsim::osa_distance;

use super::tiered::conditions::{by_name, conditions};
use super::tiered::{Tiered, spelling};
use super::{Check, Confidence, Context, Finding, Rule, Severity, namespace_label_by_name, words};
use crate::model::tiered::{Evaluator, LabelOf};
use crate::model::{At, Operator, PolicyId, Requirement, Spot, is_placeholder};
use crate::resolve::{
    Labelled, NAME_LABEL, Namespace, NamespaceId, WorkloadId, is_dns_namespace, meets,
};
use crate::text::Span;

/// The rule.
pub static RULE: Rule = Rule {
    id: "orphaned-namespace-selector",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/orphaned-namespace-selector.md"),
    check: Check::EachKind(check, check_tiered),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    for peer in cx.selector_peers() {
        let selector = peer.peer.namespace_selector.get().filter(|s| !s.is_refused());
        let requirements = selector.map_or(&[][..], |s| &s.requirements).iter();
        // Already looked up: a Namespace that the whole selector matches meets each requirement.
        let is_shown = |number: NamespaceId| cx.cluster.namespace(number).object.is_some();
        let is_met = peer.means.namespaces.iter().any(|(number, _)| is_shown(*number));
        let label = |key: &str, value: &str| format!("{key}: {value}");
        let name = |name: &str| label(NAME_LABEL, name);
        let mut asked = requirements.map(|requirement| Asked {
            requirement,
            is_met,
            name: &name,
            label: &label,
            field: "a podSelector",
        });
        let spot = Spot::PeerNamespaces(peer.direction, peer.rule, peer.index);
        let found = asked.find_map(|asked| asked.orphaned(cx));
        findings.extend(found.map(|made| made.about(cx, At { policy: id, spot })));
    }
}

/// The same in policies of other kinds.
fn check_tiered(cx: &Context<'_>, of: &Tiered<'_>, _: &'static Rule, findings: &mut Vec<Finding>) {
    let name = |name: &str| spelling::namespace(of, name);
    let label = |key: &str, value: &str| spelling::namespace_label(of, key, value);
    let field = match of.project() {
        Evaluator::Cilium => "a label without `io.cilium.k8s.namespace.labels.`",
        Evaluator::Calico => "`selector`",
        Evaluator::NetworkPolicyApi => "`pods.podSelector`",
    };
    for at in of.selectors() {
        let covered = cx.cluster.term_namespaces(of.asker, at.term);
        let shown = covered.iter().any(|number| cx.cluster.namespace(*number).object.is_some());
        let required =
            conditions(at.term).flat_map(|condition| condition.required(LabelOf::Namespace));
        let found = required.map(by_name).find_map(|requirement| {
            let asked = Asked {
                requirement: &requirement,
                is_met: shown,
                name: &name,
                label: &label,
                field,
            };
            asked.orphaned(cx)
        });
        findings.extend(found.map(|made| of.finding_at(cx, &at, made)));
    }
}

/// A requirement on the labels of namespaces.
struct Asked<'a> {
    /// Itself.
    requirement: &'a Requirement,
    /// Whether some Namespace that is shown meets it, with the rest of its selector.
    is_met: bool,
    /// How its policy asks for a namespace by its name.
    name: &'a dyn Fn(&str) -> String,
    /// The same for any label of a namespace.
    label: &'a dyn Fn(&str, &str) -> String,
    /// Where its policy asks for the labels of pods.
    field: &'static str,
}

impl Asked<'_> {
    /// What is wrong with it, where no namespace meets it.
    fn orphaned(&self, cx: &Context<'_>) -> Option<Finding> {
        let orphan = self.orphan(cx)?;
        let mut finding = Finding::new(&RULE, orphan.place, orphan.message, orphan.help);
        if let Some((place, message)) = orphan.related {
            finding = finding.related(place, message);
        }
        let is_sure = orphan.proven || shows_all_namespaces(cx, orphan.by_name);
        Some(if is_sure { finding } else { finding.confidence(Confidence::Low) })
    }

    fn orphan(&self, cx: &Context<'_>) -> Option<Orphan> {
        let requirement = self.requirement;
        let mut texts = requirement.values.iter().map(|(value, _)| value).chain([&requirement.key]);
        if requirement.operator != Operator::In || texts.any(|text| is_placeholder(text)) {
            return None;
        }
        if requirement.key == NAME_LABEL {
            return requirement.values.iter().find_map(|(name, place)| {
                moved(cx, self, name, *place).or_else(|| misspelt(cx, self, name, *place))
            });
        }
        if self.is_met {
            return None;
        }
        pods_label(cx, self).or_else(|| without_value(cx, self))
    }
}

/// A requirement that no namespace meets.
struct Orphan {
    place: Span,
    message: String,
    help: String,
    related: Option<(Span, String)>,
    /// It is about the label that every namespace has.
    by_name: bool,
    /// The repository itself shows why, whatever else may exist.
    proven: bool,
}

/// A label that no Namespace in the repository has, and that pods in one do have: it belongs in a
/// podSelector. That is evidence, whatever other namespaces may exist.
fn pods_label(cx: &Context<'_>, asked: &Asked<'_>) -> Option<Orphan> {
    let (cluster, requirement) = (cx.cluster, asked.requirement);
    let shown = || cluster.namespaces().iter().filter(|namespace| namespace.object.is_some());
    let may_have = shown().any(|namespace| !meets(requirement, namespace).is_no());
    let is_met_elsewhere = cluster.elsewhere().is_some_and(|it| it.has_namespace_with(requirement));
    if may_have || is_met_elsewhere || requirement.key == NAME_LABEL {
        return None;
    }
    let has = |number: &WorkloadId| {
        let label = cluster.workload(*number).workload.label(&requirement.key);
        label.is_some_and(|label| requirement.values.iter().any(|(v, _)| *v == label.value))
    };
    let pods: Vec<WorkloadId> = cluster.workload_ids().filter(has).collect();
    let first = cluster.workload(*pods.first()?);
    // If the namespace of one of them is not shown, it may have the label as well.
    if pods.iter().any(|number| cluster.workload(*number).namespace.object.is_none()) {
        return None;
    }
    let (_, place) = requirement.values.first()?;
    let who = words::workload(&first);
    let home = words::quoted(&first.namespace.name);
    let label = words::quoted(&requirement.words());
    Some(Orphan {
        place: *place,
        message: format!(
            "{label} is a pod label, but a namespaceSelector matches Namespace labels: {who} in \
             namespace {home} has it, and no Namespace in the repository does"
        ),
        help: format!(
            "to select those pods, move {label} to {} in the same peer, and write {} here",
            asked.field,
            words::quoted(&(asked.name)(&first.namespace.name))
        ),
        related: first
            .workload
            .label(&requirement.key)
            .map(|label| (label.value_span, format!("the pods of {who} have the label here"))),
        by_name: false,
        proven: true,
    })
}

/// A namespace whose pods a kustomization's `namespace` moves elsewhere, without changing
/// selectors.
fn moved(cx: &Context<'_>, asked: &Asked<'_>, name: &str, place: Span) -> Option<Orphan> {
    if cx.cluster.namespace_named(name).is_some() || cx.cluster.is_mentioned_elsewhere(name) {
        return None;
    }
    let (head, written) = cx.cluster.moved_from(name)?;
    let now = cx.cluster.namespace_name_of(head);
    Some(Orphan {
        place,
        message: format!(
            "no pods run in namespace {}: the kustomization moves {} {} to namespace {}, but does \
             not change this selector",
            words::quoted(name),
            head.kind,
            words::quoted(&head.name),
            words::quoted(now),
        ),
        help: format!(
            "to select its pods, patch this to {} in the overlay",
            words::quoted(&(asked.name)(now))
        ),
        related: Some((written, "this moves it".to_owned())),
        by_name: true,
        proven: true,
    })
}

/// A name that nothing in the repository mentions, if a similar one exists.
fn misspelt(cx: &Context<'_>, asked: &Asked<'_>, name: &str, place: Span) -> Option<Orphan> {
    if cx.cluster.namespace_named(name).is_some() || is_dns_namespace(name) {
        return None;
    }
    let values = &asked.requirement.values;
    let is_asked_for = |other: &str| values.iter().any(|(value, _)| value == other);
    let twin = cx.cluster.namespaces().iter().find(|namespace| {
        !namespace.implicit && is_typo(name, &namespace.name) && !is_asked_for(&namespace.name)
    })?;
    if cx.cluster.is_mentioned_elsewhere(name) {
        return None;
    }
    Some(Orphan {
        place,
        message: format!(
            "no manifest mentions namespace {}, but there is {}",
            words::quoted(name),
            words::namespace(twin)
        ),
        help: format!("if that one is meant, write {}", words::quoted(&(asked.name)(&twin.name))),
        related: twin.object.map(|object| {
            (cx.cluster.head(object).name_span, "this Namespace has a similar name".to_owned())
        }),
        by_name: true,
        proven: false,
    })
}

/// A value that no Namespace has, although some have the key.
fn without_value<'a>(cx: &Context<'a>, asked: &Asked<'_>) -> Option<Orphan> {
    let requirement = asked.requirement;
    let namespaces = cx.cluster.namespaces();
    let shown = || namespaces.iter().filter(|namespace| namespace.object.is_some());
    if shown().any(|namespace| !meets(requirement, namespace).is_no()) {
        return None;
    }
    if cx.cluster.elsewhere().is_some_and(|it| it.has_namespace_with(requirement)) {
        return None;
    }
    let carriers: Vec<(&Namespace, &str)> =
        shown().filter_map(|ns| Some((ns, ns.value(&requirement.key)?))).collect();
    let is_typo = |(_, has): &&(&Namespace, &str)| {
        requirement.values.iter().any(|(value, _)| is_typo(value, has))
    };
    let twin = carriers.iter().find(is_typo);
    if twin.is_none() && identifies_namespace(requirement) {
        return None;
    }
    let (nearest, has) = *twin.or(carriers.first())?;
    let (_, place) = requirement.values.first()?;
    let label = words::quoted(&format!("{}: {has}", requirement.key));
    Some(Orphan {
        place: *place,
        message: format!(
            "{} matches no Namespace in the repository; Namespace {} has {label}",
            words::quoted(&requirement.words()),
            words::quoted(&nearest.name)
        ),
        help: format!(
            "if Namespace {} is meant, write {}; otherwise add the other Namespace, or its label, \
             to the repository",
            words::quoted(&nearest.name),
            words::quoted(&(asked.label)(&requirement.key, has))
        ),
        related: place_of_label(nearest, &requirement.key).map(|place| {
            (place, format!("Namespace {} has it here", words::quoted(&nearest.name)))
        }),
        by_name: false,
        proven: false,
    })
}

fn place_of_label(namespace: &Namespace, key: &str) -> Option<Span> {
    namespace.labels.iter().find(|label| label.key == key).map(|label| label.value_span)
}

/// Labels that distinguish one namespace from all others. That no Namespace in the repository has a
/// value proves nothing: namespaces in other repositories (`ingress-nginx`, `monitoring`) have such
/// labels too.
fn identifies_namespace(requirement: &Requirement) -> bool {
    let key = requirement.key.as_str();
    namespace_label_by_name::named(requirement).is_some()
        || key.starts_with("app.kubernetes.io/")
        || matches!(key, "app" | "component" | "k8s-app" | "release")
}

/// Whether there can be no other Namespaces than those shown: all that are mentioned are shown (or,
/// if only their names matter, at least nothing is left out).
fn shows_all_namespaces(cx: &Context<'_>, by_name: bool) -> bool {
    let is_shown =
        |namespace: &Namespace| by_name || namespace.implicit || namespace.object.is_some();
    !cx.cluster.leaves_things_out() && cx.cluster.namespaces().iter().all(is_shown)
}

/// Whether one of two names is probably the other one misspelt: all of their parts are equal except
/// one, which has a letter or two wrong. `dev-1` and `dev-2`, or `team-a` and `team-b`, are two
/// names and not a typo.
fn is_typo(a: &str, b: &str) -> bool {
    if !may_be_typo(a, b) {
        return false;
    }
    let parts = |name: &str| name.split(['-', '.', '_']).map(str::to_owned).collect::<Vec<_>>();
    let (a_parts, b_parts) = (parts(a), parts(b));
    if a == b || a_parts.len() != b_parts.len() {
        return a != b && a_parts.concat() == b_parts.concat();
    }
    let mut differing = a_parts.iter().zip(&b_parts).filter(|(a, b)| a != b);
    let (Some((a, b)), None) = (differing.next(), differing.next()) else {
        return false;
    };
    let shorter = a.len().min(b.len());
    let allowed = if shorter >= 8 { 2 } else { 1 };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    shorter >= 4 && digits(a) == digits(b) && osa_distance(a, b) <= allowed
}

/// Whether two names have half their length in common at their ends. Almost no two names do, and a
/// big repository has very many pairs.
fn may_be_typo(a: &str, b: &str) -> bool {
    if a.len().abs_diff(b.len()) > 3 {
        return false;
    }
    let same = |(a, b): &(u8, u8)| a == b;
    let before = a.bytes().zip(b.bytes()).take_while(same).count();
    let after = a.bytes().rev().zip(b.bytes().rev()).take_while(same).count();
    2 * (before + after) >= a.len().max(b.len())
}

#[cfg(test)]
mod tests {
    use super::is_typo;

    #[test]
    fn a_typo_is_distinguished_from_another_name() {
        for (a, b) in [
            ("backend-service", "backend-services"),
            ("montoring", "monitoring"),
            ("ingress-ngnix", "ingress-nginx"),
            ("backend-services", "backendservices"),
        ] {
            assert!(is_typo(a, b) && is_typo(b, a), "{a} {b}");
        }
        for (a, b) in [
            ("shop", "shop"),
            ("dev-1", "dev-2"),
            ("node1", "node2"),
            ("team-a", "team-b"),
            ("shop-dev", "shop-prod"),
            ("shop", "shop-data"),
            ("blog", "shop"),
        ] {
            assert!(!is_typo(a, b), "{a} {b}");
        }
    }
}
