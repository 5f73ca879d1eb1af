//! What a document that can't be read seems to contain, judged line by line, because there is no
//! tree.

use compact_str::CompactString;

use super::kinds;
use super::placeholder::is_placeholder;

/// What the text of a document mentions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seeming {
    /// A kind of network policy.
    pub policy: bool,
    /// A kind that creates pods, or that deploys something.
    pub pods: bool,
    /// The only namespace that it mentions.
    pub namespace: Option<CompactString>,
}

/// What a text seems to contain.
pub fn seeming(text: &str) -> Seeming {
    let mut seeming = Seeming::default();
    let mut namespaces: Vec<&str> = Vec::new();
    for (key, value) in text.lines().flat_map(entries) {
        match key {
            "kind" => {
                seeming.policy |= kinds::is_policy_by_name(value);
                seeming.pods |= kinds::makes_pods_by_name(value) || is_placeholder(value);
            }
            "namespace" if !value.is_empty() && !namespaces.contains(&value) => {
                namespaces.truncate(1);
                namespaces.push(value);
            }
            _ => {}
        }
    }
    if let [only] = namespaces.as_slice()
        && !is_placeholder(only)
    {
        seeming.namespace = Some((*only).into());
    }
    seeming
}

/// `key: value` in a line: also after a `-`, in JSON, and in a flow mapping.
fn entries(line: &str) -> impl Iterator<Item = (&str, &str)> {
    const KEYS: [&str; 2] = ["kind", "namespace"];
    KEYS.into_iter().filter_map(move |key| {
        let (before, after) = line.split_once(key)?;
        let is_key = before.chars().next_back().is_none_or(|c| " \t-{,\"'".contains(c));
        let after = after.trim_start_matches(['"', '\'']).trim_start().strip_prefix(':')?;
        let value = after.trim_start().trim_start_matches(['"', '\'']);
        let end = match value.starts_with("{{") {
            true => value.find("}}").map_or(value.len(), |at| at + 2),
            false => value.find([' ', '\t', '"', '\'', ',', '}', '#']).unwrap_or(value.len()),
        };
        is_key.then(|| (key, value.get(..end).unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_recognized_in_broken_text() {
        let of = |text: &str| {
            let Seeming { policy, pods, namespace } = seeming(text);
            (policy, pods, namespace.unwrap_or_default().to_string())
        };
        let policy = "kind: NetworkPolicy\nmetadata: {namespace: shop}\nspec: [";
        assert_eq!(of(policy), (true, false, "shop".to_owned()));
        assert_eq!(of("{\"kind\": \"Deployment\", "), (false, true, String::new()));
        assert_eq!(of("- kind: \"DaemonSet\" # x"), (false, true, String::new()));
        assert_eq!(of("kind: {{ .kind }}\nnamespace: {{ .ns }}"), (false, true, String::new()));
        assert_eq!(of("namespace: a\nnamespace: b\nnamespace: a"), Default::default());
        assert_eq!(of("mankind: Deployment\ntitle: kind"), Default::default());
        assert_eq!(of("openapi: 3\nkind: ConfigMap"), Default::default());
    }
}
