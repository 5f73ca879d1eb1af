//! A synthetic repository: namespaces with policies and workloads, among files of real sizes that
//! hold nothing of interest. The same numbers give the same bytes.

use std::fmt::Write as _;
use std::path::Path;

/// How large it is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Namespaces, each with 4 policies, 6 workloads with a Service each, and its Namespace.
    pub namespaces: usize,
    /// Files in all, less those of operators.
    pub files: usize,
    /// Kustomizations of operators, each with definitions of 300 kB, a release with 10 kB of
    /// values, a dashboard and a policy.
    pub operators: usize,
}

/// Files that one namespace has.
const FILES_OF_NAMESPACE: usize = 4 + 6 + 1;
/// Bytes of a file without relevant kinds, on average.
const FILLER_BYTES: usize = 12_000;

/// Writes the repository below `root`, which must exist.
pub fn write(root: &Path, size: Size) -> std::io::Result<()> {
    std::fs::create_dir_all(root.join(".git"))?;
    for number in 0..size.namespaces {
        namespace(&root.join(format!("apps/team-{:02}/ns-{number:04}", number % 40)), number)?;
    }
    let filler = size.files.saturating_sub(size.namespaces * FILES_OF_NAMESPACE);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for number in 0..filler {
        let folder = root.join(format!("config/area-{:03}", number % 200));
        if number < 200 {
            std::fs::create_dir_all(&folder)?;
        }
        let (name, text) = unrelated(number, &mut random);
        std::fs::write(folder.join(name), text)?;
    }
    for number in 0..size.operators {
        operator(&root.join(format!("operators/op-{number:03}")), number, &mut random)?;
    }
    Ok(())
}

/// Definitions of one operator.
const DEFINITIONS: usize = 3;

fn operator(folder: &Path, number: usize, random: &mut Random) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let write = |file: &str, text: String| std::fs::write(folder.join(file), text);
    let mut resources = vec!["release.yaml".to_owned(), "dashboard.yaml".to_owned()];
    for nth in 0..DEFINITIONS {
        let file = format!("definition-{nth}.yaml");
        write(&file, definition(number * DEFINITIONS + nth, random))?;
        resources.push(file);
    }
    let mut release = format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: op-{number}\nspec:\n  chart:\n    spec:\n      chart: op\n      sourceRef: {{kind: HelmRepository, name: charts}}\n  values:\n"
    );
    while release.len() < 10_000 {
        let (key, value) = (random.below(10_000), random.below(99));
        let _ =
            writeln!(release, "    key{key}:\n      image: {{repository: app, tag: 1.{value}}}");
    }
    write("release.yaml", release + "  interval: 10m\n")?;
    let mut dashboard =
        "apiVersion: v1\ndata:\n  dashboard.json: |\n    {\"panels\": [\n".to_owned();
    while dashboard.len() < 60_000 {
        let id = random.below(10_000);
        let _ = writeln!(dashboard, "      {{\"id\": {id}, \"expr\": \"rate(requests[5m])\"}},");
    }
    dashboard.push_str("      {}]}\nkind: ConfigMap\nmetadata:\n  name: dashboard\n");
    write("dashboard.yaml", dashboard)?;
    write("policy.yaml", policy_text(&format!("op-{number}"), number, 0))?;
    resources.push("policy.yaml".to_owned());
    let labels = format!("namePrefix: op-\nlabels:\n  - pairs: {{operator: op-{number}}}\n");
    write("kustomization.yaml", format!("resources: [{}]\n{labels}", resources.join(", ")))
}

/// The definition of a custom resource with a long schema.
fn definition(number: usize, random: &mut Random) -> String {
    let mut text = format!(
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things{number}.example.com\nspec:\n  group: example.com\n  names: {{kind: Thing{number}, plural: things{number}}}\n  scope: Namespaced\n  versions:\n    - name: v1\n      schema:\n        openAPIV3Schema:\n          type: object\n          properties:\n"
    );
    while text.len() < 300_000 {
        let _ = writeln!(
            text,
            "            field{}:\n              description: What the containers of the template are for, said at\n                length.\n              type: string",
            random.below(1_000_000)
        );
    }
    text
}

fn namespace(folder: &Path, number: usize) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let name = format!("ns-{number:04}");
    let write = |file: String, text: String| std::fs::write(folder.join(file), text);
    let labels = format!("{{name: {name}, team: team-{}}}", number % 40);
    let head =
        format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n  labels: {labels}\n");
    write("namespace.yaml".into(), head)?;
    for app in 0..6 {
        write(format!("app-{app}.yaml"), workload(&name, app))?;
    }
    for policy in 0..4 {
        write(format!("policy-{policy}.yaml"), policy_text(&name, number, policy))?;
    }
    Ok(())
}

