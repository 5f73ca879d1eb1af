//! The file as written. Names are looked up later, in `read`. The comments describe each key in the
//! schema, so editors show them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

pub(super) type Text = Spanned<String>;
pub(super) type List = Spanned<Vec<Text>>;

/// The configuration of netpol-lint, at the root of a repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "netpol-lint.toml")]
pub(super) struct File {
    /// Run only these rules: ids, or `all`. Empty: the rules that are on by default.
    #[schemars(with = "Option<Vec<String>>")]
    pub select: Option<List>,
    /// Do not run these rules.
    #[schemars(with = "Option<Vec<String>>")]
    pub ignore: Option<List>,
    /// Also run the pedantic rules, and show notes.
    #[schemars(with = "Option<bool>")]
    pub pedantic: Option<Spanned<bool>>,
    /// The lowest severity to show; with `pedantic`, `note` is the default.
    #[schemars(with = "Option<Level>")]
    pub min_severity: Option<Spanned<Level>>,
    /// The lowest confidence to show.
    #[schemars(with = "Option<Sureness>")]
    pub min_confidence: Option<Spanned<Sureness>>,
    /// The lowest severity that makes the exit code 1.
    #[schemars(with = "Option<FailOn>")]
    pub fail_on: Option<Spanned<FailOn>>,
    /// Report only on files that match one of these globs, including Markdown files. Globs work as
    /// in a .gitignore at the root. Empty: all files.
    #[schemars(with = "Option<Vec<String>>")]
    pub include: Option<List>,
    /// Do not read files that match one of these globs, not even as context.
    #[schemars(with = "Option<Vec<String>>")]
    pub exclude: Option<List>,
    /// Overrides the severity of rules, by id.
    #[schemars(with = "Option<BTreeMap<String, Level>>")]
    pub severity: Option<BTreeMap<Text, Spanned<Level>>>,
    /// Rules to ignore in some files.
    #[schemars(with = "Option<Vec<PerPath>>")]
    pub per_path: Option<Vec<Spanned<PerPath>>>,
    /// The namespace for objects without `metadata.namespace`.
    #[schemars(with = "Option<String>")]
    pub default_namespace: Option<Text>,
    /// The kind of cluster, which decides where its DNS runs. Default: detected from the manifests.
    #[schemars(with = "Option<ProfileName>")]
    pub profile: Option<Spanned<ProfileName>>,
    /// The network plugin, which decides the kinds of policies that are in force. Default: detected
    /// from the manifests.
    #[schemars(with = "Option<CniName>")]
    pub cni: Option<Spanned<CniName>>,
    /// Pods that are not in the repository but that policies may select.
    #[schemars(with = "Option<Vec<WellKnownPod>>")]
    pub well_known: Option<Vec<Spanned<WellKnownPod>>>,
    /// The CIDRs of the cluster's pods.
    #[schemars(with = "Option<Vec<String>>")]
    pub pod_ranges: Option<List>,
    /// The CIDRs of the cluster's Services.
    #[schemars(with = "Option<Vec<String>>")]
    pub service_ranges: Option<List>,
    /// Files that list what runs elsewhere in the cluster, relative to this one: the output of
    /// `kubectl get ns,deploy,sts,ds,pods,svc -A -o yaml` or `netpol-lint inventory`.
    #[schemars(with = "Option<Vec<String>>")]
    pub inventory: Option<List>,
    /// Files that are applied together, if the directory layout does not show it.
    #[schemars(with = "Option<Vec<ClusterTable>>")]
    pub cluster: Option<Vec<Spanned<ClusterTable>>>,
    /// Names of directories with tests and examples: they are checked on their own, and are not
    /// context for anything else.
    #[schemars(with = "Option<Vec<String>>")]
    pub test_directories: Option<List>,
    /// Whether the repository's expectations (`netpol-test.yaml`) are part of a check.
    #[schemars(with = "Option<bool>")]
    pub expectations: Option<Spanned<bool>>,
    /// How to render Helm charts.
    pub helm: Option<HelmTable>,
    /// Limits on what one file may cost; a file that exceeds one is a `yaml-limit` finding.
    pub limits: Option<LimitsTable>,
}

/// Rules to ignore in some files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PerPath {
    /// The files: globs, written as in `exclude`.
    #[schemars(with = "Vec<String>")]
    pub paths: List,
    /// The rules: ids, or `all`.
    #[schemars(with = "Vec<String>")]
    pub ignore: List,
}

