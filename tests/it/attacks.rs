//! Attacks from a repository on whoever lints it: running a program, writing or reading outside,
//! connecting, hanging. No attack leaves a file, a process or a connection. These tests hold the
//! promises of SECURITY.md.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

/// A repository, and what is around it.
struct Scene {
    folder: TempDir,
}

/// Makes a chart relevant: without a policy, a chart that can't be rendered is a note.
const POLICY_TEMPLATE: (&str, &str) = ("web/templates/policy.yaml", POLICY);

const POLICY: &str = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n\
    metadata: {name: web, namespace: shop}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n";

impl Scene {
    fn new(files: &[(&str, &str)]) -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap() };
        for folder in [scene.root().join(".git"), scene.elsewhere(), scene.temporary()] {
            fs::create_dir_all(folder).unwrap();
        }
        scene.write("policy.yaml", POLICY);
        files.iter().for_each(|(path, text)| scene.write(path, text));
        scene
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("root")
    }

    fn elsewhere(&self) -> PathBuf {
        self.folder.path().join("elsewhere")
    }

    fn temporary(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The PATH has programs that a linter of charts might start; each leaves a mark.
    fn command(&self, arguments: &[&str]) -> Command {
        let tools = self.folder.path().join("tools");
        if !tools.exists() {
            fs::create_dir(&tools).unwrap();
            let mark = self.elsewhere().join("ran");
            for name in ["helm", "kustomize", "sh", "git"] {
                let tool = tools.join(name);
                fs::write(&tool, format!("#!/bin/bash\necho {name} >> {}\n", mark.display()))
                    .unwrap();
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                fs::set_permissions(tool, mode).unwrap();
            }
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(std::iter::once(tools).chain(std::env::split_paths(&path)));
        let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
        command.env("PATH", path.unwrap());
        command.current_dir(self.root()).args(arguments).env("TMPDIR", self.temporary());
        command.stdin(Stdio::null()).env_remove("GITHUB_STEP_SUMMARY");
        command
    }

    /// The output of a run; it must not take long.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let started = Instant::now();
        let mut child =
            self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                panic!("{arguments:?} hangs");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let printed = String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned();
        (status.code().unwrap(), printed)
    }

    /// Nothing was left behind, and nothing was written elsewhere.
    fn is_clean(&self) {
        for folder in [self.temporary(), self.elsewhere()] {
            let left: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";
const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\n";

fn application(release: &str, namespace: &str, name: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: '{name}'\nspec:\n  \
         destination: {{namespace: '{namespace}'}}\n  source:\n    path: web\n    helm:\n      \
         {release}\n"
    )
}

#[test]
fn no_text_in_a_manifest_is_a_flag_or_a_program() {
    let scene = Scene::new(&[
        ("web/Chart.yaml", CHART),
        ("web/templates/a.yaml", TEMPLATE),
        POLICY_TEMPLATE,
    ]);
    let mark = scene.elsewhere().join("ran");
    let script = scene.root().join("run.sh");
    fs::write(&script, format!("#!/bin/sh\ntouch {}\ncat\n", mark.display())).unwrap();
    Command::new("chmod").arg("+x").arg(&script).status().unwrap();
    let flags = [
        format!("--post-renderer={}", script.display()),
        format!("--output-dir={}", scene.elsewhere().display()),
        "--values=http://127.0.0.1:9/x".to_owned(),
        "--set-file=a=/etc/passwd".to_owned(),
        "--debug".to_owned(),
        "-g".to_owned(),
    ];
    for flag in &flags {
        let release = format!("releaseName: '{flag}'");
        scene.write("app.yaml", application(&release, "shop", "web"));
        let (code, printed) = scene.run(&[]);
        assert!(code == 1 && printed.contains("app.yaml:10:"), "{flag}: {printed}");
        assert!(printed.contains("is not the name of a release"), "{flag}: {printed}");
        scene.write("app.yaml", application("skipCrds: true", "shop", flag));
        assert!(scene.run(&[]).1.contains("is not the name of a release"), "{flag}");
        scene.write("app.yaml", application("skipCrds: true", flag, "web"));
        assert!(scene.run(&[]).1.contains("is not the name of a namespace"), "{flag}");
        let flux = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: '{flag}'}}\n\
             spec: {{chart: {{spec: {{chart: ./web, sourceRef: {{kind: GitRepository}}}}}}}}\n"
        );
        scene.write("app.yaml", flux);
        assert!(scene.run(&[]).1.contains("is not the name of a release"), "{flag}");
        fs::remove_file(scene.root().join("app.yaml")).unwrap();
        let kustomization = format!(
            "resources: [policy.yaml]\nhelmCharts: [{{name: web, releaseName: '{flag}'}}]\n\
             helmGlobals: {{chartHome: ..}}\n"
        );
        scene.write("k/policy.yaml", POLICY);
        scene.write("k/kustomization.yaml", kustomization);
        assert!(scene.run(&[]).1.contains("is not the name of a release"), "{flag}");
        fs::remove_dir_all(scene.root().join("k")).unwrap();
        scene.is_clean();
    }
    // Names that only look odd, and those that a controller fills in, are valid.
    for release in ["web.v2", "2-web", "{{name}}-web"] {
        let release = format!("releaseName: '{release}'");
        scene.write("app.yaml", application(&release, "shop", "web"));
        let (_, printed) = scene.run(&[]);
        assert!(!printed.contains("render-error"), "{printed}");
    }
}

