//! What policies of other kinds cost beside Kubernetes' own: a check of the same cluster, whose 1,000
//! policies say the same in each kind. Prints CPU seconds, and exits with 1 where a kind costs more
//! than twice as much as NetworkPolicies.
//!
//! `cargo bench --bench kinds`, or `cargo test --bench kinds -- --policies 200` with the build that
//! tests use.

#![allow(clippy::expect_used, clippy::exit, clippy::print_stdout)]

#[path = "growth/clock.rs"]
mod clock;
#[path = "growth/manifests.rs"]
#[allow(dead_code)]
mod manifests;

use manifests::{deployment, many, policy};
use netpol_lint::Request;

/// How often each kind is measured; the best counts.
const TRIES: usize = 5;
/// How many workloads, each with a policy of its own, a namespace has.
const TOGETHER: usize = 20;
/// How much more than NetworkPolicies another kind may cost.
const MOST: f64 = 2.0;

/// A policy of some kind for the pods of a workload: they may be reached by the next one on a port,
/// may connect to it, and resolve names.
type Kind = (&'static str, fn(workload: usize, next: usize) -> String);

const KINDS: [Kind; 4] = [
    ("NetworkPolicy", kubernetes),
    ("CiliumNetworkPolicy", cilium),
    ("Calico NetworkPolicy", calico),
    ("ClusterNetworkPolicy", admin),
];

fn namespace(workload: usize) -> String {
    format!("n{}", workload / TOGETHER)
}

fn kubernetes(own: usize, next: usize) -> String {
    let spec = format!(
        "  podSelector: {{matchLabels: {{app: a{own}}}}}\n  policyTypes: [Ingress, Egress]\n  \
         ingress:\n  - from: [{{podSelector: {{matchLabels: {{app: a{next}}}}}}}]\n    ports: \
         [{{port: 8080}}]\n  egress:\n  - to: [{{podSelector: {{matchLabels: {{app: \
         a{next}}}}}}}]\n    ports: [{{port: 8080}}]\n  - to: [{{namespaceSelector: \
         {{matchLabels: {{kubernetes.io/metadata.name: kube-system}}}}, podSelector: \
         {{matchLabels: {{k8s-app: kube-dns}}}}}}]\n    ports: [{{port: 53, protocol: UDP}}, \
         {{port: 53}}]\n"
    );
    policy(&format!("p{own}"), &namespace(own), &spec)
}

fn cilium(own: usize, next: usize) -> String {
    format!(
        "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: p{own}, \
         namespace: {}}}\nspec:\n  endpointSelector: {{matchLabels: {{app: a{own}}}}}\n  \
         ingress:\n  - fromEndpoints: [{{matchLabels: {{app: a{next}}}}}]\n    toPorts: [{{ports: \
         [{{port: \"8080\", protocol: TCP}}]}}]\n  egress:\n  - toEndpoints: [{{matchLabels: \
         {{app: a{next}}}}}]\n    toPorts: [{{ports: [{{port: \"8080\", protocol: TCP}}]}}]\n  - \
         toEndpoints: [{{matchLabels: {{k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: \
         kube-dns}}}}]\n    toPorts: [{{ports: [{{port: \"53\"}}]}}]\n",
        namespace(own)
    )
}

fn calico(own: usize, next: usize) -> String {
    format!(
        "---\napiVersion: projectcalico.org/v3\nkind: NetworkPolicy\nmetadata: {{name: p{own}, \
         namespace: {}}}\nspec:\n  selector: app == \"a{own}\"\n  types: [Ingress, Egress]\n  \
         ingress:\n  - {{action: Allow, protocol: TCP, source: {{selector: 'app == \"a{next}\"'}}, \
         destination: {{ports: [8080]}}}}\n  egress:\n  - {{action: Allow, protocol: TCP, \
         destination: {{selector: 'app == \"a{next}\"', ports: [8080]}}}}\n  - {{action: Allow, \
         protocol: UDP, destination: {{selector: 'k8s-app == \"kube-dns\"', namespaceSelector: \
         'projectcalico.org/name == \"kube-system\"', ports: [53]}}}}\n  - {{action: Allow, \
         protocol: TCP, destination: {{selector: 'k8s-app == \"kube-dns\"', namespaceSelector: \
         'projectcalico.org/name == \"kube-system\"', ports: [53]}}}}\n",
        namespace(own)
    )
}

fn admin(own: usize, next: usize) -> String {
    let home = namespace(own);
    let pods = |app: usize| {
        format!(
            "{{namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {home}}}}}, \
             podSelector: {{matchLabels: {{app: a{app}}}}}}}"
        )
    };
    format!(
        "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: \
         {{name: p{own}}}\nspec:\n  tier: Admin\n  priority: {}\n  subject: {{pods: {}}}\n  \
         ingress:\n  - {{action: Accept, from: [{{pods: {}}}], protocols: [{{tcp: \
         {{destinationPort: {{number: 8080}}}}}}]}}\n  egress:\n  - {{action: Accept, to: [{{pods: \
         {}}}], protocols: [{{tcp: {{destinationPort: {{number: 8080}}}}}}]}}\n",
        own % 1000,
        pods(own),
        pods(next),
        pods(next)
    )
}

/// The CPU seconds of a check of a cluster with those policies.
fn measure(count: usize, (_, one): Kind) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary directory");
    std::fs::create_dir(folder.path().join(".git")).expect("room for a directory");
    let ports = "        - containerPort: 8080\n";
    let pods = many(count, |i| deployment(&format!("a{i}"), &namespace(i), ports));
    let next = |i: usize| i / TOGETHER * TOGETHER + (i + 1) % TOGETHER;
    let policies = many(count, |i| one(i, next(i)));
    for (name, text) in [("pods.yaml", pods), ("policies.yaml", policies)] {
        std::fs::write(folder.path().join(name), text).expect("room for a file");
    }
    let request = Request { cwd: folder.path().to_owned(), ..Request::default() };
    let run = || {
        let before = clock::cpu_seconds();
        netpol_lint::check(&request, &()).expect("a readable repository");
        clock::cpu_seconds() - before
    };
    (0..TRIES).map(|_| run()).fold(f64::INFINITY, f64::min)
}

fn policies() -> usize {
    let mut words = std::env::args().skip_while(|word| word != "--policies").skip(1);
    words.next().map_or(1_000, |count| count.parse().expect("--policies needs a number"))
}

fn main() {
    let count = policies();
    let [first, others @ ..] = KINDS;
    let own = measure(count, first);
    println!("{count} policies of each kind\n{:<24} {own:>7.3} s", first.0);
    let mut is_dear = false;
    for kind in others {
        let seconds = measure(count, kind);
        let times = seconds / own;
        is_dear |= times > MOST;
        println!("{:<24} {seconds:>7.3} s  {times:>5.2} times", kind.0);
    }
    if is_dear {
        println!("a kind costs more than {MOST} times as much as NetworkPolicies");
        std::process::exit(1);
    }
}