fn workload(namespace: &str, app: usize) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{app}
  namespace: {namespace}
  labels:
    app.kubernetes.io/name: app-{app}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: app-{app}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: app-{app}
        app.kubernetes.io/part-of: {namespace}
        tier: tier-{}
    spec:
      securityContext: {{runAsNonRoot: true}}
      containers:
        - name: main
          image: registry.example/{namespace}/app-{app}:1.2.3
          env:
            - {{name: BACKEND, value: \"http://app-0.{namespace}:8080\"}}
          ports:
            - {{containerPort: 8080, name: http}}
          resources: {{requests: {{cpu: 100m, memory: 128Mi}}}}
---
apiVersion: v1
kind: Service
metadata:
  name: app-{app}
  namespace: {namespace}
spec:
  selector:
    app.kubernetes.io/name: app-{app}
  ports:
    - {{port: 80, targetPort: http}}
",
        app % 3
    )
}

fn policy_text(namespace: &str, number: usize, policy: usize) -> String {
    let head = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: policy-{policy}\n  namespace: {namespace}\nspec:\n"
    );
    let body = match policy {
        0 => "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n".to_owned(),
        1 => "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n    - to:\n        - namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: kube-system\n          podSelector:\n            matchLabels:\n              k8s-app: kube-dns\n      ports:\n        - {port: 53, protocol: UDP}\n        - {port: 53, protocol: TCP}\n".to_owned(),
        2 => format!(
            "  podSelector: {{}}\n  policyTypes: [Egress]\n  egress:\n    - to:\n        - namespaceSelector: {{}}\n          podSelector:\n            matchLabels:\n              tier: tier-0\n        - podSelector:\n            matchLabels:\n              app.kubernetes.io/name: {}\n      ports:\n        - port: http\n",
            // One in fifty has a mistake.
            if number.is_multiple_of(50) { "app-9" } else { "app-0" }
        ),
        _ => "  podSelector:\n    matchLabels:\n      tier: tier-0\n  policyTypes: [Ingress]\n  ingress:\n    - from:\n        - namespaceSelector:\n            matchLabels:\n              team: team-1\n          podSelector:\n            matchLabels:\n              tier: tier-1\n        - namespaceSelector: {}\n          podSelector:\n            matchLabels:\n              app.kubernetes.io/name: app-2\n      ports:\n        - port: 8080\n".to_owned(),
    };
    head + &body
}

/// A file without relevant kinds: configuration, a dashboard, a custom resource, plain values.
fn unrelated(number: usize, random: &mut Random) -> (String, String) {
    let length = FILLER_BYTES / 4 + random.below(FILLER_BYTES * 3 / 2);
    let mut text = String::with_capacity(length + 200);
    match number % 4 {
        0 => {
            let _ = write!(
                text,
                "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{number}\ndata:\n  settings.conf: |\n"
            );
            while text.len() < length {
                let _ = writeln!(
                    text,
                    "    option.{}.enabled = {}",
                    random.below(10_000),
                    random.below(2)
                );
            }
            (format!("config-{number}.yaml"), text)
        }
        1 => {
            text.push_str("{\n  \"title\": \"Dashboard\",\n  \"panels\": [\n");
            while text.len() < length {
                let _ = writeln!(
                    text,
                    "    {{\"id\": {}, \"type\": \"graph\", \"expr\": \"rate(http_requests_total[5m])\"}},",
                    random.below(10_000)
                );
            }
            text.push_str("    {\"id\": 0}\n  ]\n}\n");
            (format!("dashboard-{number}.json"), text)
        }
        2 => {
            let _ = write!(
                text,
                "apiVersion: monitoring.example/v1\nkind: PrometheusRule\nmetadata:\n  name: rules-{number}\nspec:\n  groups:\n"
            );
            while text.len() < length {
                let _ = writeln!(
                    text,
                    "    - name: group-{}\n      rules:\n        - alert: Alert\n          expr: up == 0",
                    random.below(10_000)
                );
            }
            (format!("rules-{number}.yaml"), text)
        }
        _ => {
            while text.len() < length {
                let _ = writeln!(
                    text,
                    "section{}:\n  replicas: {}\n  image: {{repository: registry.example/app, tag: 1.2.{}}}",
                    random.below(100_000),
                    random.below(9),
                    random.below(99)
                );
            }
            (format!("values-{number}.yaml"), text)
        }
    }
}

/// xorshift64*: numbers that look random and are the same every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}
