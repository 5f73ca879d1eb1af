//! Kinds that matter to a linter of policies, recognized by group and kind, never by kind alone.

use super::caller::CALLERS;
use super::tiered::PolicyKind;

/// Kinds of the API itself that create pods or affect them. The filter before parsing looks for
/// these words ([`crate::yaml::Wanted`]).
pub const BUILT_IN: &[&str] = &[
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
    "CronJob",
    "Service",
    "Namespace",
];

/// Kinds that say who may make pods at run time, and who calls the API server.
pub const RBAC: &[&str] =
    &["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount"];

/// Whether objects of that resource are pods or create pods.
pub fn is_pod_making_resource(resource: &str) -> bool {
    matches!(
        resource,
        "pods"
            | "deployments"
            | "statefulsets"
            | "daemonsets"
            | "replicasets"
            | "replicationcontrollers"
            | "jobs"
            | "cronjobs"
    )
}

/// Kinds that say whom policies of other kinds than NetworkPolicy match, and how a network plugin
/// is set up.
pub const NETWORK: &[&str] = &[
    "CiliumCIDRGroup",
    "EndpointSlice",
    "GlobalNetworkSet",
    "HostEndpoint",
    "Installation",
    "NetworkSet",
    "Node",
    "ServiceAccount",
    "Tier",
];

/// Kinds that only show which kind of cluster the repository is for.
pub const TELLTALE: &[&str] = &["Route", "SecurityContextConstraints", "DeploymentConfig"];

/// Parts of kinds: every policy kind's name contains the first, except [`EGRESS_FIREWALL`]; a
/// `List` contains others.
pub const PARTS: &[&str] = &["NetworkPolicy", "List"];

/// OVN-Kubernetes' egress policy.
pub const EGRESS_FIREWALL: &str = "EgressFirewall";

/// Groups whose `…NetworkPolicy` kinds apply to the pods' own network, with whether a kind of that
/// group selects pods in every namespace. MultiNetworkPolicy (k8s.cni.cncf.io) is not one of them:
/// it is for secondary networks only.
pub fn other_policy(group: &str, kind: &str) -> Option<bool> {
    let known = matches!(
        group,
        "policy.networking.k8s.io"
            | "cilium.io"
            | "crd.projectcalico.org"
            | "projectcalico.org"
            | "crd.antrea.io"
            | "network.openshift.io"
            | "k8s.ovn.org"
    );
    if PolicyKind::of(group, kind).is_some() {
        return None;
    }
    if !known || !(kind.contains("NetworkPolicy") || kind == EGRESS_FIREWALL) {
        return None;
    }
    let cluster_wide = group == "policy.networking.k8s.io"
        || ["Global", "Clusterwide", "Cluster"].iter().any(|word| kind.contains(word));
    Some(cluster_wide)
}

