//! What is written. Nothing here is looked up: that is `read`. The comments are what editors show
//! of each key, by way of the schema.

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
    /// Leave these rules out.
    #[schemars(with = "Option<Vec<String>>")]
    pub ignore: Option<List>,
    /// Run the pedantic rules too, and show notes.
    #[schemars(with = "Option<bool>")]
    pub pedantic: Option<Spanned<bool>>,
    /// The least severity shown; with `pedantic`, `note` is the default.
    #[schemars(with = "Option<Level>")]
    pub min_severity: Option<Spanned<Level>>,
    /// The least confidence shown.
    #[schemars(with = "Option<Sureness>")]
    pub min_confidence: Option<Spanned<Sureness>>,
    /// The least severity that makes the exit code 1.
    #[schemars(with = "Option<FailOn>")]
    pub fail_on: Option<Spanned<FailOn>>,
    /// Report only on files that match one of these globs, and read Markdown files that do.
    /// Globs mean what they mean in a gitignore file at the root. Empty: all files.
    #[schemars(with = "Option<Vec<String>>")]
    pub include: Option<List>,
    /// Neither report on files that match one of these globs nor resolve against them.
    #[schemars(with = "Option<Vec<String>>")]
    pub exclude: Option<List>,
    /// Severities of rules, by id, in place of their own.
    #[schemars(with = "Option<BTreeMap<String, Level>>")]
    pub severity: Option<BTreeMap<Text, Spanned<Level>>>,
    /// Rules that are left out in some files.
    #[schemars(with = "Option<Vec<PerPath>>")]
    pub per_path: Option<Vec<Spanned<PerPath>>>,
    /// The namespace that objects which name none are deployed to.
    #[schemars(with = "Option<String>")]
    pub default_namespace: Option<Text>,
    /// The kind of cluster, for where its DNS lives. Not given: detected from the manifests.
    #[schemars(with = "Option<ProfileName>")]
    pub profile: Option<Spanned<ProfileName>>,
    /// Pods that are not in the repository, and that policies may select.
    #[schemars(with = "Option<Vec<WellKnownPod>>")]
    pub well_known: Option<Vec<Spanned<WellKnownPod>>>,
    /// The addresses that the cluster's pods get (CIDRs).
    #[schemars(with = "Option<Vec<String>>")]
    pub pod_ranges: Option<List>,
    /// The addresses that the cluster's Services get (CIDRs).
    #[schemars(with = "Option<Vec<String>>")]
    pub service_ranges: Option<List>,
    /// Files that tell what runs elsewhere in the cluster, relative to this one: what `kubectl get
    /// ns,deploy,sts,ds,pods,svc -A -o yaml` or `netpol-lint inventory` prints.
    #[schemars(with = "Option<Vec<String>>")]
    pub inventory: Option<List>,
    /// Files that are applied together, where the directories do not tell.
    #[schemars(with = "Option<Vec<ClusterTable>>")]
    pub cluster: Option<Vec<Spanned<ClusterTable>>>,
    /// Names of directories of tests and examples: what is in them is tried out on its own, and is
    /// no context for anything else.
    #[schemars(with = "Option<Vec<String>>")]
    pub test_directories: Option<List>,
    /// Whether the repository's expectations (`netpol-test.yaml`) are part of a check.
    #[schemars(with = "Option<bool>")]
    pub expectations: Option<Spanned<bool>>,
    /// How Helm charts are rendered.
    pub helm: Option<HelmTable>,
    /// Bounds on what one file may cost; a file beyond one of them is a `yaml-limit` finding.
    pub limits: Option<LimitsTable>,
}

/// Rules that are left out in some files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct PerPath {
    /// The files: globs, written like `exclude`.
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
    /// What findings call it.
    #[schemars(with = "String")]
    pub name: Text,
    /// Its files: globs, written like `exclude`. A file may belong to several clusters.
    #[schemars(with = "Vec<String>")]
    pub paths: List,
}

/// A pod that is not in the repository.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "WellKnown")]
pub(super) struct WellKnownPod {
    /// What you call it.
    #[schemars(with = "String")]
    pub name: Text,
    /// The namespace it lives in.
    #[schemars(with = "String")]
    pub namespace: Text,
    /// All of its labels that policies may select it by.
    #[schemars(with = "BTreeMap<String, String>")]
    pub labels: Spanned<BTreeMap<Text, Text>>,
    /// The ports it listens on; one with 53 is a DNS server.
    #[schemars(with = "Option<Vec<u16>>")]
    pub ports: Option<Vec<Spanned<i64>>>,
}

/// How Helm charts are rendered.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Helm")]
pub(super) struct HelmTable {
    /// Whether: if `helm` is on the PATH, never, or else the run fails.
    #[schemars(with = "Option<Render>")]
    pub render: Option<Spanned<Render>>,
    /// Seconds that one chart may take.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub time_limit: Option<Spanned<i64>>,
    /// Bytes that one chart may make.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub output_limit: Option<Spanned<i64>>,
    /// How some charts are rendered. A chart that several of these are for is rendered for each.
    #[schemars(with = "Option<Vec<ChartTable>>")]
    pub chart: Option<Vec<Spanned<ChartTable>>>,
}

/// How some charts are rendered.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Chart")]
pub(super) struct ChartTable {
    /// The charts: their directory, or a glob written like `exclude`; `.` is the root.
    #[schemars(with = "String")]
    pub path: Text,
    /// The release's name; not given: the chart's.
    #[schemars(with = "Option<String>")]
    pub release: Option<Text>,
    /// The release's namespace; not given: `default-namespace`.
    #[schemars(with = "Option<String>")]
    pub namespace: Option<Text>,
    /// Values files, relative to the repository's root; later ones win.
    #[schemars(with = "Option<Vec<String>>")]
    pub values: Option<List>,
}

/// Whether charts are rendered.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Render {
    Auto,
    Never,
    Require,
}

/// Bounds on what one file may cost.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(rename = "Limits")]
pub(super) struct LimitsTable {
    /// Bytes in a file.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub file_bytes: Option<Spanned<i64>>,
    /// Nesting depth of one document.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub depth: Option<Spanned<i64>>,
    /// Nodes of one document after its aliases are expanded.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub nodes: Option<Spanned<i64>>,
    /// Documents in one file.
    #[schemars(with = "Option<u32>", range(min = 1))]
    pub documents: Option<Spanned<i64>>,
}

/// How bad a finding is.
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