/// A port of this machine to which nothing may connect.
fn guarded() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn package(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packed = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        packed.append_data(&mut header, name, *bytes).unwrap();
    }
    packed.into_inner().unwrap().finish().unwrap()
}

#[test]
fn no_schema_is_downloaded() {
    let (listener, port) = guarded();
    let fetch = format!("{{\"$ref\": \"http://127.0.0.1:{port}/x.json\"}}");
    let odd: Vec<Vec<u8>> = vec![
        fetch.clone().into_bytes(),
        format!("\u{feff}{fetch}").into_bytes(),
        format!("{fetch} x").into_bytes(),
        format!("{{\"a\": 1e99999, {}", &fetch[1..]).into_bytes(),
        format!("{{\"a\": \"\\ud800\", {}", &fetch[1..]).into_bytes(),
        [b"{\"a\": \"\xff\", ", &fetch.as_bytes()[1..]].concat(),
        format!("{{\"a\": {}{}, {}", "[".repeat(200), "]".repeat(200), &fetch[1..]).into_bytes(),
    ];
    let inner = package(&[
        ("redis/Chart.yaml", b"apiVersion: v2\nname: redis\nversion: 1.0.0\n"),
        ("redis/values.yaml", b"a: 1\n"),
        ("redis/values.schema.json", fetch.as_bytes()),
        ("redis/templates/a.yaml", TEMPLATE.replace("'{{", "'redis-{{").as_bytes()),
    ]);
    let outer = package(&[
        ("db/Chart.yaml", b"apiVersion: v2\nname: db\nversion: 1.0.0\n"),
        ("db/charts/redis-1.0.0.tgz", &inner),
    ]);
    for schema in odd {
        let scene = Scene::new(&[
            ("web/Chart.yaml", CHART),
            ("web/templates/a.yaml", TEMPLATE),
            POLICY_TEMPLATE,
        ]);
        scene.write("web/values.schema.json", &schema);
        scene.write("web/charts/sub/Chart.yaml", CHART.replace("web", "sub"));
        scene.write("web/charts/sub/values.schema.json", &schema);
        scene.write("web/charts/redis-1.0.0.tgz", &inner);
        scene.write("web/charts/db-1.0.0.tgz", &outer);
        let (code, printed) = scene.run(&[]);
        assert!(!printed.contains("render-error") && code != 2, "{printed}");
        scene.is_clean();
    }
    assert!(listener.accept().is_err(), "somebody connected");
}

