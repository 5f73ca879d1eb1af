//! Documents are read as kubectl reads them: `tests/goyaml` calls the Go library that kubectl uses.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use netpol_lint::text::SourceId;
use netpol_lint::yaml::{Limits, Node, ScalarKind, Stream, Value, count, read};
use serde_json::Value as Json;
use walkdir::WalkDir;

use crate::mutate::{Random, mutate};
use crate::{shared, tools};

const MUTANTS: usize = 40_000;

/// What kubectl accepts although the specification does not, and what it still rejects.
const CASES: &[&str] = &[
    // Quoted scalars that continue, or close, at the indentation of their key.
    "a:\n  k: 'first\n  second\n\n  third'\n  l: m\n",
    "k: \"one \\\ntwo \\\n\\\n\"\nl: m\n",
    "- 'a\n- b'\n- c\n",
    "a:\n    'k\n'\n  # c\n",
    // The same for collections in brackets.
    "a: [\n\"x\",\ny\n]\nb: {\nc: d\n}\n",
    "a:\n  - m: [ x,\n  y,\n'z\n']\n    n: {o: [\n]}\n",
    "a:\n  b: [\n    x\n]\nc: d\n",
    "a: [x,\n# c\ny] # d\nb: c\n",
    // Tabs, comments and colons.
    "a: {\n\tb: c,\n\td: [e\t]\n}\n",
    "a: 'x'#c\nb: c\n",
    "a: [x]#c\n",
    "a: {x: y}z\n",
    "a: 'x\ny':\n",
    "a: [x:y, z::1, \"u\":v]\n",
    // Not closed, not a key, not a value, not an anchor.
    "a: 'x\ny\n",
    "a: [x,\ny\nb: c\n",
    "a: {x\n]\n",
    "a: 1\n: 2\n",
    "a: 'x\ny'\n~: 2\n",
    "a: 'x\ny'\nb: *c\n",
    "a: 'x\ny'\nb: |\n x\n  y\n z",
    "a: 'x\ny'\nb: [!c d]\n",
    "a: \"x\ny\\q\"\n",
    "a: \"x\ny\\",
    // A key of more than one line, and one that is too long for one.
    "'a\nb': c\n",
    "a:\n  [x,\n  y]: z\n",
];

/// Builds the program; without Go, or without its modules, says why the test is skipped.
fn kubectl() -> Option<PathBuf> {
    let go = tools::tool("go")?;
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("goyaml");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goyaml");
    let built = Command::new(go).arg("build").arg("-o").arg(&program).current_dir(source).output();
    let built = built.unwrap();
    if !built.status.success() {
        let tree_text = String::from_utf8_lossy(&built.stderr);
        tools::skip(&format!(
            "go build tests/goyaml: {}",
            tree_text.lines().last().unwrap_or_default()
        ));
        return None;
    }
    Some(program)
}

/// What kubectl reads each document as; `None` if it rejects it.
fn ask(program: &Path, documents: &[String]) -> Vec<Option<Json>> {
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut answers = String::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for document in documents {
                let length = u32::try_from(document.len()).unwrap();
                input.write_all(&length.to_le_bytes()).unwrap();
                input.write_all(document.as_bytes()).unwrap();
            }
        });
        output.read_to_string(&mut answers).unwrap();
    });
    assert!(child.wait().unwrap().success());
    let value = |line: &str| (!line.is_empty()).then(|| serde_json::from_str(line).unwrap());
    let answers: Vec<Option<Json>> = answers.lines().map(value).collect();
    assert_eq!(answers.len(), documents.len());
    answers
}

fn ours(document: &str) -> Stream {
    read(SourceId(0), document, 0..document.len(), None, &Limits::default())
}

/// Whether a tree is what kubectl reads. Keys are text here, as written; in kubectl, a plain `yes`
/// or `0x10` is the text of its value.
fn is_same(node: &Node, json: &Json) -> bool {
    match (&node.value, json) {
        (Value::Seq(items), Json::Array(array)) => {
            items.len() == array.len() && items.iter().zip(array).all(|(n, j)| is_same(n, j))
        }
        (Value::Map(map), Json::Object(object)) => {
            let renamed = map.entries.iter().filter(|e| !object.contains_key(e.key.as_str()));
            let keys = map.entries.iter().map(|e| e.key.as_str());
            let lost = object.keys().filter(|key| !keys.clone().any(|k| k == key.as_str()));
            (renamed.count() == 0) == (lost.count() == 0)
                && object.iter().all(|(k, v)| node.get(k).is_none_or(|value| is_same(value, v)))
        }
        (Value::Scalar(scalar), json) => match (scalar.kind, json) {
            (ScalarKind::Str, Json::String(text)) => scalar.text == *text,
            (ScalarKind::Null, Json::Null) => true,
            (ScalarKind::Bool(a), Json::Bool(b)) => a == *b,
            (ScalarKind::Int(a), Json::Number(b)) => b.as_i64() == Some(a),
            (ScalarKind::Float(a), Json::Number(b)) => b.as_f64() == Some(a),
            _ => false,
        },
        _ => false,
    }
}

