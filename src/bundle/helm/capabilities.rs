//! What templates are told of the cluster and of helm: `.Capabilities`.

use std::rc::Rc;

use super::template::{Data, Field, Object, Struct, Value};

/// Helm's version, for templates.
const HELM: &str = "v3.16.4";

/// A version of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KubeVersion {
    major: u16,
    minor: u16,
    patch: u16,
}

/// That of the APIs below.
impl Default for KubeVersion {
    fn default() -> Self {
        Self { major: 1, minor: 34, patch: 0 }
    }
}

impl KubeVersion {
    /// Reads `1.31`, `v1.31.2`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut number = || parts.next().map(|part| part.parse::<u16>().ok());
        let (major, minor) = (number()??, number()??);
        let patch = number().unwrap_or(Some(0))?;
        parts.next().is_none().then_some(Self { major, minor, patch })
    }
}

impl std::fmt::Display for KubeVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "v{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The cluster that charts are rendered for.
#[derive(Clone, Debug, Default)]
pub struct Capabilities {
    /// Its version.
    pub kube_version: KubeVersion,
    /// What it serves beside the versions of Kubernetes itself, as for `helm template
    /// --api-versions`: `monitoring.coreos.com/v1`, or with a kind behind another slash.
    pub api_versions: Vec<String>,
}

impl Capabilities {
    /// `.Capabilities`
    pub(super) fn value(&self) -> Value {
        let KubeVersion { major, minor, .. } = self.kube_version;
        let version = self.kube_version.to_string();
        let kubernetes = vec![
            field("Version", "Version", version.as_str().into()),
            field("Major", "Major", major.to_string().as_str().into()),
            field("Minor", "Minor", minor.to_string().as_str().into()),
        ];
        let kubernetes = object("chartutil.KubeVersion", kubernetes, Some(version));
        let helm = vec![
            field("Version", "version", HELM.into()),
            field("GitCommit", "git_commit", "".into()),
            field("GitTreeState", "git_tree_state", "".into()),
            field("GoVersion", "go_version", "".into()),
        ];
        let own = API_VERSIONS.iter().map(|version| (*version).to_owned());
        let versions = Object::Versions(own.chain(self.api_versions.iter().cloned()).collect());
        let fields = vec![
            field("KubeVersion", "KubeVersion", kubernetes),
            field("APIVersions", "APIVersions", Data::Object(versions).into()),
            field("HelmVersion", "HelmVersion", object("version.BuildInfo", helm, None)),
        ];
        object("*chartutil.Capabilities", fields, None)
    }
}

/// Helm's assumption about every cluster that it does not query.
const API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "autoscaling/v2beta1",
    "autoscaling/v2beta2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha1",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1alpha1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha1",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1alpha1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];

/// A Go struct, as templates see it.
pub(super) fn object(type_name: &'static str, fields: Vec<Field>, shown: Option<String>) -> Value {
    Data::Object(Object::Struct(Rc::new(Struct { type_name, fields, shown }))).into()
}

/// A field of such a struct, with its name in JSON.
pub(super) fn field(name: &'static str, json: &'static str, value: Value) -> Field {
    Field { name, json, value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_helm_reads_them() {
        for (text, version) in
            [("1.31", "v1.31.0"), ("v1.31.2", "v1.31.2"), ("1.9", "v1.9.0"), ("v2.0", "v2.0.0")]
        {
            let read = KubeVersion::parse(text).map(|version| version.to_string());
            assert_eq!(read.as_deref(), Some(version), "{text}");
        }
        for text in ["", "1", "1.x", "latest", "1.2.3.4", "-1.2", "1.2.", " 1.2"] {
            assert_eq!(KubeVersion::parse(text), None, "{text}");
        }
    }
}