#[test]
fn a_broken_package_is_left_out_and_reported() {
    let scene = Scene::new(&[
        ("web/Chart.yaml", CHART),
        ("web/templates/a.yaml", TEMPLATE),
        POLICY_TEMPLATE,
    ]);
    scene.write("web/charts/redis-1.0.0.tgz", "no archive");
    let (code, printed) = scene.run(&[]);
    assert_eq!(code, 1, "{printed}");
    assert!(printed.contains("is rendered without `charts/redis-1.0.0.tgz`, which"), "{printed}");
    scene.is_clean();
}

#[test]
fn a_chart_can_not_read_outside_its_directory() {
    let (listener, port) = guarded();
    let template = format!(
        "a: {{{{ getHostByName \"localhost\" | quote }}}}\n\
         b: {{{{ (lookup \"v1\" \"Secret\" \"\" \"\") | toJson | quote }}}}\n\
         c: {{{{ .Files.Get \"../../../etc/passwd\" | quote }}}}\n\
         d: {{{{ .Files.Get \"/etc/passwd\" | quote }}}}\n\
         e: {{{{ .Files.Get \"link\" | quote }}}}\n\
         # http://127.0.0.1:{port}\n{TEMPLATE}"
    );
    let chart = format!(
        "{CHART}dependencies:\n- name: far\n  version: 1.0.0\n  repository: http://127.0.0.1:{port}\n\
         - name: near\n  version: 1.0.0\n  repository: file://../../elsewhere\n\
         - name: oci\n  version: 1.0.0\n  repository: oci://127.0.0.1:{port}/x\n"
    );
    let scene = Scene::new(&[("web/Chart.yaml", &chart), ("web/templates/a.yaml", &template)]);
    symlink("/etc/passwd", scene.root().join("web/link")).unwrap();
    let (_, printed) = scene.run(&["--pedantic"]);
    assert!(!printed.contains("root:x:"), "{printed}");
    fs::remove_file(scene.root().join("web/link")).unwrap();
    let (_, printed) = scene.run(&["--pedantic"]);
    assert!(!printed.contains("root:x:"), "{printed}");
    scene.is_clean();
    assert!(listener.accept().is_err(), "somebody connected");
    // The same, as the system sees it, if it can be traced.
    let trace = scene.folder.path().join("trace");
    let strace = Command::new("strace")
        .args(["-f", "-qq", "-e", "trace=connect,openat,execve", "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_netpol-lint"))
        .current_dir(scene.root())
        .env("TMPDIR", scene.temporary())
        .output();
    if strace.is_err() {
        return println!("skipped: strace is not on the PATH");
    }
    let text = String::from_utf8_lossy(&fs::read(&trace).unwrap()).into_owned();
    let is_out = |line: &&str| line.contains("sin_port") || line.contains("\"/etc/passwd\"");
    let out: Vec<&str> = text.lines().filter(is_out).collect();
    assert!(out.is_empty(), "{out:#?}");
}

#[test]
fn pipes_and_files_outside_are_neither_read_nor_waited_for() {
    let secret = "SECRET = 'of somebody else'\n";
    for name in ["netpol-lint.toml", ".gitignore", ".ignore", ".git/info/exclude"] {
        for target in ["/proc/self/environ", "/dev/zero", "/proc/kmsg", "elsewhere", "fifo"] {
            let scene = Scene::new(&[]);
            let path = scene.root().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let outside = scene.folder.path().join("secret");
            fs::write(&outside, secret).unwrap();
            match target {
                "fifo" => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
                "elsewhere" => symlink(&outside, &path).unwrap(),
                target => symlink(target, &path).unwrap(),
            }
            let (code, printed) = scene.run(&["."]);
            assert!(
                !printed.contains("SECRET") && !printed.contains("PATH="),
                "{name} {target}: {printed}"
            );
            assert!(
                code != 0 && printed.contains("can't be read: it "),
                "{name} {target}: {printed}"
            );
        }
    }
    // A link within the repository is its target; a file inside `.git` is not touched.
    let scene = Scene::new(&[("ignored", "policy.yaml\n"), ("other.yaml", "a: 1\n")]);
    symlink("ignored", scene.root().join(".gitignore")).unwrap();
    let (_, printed) = scene.run(&["."]);
    assert!(printed.contains("0 policies"), "{printed}");
}

