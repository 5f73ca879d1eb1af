//! The examples of the rules' pages, run as small repositories.

use std::collections::BTreeSet;

use netpol_lint::bundle::helm::{Helm, When};
use netpol_lint::lint::{Rule, Severity};
use netpol_lint::text::markdown::{Fence, fences};
use netpol_lint::{Outcome, Request, repo, triage};

/// One example of a page.
pub struct Example<'a> {
    /// Its number on the page, from 1.
    pub number: usize,
    /// Whether findings are expected.
    pub bad: bool,
    /// Its text.
    pub text: &'a str,
}

/// The examples of a rule's page.
pub fn examples(rule: &Rule) -> Vec<Example<'_>> {
    let verdict = |fence: &Fence| match fence.info.split_whitespace().nth(1) {
        Some("bad") => Some(true),
        Some("good") => Some(false),
        _ => None,
    };
    let judged = fences(rule.page).into_iter().filter_map(|f| Some((verdict(&f)?, f.content)));
    judged
        .enumerate()
        .map(|(at, (bad, content))| Example { number: at + 1, bad, text: &rule.page[content] })
        .collect()
}

/// File, line and rule.
pub type Place = (String, usize, String);

/// The expected findings of an example: `# <- rule-id` marks a line.
pub fn expected(text: &str) -> BTreeSet<Place> {
    let mut expected = BTreeSet::new();
    for (name, content) in files(text) {
        for (number, line) in content.lines().enumerate() {
            if let Some((_, id)) = line.split_once("# <- ") {
                expected.insert((name.clone(), number + 1, id.trim().to_owned()));
            }
        }
    }
    expected
}

/// The findings of an example.
pub fn found(outcome: &Outcome) -> BTreeSet<Place> {
    let found = outcome.findings.iter().map(|finding| {
        let path = outcome.sources.get(finding.place.source).path.clone();
        (path, outcome.sources.start(finding.place).line, finding.rule.id.to_owned())
    });
    found.collect()
}

/// Runs an example as a repository of its own, with the default rules (for a pedantic rule and a
/// note, also the pedantic ones). The marks of expected lines are removed: they are comments, which
/// a rule may look for.
pub fn run(rule: &Rule, text: &str) -> (tempfile::TempDir, Outcome) {
    let pedantic = rule.pedantic || rule.severity == Severity::Note;
    let helm = match rule.id {
        "render-error" | "unrendered-chart" => Helm::default(),
        _ => Helm { when: When::Never, ..Helm::default() },
    };
    run_with(triage::Selection { pedantic, ..Default::default() }, helm, text)
}

/// Runs an example with the default rules.
pub fn run_by_default(text: &str) -> (tempfile::TempDir, Outcome) {
    run_with(triage::Selection::default(), Helm { when: When::Never, ..Helm::default() }, text)
}

fn run_with(selection: triage::Selection, helm: Helm, text: &str) -> (tempfile::TempDir, Outcome) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files(text) {
        let path = folder.path().join(&name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, plain(&content) + "\n").unwrap();
    }
    let request = Request {
        cwd: folder.path().canonicalize().unwrap(),
        scope: repo::Scope::default(),
        selection,
        helm,
        ..Request::default()
    };
    let outcome = netpol_lint::check(&request, &()).unwrap();
    (folder, outcome)
}

/// Runs an example as the base of an overlay that changes nothing: its findings are the same, below
/// `base/`. `None` if it has kustomizations or charts of its own.
pub fn run_as_base(rule: &Rule, text: &str) -> Option<(tempfile::TempDir, Outcome)> {
    let files = files(text);
    let is_yaml = |name: &str| name.ends_with(".yaml") || name.ends_with(".yml");
    let own = ["kustomization.yaml", "Chart.yaml", "netpol-lint.toml"];
    if files.iter().any(|(name, _)| !is_yaml(name) || own.iter().any(|own| name.ends_with(own))) {
        return None;
    }
    let mut story = "# file: base/kustomization.yaml\nresources:\n".to_owned();
    files.iter().for_each(|(name, _)| story += &format!("- {name}\n"));
    story += "# file: overlay/kustomization.yaml\nresources:\n- ../base\n";
    for (name, content) in &files {
        story += &format!("# file: base/{name}\n{content}");
    }
    Some(run(rule, &story))
}

/// An example without the marks of expected lines.
pub fn plain(text: &str) -> String {
    let lines =
        text.lines().map(|line| line.split_once(" # <- ").map_or(line, |(before, _)| before));
    lines.collect::<Vec<_>>().join("\n")
}

/// The files of an example: `# file: name.yaml` begins one.
fn files(text: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("# file: ") {
            files.push((name.trim().to_owned(), String::new()));
            continue;
        }
        if files.is_empty() {
            files.push(("example.yaml".to_owned(), String::new()));
        }
        let (_, content) = files.last_mut().unwrap();
        content.push_str(line);
        content.push('\n');
    }
    files
}
