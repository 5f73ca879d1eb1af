//! From places in what helm prints to places in the template.

use std::sync::Arc;

use crate::text::{LineIndex, SourceId, Span};
use crate::yaml::{Entry, Map, Node, Value};

/// Where the nodes of a document are written.
pub(super) enum Places<'a> {
    /// In a template that is at hand.
    Template(Template<'a>),
    /// In a packed chart: all of it stands at the line that names the package.
    Package(Span),
}

/// A document and the template it is from.
pub(super) struct Template<'a> {
    pub(super) source: SourceId,
    /// The document.
    pub(super) text: &'a str,
    pub(super) index: LineIndex,
    pub(super) template: &'a str,
    pub(super) template_index: LineIndex,
    /// For each line of the document its line in the template, both from 0.
    pub(super) lines: Vec<usize>,
}

impl Places<'_> {
    /// The same tree with its spans where they are written.
    pub(super) fn rewritten(&self, node: &Node) -> Node {
        match &node.value {
            Value::Scalar(_) => Node { span: self.place(node.span), value: node.value.clone() },
            Value::Seq(items) if !items.is_empty() => {
                let items: Vec<Node> = items.iter().map(|item| self.rewritten(item)).collect();
                let span = hull(items.iter().map(|item| item.span));
                Node {
                    span: span.unwrap_or(self.place(node.span)),
                    value: Value::Seq(items.into()),
                }
            }
            Value::Map(map) if !map.entries.is_empty() => {
                let entry = |entry: &Entry| Entry {
                    key: entry.key.clone(),
                    key_span: self.place(entry.key_span),
                    value: self.rewritten(&entry.value),
                };
                let map = Map { entries: map.entries.iter().map(entry).collect() };
                let spans = map.entries.iter().flat_map(|entry| [entry.key_span, entry.value.span]);
                let span = hull(spans).unwrap_or(self.place(node.span));
                Node { span, value: Value::Map(Arc::new(map)) }
            }
            Value::Seq(_) | Value::Map(_) => {
                Node { span: self.place(node.span), value: node.value.clone() }
            }
        }
    }

    /// Where a token is written: one line.
    pub(super) fn place(&self, span: Span) -> Span {
        match self {
            Self::Package(place) => *place,
            Self::Template(template) => template.place(span),
        }
    }
}

/// From the first to the last of them; all lie in one source.
fn hull(spans: impl Iterator<Item = Span>) -> Option<Span> {
    spans.reduce(|all, span| Span {
        start: all.start.min(span.start),
        end: all.end.max(span.end),
        ..all
    })
}

impl Template<'_> {
    fn place(&self, span: Span) -> Span {
        let line = self.index.line(span.start as usize) - 1;
        let start = self.index.line_start(line + 1);
        let printed = line_at(self.text, start);
        let from = (span.start as usize).saturating_sub(start).min(printed.len());
        let to = (span.end as usize).saturating_sub(start).clamp(from, printed.len());
        let written_line = self.lines.get(line).copied().unwrap_or(0) + 1;
        let written_start = self.template_index.line_start(written_line);
        let written = line_at(self.template, written_start);
        let (from, to) = counterpart(printed, from, to, written);
        Span::new(self.source, written_start + from, written_start + to)
    }
}

/// The line that begins at `start`, without the white space at its end.
fn line_at(text: &str, start: usize) -> &str {
    let rest = text.get(start..).unwrap_or("");
    rest.split('\n').next().unwrap_or("").trim_end()
}

/// Where in the line `written` of a template the bytes `from..to` of the line `printed` come from:
/// the same token where it is written out, else the value part with the action that writes it,
/// else the whole line.
fn counterpart(printed: &str, from: usize, to: usize, written: &str) -> (usize, usize) {
    let indent = written.len() - written.trim_start().len();
    let whole = (indent, written.len());
    let Some(first_action) = written.find("{{") else {
        return moved(printed, from, to, written).unwrap_or(whole);
    };
    let head = common_head(printed, &written[..first_action]);
    let tail_start = written.rfind("}}").map_or(written.len(), |at| at + 2);
    let tail = common_tail(printed.get(head..).unwrap_or(""), &written[tail_start..]);
    let to_end = printed.len() - to;
    // What begins before the action begins there too; what ends behind it ends there too.
    let start = match from {
        from if from <= head => from,
        from if printed.len() - from <= tail => written.len() - (printed.len() - from),
        _ => first_action.max(indent),
    };
    let end = match to {
        to if to <= head => to,
        _ if to_end <= tail => written.len() - to_end,
        _ => written.len(),
    };
    let fits = start <= end && written.is_char_boundary(start) && written.is_char_boundary(end);
    if fits { (start, end) } else { whole }
}

/// A token of a line without actions: at the same place, with another indentation at most.
fn moved(printed: &str, from: usize, to: usize, written: &str) -> Option<(usize, usize)> {
    let token = printed.get(from..to)?;
    let shift = |by: isize| Some((from.checked_add_signed(by)?, to.checked_add_signed(by)?));
    let indent = |line: &str| (line.len() - line.trim_start().len()) as isize;
    let (from, to) = shift(indent(written) - indent(printed))?;
    (written.get(from..to)? == token).then_some((from, to))
}

/// How many bytes both begin with.
fn common_head(a: &str, b: &str) -> usize {
    let mut same = 0;
    for ((at, x), y) in a.char_indices().zip(b.chars()) {
        if x != y {
            break;
        }
        same = at + x.len_utf8();
    }
    same
}

/// How many bytes both end with.
fn common_tail(a: &str, b: &str) -> usize {
    let pairs = a.chars().rev().zip(b.chars().rev());
    pairs.take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::counterpart;

    /// What of `written` the first `token` of `printed` comes from.
    fn from<'w>(printed: &str, token: &str, written: &'w str) -> &'w str {
        let at = printed.find(token).unwrap();
        let (from, to) = counterpart(printed, at, at + token.len(), written);
        &written[from..to]
    }

    #[test]
    fn a_literal_is_its_token_and_a_value_is_what_writes_it() {
        assert_eq!(from("  app: web", "web", "  app: web"), "web");
        assert_eq!(from("  app: web", "app", "  app: web"), "app");
        let written = "  replicas: {{ .Values.n }}";
        assert_eq!(from("  replicas: 3", "replicas", written), "replicas");
        assert_eq!(from("  replicas: 3", "3", written), "{{ .Values.n }}");
        let written = "  name: \"{{ .x }}-web\" # why";
        assert_eq!(from("  name: \"a-web\" # why", "\"a-web\"", written), "\"{{ .x }}-web\"");
        assert_eq!(from("- 80", "80", "- {{ . }}"), "{{ . }}");
        let written = "ports: [{port: {{ .x }}, protocol: TCP}]";
        assert_eq!(from("ports: [{port: 1, protocol: TCP}]", "1", written), "{{ .x }}");
        assert_eq!(from("ports: [{port: 1, protocol: TCP}]", "TCP", written), "TCP");
        assert_eq!(from("  app: v", "app", "  {{ .k }}: v"), "{{ .k }}");
        assert_eq!(from("  app: v", "v", "  {{ .k }}: v"), "v");
    }

    #[test]
    fn what_is_written_elsewhere_is_the_whole_line() {
        let written = "    {{- include \"labels\" . | nindent 4 }}";
        for token in ["app", "web"] {
            assert_eq!(from("    app: web", token, written), written.trim());
        }
        assert_eq!(from("    app: web", "web", "  # nothing like it"), "# nothing like it");
        assert_eq!(from("a: é", "é", "  b: ü"), "b: ü");
    }
}
