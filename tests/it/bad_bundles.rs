//! Broken kustomizations, patches and controller objects: each is a clear finding, never a panic, a
//! hang or memory exhaustion, nothing is read from outside, and the rest is still checked.

use crate::broken;
use std::time::{Duration, Instant};

use broken::{DEPLOYMENT, Folder, WRONG, deployment};

const PATIENCE: Duration = Duration::from_secs(60);

/// The message of each `kustomize-error` of a kustomization beside a base and a wrong policy.
fn errors(kustomization: &str) -> Vec<String> {
    let folder = Folder::new();
    folder.write("wrong.yaml", WRONG);
    folder.write("web.yaml", DEPLOYMENT);
    folder.write("kustomization.yaml", kustomization);
    folder.errors()
}

#[test]
fn what_is_not_in_the_repository_is_neither_read_nor_downloaded() {
    let folder = Folder::new();
    folder.write("wrong.yaml", WRONG);
    folder.write("empty/x.txt", "");
    let cases = [
        ("../../../../etc/passwd", "`../../../../etc/passwd` is outside the repository"),
        ("/etc/passwd", "`/etc/passwd` is outside the repository"),
        ("empty", "`empty` is a directory without a kustomization"),
        ("gone.yaml", "`gone.yaml` does not exist"),
        (".", "cycle"),
        ("..", "is outside the repository"),
    ];
    for field in ["resources", "components", "bases"] {
        for (reference, expected) in cases {
            let text = format!("namePrefix: x-\n{field}: [{reference}]\n");
            folder.write("kustomization.yaml", &text);
            let errors = folder.errors();
            let is_told = match field {
                "components" => !errors.is_empty(),
                _ => errors.iter().any(|error| error.contains(expected)),
            };
            assert!(is_told, "{text} gives {errors:?}");
        }
    }
    for reference in [
        "https://example.com/x.yaml",
        "https://example.com/x//y?ref=main",
        "git@github.com:a/b.git",
        "ssh://git@example.com/a",
        "github.com/a/b",
        "oci://example.com/a:1",
        "git::https://example.com/a.git",
        "file:///etc/passwd",
    ] {
        let quoted = format!("resources: ['{reference}']\ncomponents: ['{reference}']\n");
        folder.write("kustomization.yaml", &quoted);
        assert_eq!(folder.errors(), [""; 0], "{reference}");
        let remote = folder.rules().iter().filter(|rule| **rule == "unresolved-remote").count();
        assert!(remote >= 1, "{reference}");
    }
}

#[test]
fn patches_that_are_not_files() {
    let folder = Folder::new();
    folder.write("wrong.yaml", WRONG);
    folder.write("web.yaml", DEPLOYMENT);
    folder.write("directory/x.yaml", "");
    folder.write_bytes("bytes.yaml", b"kind: Deployment\nmetadata: {name: \xff\xfe}\n");
    folder.write("empty.yaml", "");
    folder.write("scalar.yaml", "hello");
    let cases = [
        ("/etc/passwd", "is outside the repository"),
        ("../../etc/passwd", "is outside the repository"),
        ("directory", "is a directory"),
        ("gone.yaml", "does not exist"),
        ("empty.yaml", "empty"),
        ("scalar.yaml", ""),
    ];
    for (path, expected) in cases {
        folder.write(
            "kustomization.yaml",
            &format!("resources: [web.yaml]\npatches: [{{path: '{path}'}}]\n"),
        );
        let errors = folder.errors();
        assert!(errors.iter().any(|error| error.contains(expected)), "{path}: {errors:?}");
        let text = format!("resources: [web.yaml]\npatchesStrategicMerge: ['{path}']\n");
        folder.write("kustomization.yaml", &text);
        assert!(!folder.errors().is_empty(), "patchesStrategicMerge: {path}");
    }
}

