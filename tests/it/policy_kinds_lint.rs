//! Rules that NetworkPolicies and the other kinds share: each fires on its mistake in every kind that
//! can have it, and stays quiet on what only looks like it. A marked line is expected, and nothing else.

use crate::pages;

fn fires_where_it_says(cases: &[&str]) {
    let mut wrong = Vec::new();
    for case in cases {
        let expected = pages::expected(case);
        let (_folder, outcome) = pages::run_by_default(case);
        let found = pages::found(&outcome);
        if found != expected {
            wrong.push(format!("{case}\n  expected {expected:?}\n  found    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

/// A Deployment `web`, one `db` with a port 5432, both in `shop`, and one `client` in `other`.
const PODS: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, ports: [{name: http, containerPort: 8080}]}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: main, ports: [{name: pg, containerPort: 5432}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: client, namespace: other}
spec:
  selector: {matchLabels: {app: client}}
  template:
    metadata: {labels: {app: client}}
    spec: {containers: [{name: main}]}
---
";

fn beside_pods(policies: &[&str]) -> Vec<String> {
    policies.iter().map(|policy| format!("{PODS}{policy}")).collect()
}

fn all_fire(policies: &[&str]) {
    let cases = beside_pods(policies);
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    fires_where_it_says(&cases);
}

#[test]
fn selectors_that_select_nothing() {
    all_fire(&[
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: typo, namespace: shop}
spec:
  endpointSelector:
    matchLabels:
      app: wbe # <- orphaned-pod-selector
  ingress: [{fromEntities: [cluster]}]
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: typo, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - action: Allow
    source:
      selector: app == \"dbb\" # <- orphaned-peer-selector
",
        "\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: typo}
spec:
  tier: Admin
  priority: 10
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}
  ingress:
  - action: Deny
    from:
    - pods:
        namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}
        podSelector:
          matchLabels:
            app: clent # <- orphaned-peer-selector
",
        // Traps: a namespace that nothing shows, a controller's label, a placeholder, a clusterwide
        // selector.
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: fine, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: \"${APP}\"}}
  ingress:
  - fromEndpoints:
    - matchLabels: {k8s:io.kubernetes.pod.namespace: monitoring, app: prometheus}
    - matchLabels: {cnpg.io/cluster: db}
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: fine}
spec:
  endpointSelector: {matchLabels: {internet: \"true\"}}
  egress: [{toEntities: [all]}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: fine, namespace: elsewhere}
spec:
  selector: app == \"x\"
  types: [Ingress]
",
    ]);
}

#[test]
fn peers_without_their_namespace() {
    all_fire(&[
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
  - fromEndpoints:
    - matchLabels:
        app: client # <- missing-namespace-selector
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - action: Allow
    source:
      selector: app == \"client\" # <- missing-namespace-selector
",
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
  - toEndpoints:
    - matchLabels:
        k8s-app: kube-dns # <- dns-wrong-target
    toPorts: [{ports: [{port: \"53\", protocol: ANY}]}]
",
        // Traps: with the namespace, as an expression, and in clusterwide policies.
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
  - fromEndpoints:
    - matchLabels: {app: client, k8s:io.kubernetes.pod.namespace: other}
    - matchLabels: {app: client}
      matchExpressions: [{key: io.kubernetes.pod.namespace, operator: Exists}]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: web}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress: [{fromEndpoints: [{matchLabels: {app: client}}]}]
",
        "\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: web}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress: [{action: Allow, source: {selector: app == \"client\"}}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - action: Allow
    source: {selector: app == \"client\", namespaceSelector: projectcalico.org/name == \"other\"}
",
    ]);
}

#[test]
fn dns_that_is_missing() {
    all_fire(&[
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress: # <- missing-dns-egress
  - toEndpoints: [{matchLabels: {app: db}}]
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Egress]
  egress: # <- missing-dns-egress
  - action: Allow
    destination: {selector: app == \"db\"}
",
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress:
  - toEndpoints: [{matchLabels: {k8s:io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns}}]
    toPorts:
    - ports:
      - port: \"53\" # <- dns-single-protocol
        protocol: UDP
",
        // Traps: allowed by a clusterwide policy, by a NetworkPolicy, by an entity; not restricted;
        // to addresses only.
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress: [{toEndpoints: [{matchLabels: {app: db}}]}]
---
apiVersion: cilium.io/v2
kind: CiliumClusterwideNetworkPolicy
metadata: {name: dns}
spec:
  endpointSelector: {}
  enableDefaultDeny: {egress: false}
  egress:
  - toEndpoints: [{matchLabels: {io.kubernetes.pod.namespace: kube-system, k8s-app: kube-dns}}]
    toPorts: [{ports: [{port: \"53\"}]}]
",
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress: [{toEndpoints: [{matchLabels: {app: db}}]}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: dns, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Egress]
  egress: [{ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]}]
",
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress: [{toEntities: [cluster]}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: db}}
  egress: [{toCIDR: [198.51.100.0/24]}]
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Egress]
  egress:
  - {action: Allow, destination: {selector: app == \"db\"}}
  - action: Allow
    protocol: UDP
    destination: {ports: [53]}
  - action: Allow
    protocol: TCP
    destination: {ports: [53]}
",
    ]);
}

#[test]
fn ports_that_pods_do_not_have() {
    all_fire(&[
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: db}}]
    toPorts:
    - ports:
      - port: \"80\" # <- service-port-not-pod-port
        protocol: TCP
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - action: Allow
    protocol: TCP
    destination:
      ports:
      - htp # <- unknown-named-port
",
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
  - toPorts:
    - ports:
      - port: 8080 # <- invalid-port
",
        // Traps: the pod's port, its name in another case, every port, a range.
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: db}}]
    toPorts:
    - ports: [{port: \"8080\"}, {port: HTTP, protocol: TCP}, {port: \"0\", protocol: UDP}]
    - ports: [{port: \"79\", endPort: 81, protocol: TCP}]
",
    ]);
}

#[test]
fn what_is_refused_is_reported_once_and_where_it_is() {
    all_fire(&[
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
  - fromEntities:
    - World # <- invalid-peer
  - fromCIDR:
    - 10.0.0.1 # <- invalid-ip-block
  - toPorts:
    - ports: [{port: \"80\", protocol: TCP}]
    rules: {http: [{}]} # <- unknown-field
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app = \"web\" # <- invalid-selector
  types: [Ingress]
  ingress:
  - action: allow # <- invalid-policy
    protocol: TCP
    destination: {ports: [8080]}
",
        "\
apiVersion: policy.networking.k8s.io/v1alpha1
kind: AdminNetworkPolicy
metadata: {name: old}
spec:
  priority: 1001 # <- invalid-policy
  subject: {namespaces: {}}
  ingress:
  - action: Deny
    from:
    - namespaces:
        sameLabels: [team] # <- unknown-field
",
        // Traps: what these kinds accept, and NetworkPolicies do not.
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  ingress:
  - fromCIDRSet: [{cidr: 10.1.2.3/8, except: [10.0.0.0/8]}]
  - fromEndpoints: []
    toPorts: [{ports: [{port: \"8080\", endPort: 80}]}]
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app in {'web', 'db',}
  order: -1.5
  types: [Ingress]
  ingress:
  - action: Allow
    protocol: 6
    source: {nets: [10.0.0.0/8]}
    destination: {ports: ['8080', '8000:8100', http]}
",
    ]);
}

#[test]
fn shapes_that_do_something_else() {
    all_fire(&[
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: web}}
  egress: [] # <- no-effect-egress
  ingress:
  - fromEntities: [cluster]
  - toPorts: [{ports: [{port: \"8080\"}]}] # <- split-peers-and-ports
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  egress: # <- ignored-rules
  - action: Deny
",
        // Traps: a default deny, a rule of ports first, DNS to everyone.
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: deny, namespace: shop}
spec:
  endpointSelector: {}
  ingress: [{}]
  egress:
  - toPorts: [{ports: [{port: \"443\"}]}]
  - toEntities: [cluster]
  - toPorts: [{ports: [{port: \"53\"}]}]
",
    ]);
}

#[test]
fn requirements_that_nothing_meets() {
    all_fire(&[
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
specs:
- endpointSelector:
    matchLabels: {app: web}
    matchExpressions:
    - {key: any:app, operator: NotIn, values: [web, db]} # <- contradictory-selector
  ingress: [{fromEntities: [cluster]}]
",
        "\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: web}
spec:
  namespaceSelector: projectcalico.org/name == \"shop\" && !has(projectcalico.org/name) # <- contradictory-selector
  types: [Ingress]
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - action: Allow
    source:
      selector: app.kubernetes.io/version in {\"1.0\"} # <- volatile-label-selector
",
        // Traps: alternatives, an absent label, what is negated, a label that only has to be there.
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: (app == \"web\" || app == \"db\") && app != \"db\" && !(app == \"x\" && app == \"y\")
  types: [Ingress]
",
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector:
    matchExpressions:
    - {key: app, operator: In, values: [web, db]}
    - {key: app, operator: NotIn, values: [db]}
    - {key: helm.sh/chart, operator: DoesNotExist}
  ingress: [{fromEntities: [cluster]}]
",
    ]);
}

#[test]
fn ports_over_another_protocol() {
    all_fire(&[
        "\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: db}}
  ingress:
  - fromEndpoints: [{matchLabels: {app: web}}]
    toPorts:
    - ports:
      - {port: \"5432\", protocol: UDP} # <- port-protocol-mismatch
",
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - action: Allow
    protocol: UDP
    destination: {ports: [8080]} # <- port-protocol-mismatch
",
        "\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: db}
spec:
  tier: Admin
  priority: 10
  subject:
    pods:
      namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}
      podSelector: {matchLabels: {app: db}}
  ingress:
  - action: Accept
    from: [{namespaces: {}}]
    protocols: [{udp: {destinationPort: {number: 5432}}}] # <- port-protocol-mismatch
",
        // Traps: a deny, the ports that are left out, the port of a Service over the other protocol.
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - {action: Deny, protocol: UDP, destination: {ports: [8080]}}
  - {action: Allow, protocol: TCP, destination: {notPorts: [80]}}
  - {action: Allow, protocol: UDP, destination: {ports: [80]}}
",
    ]);
}

#[test]
fn rules_behind_those_of_other_policies() {
    all_fire(&[
        // In an earlier tier.
        "\
apiVersion: projectcalico.org/v3
kind: Tier
metadata: {name: first}
spec: {order: 100, defaultAction: Pass}
---
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: first.lock}
spec:
  tier: first
  namespaceSelector: projectcalico.org/name == \"shop\"
  types: [Ingress]
  ingress: [{action: Deny, protocol: TCP, source: {nets: [198.51.100.0/24]}}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - action: Allow # <- unreachable-rule
    protocol: TCP
    source: {nets: [198.51.100.7/32]}
    destination: {ports: [8080]}
  - action: Allow
    protocol: TCP
    destination: {ports: [8080]}
",
        // Equal orders go by name.
        "\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: a, namespace: shop}
spec:
  order: 5
  selector: app == \"web\"
  types: [Ingress]
  ingress: [{action: Allow, source: {selector: app == \"db\"}}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: b, namespace: shop}
spec:
  order: 5
  selector: app == \"web\"
  types: [Ingress]
  ingress:
  - action: Deny # <- unreachable-rule
    source: {selector: app == \"db\"}
",
        "\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: pass}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  egress: [{action: Pass, to: [{networks: [10.0.0.0/8]}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: deny}
spec:
  tier: Admin
  priority: 2
  subject: {namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}
  egress:
  - action: Deny # <- unreachable-rule
    to: [{networks: [10.1.0.0/16, 10.2.0.0/16]}]
",
        // Traps: the same action, a later tier, what a pass leaves to the next tier, other pods.
        "\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: base}
spec:
  order: 1
  namespaceSelector: projectcalico.org/name == \"shop\"
  types: [Ingress]
  ingress:
  - {action: Allow, source: {namespaceSelector: projectcalico.org/name == \"shop\"}}
  - {action: Deny, source: {nets: [203.0.113.0/24]}}
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  order: 2
  selector: app == \"web\"
  types: [Ingress]
  ingress: [{action: Allow, source: {selector: app == \"db\"}}, {action: Allow}]
",
        "\
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: pass}
spec:
  tier: Admin
  priority: 1
  subject: {namespaces: {}}
  ingress: [{action: Pass, from: [{namespaces: {}}]}]
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: base}
spec:
  tier: Baseline
  priority: 1
  subject: {namespaces: {}}
  ingress: [{action: Deny, from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: other}}}]}]
",
    ]);
}
