//! Tests of Chainsaw, kuttl and the Kyverno CLI: which files say what is expected, and are no
//! manifests.
//!
//! Sources: the `Test` API of chainsaw.kyverno.io/v1alpha1, the `TestStep` API of kuttl.dev/v1beta1,
//! the `Test` API of cli.kyverno.io/v1alpha1.

use crate::yaml::Node;

/// The files that a test names, relative to its directory; those of Chainsaw may be globs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCase {
    /// What is expected, or must not be there.
    pub expected: Vec<String>,
    /// What policies of Kyverno are tried on, which only has the fields that they ask about.
    pub tried: Vec<String>,
}

/// The names of the kinds, for the filter before parsing.
pub(super) const KINDS: &[&str] = &["Test", "TestStep"];

/// What a test names; none for any other kind.
pub(super) fn decode(group: &str, kind: &str, tree: &Node) -> Option<TestCase> {
    match (group, kind) {
        ("chainsaw.kyverno.io", "Test") => Some(chainsaw(tree)),
        ("kuttl.dev", "TestStep") => {
            let expected = ["assert", "error"].iter().flat_map(|key| texts(tree, key)).collect();
            Some(TestCase { expected, tried: Vec::new() })
        }
        ("cli.kyverno.io", "Test") => {
            let keys = ["resources", "targetResources", "patchedResources"];
            let tried = keys.iter().flat_map(|key| texts(tree, key)).collect();
            Some(TestCase { expected: Vec::new(), tried })
        }
        _ => None,
    }
}

fn chainsaw(tree: &Node) -> TestCase {
    let steps = tree.at(&["spec", "steps"]).and_then(Node::as_seq).unwrap_or_default();
    let tries = steps.iter().flat_map(|step| step.get("try").and_then(Node::as_seq));
    let files = tries.flatten().flat_map(|operation| {
        let file = |key: &&str| operation.at(&[key, "file"]).and_then(Node::as_str);
        ["assert", "error"].iter().filter_map(file).map(str::to_owned).collect::<Vec<_>>()
    });
    TestCase { expected: files.collect(), tried: Vec::new() }
}

fn texts(tree: &Node, key: &str) -> Vec<String> {
    let items = tree.get(key).and_then(Node::as_seq).unwrap_or_default();
    items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;
    use crate::yaml::{Limits, read};

    fn named(group: &str, kind: &str, text: &str) -> Option<(Vec<String>, Vec<String>)> {
        let stream = read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        let case = decode(group, kind, &stream.documents[0].root)?;
        Some((case.expected, case.tried))
    }

    #[test]
    fn what_a_test_expects_is_named_by_it() {
        let list = |items: &[&str]| items.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let text = "spec: {steps: [{try: [{apply: {file: a.yaml}}, {assert: {file: b.yaml}}]}, \
            {try: [{error: {file: ../c.yaml}}, {assert: {resource: {}}}], catch: []}, {}]}";
        let found = named("chainsaw.kyverno.io", "Test", text);
        assert_eq!(found, Some((list(&["b.yaml", "../c.yaml"]), vec![])));
        let found = named("kuttl.dev", "TestStep", "{apply: [a], assert: [b], error: [c, 1]}");
        assert_eq!(found, Some((list(&["b", "c"]), vec![])));
        let found = named("cli.kyverno.io", "Test", "{policies: [p], resources: [r]}");
        assert_eq!(found, Some((vec![], list(&["r"]))));
        assert_eq!(named("testing.example", "Test", "{resources: [r]}"), None);
    }
}