/// Custom resources whose operator creates pods that no manifest shows, by group and kind. A
/// namespace with one is open: it may contain pods that the repository can't show.
const POD_MAKERS: &[(&str, &[&str])] = &[
    ("acid.zalan.do", &["postgresql"]),
    ("actions.github.com", &["AutoscalingRunnerSet", "EphemeralRunnerSet"]),
    ("actions.summerwind.dev", &["RunnerDeployment", "Runner", "RunnerSet"]),
    ("agent.k8s.elastic.co", &["Agent"]),
    ("apm.k8s.elastic.co", &["ApmServer"]),
    (
        "argoproj.io",
        &[
            "Workflow",
            "CronWorkflow",
            "WorkflowTemplate",
            "ClusterWorkflowTemplate",
            "ArgoCD",
            "EventBus",
            "EventSource",
            "Sensor",
        ],
    ),
    ("batch.volcano.sh", &["Job"]),
    ("beat.k8s.elastic.co", &["Beat"]),
    ("broker.amq.io", &["ActiveMQArtemis"]),
    ("camel.apache.org", &["Integration", "IntegrationPlatform", "Pipe"]),
    ("cassandra.datastax.com", &["CassandraDatacenter"]),
    ("ceph.rook.io", &["CephCluster", "CephObjectStore", "CephFilesystem", "CephNFS"]),
    ("clickhouse.altinity.com", &["ClickHouseInstallation"]),
    ("clickhouse-keeper.altinity.com", &["ClickHouseKeeperInstallation"]),
    ("core.humio.com", &["HumioCluster"]),
    ("crdb.cockroachlabs.com", &["CrdbCluster"]),
    ("databases.spotahome.com", &["RedisFailover"]),
    ("dragonflydb.io", &["Dragonfly"]),
    ("druid.apache.org", &["Druid"]),
    ("elasticsearch.k8s.elastic.co", &["Elasticsearch"]),
    ("enterprisesearch.k8s.elastic.co", &["EnterpriseSearch"]),
    ("etcd.database.coreos.com", &["EtcdCluster"]),
    ("flink.apache.org", &["FlinkDeployment", "FlinkSessionJob"]),
    ("gateway.networking.k8s.io", &["Gateway"]),
    ("grafana.integreatly.org", &["Grafana"]),
    ("hazelcast.com", &["Hazelcast"]),
    ("infinispan.org", &["Infinispan"]),
    ("install.istio.io", &["IstioOperator"]),
    ("jaegertracing.io", &["Jaeger"]),
    ("jobset.x-k8s.io", &["JobSet"]),
    ("k8s.keycloak.org", &["Keycloak"]),
    ("k8s.mariadb.com", &["MariaDB", "MaxScale"]),
    ("k8ssandra.io", &["K8ssandraCluster"]),
    (
        "kafka.strimzi.io",
        &[
            "Kafka",
            "KafkaConnect",
            "KafkaBridge",
            "KafkaMirrorMaker2",
            "KafkaMirrorMaker",
            "KafkaNodePool",
        ],
    ),
    ("kibana.k8s.elastic.co", &["Kibana"]),
    (
        "kubeflow.org",
        &[
            "Notebook",
            "PyTorchJob",
            "TFJob",
            "MPIJob",
            "XGBoostJob",
            "PaddleJob",
            "JAXJob",
            "Experiment",
            "Profile",
            "PodDefault",
        ],
    ),
    ("kubernetes.dask.org", &["DaskCluster", "DaskWorkerGroup", "DaskJob", "DaskAutoscaler"]),
    ("kubevirt.io", &["VirtualMachine", "VirtualMachineInstance", "KubeVirt"]),
    ("leaderworkerset.x-k8s.io", &["LeaderWorkerSet"]),
    ("logging.banzaicloud.io", &["Logging"]),
    ("logstash.k8s.elastic.co", &["Logstash"]),
    ("loki.grafana.com", &["LokiStack"]),
    ("maps.k8s.elastic.co", &["ElasticMapsServer"]),
    ("minio.min.io", &["Tenant"]),
    ("moco.cybozu.com", &["MySQLCluster"]),
    ("mongodb.com", &["MongoDB", "MongoDBOpsManager"]),
    ("mongodbcommunity.mongodb.com", &["MongoDBCommunity"]),
    ("monitoring.coreos.com", &["Prometheus", "Alertmanager", "ThanosRuler", "PrometheusAgent"]),
    ("mysql.oracle.com", &["InnoDBCluster"]),
    ("nats.io", &["NatsCluster"]),
    ("opentelemetry.io", &["OpenTelemetryCollector"]),
    ("operator.knative.dev", &["KnativeServing", "KnativeEventing"]),
    ("operator.tekton.dev", &["TektonConfig", "TektonPipeline", "TektonDashboard"]),
    (
        "operator.victoriametrics.com",
        &[
            "VMAgent",
            "VMAlert",
            "VMAlertmanager",
            "VMAuth",
            "VMCluster",
            "VMSingle",
            "VLogs",
            "VLSingle",
            "VLCluster",
        ],
    ),
    ("operators.coreos.com", &["CatalogSource", "ClusterServiceVersion", "Subscription"]),
    ("opensearch.opster.io", &["OpenSearchCluster"]),
    ("pgv2.percona.com", &["PerconaPGCluster"]),
    ("pingcap.com", &["TidbCluster", "TidbMonitor"]),
    ("pkg.crossplane.io", &["Provider", "Function"]),
    ("postgres-operator.crunchydata.com", &["PostgresCluster", "PGAdmin"]),
    ("postgresql.cnpg.io", &["Cluster", "Pooler"]),
    ("psmdb.percona.com", &["PerconaServerMongoDB"]),
    ("pxc.percona.com", &["PerconaXtraDBCluster"]),
    ("rabbitmq.com", &["RabbitmqCluster"]),
    ("ray.io", &["RayCluster", "RayJob", "RayService"]),
    ("redis.redis.opstreelabs.in", &["Redis", "RedisCluster", "RedisReplication", "RedisSentinel"]),
    ("sailoperator.io", &["Istio", "IstioCNI", "ZTunnel"]),
    ("scylla.scylladb.com", &["ScyllaCluster"]),
    ("serving.knative.dev", &["Configuration"]),
    ("serving.kserve.io", &["InferenceService", "InferenceGraph"]),
    ("solr.apache.org", &["SolrCloud"]),
    ("sparkoperator.k8s.io", &["SparkApplication", "ScheduledSparkApplication"]),
    ("tailscale.com", &["Connector", "ProxyGroup"]),
    ("tekton.dev", &["Pipeline", "PipelineRun", "Task", "TaskRun", "ClusterTask"]),
    ("tempo.grafana.com", &["TempoStack", "TempoMonolithic"]),
    ("triggers.tekton.dev", &["EventListener"]),
    ("vault.banzaicloud.com", &["Vault"]),
    ("volsync.backube", &["ReplicationSource", "ReplicationDestination"]),
    ("zookeeper.pravega.io", &["ZookeeperCluster"]),
];

