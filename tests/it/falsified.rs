//! No finding of high confidence rests on something that is not shown: what would make it untrue is
//! added to an unrelated bundle of the same namespace, and then it is no longer shown by default.

use std::collections::BTreeMap;
use std::path::Path;

use netpol_lint::bundle::heads;
use netpol_lint::lint::{Confidence, Finding, RULES};
use netpol_lint::text::SourceId;
use netpol_lint::yaml::{self, Limits, Node};
use netpol_lint::{Outcome, Request, repo};

use crate::pages;
use crate::shared::shared;

/// What makes a finding untrue.
#[derive(Debug, PartialEq, Eq)]
enum Falsifier {
    /// A pod with labels in a namespace.
    Pod(Option<String>, Labels),
    /// A Namespace with labels.
    Namespace(Labels),
    /// A policy for all pods of a namespace that allows all egress.
    Egress(Option<String>),
}

type Labels = BTreeMap<String, String>;

const NAME_LABEL: &str = "kubernetes.io/metadata.name";

impl Falsifier {
    /// Of a finding in a policy; none where its evidence is what is shown, and not what is missing.
    fn of(finding: &Finding, policy: &Node) -> Option<Self> {
        let home = finding.subject.as_ref()?.namespace.clone();
        let peer = || at(policy, finding.field.rsplit_once('.').map_or("", |(peer, _)| peer));
        match finding.rule.id {
            "orphaned-pod-selector" => Some(Self::Pod(home, labels(at(policy, &finding.field)?)?)),
            "orphaned-peer-selector" | "labels-on-workload-not-pod" => {
                let selector = labels(at(policy, &finding.field)?)?;
                let namespaces = peer().and_then(|peer| peer.get("namespaceSelector"));
                let Some(namespaces) = namespaces else { return Some(Self::Pod(home, selector)) };
                let name = labels(namespaces)?.get(NAME_LABEL)?.clone();
                Some(Self::Pod(Some(name), selector))
            }
            "missing-namespace-selector" => {
                Some(Self::Pod(home, labels(at(policy, &finding.field)?)?))
            }
            "orphaned-namespace-selector" | "namespace-label-by-name" => {
                Some(Self::Namespace(labels(at(policy, &finding.field)?)?))
            }
            "missing-dns-egress" => Some(Self::Egress(home)),
            _ => None,
        }
    }

    /// The files of a bundle that has it.
    fn bundle(&self) -> String {
        let meta = |namespace: &Option<String>, labels: &Labels| {
            let labels: Vec<String> =
                labels.iter().map(|(k, v)| format!("\"{k}\": \"{v}\"")).collect();
            let namespace = namespace.as_ref().map(|it| format!("namespace: \"{it}\", "));
            format!(
                "{{name: falsifier, {}labels: {{{}}}}}",
                namespace.unwrap_or_default(),
                labels.join(", ")
            )
        };
        let object = match self {
            Self::Pod(namespace, labels) => format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {}\nspec: {{containers: [{{name: m, image: m}}]}}\n",
                meta(namespace, labels)
            ),
            Self::Namespace(labels) => {
                format!("apiVersion: v1\nkind: Namespace\nmetadata: {}\n", meta(&None, labels))
            }
            Self::Egress(namespace) => format!(
                "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {}\nspec: \
                 {{podSelector: {{}}, policyTypes: [Egress], egress: [{{}}]}}\n",
                meta(namespace, &Labels::new())
            ),
        };
        format!(
            "# file: zz-unrelated/kustomization.yaml\nresources: [falsifier.yaml]\n# file: \
             zz-unrelated/falsifier.yaml\n{object}"
        )
    }
}

/// What stands at a field path (`spec.ingress[0].from[1].podSelector`).
fn at<'n>(root: &'n Node, route: &str) -> Option<&'n Node> {
    let parts =
        route.split('.').flat_map(|part| part.split(['[', ']'])).filter(|it| !it.is_empty());
    parts.into_iter().try_fold(root, |node, part| match part.parse::<usize>() {
        Ok(index) => node.as_seq()?.get(index),
        Err(_) => node.get(part),
    })
}

/// Labels that meet a selector; none where an expression asks for more.
fn labels(selector: &Node) -> Option<Labels> {
    let mut found = Labels::new();
    let text = |node: &Node| Some(node.as_scalar()?.text.to_string());
    for entry in
        selector.get("matchLabels").and_then(Node::as_map).into_iter().flat_map(|m| &m.entries)
    {
        found.insert(entry.key.to_string(), text(&entry.value)?);
    }
    for expression in selector.get("matchExpressions").and_then(Node::as_seq).unwrap_or_default() {
        if expression.get("operator").and_then(Node::as_str) != Some("In") {
            return None;
        }
        let values = expression.get("values").and_then(Node::as_seq)?;
        found.insert(text(expression.get("key")?)?, text(values.first()?)?);
    }
    (!found.is_empty()).then_some(found)
}

