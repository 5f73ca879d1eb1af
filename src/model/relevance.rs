//! How much of a document matters to a linter of policies.
//!
//! Most bytes of a repository are definitions of custom resources, dashboards and chart values.
//! Their heads show that they contain neither a policy nor pods, so the rest is not parsed.

use std::sync::LazyLock;

use super::{cilium, kinds, workload};
use crate::bundle::HEAD;
use crate::yaml::{Extent, Node, Partial, Wanted};

/// The documents that are worth parsing.
pub(super) static WANTED: LazyLock<Wanted> = LazyLock::new(|| {
    Wanted::new(kinds::wanted(), kinds::PARTS, &["emplate", "containers"])
        .with_word("ConfigMap", cilium::CONFIG)
});

/// What this linter needs from a document.
#[derive(Debug)]
pub struct Relevance;

/// The values of a chart that a controller renders.
const VALUES: Extent = Extent::Without { outer: "spec", inner: "values" };

impl Partial for Relevance {
    fn head(&self) -> &[&'static str] {
        HEAD
    }

    fn extent(&self, head: &Node, document: &str) -> Extent {
        let text = |key: &str| head.get(key).and_then(Node::as_str);
        let (Some(version), Some(kind)) = (text("apiVersion"), text("kind")) else {
            return Extent::Whole;
        };
        let group = version.split_once('/').map_or("", |(group, _)| group);
        if kind == "CustomResourceDefinition" && has_conversion_webhook(document) {
            return Extent::Whole;
        }
        if workload::only_quotes_templates(group) {
            return Extent::Head;
        }
        if kinds::is_read_whole(group, kind) || WANTED.may_hold_words(document.as_bytes()) {
            return Extent::Whole;
        }
        match (group, kind) {
            ("", "ConfigMap") if is_plugin_config(head) => Extent::Whole,
            ("helm.toolkit.fluxcd.io", "HelmRelease") => VALUES,
            _ if kinds::is_deployer(group, kind)
                || kinds::is_git_source(group, kind)
                || kinds::is_test(group, kind) =>
            {
                Extent::Whole
            }
            _ => Extent::Head,
        }
    }

    /// The values matter for a chart that may be in this repository, which one in a Helm repository
    /// never is, and for that of a network plugin.
    fn is_enough(&self, partial: &Node) -> bool {
        if partial.get("spec").is_some_and(cilium::is_flux_release) {
            return false;
        }
        let chart = partial.at(&["spec", "chart", "spec"]);
        let source = chart.and_then(|chart| chart.at(&["sourceRef", "kind"]));
        chart.is_none() || source.and_then(Node::as_str) == Some("HelmRepository")
    }
}

/// Whether a definition may name a Service that converts its objects: most don't, and are long.
fn has_conversion_webhook(document: &str) -> bool {
    let has = |word: &str| memchr::memmem::find(document.as_bytes(), word.as_bytes()).is_some();
    has("conversion") && has("clientConfig")
}

/// Whether a ConfigMap has the settings of a network plugin.
fn is_plugin_config(head: &Node) -> bool {
    let name = head.at(&["metadata", "name"]).and_then(Node::as_str);
    name == Some(cilium::CONFIG)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;
    use crate::yaml::{Limits, read};

    fn extent(text: &str) -> Extent {
        let stream = read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        Relevance.extent(&stream.documents[0].root, text)
    }

    #[test]
    fn kinds_that_may_contain_pods_or_policies_are_read_completely() {
        for text in [
            "apiVersion: apps/v1\nkind: Deployment\n",
            "apiVersion: v1\nkind: List\n",
            "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n",
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n",
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\n",
            "apiVersion: x/v1\nkind: Y\nspec: {template: {spec: {containers: []}}}\n",
            "apiVersion: v1\nkind: ConfigMap\ndata: {job: 'template: containers:'}\n",
            "kind: Role\n",
            "apiVersion: v1\nkind: 1\n",
        ] {
            assert_eq!(extent(text), Extent::Whole, "{text}");
        }
    }

    #[test]
    fn other_kinds_are_read_up_to_their_head() {
        let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
            spec: {names: {kind: Pod}, x: {template: {containers: []}}}\n";
        assert_eq!(extent(definition), Extent::Head);
        assert_eq!(extent("apiVersion: v1\nkind: ConfigMap\ndata: {}\n"), Extent::Head);
        assert_eq!(extent("apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\n"), Extent::Head);
        let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n";
        assert_eq!(extent(release), VALUES);
    }
}