/// Objects for which a controller deploys a chart or a directory.
const DEPLOYERS: &[(&str, &[&str])] = &[
    ("argoproj.io", &["Application", "ApplicationSet"]),
    ("helm.cattle.io", &["HelmChart"]),
    ("helm.toolkit.fluxcd.io", &["HelmRelease"]),
    ("kustomize.toolkit.fluxcd.io", &["Kustomization"]),
];

/// What Flux fetches a repository for; it may say which files to leave out.
const GIT_SOURCES: &[(&str, &[&str])] = &[("source.toolkit.fluxcd.io", &["GitRepository"])];

/// Whether Flux fetches a git repository for objects of that kind.
pub fn is_git_source(group: &str, kind: &str) -> bool {
    holds(GIT_SOURCES, group, kind)
}

/// Whether objects of that kind are tests, which name files.
pub fn is_test(group: &str, kind: &str) -> bool {
    let groups = ["chainsaw.kyverno.io", "cli.kyverno.io", "kuttl.dev"];
    groups.contains(&group) && super::test_case::KINDS.contains(&kind)
}

/// Whether an operator creates pods for objects of that kind.
pub fn is_pod_maker(group: &str, kind: &str) -> bool {
    holds(POD_MAKERS, group, kind)
}

/// Whether a controller deploys a chart or a directory for objects of that kind.
pub fn is_deployer(group: &str, kind: &str) -> bool {
    holds(DEPLOYERS, group, kind)
}

/// Whether a kind with that name, in any group, is a network policy.
pub fn is_policy_by_name(kind: &str) -> bool {
    kind.contains("NetworkPolicy") || kind == EGRESS_FIREWALL
}

/// Whether a kind with that name, in any group, creates pods or deploys something.
pub fn makes_pods_by_name(kind: &str) -> bool {
    let custom = POD_MAKERS.iter().chain(DEPLOYERS).flat_map(|(_, kinds)| kinds.iter());
    let built_in = BUILT_IN.iter().filter(|kind| !matches!(**kind, "Service" | "Namespace"));
    built_in.chain(custom).any(|known| *known == kind)
}

/// Every kind that the filter before parsing must let through.
pub fn wanted() -> impl Iterator<Item = &'static str> {
    let custom = POD_MAKERS.iter().chain(DEPLOYERS).chain(GIT_SOURCES);
    let custom = custom.flat_map(|(_, kinds)| kinds.iter());
    let fixed =
        BUILT_IN.iter().chain(TELLTALE).chain(RBAC).chain(NETWORK).chain([&EGRESS_FIREWALL]);
    let fixed = fixed.chain(super::test_case::KINDS);
    let callers = CALLERS.iter().flat_map(|(_, kinds)| kinds.iter());
    fixed.chain(callers).chain(custom).copied().chain(super::cluster_config::kinds())
}

