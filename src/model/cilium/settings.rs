//! How Cilium is set up, as far as that changes what policies mean: by the ConfigMap that its agent
//! reads, or by the values of the chart that writes it
//! (install/kubernetes/cilium/templates/cilium-configmap.yaml).

use std::borrow::Cow;

use compact_str::CompactString;

use crate::model::placeholder::is_placeholder;
use crate::yaml::{Limits, Node, read};

/// Whether Cilium isolates pods without policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enforcement {
    /// It does not (`default`).
    Default,
    /// It does, in both directions (`always`).
    Always,
    /// It enforces nothing (`never`).
    Never,
    /// What is shown does not tell.
    Unknown,
}

/// Settings of Cilium that change what policies mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiliumSettings {
    /// `enable-policy`.
    pub enforcement: Enforcement,
    /// `policy-cidr-match-mode: nodes`.
    pub cidr_matches_nodes: bool,
    /// `cluster-name`.
    pub cluster_name: CompactString,
    /// `enable-host-firewall`.
    pub host_firewall: bool,
    /// `enable-non-default-deny-policies`.
    pub non_default_deny: bool,
    /// `enable-node-selector-labels`: `fromNodes` and `toNodes` select nodes by their labels.
    pub node_labels: bool,
    /// `labels`: a filter of its own decides which labels identities have.
    pub own_label_filter: bool,
}

impl Default for CiliumSettings {
    fn default() -> Self {
        Self {
            enforcement: Enforcement::Default,
            cidr_matches_nodes: false,
            cluster_name: CompactString::const_new("default"),
            host_firewall: false,
            non_default_deny: true,
            node_labels: false,
            own_label_filter: false,
        }
    }
}

/// Where a setting is written: its key in the ConfigMap, and its path in the chart's values.
struct Name(&'static str, &'static [&'static str]);

const ENFORCEMENT: Name = Name("enable-policy", &["policyEnforcementMode"]);
const CIDR_MODE: Name = Name("policy-cidr-match-mode", &["policyCIDRMatchMode"]);
const CLUSTER: Name = Name("cluster-name", &["cluster", "name"]);
const FIREWALL: Name = Name("enable-host-firewall", &["hostFirewall", "enabled"]);
const NON_DEFAULT_DENY: Name =
    Name("enable-non-default-deny-policies", &["enableNonDefaultDenyPolicies"]);
const NODE_LABELS: Name = Name("enable-node-selector-labels", &["nodeSelectorLabels"]);
const LABELS: Name = Name("labels", &["labels"]);

/// What settings are read from.
enum Written<'n> {
    /// The agent's ConfigMap.
    Config(&'n Node),
    /// The values of the chart, and parameters that override them.
    Values(Option<&'n Node>, Vec<(&'n str, Cow<'n, str>)>),
}

impl<'n> Written<'n> {
    fn text(&self, name: &Name) -> Option<Cow<'n, str>> {
        match self {
            Self::Config(tree) => text(tree.at(&["data", name.0])?),
            Self::Values(values, parameters) => {
                let path = name.1.join(".");
                let last = parameters.iter().rev().find(|(known, _)| *known == path);
                last.map(|(_, value)| value.clone()).or_else(|| text(values.as_ref()?.at(name.1)?))
            }
        }
    }

    fn settings(&self) -> CiliumSettings {
        let default = CiliumSettings::default();
        let is = |name: &Name, value: &str| self.text(name).as_deref() == Some(value);
        let modes = self.text(&CIDR_MODE).unwrap_or_default();
        CiliumSettings {
            enforcement: match self.text(&ENFORCEMENT).as_deref() {
                Some("always") => Enforcement::Always,
                Some("never") => Enforcement::Never,
                Some(text) if is_placeholder(text) => Enforcement::Unknown,
                _ => Enforcement::Default,
            },
            cidr_matches_nodes: modes.split([',', ' ']).any(|mode| mode == "nodes"),
            cluster_name: self.text(&CLUSTER).map_or(default.cluster_name, CompactString::from),
            host_firewall: is(&FIREWALL, "true"),
            non_default_deny: !is(&NON_DEFAULT_DENY, "false"),
            node_labels: is(&NODE_LABELS, "true"),
            own_label_filter: self.text(&LABELS).is_some_and(|text| !text.trim().is_empty()),
        }
    }
}

/// A scalar, or the items of a list with commas between them.
fn text(node: &Node) -> Option<Cow<'_, str>> {
    if let Some(items) = node.as_seq() {
        let items = items.iter().filter_map(|item| Some(item.as_scalar()?.text.as_str()));
        return Some(Cow::Owned(items.collect::<Vec<_>>().join(",")));
    }
    let scalar = node.as_scalar().filter(|_| !node.is_null())?;
    Some(Cow::Borrowed(scalar.text.as_str()))
}

/// Settings in a ConfigMap: the agent's own, or one with values of the chart, which a release names
/// under `valuesFrom`.
pub fn of_config_map(name: &str, tree: &Node) -> Option<CiliumSettings> {
    if name == CONFIG {
        return Some(Written::Config(tree).settings());
    }
    let values = tree.at(&["data", "values.yaml"]).filter(|_| name.starts_with(NAME))?;
    let values = parsed(values)?;
    Some(Written::Values(Some(&values), Vec::new()).settings())
}

/// The ConfigMap that the agent reads.
pub const CONFIG: &str = "cilium-config";
/// The name of the chart.
const NAME: &str = "cilium";

/// What an object that deploys charts says of Cilium.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its settings; none where values that are not shown may have them.
    pub settings: Option<CiliumSettings>,
}