/// Files that are applied together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Cluster")]
pub(super) struct ClusterTable {
    /// The name to show in findings.
    #[schemars(with = "String")]
    pub name: Text,
    /// Its files: globs, written as in `exclude`. A file may belong to several clusters.
    #[schemars(with = "Vec<String>")]
    pub paths: List,
}

/// A pod that is not in the repository.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "WellKnown")]
pub(super) struct WellKnownPod {
    /// A name for it.
    #[schemars(with = "String")]
    pub name: Text,
    /// Its namespace.
    #[schemars(with = "String")]
    pub namespace: Text,
    /// Every label that policies may select it by.
    #[schemars(with = "BTreeMap<String, String>")]
    pub labels: Spanned<BTreeMap<Text, Text>>,
    /// The ports it listens on; one with 53 is a DNS server.
    #[schemars(with = "Option<Vec<u16>>")]
    pub ports: Option<Vec<Spanned<i64>>>,
}

/// How to render Helm charts.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Helm")]
pub(super) struct HelmTable {
    /// Whether to render charts: `auto` renders them; `require` is the same.
    #[schemars(with = "Option<Render>")]
    pub render: Option<Spanned<Render>>,
    /// Seconds that one chart may take to render, counted in steps.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub time_limit: Option<Spanned<i64>>,
    /// Bytes that one chart may render to.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub output_limit: Option<Spanned<i64>>,
    /// The version of Kubernetes that templates see: `1.31`.
    #[schemars(with = "Option<String>")]
    pub kube_version: Option<Text>,
    /// The APIs that templates see beside Kubernetes' own, such as `monitoring.coreos.com/v1`.
    #[schemars(with = "Option<Vec<String>>")]
    pub api_versions: Option<List>,
    /// Values that turn policies on, such as `hardened=true`. A chart is rendered once more with
    /// those that are in a condition around one of its policies.
    #[schemars(with = "Option<Vec<String>>")]
    pub sets: Option<List>,
    /// How to render certain charts. A chart that matches several entries is rendered for each.
    #[schemars(with = "Option<Vec<ChartTable>>")]
    pub chart: Option<Vec<Spanned<ChartTable>>>,
}

/// How to render certain charts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Chart")]
pub(super) struct ChartTable {
    /// The chart's directory, or a glob written as in `exclude`; `.` is the root.
    #[schemars(with = "String")]
    pub path: Text,
    /// The release name. Default: the chart's name.
    #[schemars(with = "Option<String>")]
    pub release: Option<Text>,
    /// The release namespace. Default: `default-namespace`.
    #[schemars(with = "Option<String>")]
    pub namespace: Option<Text>,
    /// Values files, relative to the repository root; later ones win.
    #[schemars(with = "Option<Vec<String>>")]
    pub values: Option<List>,
}

/// Whether to render charts.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Render {
    Auto,
    Never,
    Require,
}

/// Limits on what one file, and a run, may cost.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Limits")]
pub(super) struct LimitsTable {
    /// The size of a file, in bytes.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub file_bytes: Option<Spanned<i64>>,
    /// The nesting depth of a document.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub depth: Option<Spanned<i64>>,
    /// The number of nodes in a document after its aliases are expanded.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub nodes: Option<Spanned<i64>>,
    /// The number of documents in a file.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub documents: Option<Spanned<i64>>,
    /// About how much memory the objects of a run may take, in MiB.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub memory: Option<Spanned<i64>>,
}

/// How severe a finding is.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Level {
    Error,
    Warning,
    Note,
}

/// How sure a rule is of a finding.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Sureness {
    High,
    Medium,
    Low,
}

/// A severity, or `never`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum FailOn {
    Error,
    Warning,
    Note,
    Never,
}

/// The network plugin.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum CniName {
    /// Cilium: its policies and NetworkPolicies.
    Cilium,
    /// Calico: its policies and NetworkPolicies.
    Calico,
    /// Another one: NetworkPolicies, and the kinds of the Network Policy API.
    Other,
}

/// A kind of cluster.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Profile")]
pub(super) enum ProfileName {
    Kubernetes,
    OpenShift,
    Gke,
    Eks,
    Aks,
    K3s,
    Rke2,
}
