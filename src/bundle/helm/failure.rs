//! What helm says when it refuses a chart: what is wrong, in its own words without the rest, and
//! the places it names.

/// The most of helm's words that are told.
const LONGEST: usize = 300;

/// What helm refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A template asks for a value that is not given (`required`, `fail`).
    Asks,
    /// A template can't be executed, or is none.
    Template,
    /// What a template makes is no YAML.
    Yaml,
    /// The values file of that number, as it was handed over.
    Values(usize),
    /// The chart's own values.
    OwnValues,
    /// Anything else.
    Other,
}

/// What helm said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: Kind,
    /// What is wrong, in helm's words.
    pub(super) why: String,
    /// Templates and lines (from 1), as named; the first is where helm was, the last where it
    /// came to.
    pub(super) places: Vec<(String, usize)>,
    /// The line in a values file.
    pub(super) line: Option<usize>,
}

/// Understands what helm said. `folder` is the directory of the copies.
pub(super) fn read(said: &str, folder: &str) -> Failure {
    let error = error(said);
    let places = places(error);
    let line = after(error, "yaml: line ").and_then(number);
    let kind = kind(error, folder);
    let why = match kind {
        Kind::Values(_) | Kind::OwnValues if error.contains("error unmarshaling JSON") => {
            "it is not a mapping"
        }
        Kind::Values(_) | Kind::OwnValues => {
            last(error, &["yaml: ", "error converting YAML to JSON: "])
        }
        Kind::Yaml if error.contains("error unmarshaling JSON") => {
            "its output is not a Kubernetes object"
        }
        Kind::Yaml => last(error, &["yaml: ", "error converting YAML to JSON: "]),
        Kind::Asks => after(error, "): ").unwrap_or(error),
        Kind::Template | Kind::Other => error,
    };
    let why = match kind {
        Kind::Template => executing(why),
        _ => without_line(why).to_owned(),
    };
    Failure { kind, why: shortened(&why.replace(folder, "")), places, line }
}

/// The template that makes no YAML, if that is what helm said.
pub(super) fn yaml_error_in(said: &str) -> Option<String> {
    let rest = after(error(said), "YAML parse error on ")?;
    Some(rest.split(": ").next()?.to_owned())
}

/// Behind the last `Error: ` at the beginning of a line, before advice.
fn error(said: &str) -> &str {
    let start = match said.rfind("\nError: ") {
        Some(at) => at + 8,
        None if said.starts_with("Error: ") => 7,
        None => 0,
    };
    let rest = said.get(start..).unwrap_or(said);
    rest.split("\n\nUse --debug").next().unwrap_or(rest).trim()
}

fn kind(error: &str, folder: &str) -> Kind {
    let is = |words: &str| error.contains(words);
    if let Some(rest) = after(error, &format!("{folder}/values/"))
        && let Some(number) = number(rest)
    {
        return Kind::Values(number);
    }
    if is("values.yaml: ") && is("cannot load") {
        Kind::OwnValues
    } else if is("YAML parse error on ") {
        Kind::Yaml
    } else if error.starts_with("execution error at (") {
        Kind::Asks
    } else if is("template: ") || is("parse error at (") || is("parse error in (") {
        Kind::Template
    } else {
        Kind::Other
    }
}

/// Of a chain of calls, what the innermost one says of its expression.
fn executing(error: &str) -> String {
    if let Some((_, rest)) = error.rsplit_once(" at <")
        && let Some((expression, why)) = rest.split_once(">: ")
    {
        return format!("`{expression}`: {why}");
    }
    match after(error, "): ") {
        Some(why) if error.starts_with("parse error") => why.to_owned(),
        _ => last(error, &[": "]).to_owned(),
    }
}

/// The templates that are named with a line: `shop/templates/pod.yaml:12:20`.
fn places(error: &str) -> Vec<(String, usize)> {
    let mut found: Vec<(String, usize)> = Vec::new();
    let border = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"' | '<' | '>' | ',');
    for word in error.split(border).filter(|word| word.contains("/templates/")) {
        let mut parts = word.split(':');
        let (Some(name), Some(line)) = (parts.next(), parts.next()) else { continue };
        if let Ok(line) = line.parse()
            && !found.iter().any(|(n, l)| n == name && *l == line)
        {
            found.push((name.to_owned(), line));
        }
    }
    found
}

fn after<'t>(text: &'t str, words: &str) -> Option<&'t str> {
    text.split_once(words).map(|(_, rest)| rest)
}

fn last<'t>(text: &'t str, words: &[&str]) -> &'t str {
    let found = words.iter().find_map(|words| text.rsplit_once(words));
    found.map_or(text, |(_, rest)| rest)
}

fn number(text: &str) -> Option<usize> {
    let digits = text.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn without_line(why: &str) -> &str {
    let rest = why.strip_prefix("line ").and_then(|rest| rest.split_once(": "));
    rest.filter(|(line, _)| line.parse::<usize>().is_ok()).map_or(why, |(_, rest)| rest)
}

/// On one line, and not endless.
fn shortened(why: &str) -> String {
    let mut words = why.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = words.char_indices().nth(LONGEST) {
        words.truncate(at);
        words.push('…');
    }
    words.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(said: &str) -> (Kind, String, Vec<(String, usize)>) {
        let failure = read(said, "/tmp/x");
        (failure.kind, failure.why, failure.places)
    }

    fn at(name: &str, line: usize) -> (String, usize) {
        (name.to_owned(), line)
    }

    #[test]
    fn what_helm_says_is_shortened_and_placed() {
        let said = "Error: template: shop/templates/a.yaml:12:20: executing \
                    \"shop/templates/a.yaml\" at <include \"y\" .>: error calling include: \
                    template: shop/templates/_h.tpl:3:4: executing \"y\" at <.Values.a.b>: nil \
                    pointer evaluating interface {}.b\n\nUse --debug flag to render out invalid \
                    YAML\n";
        let places = vec![at("shop/templates/a.yaml", 12), at("shop/templates/_h.tpl", 3)];
        let why = "`.Values.a.b`: nil pointer evaluating interface {}.b";
        assert_eq!(told(said), (Kind::Template, why.to_owned(), places));

        let said = "walk.go:75: found x\nError: execution error at (shop/templates/a.yaml:2:4): \
                    give me: a name";
        let places = vec![at("shop/templates/a.yaml", 2)];
        assert_eq!(told(said), (Kind::Asks, "give me: a name".to_owned(), places));

        let said = "Error: parse error at (shop/templates/a.yaml:3): unclosed action";
        let places = vec![at("shop/templates/a.yaml", 3)];
        assert_eq!(told(said), (Kind::Template, "unclosed action".to_owned(), places));

        let said = "Error: YAML parse error on shop/templates/a.yaml: error converting YAML to \
                    JSON: yaml: line 12: did not find expected key";
        assert_eq!(told(said), (Kind::Yaml, "did not find expected key".to_owned(), vec![]));
        assert_eq!(yaml_error_in(said).as_deref(), Some("shop/templates/a.yaml"));
    }

    #[test]
    fn values_files_are_told_by_their_number() {
        let said = "Error: failed to parse /tmp/x/values/1.yaml: error converting YAML to JSON: \
                    yaml: line 4: could not find expected ':'";
        let failure = read(said, "/tmp/x");
        assert_eq!((failure.kind, failure.line), (Kind::Values(1), Some(4)));
        assert_eq!(failure.why, "could not find expected ':'");
        let said = "Error: cannot load values.yaml: error converting YAML to JSON: yaml: x";
        assert_eq!(read(said, "/tmp/x").kind, Kind::OwnValues);
    }
}