#[test]
fn files_that_are_named_stay_inside_and_within_bounds() {
    let scene = Scene::new(&[("netpol-lint.toml", "inventory = ['/etc/passwd']\n")]);
    let outside = scene.folder.path().join("secret");
    fs::write(&outside, "SECRET\n").unwrap();
    for name in ["/etc/passwd", "../secret", "link", ".git/config", "/dev/zero"] {
        scene.write("netpol-lint.toml", format!("inventory = ['{name}']\n"));
        let _ = symlink(&outside, scene.root().join("link"));
        scene.write(".git/config", "SECRET\n");
        let (code, printed) = scene.run(&["."]);
        assert!(
            code == 2 && !printed.contains("SECRET") && !printed.contains("root:"),
            "{printed}"
        );
    }
    fs::remove_file(scene.root().join("netpol-lint.toml")).unwrap();
    for flag in ["--config", "--baseline", "--inventory"] {
        for file in ["/dev/zero", "link"] {
            let (code, printed) = scene.run(&[flag, file, "."]);
            assert!(code == 2 && !printed.contains("SECRET"), "{flag} {file}: {printed}");
        }
    }
    // A user's own configuration is read, but none of its lines is shown.
    fs::write(&outside, "pedantic = 'SECRET'\n").unwrap();
    let (code, printed) = scene.run(&["--config", "../secret", "."]);
    assert!(code == 2 && !printed.contains("| pedantic"), "{printed}");
    fs::write(&outside, "pedantic = true\n").unwrap();
    assert!(scene.run(&["--config", "../secret", "."]).0 != 2);
}

#[test]
fn nothing_is_written_through_a_link_in_the_repository() {
    let scene = Scene::new(&[]);
    let victim = scene.folder.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    symlink(scene.elsewhere(), scene.root().join("out")).unwrap();
    for (flag, name) in [("--output=sarif=", "report.sarif"), ("--write-baseline=", "base.json")] {
        let link = scene.root().join(name);
        symlink(&victim, &link).unwrap();
        scene.run(&[&format!("{flag}{name}"), "."]);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "mine", "{flag}");
        let (code, printed) = scene.run(&[&format!("{flag}out/{name}"), "."]);
        assert!(code == 2 && printed.contains("is outside the repository"), "{printed}");
    }
    assert!(!scene.root().join("report.sarif").is_symlink(), "it is replaced");
    scene.is_clean();
    // A link that is not from the repository is followed.
    let mine = scene.folder.path().join("mine");
    symlink(&victim, &mine).unwrap();
    scene.run(&[&format!("--output=sarif={}", mine.display()), "."]);
    assert!(fs::read_to_string(&victim).unwrap().contains("sarif"));
}

#[test]
fn fixes_stay_in_the_given_repository() {
    let bad = POLICY.replace("policyTypes: [Ingress]", "ingress: [{from: [{podSelector: {}}]}]")
        + "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: db}\n\
           spec: {podSelector: {}, egress: [{to: []}]}\n";
    let scene = Scene::new(&[]);
    let there = scene.elsewhere().join("policy.yaml");
    fs::write(&there, &bad).unwrap();
    symlink(scene.elsewhere(), scene.root().join("out")).unwrap();
    scene.run(&["--fix", "--unsafe-fixes", "--pedantic", "out"]);
    assert_eq!(fs::read_to_string(&there).unwrap(), bad);
    // The same file, by its real path, is edited.
    let there = there.to_string_lossy().into_owned();
    scene.run(&["--fix", "--unsafe-fixes", "--pedantic", &there]);
    assert_ne!(fs::read_to_string(&there).unwrap(), bad);
}