/// Whether the contents of objects of that kind matter, and not only their identity: the kinds that
/// are decoded, and those that decide who may create pods.
pub fn is_read_whole(group: &str, kind: &str) -> bool {
    let is_listed = |list: &[&str]| list.contains(&kind);
    is_listed(BUILT_IN)
        || is_listed(TELLTALE)
        || is_listed(NETWORK)
        || kind == EGRESS_FIREWALL
        || PARTS.iter().any(|part| kind.contains(part))
        || group == "rbac.authorization.k8s.io"
        || (group.is_empty() && RBAC.contains(&kind))
        || holds(CALLERS, group, kind)
}

fn holds(table: &[(&str, &[&str])], group: &str, kind: &str) -> bool {
    table.iter().any(|(g, kinds)| *g == group && kinds.contains(&kind))
}

/// Custom workloads whose controller treats the pod template as a Deployment does: their pods have
/// the template's labels and no others that a selector would use.
pub fn is_deployment_like(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("argoproj.io", "Rollout")
            | ("apps.openshift.io", "DeploymentConfig")
            | ("apps.kruise.io", _)
            | ("apps", _)
            | ("batch", _)
            | ("extensions", _)
    )
}

/// Label keys (or prefixes that end in `/`) that controllers and operators set on pods: no
/// manifest shows them, so their absence proves nothing.
const CONTROLLER_LABELS: &[&str] = &[
    "acid.zalan.do/",
    "acme.cert-manager.io/",
    "actions.github.com/",
    "apps.kubernetes.io/",
    "argocd.argoproj.io/",
    "batch.kubernetes.io/",
    "cdi.kubevirt.io/",
    "cluster-name",
    "cnpg.io/",
    "common.k8s.elastic.co/",
    "controller-revision-hash",
    "controller-uid",
    "cr.kubevirt.io/",
    "dask.org/",
    "elasticsearch.k8s.elastic.co/",
    "gateway.envoyproxy.io/",
    "gateway.networking.k8s.io/",
    "istio.io/",
    "job-name",
    "job.runner.gitlab.com/",
    "jobset.sigs.k8s.io/",
    "kubernetes.jenkins.io/",
    "k8s.mariadb.com/",
    "kubevirt.io/",
    "leaderworkerset.sigs.k8s.io/",
    "linkerd.io/",
    "longhorn.io/",
    "notebook-name",
    "operatorframework.io/",
    "pod-template-generation",
    "pod-template-hash",
    "postgres-operator.crunchydata.com/",
    "ray.io/",
    "rollouts-pod-template-hash",
    "security.istio.io/",
    "service.istio.io/",
    "serving.knative.dev/",
    "serving.kserve.io/",
    "sidecar.istio.io/",
    "spark-app-selector",
    "spark-role",
    "spilo-role",
    "statefulset.kubernetes.io/",
    "strimzi.io/",
    "tailscale.com/",
    "tekton.dev/",
    "topology.kubernetes.io/",
    "topology.istio.io/",
    "training.kubeflow.org/",
    "triggers.tekton.dev/",
    "v1.min.io/",
    "vcluster.loft.sh/",
    "vm.kubevirt.io/",
    "workflows.argoproj.io/",
];

/// Whether a controller or operator may set that label on a pod.
pub fn is_controller_label(key: &str) -> bool {
    // OLM sets many labels of its own (olm.managed, olm.operatorgroup.uid/…).
    if key.starts_with("olm.") {
        return true;
    }
    CONTROLLER_LABELS.iter().any(|label| match label.strip_suffix('/') {
        Some(domain) => key.strip_prefix(domain).is_some_and(|rest| rest.starts_with('/')),
        None => key == *label,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_recognized_by_group_and_kind() {
        assert_eq!(other_policy("networking.k8s.io", "NetworkPolicy"), None);
        assert_eq!(other_policy("crd.antrea.io", "NetworkPolicy"), Some(false));
        assert_eq!(other_policy("cilium.io", "CiliumClusterwideNetworkPolicy"), None);
        assert_eq!(other_policy("crd.antrea.io", "ClusterNetworkPolicy"), Some(true));
        assert_eq!(other_policy("k8s.cni.cncf.io", "MultiNetworkPolicy"), None);
        assert!(is_pod_maker("postgresql.cnpg.io", "Cluster"));
        assert!(!is_pod_maker("cluster.x-k8s.io", "Cluster"));
    }

    #[test]
    fn prefixes_end_at_the_slash() {
        assert!(is_controller_label("cnpg.io/cluster"));
        assert!(!is_controller_label("cnpg.iox/cluster"));
        assert!(!is_controller_label("app"));
    }
}
