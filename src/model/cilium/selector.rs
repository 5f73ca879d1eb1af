//! Selectors of Cilium: keys with a source before a colon, and keys that stand for the namespace, the
//! ServiceAccount or the cluster of a pod.

use super::Decoder;
use crate::model::label_selector;
use crate::model::selector::{Operator, Requirement};
use crate::model::tiered::{Expr, LabelOf, Laxity, NAMESPACE_NAME, Path, RefusalKind, read};
use crate::model::{is_placeholder, validate};
use crate::yaml::Node;

/// The label of a pod's identity that is its namespace (pkg/k8s/apis/cilium.io/const.go).
pub const NAMESPACE_KEY: &str = "io.kubernetes.pod.namespace";
/// What the labels of its Namespace begin with.
pub const NAMESPACE_LABELS: &str = "io.cilium.k8s.namespace.labels.";
const ACCOUNT_KEY: &str = "io.cilium.k8s.policy.serviceaccount";
const CLUSTER_KEY: &str = "io.cilium.k8s.policy.cluster";

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key<'k> {
    /// A label of a pod.
    Pod(&'k str),
    /// The namespace.
    Namespace,
    /// A label of the Namespace.
    NamespaceLabel(&'k str),
    /// The ServiceAccount.
    Account,
    /// The cluster.
    Cluster,
    /// An identity that is reserved.
    Reserved(&'k str),
    /// No pod has it: of another source, or filtered out of identities.
    Never(&'k str),
}

/// The source of a key and the key without it (pkg/labels, `GetCiliumKeyFrom`).
pub fn source(key: &str) -> (Option<&str>, &str) {
    match key.split_once(':') {
        Some((source, key)) => (Some(source), key),
        None => (None, key),
    }
}

/// What a key stands for.
pub fn key(written: &str) -> Key<'_> {
    match source(written) {
        (Some("reserved"), name) => Key::Reserved(name),
        (None | Some("any" | "k8s"), key) => match key {
            NAMESPACE_KEY => Key::Namespace,
            ACCOUNT_KEY => Key::Account,
            CLUSTER_KEY => Key::Cluster,
            key => match key.strip_prefix(NAMESPACE_LABELS) {
                Some(label) => Key::NamespaceLabel(label),
                None if is_filtered(key) => Key::Never(key),
                None => Key::Pod(key),
            },
        },
        (Some(_), key) => Key::Never(key),
    }
}

/// The key that asks for a label of `of`.
pub fn written_key(of: LabelOf, key: &str) -> String {
    match of {
        LabelOf::Namespace if key == NAMESPACE_NAME => format!("k8s:{NAMESPACE_KEY}"),
        LabelOf::Namespace => format!("{NAMESPACE_LABELS}{key}"),
        LabelOf::Account | LabelOf::AccountName => ACCOUNT_KEY.to_owned(),
        LabelOf::Cluster => CLUSTER_KEY.to_owned(),
        LabelOf::Reserved => format!("reserved:{key}"),
        LabelOf::Pod => key.to_owned(),
    }
}

/// Whether the default filter keeps a label out of identities (pkg/labelsfilter/filter.go).
pub fn is_filtered(key: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "io.kubernetes",
        "kubernetes.io",
        "k8s.io",
        "io.cilium.k8s.",
        "topology.kubernetes.io",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/job-completion-index",
        "batch.kubernetes.io/controller-uid",
        "pod-template-generation",
        "pod-template-hash",
        "controller-revision-hash",
        "controller-uid",
        "annotation",
        "etcd_node",
    ];
    BEGINNINGS.iter().any(|beginning| key.starts_with(beginning))
        || key.contains("beta.kubernetes.io")
}

impl Decoder {
    /// The condition that a selector is.
    pub(super) fn labels(&mut self, node: &Node, path: &Path<'_>) -> Expr {
        let Ok(selector) = label_selector::selector(node, label_key) else {
            return Expr::Unknown;
        };
        let judge = std::mem::replace(&mut self.reader.judge, "the Cilium agent");
        self.reader.faults(&selector, path, Laxity::Labels);
        self.reader.judge = judge;
        if selector.is_refused() {
            return Expr::Unknown;
        }
        Expr::all(selector.requirements.iter().map(requirement).collect())
    }

    /// Whether a peer selector says a namespace itself, so that its own is not added
    /// (pkg/k8s/apis/cilium.io/utils, `getEndpointSelector`).
    pub(super) fn says_where(node: &Node) -> bool {
        keys(node).any(|written| {
            matches!(key(written), Key::Namespace | Key::NamespaceLabel(_) | Key::Reserved(_))
        })
    }

    pub(super) fn refuse_entity(&mut self, node: &Node, path: &Path<'_>, known: &[&str]) {
        let text = node.as_str().unwrap_or_default();
        if is_placeholder(text) {
            return;
        }
        let fitting = known.iter().find(|word| word.eq_ignore_ascii_case(text));
        let (message, help) = match fitting {
            Some(word) => {
                (format!("entity `{text}` is misspelled (case counts)"), format!("write `{word}`"))
            }
            None => {
                let words: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
                (
                    format!("there is no entity `{text}`"),
                    format!("write one of {}", words.join(", ")),
                )
            }
        };
        self.reader.refuse(RefusalKind::Peer, node.span, path, message, help);
        if let Some(word) = fitting {
            self.reader.advise(node.span, *word, format!("Write {word}"));
        }
    }
}

/// A key that a selector for pods asks for.
#[derive(Clone, Debug)]
pub struct AskedKey<'t> {
    /// The key as it is written.
    pub key: &'t str,
    /// How its value compares.
    pub operator: Operator,
    /// The values.
    pub values: Vec<&'t str>,
    /// Where the key is written.
    pub span: crate::text::Span,
    /// Whether it is under `matchLabels`.
    pub is_label: bool,
}