#[test]
fn every_field_with_every_form() {
    let fields = [
        "apiVersion",
        "bases",
        "buildMetadata",
        "commonAnnotations",
        "commonLabels",
        "components",
        "configMapGenerator",
        "configurations",
        "crds",
        "generatorOptions",
        "generators",
        "helmChartInflationGenerator",
        "helmCharts",
        "helmGlobals",
        "imageTags",
        "images",
        "kind",
        "labels",
        "metadata",
        "namePrefix",
        "nameSuffix",
        "namespace",
        "openapi",
        "patches",
        "patchesJson6902",
        "patchesStrategicMerge",
        "replacements",
        "replicas",
        "resources",
        "secretGenerator",
        "sortOptions",
        "transformers",
        "validators",
        "vars",
    ];
    let values = [
        "1", "x", "true", "[]", "[x]", "[{}]", "[1]", "[null]", "{}", "{a: b}", "{a: 1}", "{a: {}}",
    ];
    // As in kustomize 5.5: what one form accepts, the others reject.
    let is_refused = |field: &str, value: &str| {
        let texts = [
            "bases",
            "buildMetadata",
            "components",
            "configurations",
            "crds",
            "generators",
            "patchesStrategicMerge",
            "resources",
            "transformers",
            "validators",
        ];
        let maps = [
            "commonAnnotations",
            "commonLabels",
            "generatorOptions",
            "helmGlobals",
            "metadata",
            "openapi",
            "sortOptions",
        ];
        let text = ["apiVersion", "kind", "namePrefix", "nameSuffix", "namespace"];
        let fits: &[&str] = if text.contains(&field) {
            &["x"]
        } else if texts.contains(&field) {
            &["[]", "[x]", "[null]"]
        } else if maps.contains(&field) {
            &["{}", "{a: b}", "{a: 1}", "{a: {}}"]
        } else {
            &["[]", "[{}]", "[null]"]
        };
        !fits.contains(&value)
    };
    for field in fields {
        for value in values {
            let others =
                if field == "resources" { "nameSuffix: x" } else { "resources: [web.yaml]" };
            let errors = errors(&format!("{others}\n{field}: {value}\n"));
            if is_refused(field, value) {
                assert!(!errors.is_empty(), "{field}: {value} is passed over");
            }
        }
        assert_eq!(
            errors(&format!("nameSuffix: x\nresources: [web.yaml]\n{field}:\n"))
                .iter()
                .filter(|_| !["nameSuffix", "resources"].contains(&field))
                .count(),
            0,
            "{field}"
        );
    }
    for whole in ["x", "[]", "[resources]", "1", "null", "", "---\n---\n", "# nothing\n", "{}"] {
        assert!(!errors(whole).is_empty(), "`{whole}` is passed over");
    }
}

#[test]
fn cycles_are_reported_and_their_contents_are_checked() {
    let folder = Folder::new();
    folder.write("a/kustomization.yaml", "resources: [../b, wrong.yaml]\n");
    folder.write("a/wrong.yaml", WRONG);
    folder.write("b/kustomization.yaml", "resources: [../c]\n");
    folder.write("c/kustomization.yaml", "resources: [../a]\n");
    assert!(folder.errors().iter().any(|error| error.contains("cycle")));
    for field in ["components", "transformers", "generators"] {
        let folder = Folder::new();
        folder.write("wrong.yaml", WRONG);
        folder.write("kustomization.yaml", &format!("resources: [wrong.yaml]\n{field}: [.]\n"));
        folder.write("c/kustomization.yaml", &format!("{field}: [../d]\nnamePrefix: a\n"));
        folder.write("d/kustomization.yaml", &format!("{field}: [../c]\nnamePrefix: b\n"));
        let circles = folder.errors().iter().filter(|e| e.contains("cycle")).count();
        assert!(circles >= 1, "{field}: {:?}", folder.errors());
    }
}