/// How this linter's reading of a document compares with kubectl's.
#[derive(Debug, PartialEq)]
enum Compared {
    Same,
    OnlyKubectlReads,
    OnlyWeRead,
    Differs,
}

fn compare(document: &str, kubectl: Option<&Json>) -> Compared {
    let stream = ours(document);
    match (stream.problems.is_empty(), kubectl) {
        (false, None) => Compared::Same,
        (false, Some(_)) => Compared::OnlyKubectlReads,
        (true, None) => Compared::OnlyWeRead,
        (true, Some(json)) => match stream.documents.as_slice() {
            [document] if is_same(&document.root, json) => Compared::Same,
            _ => Compared::Differs,
        },
    }
}

/// The documents of the repository's own manifests, and of the corpus if it is there.
fn documents() -> Vec<String> {
    let own = ["examples", "tests"].map(|f| Path::new(env!("CARGO_MANIFEST_DIR")).join(f));
    let mut found = Vec::new();
    for folder in own.into_iter().chain(shared::shared("corpus")) {
        let entries = WalkDir::new(folder).sort_by_file_name().into_iter().filter_map(Result::ok);
        for entry in entries.filter(|entry| entry.file_type().is_file()) {
            let extension = entry.path().extension().and_then(|e| e.to_str()).unwrap_or_default();
            if let ("yaml" | "yml", Ok(text)) = (extension, std::fs::read_to_string(entry.path())) {
                found.extend(split(&text));
            }
        }
    }
    found
}

fn split(text: &str) -> impl Iterator<Item = String> {
    let documents = text.split("\n---\n").map(|document| format!("{document}\n"));
    documents.filter(|document| count(document.as_bytes()) == 1)
}

/// Removes the indentation of lines that continue brackets or a quoted string.
fn outdent(document: &str) -> String {
    let mut outdented = String::new();
    let mut continues = false;
    for line in document.split_inclusive('\n') {
        let kept = if continues { line.trim_start_matches(' ') } else { line };
        outdented.push_str(if kept.starts_with("---") { line } else { kept });
        let end = line.trim_end();
        continues =
            end.ends_with(['[', '{', ',', '\\']) || (continues && !end.ends_with([']', '}', '"']));
    }
    outdented
}

#[test]
fn what_kubectl_reads_is_read_and_what_it_rejects_is_rejected() {
    let Some(program) = kubectl() else { return };
    let cases: Vec<String> = CASES.iter().map(|case| (*case).to_owned()).collect();
    for (document, kubectl) in cases.iter().zip(ask(&program, &cases)) {
        assert_eq!(compare(document, kubectl.as_ref()), Compared::Same, "{document}\n{kubectl:?}");
    }
}

#[test]
fn real_documents_are_read_as_kubectl_reads_them() {
    let Some(program) = kubectl() else { return };
    let documents = documents();
    assert!(documents.len() > 100, "only {} documents", documents.len());
    let outdented: Vec<String> = documents.iter().map(|document| outdent(document)).collect();
    let changed = documents.iter().zip(&outdented).filter(|(before, after)| before != after);
    assert!(changed.count() > 10);
    for documents in [documents, outdented] {
        for (document, kubectl) in documents.iter().zip(ask(&program, &documents)) {
            assert_eq!(compare(document, kubectl.as_ref()), Compared::Same, "{document}");
        }
    }
}

#[test]
fn mutants_are_read_as_kubectl_reads_them() {
    let Some(program) = kubectl() else { return };
    let originals = documents();
    let mut mutants = Vec::new();
    for number in 0..MUTANTS {
        let mut random = Random(0x9e37_79b9 ^ (number as u64 + 1) << 20);
        let original = &originals[random.below(originals.len())];
        let original = if number % 2 == 0 { original.clone() } else { outdent(original) };
        let mutant = String::from_utf8(mutate(original.as_bytes(), &mut random));
        mutants.extend(mutant.iter().flat_map(|text| split(text)));
    }
    let (mut read, mut only_we, mut differs) = (0, 0, 0);
    for (document, kubectl) in mutants.iter().zip(ask(&program, &mutants)) {
        read += usize::from(kubectl.is_some());
        match compare(document, kubectl.as_ref()) {
            Compared::Same => {}
            // Go reads commas and brackets as part of a tag.
            Compared::OnlyKubectlReads => assert!(document.contains('!'), "{document}"),
            // A tab on a blank line, and a `%` or `@` in brackets: accepting them is harmless.
            Compared::OnlyWeRead => only_we += 1,
            // A `?` right before a word in brackets, and a whole document as a block scalar.
            Compared::Differs => differs += 1,
        }
    }
    println!("{} mutants, {read} read, {only_we} by us alone, {differs} differ", mutants.len());
    assert!(read > mutants.len() / 10, "kubectl reads only {read}");
    assert!(only_we * 200 < mutants.len(), "{only_we} of {} are read by us alone", mutants.len());
    assert!(differs * 5_000 < mutants.len(), "{differs} of {} differ", mutants.len());
}