/// The keys that the selectors for pods of a policy ask for, in order.
pub fn label_keys(tree: &Node) -> Vec<AskedKey<'_>> {
    let mut found = Vec::new();
    let specs = tree.get("specs").and_then(Node::as_seq).unwrap_or_default();
    tree.get("spec").into_iter().chain(specs).for_each(|spec| collect(spec, &mut found));
    found
}

/// Fields whose selectors are for something else than pods.
const NOT_FOR_PODS: [&str; 6] =
    ["nodeSelector", "cidrGroupSelector", "k8sServiceSelector", "fromNodes", "toNodes", "rules"];

fn collect<'t>(node: &'t Node, found: &mut Vec<AskedKey<'t>>) {
    for entry in node.as_map().map_or(&[][..], |map| &map.entries) {
        match entry.key.as_str() {
            "matchLabels" => {
                let labels = entry.value.as_map().map_or(&[][..], |map| &map.entries);
                found.extend(labels.iter().map(|label| AskedKey {
                    key: &label.key,
                    operator: Operator::In,
                    values: label.value.as_str().into_iter().collect(),
                    span: label.key_span,
                    is_label: true,
                }));
            }
            "matchExpressions" => {
                let items = entry.value.as_seq().unwrap_or_default().iter();
                found.extend(items.filter_map(expression));
            }
            field if NOT_FOR_PODS.contains(&field) => {}
            _ => collect(&entry.value, found),
        }
    }
    node.as_seq().unwrap_or_default().iter().for_each(|item| collect(item, found));
}

fn expression(item: &Node) -> Option<AskedKey<'_>> {
    let key = item.get("key")?;
    let operator = match item.get("operator")?.as_str()? {
        "In" => Operator::In,
        "NotIn" => Operator::NotIn,
        "Exists" => Operator::Exists,
        _ => Operator::DoesNotExist,
    };
    let values = read::items(item, "values").iter().filter_map(Node::as_str).collect();
    Some(AskedKey { key: key.as_str()?, operator, values, span: key.span, is_label: false })
}

/// The keys that a selector has.
fn keys(node: &Node) -> impl Iterator<Item = &str> {
    let labels = read::value(node, "matchLabels").and_then(Node::as_map);
    let labels = labels.into_iter().flat_map(|map| &map.entries).map(|entry| entry.key.as_str());
    let expressions = read::items(node, "matchExpressions").iter();
    labels.chain(expressions.filter_map(|item| read::value(item, "key")?.as_str()))
}

/// A label key behind at most one source.
fn label_key(written: &str) -> Result<(), String> {
    match source(written) {
        (Some(_), key) if key.contains(':') => Err("has two sources".to_owned()),
        (_, key) => validate::label_key(key),
    }
}

fn requirement(written: &Requirement) -> Expr {
    let is =
        |of: LabelOf, key: &str| Expr::Is(of, Requirement { key: key.into(), ..written.clone() });
    match key(&written.key) {
        Key::Pod(key) => is(LabelOf::Pod, key),
        Key::Namespace => is(LabelOf::Namespace, NAMESPACE_NAME),
        Key::NamespaceLabel(key) => is(LabelOf::Namespace, key),
        Key::Account => is(LabelOf::AccountName, ""),
        Key::Cluster => is(LabelOf::Cluster, ""),
        Key::Reserved(name) => is(LabelOf::Reserved, name),
        // It is absent from every identity.
        Key::Never(_) => match written.operator {
            Operator::In | Operator::Exists => Expr::Never,
            Operator::NotIn | Operator::DoesNotExist => Expr::Always,
        },
    }
}

/// The condition of an endpointSelector whose `k8s:` namespace is replaced by the policy's own.
pub(super) fn without_replaced_namespace(node: &Node, labels: Expr) -> Expr {
    let written = read::value(node, "matchLabels").and_then(Node::as_map);
    let is_replaced = written.is_some_and(|map| {
        map.entries.iter().any(|entry| entry.key == format!("k8s:{NAMESPACE_KEY}"))
    });
    if !is_replaced {
        return labels;
    }
    let is_namespace = |one: &Expr| {
        matches!(one, Expr::Is(LabelOf::Namespace, requirement)
            if requirement.key == NAMESPACE_NAME && requirement.is_label)
    };
    let kept = labels.conjuncts().iter().filter(|one| !is_namespace(one));
    Expr::all(kept.cloned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_for_what_the_agent_takes_them_for() {
        assert_eq!(key("k8s:app"), Key::Pod("app"));
        assert_eq!(key("app.kubernetes.io/name"), Key::Pod("app.kubernetes.io/name"));
        assert_eq!(key("any:io.kubernetes.pod.namespace"), Key::Namespace);
        assert_eq!(key("io.cilium.k8s.namespace.labels.team"), Key::NamespaceLabel("team"));
        assert_eq!(key("reserved:health"), Key::Reserved("health"));
        assert_eq!(key("container:app"), Key::Never("app"));
        for filtered in [
            "kubernetes.io/metadata.name",
            "k8s.io.kubernetes.pod.namespace",
            "topology.kubernetes.io/zone",
            "node.beta.kubernetes.io/x",
            "pod-template-hash",
        ] {
            assert!(matches!(key(filtered), Key::Never(_)), "{filtered}");
        }
        assert!(label_key("k8s:any:app").is_err() && label_key("k8s:a/b").is_ok());
    }
}
