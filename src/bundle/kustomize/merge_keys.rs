//! Which lists strategic merge joins by a key, and by which one. It replaces all others completely,
//! and every list of a kind that is not the API's own.

/// How a list is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// By the values of these keys.
    Keys(&'static [&'static str]),
    /// By the items themselves.
    Items,
}

/// The place in an object that a merge has reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schema {
    /// The root of an object whose pod's `spec` is at these keys.
    Object {
        pod: &'static [&'static str],
    },
    /// The root of a Service.
    Service,
    ServiceSpec,
    ServiceAccount,
    Webhooks,
    Metadata,
    PodSpec,
    Container,
    /// Known, and none of its lists is joined.
    Plain,
    /// Not known: every list is replaced.
    Unknown,
}

impl Schema {
    /// The schema of a kind.
    pub fn of(api_version: &str, kind: &str) -> Self {
        match (api_version, kind) {
            ("v1", "Pod") => Self::Object { pod: &[] },
            ("apps/v1", "Deployment" | "DaemonSet" | "ReplicaSet" | "StatefulSet")
            | ("batch/v1", "Job")
            | ("v1", "ReplicationController") => Self::Object { pod: &["spec", "template"] },
            ("v1", "PodTemplate") => Self::Object { pod: &["template"] },
            ("batch/v1" | "batch/v1beta1", "CronJob") => {
                Self::Object { pod: &["spec", "jobTemplate", "spec", "template"] }
            }
            ("v1", "Service") => Self::Service,
            ("v1", "ServiceAccount") => Self::ServiceAccount,
            (version, "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration")
                if version.starts_with("admissionregistration.k8s.io/") =>
            {
                Self::Webhooks
            }
            ("v1", _) => Self::Plain,
            (version, _) if is_built_in(version) => Self::Plain,
            _ => Self::Unknown,
        }
    }

    /// The schema of a field.
    pub fn field(self, key: &str) -> Self {
        match (self, key) {
            (Self::Unknown, _) => Self::Unknown,
            (_, "metadata") => Self::Metadata,
            (Self::Object { pod: [] }, "spec") => Self::PodSpec,
            (Self::Object { pod: [first, rest @ ..] }, key) if *first == key => {
                Self::Object { pod: rest }
            }
            (Self::Service, "spec") => Self::ServiceSpec,
            (Self::PodSpec, "containers" | "initContainers" | "ephemeralContainers") => {
                Self::Container
            }
            _ => Self::Plain,
        }
    }

    /// How the list in the field `key` is joined.
    pub fn join(self, key: &str) -> Option<Join> {
        const NAME: Join = Join::Keys(&["name"]);
        let join = match (self, key) {
            (Self::Metadata, "ownerReferences") => Join::Keys(&["uid"]),
            (Self::Metadata, "finalizers") => Join::Items,
            (
                Self::PodSpec,
                "containers"
                | "initContainers"
                | "ephemeralContainers"
                | "volumes"
                | "imagePullSecrets"
                | "resourceClaims"
                | "schedulingGates",
            ) => NAME,
            (Self::PodSpec, "hostAliases") => Join::Keys(&["ip"]),
            (Self::PodSpec, "topologySpreadConstraints") => {
                Join::Keys(&["topologyKey", "whenUnsatisfiable"])
            }
            (Self::Container, "ports") => Join::Keys(&["containerPort", "protocol"]),
            (Self::Container, "env") => NAME,
            (Self::Container, "volumeMounts") => Join::Keys(&["mountPath"]),
            (Self::Container, "volumeDevices") => Join::Keys(&["devicePath"]),
            (Self::ServiceSpec, "ports") => Join::Keys(&["port", "protocol"]),
            (Self::ServiceAccount, "secrets" | "imagePullSecrets") => NAME,
            (Self::Webhooks, "webhooks") => NAME,
            _ => return None,
        };
        Some(join)
    }
}

/// The groups whose schema is part of kustomize.
fn is_built_in(api_version: &str) -> bool {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    matches!(group, "apps" | "autoscaling" | "batch" | "policy" | "extensions")
        || group.ends_with(".k8s.io")
            && !matches!(group, "policy.networking.k8s.io" | "gateway.networking.k8s.io")
}
