//! The manifests that the repositories are made of.

/// `count` documents, each made of its number.
pub fn many(count: usize, one: impl Fn(usize) -> String) -> String {
    (0..count).map(one).collect()
}

/// A NetworkPolicy; `spec` is indented by two spaces.
pub fn policy(name: &str, namespace: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\n  \
         namespace: {namespace}\nspec:\n{spec}"
    )
}

/// The `spec` of a policy for pods with `app: own` that lets them out to pods with `app: other`.
pub fn egress(own: &str, other: &str) -> String {
    format!(
        "  podSelector: {{matchLabels: {{app: {own}}}}}\n  policyTypes: [Egress]\n  egress:\n  - \
         to:\n    - podSelector: {{matchLabels: {{app: {other}}}}}\n"
    )
}

/// The same for all pods.
pub fn egress_of_all(other: &str) -> String {
    format!(
        "  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n  - to:\n    - podSelector: \
         {{matchLabels: {{app: {other}}}}}\n"
    )
}

/// The `spec` of a policy that lets nothing in.
pub const DENY: &str = "  podSelector: {}\n  policyTypes: [Ingress]\n";

/// A Deployment whose pods have `app: name`, and ports in lines indented by eight spaces.
pub fn deployment(name: &str, namespace: &str, ports: &str) -> String {
    let ports = if ports.is_empty() { String::new() } else { format!("        ports:\n{ports}") };
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  namespace: \
         {namespace}\nspec:\n  template:\n    metadata:\n      labels:\n        app: {name}\n    \
         spec:\n      containers:\n      - name: main\n        image: image\n{ports}"
    )
}
