//! The page and the picture of `netpol-lint reach`, in a real browser where there is one.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::broken::Folder;
use crate::tools::{skip, tool};

/// Workloads in namespaces, each of which may connect to the next one; one has a name that would
/// be markup.
fn cluster(folder: &Folder, workloads: usize) {
    let mut text = String::new();
    for number in 0..workloads {
        let (namespace, next) = (number % 12, (number + 1) % workloads);
        let name = match number {
            0 => "\"</script><img src=x onerror=window.evil=1>\"".to_owned(),
            number => format!("w{number}"),
        };
        text += &format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: n{namespace}, labels: {{app: w{number}}}}}\nspec: {{containers: [{{name: c, image: c}}]}}\n\
             ---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p{number}, namespace: n{namespace}}}\nspec:\n  podSelector: {{matchLabels: {{app: w{number}}}}}\n  policyTypes: [Egress]\n  egress:\n  - to: [{{namespaceSelector: {{}}, podSelector: {{matchLabels: {{app: w{next}}}}}}}]\n    ports: [{{port: 8080}}]\n"
        );
    }
    folder.write("all.yaml", &text);
}

fn reach(folder: &Folder, format: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netpol-lint"));
    command.current_dir(folder.path("")).args(["reach", "--output-format", format]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A browser and what drives it, where both are here.
fn browser() -> Option<(PathBuf, PathBuf)> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = names.iter().find_map(|name| {
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
    });
    if found.is_none() {
        skip("chromium is not on the PATH");
    }
    Some((tool("node")?, found?))
}

fn browse(page: &Path) {
    let Some((node, chromium)) = browser() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/browse.mjs");
    let output = Command::new(node).arg(script).arg(chromium).arg(page).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn a_reader_searches_folds_and_follows_connections() {
    for workloads in [3, 500] {
        let folder = Folder::new();
        cluster(&folder, workloads);
        let page = reach(&folder, "html");
        folder.write("page.html", &page);
        browse(&folder.path("page.html"));
    }
}

#[test]
fn the_page_is_one_file_and_no_text_becomes_markup() {
    let folder = Folder::new();
    cluster(&folder, 5);
    let page = reach(&folder, "html");
    assert_eq!(page.matches("<script").count(), 3, "its data, the library and its own");
    assert_eq!(page.matches("</script").count(), 3);
    assert!(!page.contains("<img") && !page.contains("onerror=window.evil=1>"));
    let own = page.split("<script>").last().unwrap();
    for bad in ["innerHTML", "insertAdjacentHTML", "document.write", "outerHTML", "eval("] {
        assert!(!own.contains(bad), "{bad}");
    }
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"));
    assert!(page.contains("The Cytoscape Consortium"), "the license goes with it");
    assert_eq!(page, reach(&folder, "html"), "the same page every time");
}

#[test]
fn the_picture_is_svg_that_escapes_every_text() {
    let folder = Folder::new();
    cluster(&folder, 30);
    let picture = reach(&folder, "svg");
    let mut reader = quick_xml::Reader::from_str(&picture);
    let mut names = std::collections::BTreeMap::<String, usize>::new();
    loop {
        match reader.read_event().unwrap() {
            quick_xml::events::Event::Start(start) | quick_xml::events::Event::Empty(start) => {
                let name = start.name().as_ref().to_owned();
                *names.entry(name).or_default() += 1;
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    let known = ["defs", "g", "marker", "path", "rect", "style", "svg", "text", "title"];
    assert_eq!(names.keys().map(String::as_str).collect::<Vec<_>>(), known);
    // 12 namespaces and what is outside, 30 pods and the addresses.
    assert_eq!(names["rect"], 12 + 1 + 30 + 1);
    assert_eq!(picture, reach(&folder, "svg"), "the same picture every time");
    let empty = Folder::new();
    empty.write("none.yaml", "a: 1\n");
    assert!(reach(&empty, "svg").ends_with("</svg>\n"));
    assert!(reach(&empty, "html").contains("</html>"));
}

#[test]
fn a_crowd_is_drawn_by_namespace() {
    let folder = Folder::new();
    let mut text = String::new();
    for number in 0..60 {
        text += &format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: w{number}, namespace: n{}}}\nspec: {{containers: [{{name: c, image: c}}]}}\n",
            number % 3
        );
    }
    folder.write("all.yaml", &text);
    let picture = reach(&folder, "svg");
    assert!(picture.contains("400 connections"), "20 pods to 20 others");
    assert!(picture.len() < 100_000, "{}", picture.len());
}