/// Whether an object deploys Cilium's chart, and how it sets it up: a HelmRelease of Flux, an
/// Application or ApplicationSet of Argo CD, a HelmChart of k3s.
pub fn installed(tree: &Node) -> Option<Installed> {
    let spec = tree.get("spec")?;
    if is_flux_release(spec) {
        let is_whole = spec.get("valuesFrom").is_none_or(Node::is_null);
        return Some(with(spec.get("values"), Vec::new(), is_whole));
    }
    if is_chart(spec.get("chart")) {
        let content = spec.get("valuesContent").and_then(parsed);
        return Some(with(content.as_ref().or(spec.get("values")), Vec::new(), true));
    }
    let of_template = spec.at(&["template", "spec"]);
    let spec = of_template.unwrap_or(spec);
    let sources = spec.get("sources").and_then(Node::as_seq).unwrap_or_default();
    let mut sources = spec.get("source").into_iter().chain(sources);
    let source = sources.find(|source| is_chart(source.get("chart")))?;
    Some(of_argo(source.get("helm")))
}

/// Whether the spec of a HelmRelease names the chart.
pub fn is_flux_release(spec: &Node) -> bool {
    is_chart(spec.at(&["chart", "spec", "chart"])) || is_chart(spec.at(&["chartRef", "name"]))
}

fn of_argo(helm: Option<&Node>) -> Installed {
    let Some(helm) = helm else { return with(None, Vec::new(), true) };
    let list = helm.get("parameters").and_then(Node::as_seq).unwrap_or_default();
    let parameters =
        list.iter().filter_map(|one| Some((one.get("name")?.as_str()?, text(one.get("value")?)?)));
    let written = helm.get("values").and_then(parsed);
    let values = helm.get("valuesObject").or(written.as_ref());
    let has_files = helm.get("valueFiles").and_then(Node::as_seq).is_some_and(|it| !it.is_empty());
    let is_whole = !has_files && helm.get("fileParameters").is_none();
    with(values, parameters.collect(), is_whole)
}

/// What is written counts; where more may be written elsewhere, only if it is not the default.
fn with(values: Option<&Node>, parameters: Vec<(&str, Cow<'_, str>)>, is_whole: bool) -> Installed {
    let settings = Written::Values(values, parameters).settings();
    let says_something = is_whole || settings != CiliumSettings::default();
    Installed { settings: says_something.then_some(settings) }
}

fn is_chart(name: Option<&Node>) -> bool {
    let name = name.and_then(Node::as_str);
    name.is_some_and(|name| name.rsplit('/').next() == Some(NAME))
}

/// Values that are written as a text.
fn parsed(node: &Node) -> Option<Node> {
    let text = node.as_str()?;
    let stream = read(node.span.source, text, 0..text.len(), None, &Limits::default());
    stream.documents.into_iter().next().map(|document| document.root)
}

impl CiliumSettings {
    /// What several installations have in common, which may be those of different clusters.
    pub fn common<'s>(mut all: impl Iterator<Item = &'s Self>) -> Option<Self> {
        let first = all.next()?;
        let others: Vec<&Self> = all.filter(|other| *other != first).collect();
        if others.is_empty() {
            return Some(first.clone());
        }
        let agree = others.iter().all(|other| other.enforcement == first.enforcement);
        let enforcement = if agree { first.enforcement } else { Enforcement::Unknown };
        // Of the others nothing is known.
        (enforcement != Enforcement::Default).then(|| Self { enforcement, ..Self::default() })
    }
}