/// The policy that a finding is about, as it is written.
fn policy(finding: &Finding, outcome: &Outcome) -> Option<Node> {
    let subject = finding.subject.as_ref()?;
    let mut sources = vec![finding.place.source];
    sources.extend(outcome.sources.iter().map(|(id, _)| id));
    sources.into_iter().find_map(|source| {
        let text = outcome.sources.get(source).text();
        let stream = yaml::read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        let all = stream.documents.iter().flat_map(|document| heads(&document.root));
        let mut all = all.filter(|(head, _)| {
            head.kind == "NetworkPolicy" && head.name.as_str() == subject.name.as_str()
        });
        all.next().map(|(_, tree)| tree)
    })
}

fn is_sure(finding: &Finding, sure: Confidence) -> bool {
    finding.confidence >= sure
}

/// What else than the added object there is: rule and place.
fn shown(outcome: &Outcome) -> Vec<(&'static str, String, usize)> {
    let sure = outcome.findings.iter().filter(|it| is_sure(it, Confidence::Medium));
    let place = |it: &Finding| {
        let path = outcome.sources.get(it.place.source).path.clone();
        (it.rule.id, path, outcome.sources.start(it.place).line)
    };
    sure.map(place).collect()
}

/// Findings that what is added does not make untrue, with the reason.
const STILL_TRUE: &[(&str, &str)] = &[];

#[test]
fn what_would_make_an_example_untrue_lowers_its_finding() {
    let (mut tried, mut wrong) = (0, Vec::new());
    for rule in RULES {
        for example in pages::examples(rule).into_iter().filter(|example| example.bad) {
            let (_folder, outcome) = pages::run(rule, example.text);
            for finding in outcome.findings.iter().filter(|it| is_sure(it, Confidence::High)) {
                let Some(policy) = policy(finding, &outcome) else { continue };
                let Some(falsifier) = Falsifier::of(finding, &policy) else { continue };
                let name = format!("{} example {}", rule.id, example.number);
                tried += 1;
                let example = if example.text.starts_with("# file: ") {
                    example.text.to_owned()
                } else {
                    format!("# file: example.yaml\n{}", example.text)
                };
                let (_folder, after) = pages::run(rule, &(example + "\n" + &falsifier.bundle()));
                let place = outcome.sources.get(finding.place.source).path.clone();
                let place = (finding.rule.id, place, outcome.sources.start(finding.place).line);
                let is_known = STILL_TRUE.iter().any(|(known, _)| *known == name);
                if shown(&after).contains(&place) != is_known {
                    wrong.push(format!("{name}: {place:?} with {falsifier:?}"));
                }
            }
        }
    }
    println!("{tried} findings falsified");
    assert!(tried >= 12, "only {tried}");
    assert!(wrong.is_empty(), "{} of {tried}\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_would_make_a_finding_of_a_repository_untrue_lowers_it() {
    let (mut tried, mut wrong) = (0, Vec::new());
    let mut repositories = Vec::new();
    for folder in ["corpus", "cases"] {
        let Some(folder) = shared(folder) else { continue };
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        repositories.extend(entries);
    }
    repositories.sort();
    for repository in repositories.iter().filter(|path| path.is_dir()) {
        let before = check(repository);
        for finding in before.findings.iter().filter(|it| is_sure(it, Confidence::High)) {
            let Some(policy) = policy(finding, &before) else { continue };
            let Some(falsifier) = Falsifier::of(finding, &policy) else { continue };
            tried += 1;
            let folder = tempfile::tempdir().unwrap();
            copy(repository, folder.path());
            for file in falsifier.bundle().split("# file: ").skip(1) {
                let (name, content) = file.split_once('\n').unwrap();
                let path = folder.path().join(name.trim());
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, content).unwrap();
            }
            let after = check(folder.path());
            let place = before.sources.get(finding.place.source).path.clone();
            let place = (finding.rule.id, place, before.sources.start(finding.place).line);
            if shown(&after).contains(&place) {
                wrong.push(format!("{}: {place:?} with {falsifier:?}", repository.display()));
            }
        }
    }
    println!("{tried} findings of repositories falsified");
    assert!(wrong.is_empty(), "{} of {tried}\n{}", wrong.len(), wrong.join("\n"));
}

fn check(folder: &Path) -> Outcome {
    let cwd = folder.canonicalize().unwrap();
    let request = Request { cwd, scope: repo::Scope::default(), ..Request::default() };
    netpol_lint::check(&request, &()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type() {
            kind if kind.is_dir() => std::fs::create_dir_all(target).unwrap(),
            kind if kind.is_file() => {
                std::fs::copy(entry.path(), target).unwrap();
            }
            _ => {}
        }
    }
}