/// Chains of kustomizations that include the next one twice.
#[test]
fn diamonds_of_diamonds_end() {
    let started = Instant::now();
    for (field, prefixed) in [("resources", false), ("resources", true), ("components", false)] {
        let folder = Folder::new();
        folder.write("wrong.yaml", WRONG);
        let kind = if field == "components" { "kind: Component\n" } else { "" };
        for level in 0..30 {
            let next = level + 1;
            let text = if prefixed {
                folder.write(
                    &format!("{level}a/kustomization.yaml"),
                    &format!("namePrefix: a\nresources: [../{next}]\n"),
                );
                folder.write(
                    &format!("{level}b/kustomization.yaml"),
                    &format!("namePrefix: b\nresources: [../{next}]\n"),
                );
                format!("resources: [../{level}a, ../{level}b]\n")
            } else {
                format!(
                    "{kind}{field}: [../{next}, ../{next}]\nlabels: [{{pairs: {{l{level}: x}}}}]\n"
                )
            };
            folder.write(&format!("{level}/kustomization.yaml"), &text);
        }
        folder.write("30/web.yaml", DEPLOYMENT);
        folder.write("30/kustomization.yaml", &format!("{kind}resources: [web.yaml]\n"));
        folder.write("kustomization.yaml", &format!("{field}: ['0']\n"));
        assert!(!folder.errors().is_empty(), "{field} {prefixed}");
    }
    assert!(started.elapsed() < PATIENCE * 2, "{:?}", started.elapsed());
}

