//! What `reach --output-format json` costs in CPU seconds, beside `check` on the same tree and beside
//! netpol-analyzer where its binary is on the PATH. Exits with 1 where a bound is exceeded: 3 times the
//! time of `check` at 1,000 workloads and 500 policies; 5 seconds and 1 GB at 10,000 and 5,000.

#![allow(clippy::expect_used, clippy::exit, clippy::print_stdout)]

#[path = "growth/clock.rs"]
mod clock;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use netpol_lint::Request;
use netpol_lint::connectivity::connectivity;
use netpol_lint::report::connections::json;

/// Workloads of one namespace.
const WORKLOADS: usize = 20;
/// Policies of one namespace.
const POLICIES: usize = 10;
/// How often each is measured; the best counts.
const TRIES: usize = 3;
/// How long netpol-analyzer may take.
const PATIENCE: Duration = Duration::from_secs(300);

fn main() {
    let mut exceeded = false;
    for namespaces in [50, 500] {
        exceeded |= !measure(namespaces);
    }
    if exceeded {
        std::process::exit(1);
    }
}

/// Whether the bounds of a size are kept.
fn measure(namespaces: usize) -> bool {
    let folder = tempfile::tempdir().expect("a temporary directory");
    write(folder.path(), namespaces).expect("room for files");
    let request = Request { cwd: folder.path().to_owned(), ..Request::default() };
    let check = best(|| {
        netpol_lint::check(&request, &()).expect("a readable repository");
    });
    let mut bytes = 0;
    let reach = best(|| {
        let clusters = connectivity(&request).expect("a readable repository");
        let mut out = Counted(0);
        json::write(&mut out, &clusters).expect("nothing fails");
        bytes = out.0;
    });
    let (workloads, policies) = (namespaces * WORKLOADS, namespaces * POLICIES);
    let times = reach / check;
    let memory = most_memory();
    println!(
        "{workloads} workloads, {policies} policies: check {check:.3} s, reach {reach:.3} s \
         ({times:.1} times), {} MB of JSON, {} of memory so far",
        bytes / 1_000_000,
        memory.map_or("an unknown amount".to_owned(), |bytes| format!("{} MB", bytes / 1_000_000)),
    );
    beside(folder.path());
    match namespaces {
        0..=50 => times <= 3.0,
        _ => reach < 5.0 && memory.is_none_or(|bytes| bytes < 1_000_000_000),
    }
}

/// CPU seconds.
fn best(mut run: impl FnMut()) -> f64 {
    let mut time = || {
        let before = clock::cpu_seconds();
        run();
        clock::cpu_seconds() - before
    };
    (0..TRIES).map(|_| time()).fold(f64::INFINITY, f64::min)
}

/// What is written is counted, and kept nowhere.
struct Counted(usize);

impl std::io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The most memory that this process has had, where the system tells.
fn most_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// The same of netpol-analyzer, if it is there.
fn beside(folder: &Path) {
    let start = Instant::now();
    let mut command = Command::new("netpol-analyzer");
    command.args(["list", "-q", "-o", "json", "--dirpath"]).arg(folder);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let Ok(mut child) = command.spawn() else {
        println!("  netpol-analyzer is not on the PATH");
        return;
    };
    while start.elapsed() < PATIENCE {
        if let Ok(Some(status)) = child.try_wait() {
            println!("  netpol-analyzer: {:.1} s ({status})", start.elapsed().as_secs_f64());
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
    println!("  netpol-analyzer: more than {} s", PATIENCE.as_secs());
}

/// Namespaces of one team each: all is denied by default, DNS is allowed, every application lets its
/// client and the monitoring in, and some may call the outside or another team.
fn write(root: &Path, namespaces: usize) -> std::io::Result<()> {
    std::fs::create_dir_all(root.join(".git"))?;
    for number in 0..namespaces {
        let mut text = format!(
            "apiVersion: v1\nkind: Namespace\nmetadata: {{name: team-{number}, labels: {{team: \
             t{number}, tier: l{}}}}}\n",
            number % 3
        );
        (0..WORKLOADS).for_each(|nth| workload(&mut text, number, nth));
        (0..POLICIES).for_each(|nth| policy(&mut text, number, nth, namespaces));
        std::fs::write(root.join(format!("team-{number}.yaml")), text)?;
    }
    Ok(())
}

fn workload(text: &mut String, namespace: usize, nth: usize) {
    let _ = write!(
        text,
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: w{nth}, namespace: \
         team-{namespace}}}\nspec:\n  selector: {{matchLabels: {{app: w{nth}}}}}\n  template:\n    \
         metadata: {{labels: {{app: w{nth}, part: p{}}}}}\n    spec:\n      containers:\n      - name: \
         main\n        image: example/w{nth}\n        ports: [{{name: http, containerPort: 8080}}]\n",
        nth % 4
    );
}

fn policy(text: &mut String, namespace: usize, nth: usize, namespaces: usize) {
    let spec = match nth {
        0 => "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n".to_owned(),
        1 => "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n  - ports: [{port: 53, protocol: \
              UDP}, {port: 53}]\n"
            .to_owned(),
        2 => "  podSelector: {}\n  policyTypes: [Ingress]\n  ingress:\n  - from: \
              [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: team-0}}, podSelector: \
              {matchLabels: {part: p0}}}]\n    ports: [{port: http}]\n"
            .to_owned(),
        3 => format!(
            "  podSelector: {{matchLabels: {{part: p1}}}}\n  policyTypes: [Egress]\n  egress:\n  - to: \
             [{{ipBlock: {{cidr: 203.0.{}.0/24}}}}]\n    ports: [{{port: 443}}]\n",
            namespace % 250
        ),
        4 => format!(
            "  podSelector: {{matchLabels: {{part: p2}}}}\n  policyTypes: [Egress]\n  egress:\n  - to: \
             [{{namespaceSelector: {{matchLabels: {{team: t{}}}}}}}]\n    ports: [{{port: 8080, \
             endPort: 8090}}]\n",
            (namespace + 1) % namespaces
        ),
        _ => format!(
            "  podSelector: {{matchLabels: {{app: w{nth}}}}}\n  policyTypes: [Ingress, Egress]\n  \
             ingress:\n  - from: [{{podSelector: {{matchLabels: {{part: p{}}}}}}}]\n    ports: \
             [{{port: 8080}}]\n  egress:\n  - to: [{{podSelector: {{matchExpressions: [{{key: app, \
             operator: In, values: [w1, w{nth}]}}]}}}}]\n",
            nth % 4
        ),
    };
    let _ = write!(
        text,
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{nth}, \
         namespace: team-{namespace}}}\nspec:\n{spec}"
    );
}