#[test]
fn a_repository_lowers_limits_and_does_not_raise_them() {
    let scene = Scene::new(&[]);
    for (table, key, number) in [
        ("limits", "depth", 5000u64),
        ("limits", "file-bytes", 1 << 31),
        ("limits", "nodes", 1 << 31),
        ("limits", "documents", 1 << 31),
        ("helm", "time-limit", 100_000),
        ("helm", "output-limit", 1 << 31),
    ] {
        scene.write("netpol-lint.toml", format!("[{table}]\n{key} = {number}\n"));
        let (code, printed) = scene.run(&["."]);
        assert!(code == 2 && printed.contains("netpol-lint.toml:2:"), "{printed}");
        assert!(printed.contains("this limit must be from 1 to "), "{printed}");
        scene.write("netpol-lint.toml", format!("[{table}]\n{key} = 9\n"));
        assert_ne!(scene.run(&["."]).0, 2, "{key}");
        if key != "depth" {
            let (code, printed) = scene.run(&["--limit", &format!("{key}={number}"), "."]);
            assert_ne!(code, 2, "{printed}");
        }
    }
    for typed in ["depth=5000", "dept=1", "nodes", "nodes=0", "nodes=-1"] {
        assert_eq!(scene.run(&["--limit", typed, "."]).0, 2, "{typed}");
    }
}

#[test]
fn output_controls_no_terminal() {
    let odd = "\\u009b\\u202e\\u200b";
    let workload = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: \"web{odd}\", namespace: shop, \
         labels: {{\"app\": \"x{odd}\"}}}}\nspec: {{containers: []}}\n"
    );
    let scene = Scene::new(&[("pod.yaml", &workload)]);
    for command in [vec!["inventory"], vec!["bundles", "--output-format", "json"]] {
        let (code, printed) = scene.run(&command);
        assert_eq!(code, 0, "{printed}");
        assert!(!printed.contains(['\u{9b}', '\u{202e}', '\u{200b}']), "{printed:?}");
    }
    let (_, printed) = scene.run(&["inventory"]);
    assert!(printed.contains("web\\u009b\\u202e\\u200b"), "the value stays: {printed}");
}

#[test]
fn the_git_directory_is_not_part_of_the_repository() {
    let kustomization = "resources: [../.git/secret.yaml, policy.yaml]\n";
    let scene = Scene::new(&[("k/kustomization.yaml", kustomization), ("k/policy.yaml", POLICY)]);
    scene.write(".git/secret.yaml", POLICY.replace("web", "SECRET"));
    let (_, printed) = scene.run(&["--show-run", "."]);
    assert!(!printed.contains("SECRET") && printed.contains("is not read"), "{printed}");
}

#[test]
fn standard_input_has_a_path_inside_or_none() {
    let scene = Scene::new(&[]);
    let piped = |path: &str| {
        let mut child = scene
            .command(&["-", "--stdin-path", path])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(POLICY.as_bytes());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for path in ["../x.yaml", "/tmp/x.yaml", "..", ".", "/", "a/../../x.yaml", "../root/../x"] {
        let (code, printed) = piped(path);
        assert_eq!(code, Some(2), "{path}: {printed}");
        assert!(printed.contains("is not the path of a file in"), "{path}: {printed}");
    }
    let inside = scene.root().join("new.yaml");
    for path in
        ["<stdin>", "new.yaml", "a/../new.yaml", "../root/new.yaml", inside.to_str().unwrap()]
    {
        let (code, printed) = piped(path);
        assert!(matches!(code, Some(0 | 1)), "{path}: {printed}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_fix_keeps_extended_attributes() {
    let bad = POLICY.replace("policyTypes: [Ingress]", "egress: [{to: []}]");
    let scene = Scene::new(&[("bad.yaml", &bad)]);
    let path = scene.root().join("bad.yaml");
    if xattr::set(&path, "user.origin", b"here").is_err() {
        return println!("skipped: no extended attributes here");
    }
    scene.run(&["--fix", "--unsafe-fixes", "--pedantic", "bad.yaml"]);
    assert_ne!(fs::read_to_string(&path).unwrap(), bad, "it was fixed");
    assert_eq!(xattr::get(&path, "user.origin").unwrap().as_deref(), Some(&b"here"[..]));
}