#[test]
fn a_chain_of_ten_thousand_kustomizations_does_not_recurse() {
    let folder = Folder::new();
    folder.write("wrong.yaml", WRONG);
    for level in 0..10_000 {
        let text = format!("resources: [../{}]\n", level + 1);
        folder.write(&format!("{level}/kustomization.yaml"), &text);
    }
    folder.write("10000/kustomization.yaml", "resources: [web.yaml]\n");
    folder.write("10000/web.yaml", DEPLOYMENT);
    let started = Instant::now();
    assert!(folder.errors().iter().any(|error| error.contains("nested more than")));
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn copies_of_copies_end() {
    let copies: String =
        (0..40).map(|n| format!("    - {{op: copy, from: /spec, path: /spec/x{n}}}\n")).collect();
    let deep: String =
        (0..10_000).map(|_| "    - {op: copy, from: /spec/a, path: /spec/a/b}\n").collect();
    let adds: String = (0..20_000)
        .map(|n| format!("    - {{op: add, path: /metadata/annotations/x/-, value: {n}}}\n"))
        .collect();
    let pointer = format!("    - {{op: add, path: {}, value: x}}\n", "/a".repeat(100_000));
    let inline = |operations: &str| {
        format!(
            "resources: [web.yaml]\npatches:\n- target: {{kind: Deployment}}\n  patch: |\n    - {{op: add, path: /spec/a, value: {{}}}}\n    - {{op: add, path: /metadata/annotations, value: {{x: []}}}}\n{operations}"
        )
    };
    let started = Instant::now();
    for (name, operations) in [("copies", &copies), ("deep", &deep), ("pointer", &pointer)] {
        assert!(!errors(&inline(operations)).is_empty(), "{name}");
    }
    errors(&inline(&adds));
    let replacement = "- source: {kind: Deployment, fieldPath: spec}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [spec.y, spec.z]\n    options: {create: true}\n";
    let text = format!("resources: [web.yaml]\nreplacements:\n{}", replacement.repeat(40));
    assert!(!errors(&text).is_empty());
    let path = "a.".repeat(100_000);
    let text = format!(
        "resources: [web.yaml]\nreplacements:\n- source: {{kind: Deployment}}\n  targets:\n  - select: {{kind: Deployment}}\n    fieldPaths: ['spec.{path}b']\n    options: {{create: true}}\n"
    );
    assert!(!errors(&text).is_empty());
    let grown = "- source: {kind: Deployment, fieldPath: metadata.labels.app}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [metadata.labels.app]\n    options: {delimiter: '/', index: -1}\n";
    let text = format!("resources: [web.yaml]\nreplacements:\n{}", grown.repeat(60));
    assert!(!errors(&text).is_empty());
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn much_of_everything() {
    let started = Instant::now();
    let labels: String = (0..100_000).map(|n| format!("  l{n}: x\n")).collect();
    errors(&format!("resources: [web.yaml]\ncommonLabels:\n{labels}"));
    let bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned()
        + &(1..30)
            .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")))
            .collect::<String>();
    let folder = Folder::new();
    folder.write("wrong.yaml", WRONG);
    folder.write("web.yaml", DEPLOYMENT);
    folder.write("bomb.yaml", &format!("kind: Deployment\n{bomb}"));
    folder.write(
        "kustomization.yaml",
        "resources: [bomb.yaml, web.yaml]\npatches: [{path: bomb.yaml}]\n",
    );
    assert!(folder.rules().contains(&"yaml-limit"));
    let patterns = ["((((a{1000}){1000}){1000}){1000})", "(", "(a*)*b", "[", "\\\\p{L}{1000000}"];
    for pattern in patterns {
        errors(&format!(
            "resources: [web.yaml]\npatches:\n- target: {{name: '{pattern}'}}\n  patch: '[{{op: remove, path: /spec}}]'\n"
        ));
    }
    let prefix = "x".repeat(1_000_000);
    errors(&format!("resources: [web.yaml]\nnamePrefix: {prefix}\n"));
    let specs = "- {path: ".to_owned() + &"a/".repeat(100_000) + "b, create: true}";
    errors(&format!("resources: [web.yaml]\nlabels:\n- pairs: {{a: b}}\n  fields:\n  {specs}\n"));
    let unknown: String = (0..20_000).map(|n| format!("resource{n}: x\n")).collect();
    // kustomize stops at the first, so there is one finding.
    assert_eq!(errors(&unknown).len(), 1);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn many_objects_and_many_patches() {
    let folder = Folder::new();
    folder.write("wrong.yaml", WRONG);
    let count = 1_000;
    let all: String = (0..count).map(|n| deployment(&format!("web-{n}"), "") + "---\n").collect();
    folder.write("all.yaml", &all);
    let patches: String = (0..count).map(|n| format!("- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: web-{n}}}\n    spec: {{replicas: 3}}\n")).collect();
    folder.write(
        "kustomization.yaml",
        &format!("resources: [all.yaml]\nnamespace: shop\npatches:\n{patches}"),
    );
    let started = Instant::now();
    assert_eq!(folder.errors(), [""; 0]);
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
}

#[test]
fn patches_that_take_an_object_apart() {
    let gone = [
        "{spec: {template: null}}",
        "{spec: null}",
        "{spec: {template: {spec: null}}}",
        "{metadata: null}",
        "{metadata: x}",
        "{metadata: [a]}",
        "{kind: Service}",
        "{kind: null}",
        "{kind: {}}",
        "{apiVersion: null}",
        "{apiVersion: 1}",
        "{$patch: delete}",
        "{$patch: replace}",
        "{$patch: other}",
        "{$patch: []}",
        "{metadata: {name: other}}",
        "{metadata: {name: null}}",
        "{metadata: {name: [1]}}",
        "{spec: {template: []}}",
        "{spec: {template: {metadata: {labels: x}}}}",
        "{spec: {selector: {matchLabels: null}}}",
        "{spec: {template: {spec: {containers: [null]}}}}",
        "{spec: {template: {spec: {containers: [{$patch: delete}]}}}}",
        "[]",
        "x",
        "null",
    ];
    for patch in gone {
        for options in ["", "  options: {allowNameChange: true, allowKindChange: true}\n"] {
            let folder = Folder::new();
            folder.write("wrong.yaml", WRONG);
            folder.write("web.yaml", DEPLOYMENT);
            folder.write("other.yaml", &deployment("other", ""));
            folder.write("kustomization.yaml", &format!("resources: [web.yaml, other.yaml]\nnamePrefix: a-\nlabels: [{{pairs: {{a: b}}, includeSelectors: true}}]\nnamespace: n\npatches:\n- target: {{kind: Deployment}}\n{options}  patch: '{patch}'\n- patch: '{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web}}, spec: {{replicas: 1}}}}'\n"));
            folder.rules();
        }
    }
    let operations = [
        "remove, path: ''",
        "replace, path: '', value: x",
        "replace, path: '', value: null",
        "add, path: '', value: []",
        "remove, path: /metadata",
        "replace, path: /metadata, value: x",
        "replace, path: /metadata/name, value: other",
        "replace, path: /metadata/name, value: null",
        "replace, path: /kind, value: 1",
        "remove, path: /kind",
        "remove, path: /spec/template",
        "add, path: /spec/template/spec/containers/-1, value: x",
        "add, path: /spec/template/spec/containers/18446744073709551616, value: x",
        "move, from: /spec, path: /spec/a",
        "move, from: '', path: /a",
        "copy, from: '', path: /a",
        "copy, from: /x, path: /y",
        "test, path: /kind, value: {}",
        "test, path: '', value: null",
        "other, path: /kind",
        "add, path: kind, value: x",
        "add, path: []",
    ];
    for operation in operations {
        errors(&format!(
            "resources: [web.yaml]\nnamespace: n\nnamePrefix: a-\ncommonLabels: {{a: b}}\npatches:\n- target: {{kind: Deployment}}\n  patch: |-\n    - {{op: {operation}}}\n"
        ));
    }
}

#[test]
fn the_places_of_inline_patches_are_in_their_file() {
    let json = "[{\"op\": \"replace\", \"path\": \"/spec/nowhere\", \"value\": \"ä\"}]";
    let lines = "- op: replace\n  path: /spec/nowhere\n  value: \"ä\"\n";
    let indented = |by: usize| {
        lines.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect::<String>()
    };
    let styles = [
        format!("'{json}'"),
        format!("\"{}\"", json.replace('"', "\\\"")),
        format!("\"{}\"", lines.replace('"', "\\\"").replace('\n', "\\n")),
        format!("|\n{}", indented(4)),
        format!("|-\n{}", indented(4)),
        format!("|+\n{}\n\n\n", indented(4)),
        format!("|2 # why\n{}", indented(4)),
        format!("|\n\n\n{}", indented(4)),
        format!(">\n    {json}\n"),
        format!(">-\n    {}\n    {}\n", &json[..21], &json[21..]),
        "'[{\"op\": \"replace\",\n\n      \"path\": \"/spec/nowhere\",\n      \"value\": 1}]'"
            .to_owned(),
        "|\n    - op: replace\n\t  path: /x\n".to_owned(),
        "|\n    {{ template }}\n".to_owned(),
        "|\n    - [\n".to_owned(),
        "\"\\U0001F600: [\"".to_owned(),
        "'it''s: ['".to_owned(),
        "[]".to_owned(),
        "*nothing".to_owned(),
    ];
    for style in &styles {
        for text in [
            format!(
                "resources: [web.yaml]\npatches:\n- target: {{kind: Deployment}}\n  patch: {style}\n"
            ),
            format!(
                "# ä ö ü\npatches:\n- patch: {style}\n  target: {{kind: Deployment}}\nresources: [web.yaml]\n"
            ),
            format!("patchesStrategicMerge:\n- {style}\nresources: [web.yaml]\n"),
            format!("transformers:\n- {style}\nresources: [web.yaml]\n"),
        ] {
            for text in [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}")] {
                let folder = Folder::new();
                folder.write("wrong.yaml", WRONG);
                folder.write("web.yaml", DEPLOYMENT);
                folder.write("kustomization.yaml", &text);
                assert!(folder.rules().len() > 1, "nothing is printed of {text}");
            }
        }
    }
}

#[test]
fn manifests_of_odd_forms() {
    let list = |inner: &str| {
        format!(
            "apiVersion: v1\nkind: List\nitems:\n- {}\n",
            inner.trim_end().replace('\n', "\n  ")
        )
    };
    let nested = (0..30).fold(DEPLOYMENT.to_owned(), |inner, _| list(&inner));
    for text in [
        nested.as_str(),
        "kind: List\napiVersion: v1\nitems: x\n",
        "kind: List\napiVersion: v1\nitems: [1, null, {}]\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: x\n",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: [{name: a}]\n",
        "apiVersion: [v1]\nkind: Pod\nmetadata: {name: {a: b}}\n",
        "kind: 1\n",
        "kind: Pod\n",
        "a: b\n",
        "- kind: Pod\n",
        "x",
        "null\n---\n\n---\n",
    ] {
        let folder = Folder::new();
        folder.write("wrong.yaml", WRONG);
        folder.write("odd.yaml", text);
        folder.write(
            "kustomization.yaml",
            "resources: [odd.yaml]\nnamePrefix: a-\nnamespace: n\ncommonLabels: {a: b}\n",
        );
        folder.rules();
    }
}

#[test]
fn controllers_with_odd_directories() {
    let folder = Folder::new();
    folder.write("wrong.yaml", WRONG);
    folder.write("apps/web/web.yaml", DEPLOYMENT);
    folder.write("apps/kustomization.yaml", "resources: [web/web.yaml]\n");
    let paths = [
        "/",
        ".",
        "..",
        "*",
        "**",
        "apps/*/../..",
        "",
        "[",
        "apps/[",
        "../*",
        "./apps//",
        "/etc",
        "apps/{web",
        "\\",
        "a\\n b",
        "https://x",
    ];
    let all: String = paths.iter().enumerate().map(|(n, path)| format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: f{n}}}\nspec: {{path: \"{}\"}}\n---\n\
         apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a{n}}}\nspec: {{source: {{path: \"{0}\"}}}}\n---\n", path.replace('\\', "\\\\"))).collect();
    folder.write("controllers/all.yaml", &all);
    // Each deploys the directory of the other.
    for (own, other) in [("one", "two"), ("two", "one")] {
        folder.write(&format!("{own}/app.yaml"), &format!("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {own}}}\nspec: {{source: {{path: {other}}}}}\n"));
    }
    let started = Instant::now();
    folder.rules();
    let many: String = (0..10_000).map(|n| format!("apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: m{n}}}\nspec: {{source: {{path: apps}}}}\n---\n")).collect();
    folder.write("controllers/many.yaml", &many);
    folder.rules();
    assert!(started.elapsed() < PATIENCE * 2, "{:?}", started.elapsed());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::symlink;
    use std::process::Command;

    use super::*;

    #[test]
    fn links_pipes_and_devices() {
        let folder = Folder::new();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("kustomization.yaml"), "resources: [secret.yaml]\n")
            .unwrap();
        std::fs::write(outside.path().join("secret.yaml"), deployment("secret", "")).unwrap();
        folder.write("wrong.yaml", WRONG);
        folder.write("linked/x.txt", "");
        symlink("/dev/zero", folder.path("zero.yaml")).unwrap();
        symlink("/etc/passwd", folder.path("passwd.yaml")).unwrap();
        symlink(outside.path(), folder.path("out")).unwrap();
        symlink(
            outside.path().join("kustomization.yaml"),
            folder.path("linked/kustomization.yaml"),
        )
        .unwrap();
        symlink("loop.yaml", folder.path("loop.yaml")).unwrap();
        for pipe in ["pipe.yaml", "kustomization.yml"] {
            assert!(Command::new("mkfifo").arg(folder.path(pipe)).status().unwrap().success());
        }
        for name in ["zero.yaml", "passwd.yaml", "out", "linked", "loop.yaml", "pipe.yaml"] {
            for text in [
                format!("resources: [{name}]\n"),
                format!("components: [{name}]\n"),
                format!("patches: [{{path: {name}}}]\n"),
                format!("patchesStrategicMerge: [{name}]\n"),
                format!("replacements: [{{path: {name}}}]\n"),
                format!("configurations: [{name}]\n"),
                format!("transformers: [{name}]\n"),
                format!("configMapGenerator: [{{name: a, files: [{name}], envs: [{name}]}}]\n"),
            ] {
                folder.write("kustomization.yaml", &text);
                let errors = folder.errors();
                assert!(!errors.is_empty(), "{text} is passed over");
                assert!(!errors.iter().any(|error| error.contains("secret")), "{text}: {errors:?}");
            }
        }
    }
}
