use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const SOURCE: SourceId = SourceId(0);

fn read_all(text: &str) -> Stream {
    read(SOURCE, text, 0..text.len(), None, &Limits::default())
}

fn root(text: &str) -> Node {
    let stream = read_all(text);
    assert_eq!(stream.problems, [], "{text:?}");
    stream.documents.into_iter().next().expect("a document").root
}

fn slice(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

/// Every node as `route: text of its span`.
fn listing(text: &str) -> String {
    let mut out = String::new();
    for document in read_all(text).documents {
        list(text, &document.root, "", &mut out);
    }
    out
}

fn list(text: &str, node: &Node, route: &str, out: &mut String) {
    writeln!(out, "{route}: {:?}", slice(text, node.span)).expect("a string takes it");
    match &node.value {
        Value::Scalar(_) => {}
        Value::Seq(items) => {
            for (i, item) in items.iter().enumerate() {
                list(text, item, &format!("{route}/{i}"), out);
            }
        }
        Value::Map(map) => {
            for entry in &map.entries {
                let key = slice(text, entry.key_span);
                list(text, &entry.value, &format!("{route}/{key}"), out);
            }
        }
    }
}

fn syntax(text: &str) -> (String, String) {
    let stream = read_all(text);
    let [problem] = stream.problems.as_slice() else {
        panic!("{text:?} has {:?}", stream.problems);
    };
    match &problem.kind {
        ProblemKind::Syntax(message) => (message.clone(), slice(text, problem.span).to_owned()),
        other => panic!("{other:?}"),
    }
}

fn is_limited(text: &str) -> bool {
    let start = Instant::now();
    let stream = read_all(text);
    assert!(start.elapsed() < Duration::from_secs(2), "took {:?}", start.elapsed());
    assert!(stream.documents.is_empty());
    matches!(stream.problems.as_slice(), [Problem { kind: ProblemKind::Limit(_), .. }])
}

#[test]
fn block_spans_are_exact() {
    let text = "\
# head
a: plain text   # comment
b:   'it''s'  # comment
c: \"x\\\"y\"\t# c
d:
  e:
    - one # c
    -
    - f: 1

# between
  g: {h: [1, 2 ], i: } # c
j: |- # c
  line

  more

k:
";
    assert_eq!(
        listing(text),
        format!(
            "\
: {:?}
/a: \"plain text\"
/b: \"'it''s'\"
/c: {:?}
/d: {:?}
/d/e: \"- one # c\\n    -\\n    - f: 1\"
/d/e/0: \"one\"
/d/e/1: \"\"
/d/e/2: \"f: 1\"
/d/e/2/f: \"1\"
/d/g: \"{{h: [1, 2 ], i: }}\"
/d/g/h: \"[1, 2 ]\"
/d/g/h/0: \"1\"
/d/g/h/1: \"2\"
/d/g/i: \"\"
/j: \"|- # c\\n  line\\n\\n  more\"
/k: \"\"
",
            text[7..].trim_end(),
            r#""x\"y""#,
            &text[text.find("e:").unwrap()..=text.find('}').unwrap()],
        )
    );
}

#[test]
fn nothing_sits_right_after_its_indicator() {
    for (text, route, after) in [
        ("a:\nb: 1\n", "a", 2),
        ("a:   # c\n", "a", 2),
        ("a :\nb: 1", "a", 3),
        ("{a:   , b: 1}", "a", 3),
        ("{a, b: 1}", "a", 2),
        ("{\"a\":}", "a", 5),
        ("? a\n: \nb: 1", "a", 5),
        ("a: &x\nb: *x\n", "a", 5),
        ("a: !!str # c\nb: 1\n", "a", 8),
    ] {
        let root = root(text);
        let span = root.get(route).unwrap().span;
        assert_eq!((span.start, span.end), (after, after), "{text:?}");
    }
    let items = root("-\n-   # c\n- a\n-");
    let starts: Vec<u32> = items.as_seq().unwrap().iter().map(|item| item.span.start).collect();
    assert_eq!(starts, [1, 3, 12, 15]);
}

#[test]
fn sequences_begin_at_their_dash() {
    for (text, expected) in [
        ("a:\n- x\n- y\nb: 1", "- x\n- y"),
        ("a: # c\n# d\n- [x]\n", "- [x]"),
        ("a:\n- - x\n", "- - x"),
        ("a: &s\n- x\n", "- x"),
        ("a: !!seq\n  - x\n", "- x"),
        ("? a\n: - x\n", "- x"),
        ("a: [x] # c", "[x]"),
        ("a: &s [x]", "[x]"),
    ] {
        assert_eq!(slice(text, root(text).get("a").unwrap().span), expected, "{text:?}");
    }
}

#[test]
fn block_scalars_run_from_their_header() {
    for (text, expected, content) in [
        ("a: |\n  x\n  y\n\nb: 1", "|\n  x\n  y", "x\ny\n"),
        ("a: >+ # | c\n\n  x\n\nb: 1", ">+ # | c\n\n  x", "\nx\n\n"),
        ("a: &b |2-\n   x\n", "|2-\n   x", " x"),
        ("a: !!str\n  >\n  x\n", ">\n  x", "x\n"),
        ("a: |\nb: 1", "|", ""),
        ("a: |-", "|-", ""),
        ("a:\n# | no\n  |\n  x\n", "|\n  x", "x\n"),
        ("? |\n  k\n: 1\na: |\r\n  x\r\n", "|\r\n  x", "x\n"),
    ] {
        let root = root(text);
        let node = root.get("a").unwrap();
        assert_eq!(slice(text, node.span), expected, "{text:?}");
        assert_eq!(node.as_str(), Some(content), "{text:?}");
    }
    let items = "- - |\n    x\n  - y\n";
    assert!(listing(items).contains("/0/0: \"|\\n    x\"\n/0/1: \"y\""), "{}", listing(items));
}

#[test]
fn other_encodings_and_line_endings_keep_their_bytes() {
    let text =
        "\u{feff}# é\r\nkey: wört # ü\r\n\"日\": '本' # 語\r\n---\r\nb: |\r\n  😀\r\nc: d\r\n";
    assert_eq!(
        listing(text),
        format!(
            ": {:?}\n/key: \"wört\"\n/\"日\": \"'本'\"\n: {:?}\n/b: \"|\\r\\n  😀\"\n/c: \"d\"\n",
            "key: wört # ü\r\n\"日\": '本'", "b: |\r\n  😀\r\nc: d"
        )
    );
    assert_eq!(root("\u{feff}---\n\u{feff}a: 1").get("a").unwrap().span.start, 13);
}

#[test]
fn a_range_is_read_in_place_with_its_spans() {
    let text = "é\n   a: 1\n   b:\n   - x\nend";
    let range = text.find("   a").unwrap()..text.find("end").unwrap();
    let stream = read(SOURCE, text, range, None, &Limits::default());
    let root = &stream.documents[0].root;
    assert_eq!(slice(text, root.span), "a: 1\n   b:\n   - x");
    assert_eq!(slice(text, root.get("b").unwrap().span), "- x");
}

#[test]
fn keys_become_text() {
    let root = root("1: a\nyes: b\n0x10: c\n'': d\n'q': e\n&k x: f\n*k : g\n");
    let keys: Vec<&str> = root.as_map().unwrap().entries.iter().map(|e| e.key.as_str()).collect();
    assert_eq!(keys, ["1", "yes", "0x10", "", "q", "x", "x"]);
}

#[test]
fn collections_as_keys_are_rejected() {
    let message = |what| format!("a {what} can't be a key: JSON has only strings as keys");
    assert_eq!(syntax("? {a: b}\n: c\n"), (message("mapping"), "{a: b}".to_owned()));
    assert_eq!(syntax("x:\n  [a]: c # d\n"), (message("sequence"), "[a]: c # d".to_owned()));
    assert!(syntax("a: &s [x]\n*s : c\n").0.contains("can't be a key"));
}

#[test]
fn null_as_a_key_is_rejected() {
    let message = "a key can't be empty or null".to_owned();
    assert_eq!(syntax("a: 1\n: b # c\nd: 2\n"), (message.clone(), ": b # c".to_owned()));
    assert_eq!(syntax("a:\n  ~: b\n"), (message.clone(), "~: b".to_owned()));
    assert_eq!(syntax("{a: 1, : b}"), (message, ", : b}".to_owned()));
    assert_eq!(root_keys("'~': 1\n!!str ~: 2\nnone: 3\n"), "~=1 ~=2 none=3");
}

#[test]
fn what_only_libyaml_accepts_is_read() {
    let quoted = "a: 'x\ny  # z' # c\nb:\n  c: \"d\\\n  e\n  \"\n  f: 1\n";
    assert_eq!(
        listing(quoted),
        format!(
            ": {:?}\n/a: {:?}\n/b: {:?}\n/b/c: {:?}\n/b/f: \"1\"\n",
            quoted.trim_end(),
            "'x\ny  # z'",
            "c: \"d\\\n  e\n  \"\n  f: 1",
            "\"d\\\n  e\n  \""
        )
    );
    assert_eq!(root(quoted).at(&["b", "c"]).unwrap().as_str(), Some("de "));
    let flow = "# é\na:\n- b: [\n  x, # c\n  y\n]\n  c: {\nd: &z 1, e: *z\n}\n-\nf: |\n  g\n";
    assert_eq!(
        listing(flow),
        format!(
            ": {:?}\n/a: {:?}\n/a/0: {:?}\n/a/0/b: {:?}\n/a/0/b/0: \"x\"\n/a/0/b/1: \"y\"\n\
             /a/0/c: {:?}\n/a/0/c/d: \"1\"\n/a/0/c/e: \"1\"\n/a/1: \"\"\n/f: \"|\\n  g\"\n",
            flow["# é\n".len()..].trim_end(),
            &flow[flow.find("- b").unwrap()..flow.find("\nf").unwrap()],
            &flow[flow.find("b:").unwrap()..=flow.find('}').unwrap()],
            "[\n  x, # c\n  y\n]",
            "{\nd: &z 1, e: *z\n}",
        )
    );
    let items = "- &s\n  - a: '\n  '\n    b: !!str\n    c:\n    - d\n  - ! 1\n- *s\n";
    let (before, rest) = items.split_at(items.find("- a").unwrap());
    assert_eq!(
        slice(items, root(items).as_seq().unwrap()[0].span),
        rest[..rest.len() - 6].trim_end()
    );
    assert!(before.ends_with("  "));
}

/// The same texts, once as the first parser reads them and once with a last line that only libyaml
/// accepts: trees and spans must be the same.
#[test]
fn both_parsers_mark_the_same_places() {
    let odd = "odd: 'x\ny'\n";
    for text in [
        "a: b # c\nd:\n- e\n-\n- f: {g: [h, 'i' ], j}\n  k: |-\n   l\n\n   m\n",
        "a: &x\n  b: !!str # c\n  d: &y !!int 1\ne: *x\nf: &z\n- *y\n- - 1\n  - 2\n",
        "? a\n: b\n? |\n  c\n: - d\n",
        "a: \"é\\n\"   \nb:\n\n# c\n  >+\n  d\n\n\ne: [a: b, ? c : d, {e: }]\n",
        "é: ü # ö\r\n'日': '本'\r\nc:\r\n  <<: {d: e}\r\n",
        "&a a: 1\n&b b: !<tag:yaml.org,2002:str> 2\nc: *a\n",
        "a:\n  - b\n  -   # c\n  - d: ~\n    e:\n    - f\n    g:\n",
    ] {
        let plain = listing(text);
        let both = format!("{text}{odd}");
        assert_eq!(read_all(&both).problems, [], "{both:?}");
        let expected = plain.lines().skip(1).collect::<Vec<_>>().join("\n");
        let found = listing(&both);
        let found: Vec<&str> = found.lines().skip(1).collect();
        let (last, found) = found.split_last().unwrap();
        assert_eq!(*last, "/odd: \"'x\\ny'\"", "{text:?}");
        assert_eq!(found.join("\n"), expected, "{text:?}");
    }
}

#[test]
fn an_error_of_both_parsers_keeps_the_first_message() {
    for (text, expected) in [
        ("a: 'x\ny\n", "this quote is not closed before"),
        ("a: [\nb\nc: d\n", "this line is indented less than its parent"),
        ("a: 'x\ny'z\n", "this quote is not closed before a line that is indented less"),
        ("a: 'x\ny'\nb: [!t, c]\n", "this quote is not closed before"),
        ("a: 'x\ny'\nb: \"\\", "this quote is not closed before"),
        ("a: 'x\ny'\nb: *c\n", "this quote is not closed before"),
        ("a: 'x\ny'\n\u{feff}b: c\n", "this quote is not closed before"),
    ] {
        assert!(syntax(text).0.starts_with(expected), "{text:?}: {}", syntax(text).0);
    }
}

#[test]
fn limits_apply_to_what_only_libyaml_accepts() {
    let odd = "odd: 'x\ny'\n";
    assert!(is_limited(&format!("{odd}a: {}{}", "[".repeat(129), "]".repeat(129))));
    let steps: String = (0..200).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    assert!(is_limited(&format!("{odd}{steps}")));
    let mut bomb = format!("{odd}a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..10 {
        let items = vec![format!("*a{}", i - 1); 10].join(", ");
        writeln!(bomb, "a{i}: &a{i} [{items}]").unwrap();
    }
    assert!(is_limited(&bomb));
    assert!(syntax(&format!("{odd}a: &x [*x]")).0.contains("this quote is not closed"));
}

#[test]
fn block_scalars_may_end_a_text_that_only_libyaml_reads() {
    for (end, content) in [
        ("|\n  x", "x"),
        ("|+\n  x", "x"),
        ("|-\n  x", "x"),
        (">\n  x\n  y", "x y"),
        ("|\n  x\n", "x\n"),
        ("|\n  x\n  ", "x\n"),
        ("|+\n  x\n\n", "x\n\n"),
        ("|", ""),
    ] {
        let text = format!("odd: 'x\ny'\na: {end}");
        assert_eq!(root(&text).get("a").unwrap().as_str(), Some(content), "{end:?}");
    }
}

#[test]
fn kinds_follow_style_and_tag() {
    let root = root(
        "a: 80\nb: '80'\nc: |-\n  80\nd: !!str 80\ne: !!int '80'\nf: ! 80\ng: !!binary aGk=\n\
         h: .inf\ni: !x yes\nj: !<tag:yaml.org,2002:bool> yes\n",
    );
    let scalar = |key| root.get(key).unwrap().as_scalar().unwrap().clone();
    for key in ["b", "c", "d", "f", "i"] {
        assert_eq!(scalar(key).kind, ScalarKind::Str, "{key}");
    }
    assert_eq!(scalar("a").kind, ScalarKind::Int(80));
    assert_eq!(scalar("e").kind, ScalarKind::Int(80));
    assert_eq!(scalar("g").text, "hi");
    assert_eq!(scalar("h").kind, ScalarKind::NotJson);
    assert_eq!(scalar("j").kind, ScalarKind::Bool(true));
    assert!(scalar("d").plain && !scalar("e").plain && !scalar("c").plain);
    assert_eq!(syntax("a: !!int x").1, "x");
}

#[test]
fn aliases_repeat_the_node_where_it_is_written() {
    let text = "a: &x {k: v}\nb: *x\nc: &y !!str 1\nd: [*y, *x]\n";
    let root = root(text);
    assert_eq!(root.get("a"), root.get("b"));
    assert_eq!(slice(text, root.at(&["b", "k"]).unwrap().span), "v");
    assert_eq!(slice(text, root.get("d").unwrap().span), "[*y, *x]");
    assert_eq!(root.get("d").unwrap().as_seq().unwrap()[0].as_str(), Some("1"));
    assert!(syntax("a: *x").0.contains("no anchor"));
    assert_eq!(root_keys("a: &x 1\nb: &x 2\nc: *x"), "a=1 b=2 c=2");
}

fn root_keys(text: &str) -> String {
    let root = root(text);
    let entry = |e: &Entry| format!("{}={}", e.key, e.value.as_scalar().unwrap().text);
    root.as_map().unwrap().entries.iter().map(entry).collect::<Vec<_>>().join(" ")
}

#[test]
fn merge_keys_fill_what_is_missing() {
    assert_eq!(root_keys("<<: {a: 1, b: 2}\na: 0\n"), "a=0 b=2");
    assert_eq!(root_keys("a: 0\n<<: {a: 1, b: 2}\n"), "a=0 b=2");
    assert_eq!(root_keys("<<: [{a: 1}, {a: 2, c: 3}]\n"), "a=1 c=3");
    assert_eq!(root_keys("<<: {a: 1}\n<<: {a: 2, c: 3}\n"), "a=1 c=3");
    assert_eq!(root_keys("'<<': 1\n"), "<<=1");
    assert_eq!(root_keys("!!str <<: 1\n"), "<<=1");
    assert_eq!(root_keys("!!merge <<: {a: 1}\n"), "a=1");
    let text = "a: &x {k: v}\nb:\n  <<: *x\n  l: w\n";
    let root = root(text);
    let b = root.get("b").unwrap();
    assert_eq!(slice(text, b.span), "<<: *x\n  l: w");
    assert_eq!(slice(text, b.entry("k").unwrap().key_span), "k");
    assert_eq!(b.entry("k").unwrap().value.span.start, 10);
    for text in ["<<: 1", "<<:", "<<: [1]", "a: &x 1\nb: {<<: *x}"] {
        assert!(syntax(text).0.contains("`<<` takes a mapping"), "{text:?}");
    }
}

#[test]
fn duplicate_keys_stay() {
    assert_eq!(root_keys("a: 1\na: 2\n"), "a=1 a=2");
    assert_eq!(root("a: 1\na: 2\n").get("a").unwrap().as_scalar().unwrap().text, "2");
}

#[test]
fn one_broken_document_hides_no_other() {
    let text = "a: 1\n---\nb: [1, 2\nc: d\n---\ne: 2\n";
    let stream = read_all(text);
    assert_eq!(stream.seen, 3);
    assert_eq!(stream.documents.len(), 2);
    assert_eq!(slice(text, stream.documents[1].span), "---\ne: 2\n");
    assert_eq!(stream.problems.len(), 1);
    assert!(stream.documents[0].root.get("a").is_some());
}

#[test]
fn problems_name_the_place() {
    for (text, expected, place) in [
        ("a: b: c\n", "a `:` is not expected here", ": c"),
        ("a:\n\tb: 1\n", "a tab can't be used to indent", "\tb: 1"),
        ("a:\n  b: 1\n \tc: 2 # x\n", "a tab can't be used to indent", "\tc: 2 # x"),
        ("a: |\n\tx\n", "a tab can't be used to indent", "\tx"),
        ("a: 'x\nb: y\n", "not closed", "'x"),
        ("a: 'x\n  y\n", "never closed", "'x"),
        ("a: \"x\" y\n", "after the closing quote", "y"),
        ("a: @x\n", "can't start with `@`", "@x"),
        ("a: \"\\d\"\n", "unknown escape in these double quotes", "\"\\d\""),
        ("a: ]\n", "has no opening bracket", "]"),
        ("a: {b: 1\n", "expected `,` or `}`", ""),
        ("a: 1\nb\nc: 2\n", "expected a `:`", "c: 2"),
        ("- a\nb: 1\n", "expected a list item", "b: 1"),
        ("a: \"\\ud83d\\ude00\"", "no surrogate pairs", "\"\\ud83d\\ude00\""),
        ("a: 1\n b: 2\n", "a `:` is not expected here", ": 2"),
    ] {
        let (message, shown) = syntax(text);
        assert!(message.contains(expected), "{text:?}: {message}");
        assert_eq!(shown, place, "{text:?}: {message}");
    }
}

#[test]
fn a_template_is_not_called_broken() {
    for text in ["- {{ .Values.x }}: 1\n", "a: b\n{% if x %}\nc: d\n", "a: <%= x %>: b"] {
        let stream = read_all(text);
        assert_eq!(stream.problems.len(), 1, "{text:?}");
        assert_eq!(stream.problems[0].kind, ProblemKind::Template, "{text:?}");
    }
    assert!(matches!(read_all("a: {{\n").problems[0].kind, ProblemKind::Syntax(_)));
    assert!(read_all("a: '{{ x }}'\n").problems.is_empty());
}

#[test]
fn what_only_some_tools_reject_is_read() {
    assert_eq!(root_keys("{a: 1, b: x} # not JSON"), "a=1 b=x");
    assert_eq!(root_keys("--- {a: 1}\n"), "a=1");
    assert_eq!(root("--- a").as_str(), Some("a"));
    assert_eq!(root_keys("%YAML 1.1\n---\na: 1\n...\n"), "a=1");
    assert_eq!(root_keys("%YAML 1.2\n%FOO bar\n--- # c\na: 1\n"), "a=1");
    assert_eq!(read_all("a: 1\r---\rb: 2\r").documents.len(), 2);
}

#[test]
fn json_is_read() {
    let text = "{\n\t\"a\":\"\\/x\\u00e9\\ud83d\\ude00z\",\"b\" : [ ],\n\t\t\"é\"\n:\n1e3}\n";
    let root = root(text);
    assert_eq!(root.get("a").unwrap().as_str(), Some("/xé😀z"));
    assert_eq!(slice(text, root.get("é").unwrap().span), "1e3");
    assert_eq!(slice(text, root.span), text.trim_end());
}

#[test]
fn deep_nesting_is_rejected_at_once() {
    let deep = 10_000;
    assert!(is_limited(&"[".repeat(deep)));
    assert!(is_limited(&"{a: ".repeat(deep)));
    assert!(is_limited(&format!("{}{}", "[".repeat(deep), "]".repeat(deep))));
    assert!(is_limited(&"- ".repeat(deep)));
    assert!(is_limited(&format!("{}x", "- ".repeat(deep))));
    assert!(is_limited(&format!("{}{}", "- ".repeat(100), "[a, {b: ".repeat(deep))));
    assert!(is_limited(&format!("a: {}", "[a, {b: ".repeat(deep))));
    let steps: String = (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    assert!(is_limited(&steps));
    assert_eq!(
        syntax(&"? ".repeat(deep)).0,
        "a mapping can't be a key: JSON has only strings as keys"
    );
    let level = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(read_all(&level(128)).problems.is_empty());
    assert!(is_limited(&level(129)));
    // The parser must not be slow either, before the tree is built.
    let unlimited = Limits { depth: usize::MAX, ..Limits::default() };
    let text = "- ".repeat(200_000);
    let stream = read(SOURCE, &text, 0..text.len(), None, &unlimited);
    assert!(matches!(stream.problems[0].kind, ProblemKind::Limit(_)));
}

#[test]
fn depth_includes_aliases() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for i in 1..1_000 {
        writeln!(text, "a{i}: &a{i} [*a{}]", i - 1).unwrap();
    }
    assert!(is_limited(&text));
}

#[test]
fn an_alias_bomb_is_rejected_at_once() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let items = vec![format!("*a{}", i - 1); 10].join(", ");
        writeln!(text, "a{i}: &a{i} [{items}]").unwrap();
    }
    let start = Instant::now();
    assert!(is_limited(&text));
    assert!(start.elapsed() < Duration::from_millis(200), "took {:?}", start.elapsed());
    let merges: String = (1..40)
        .map(|i| format!("m{i}: &m{i} {{<<: [*m{0}, *m{0}], k{i}: *m{0}}}\n", i - 1))
        .collect();
    assert!(is_limited(&format!("m0: &m0 {{a: b}}\n{merges}")));
}

#[test]
fn a_value_that_contains_itself_is_rejected() {
    assert!(syntax("a: &x [*x]").0.contains("inside the value that it repeats"));
    assert!(syntax("&x a: &y\n  b: {c: *y}").0.contains("inside the value that it repeats"));
    assert!(syntax("a: &x\n  <<: *x\n").0.contains("inside the value that it repeats"));
}

#[test]
fn limits_on_text_and_documents_are_reported() {
    let limits = Limits { file_bytes: 10, documents: 2, ..Limits::default() };
    let kinds = |text: &str| {
        let stream = read(SOURCE, text, 0..text.len(), None, &limits);
        (stream.documents.len(), stream.problems.into_iter().map(|p| p.kind).collect::<Vec<_>>())
    };
    assert_eq!(kinds("a: 1"), (1, vec![]));
    assert_eq!(kinds("--- a\n---").0, 1);
    assert_eq!(
        kinds("- 1\n- 2\n- 3").1,
        [ProblemKind::Limit("this text is larger than 10 bytes".into())]
    );
    let limits = Limits { documents: 2, ..Limits::default() };
    let text = "--- a\n--- b\n--- c\n--- d\n";
    let stream = read(SOURCE, text, 0..text.len(), None, &limits);
    assert_eq!((stream.documents.len(), stream.seen, stream.problems.len()), (2, 2, 1));
    assert_eq!(stream.problems[0].span.start, 12);
}

#[test]
fn only_documents_that_pass_the_filter_are_problems() {
    let wanted = Wanted::new(["Pod"], &[], &[]);
    let text = "kind: Other\n  x: [\n---\nkind: Pod\n x: [\n---\nkind: Pod\n";
    let stream = read(SOURCE, text, 0..text.len(), Some(&wanted), &Limits::default());
    assert_eq!((stream.seen, stream.documents.len(), stream.problems.len()), (3, 1, 1));
}

#[test]
fn bytes_must_be_text() {
    assert_eq!(decode_utf8(SOURCE, "\u{feff}é".as_bytes()), Ok("\u{feff}é".into()));
    let problem = decode_utf8(SOURCE, b"a: \xe9\n").unwrap_err();
    assert_eq!((problem.kind, problem.span.start), (ProblemKind::NotUtf8, 3));
    assert_eq!(decode_utf8(SOURCE, b"\xff\xfea\0"), Ok("\u{feff}a".into()));
    assert_eq!(decode_utf8(SOURCE, b"\xff\xfea").unwrap_err().span.start, 0, "half a unit");
}

/// Text composed of the pieces that have a meaning in YAML.
fn yaml_like() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "b",
        "kind",
        ": ",
        ":",
        "- ",
        "-",
        "? ",
        "\n",
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "\t",
        "\r\n",
        "\r",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ",",
        "\"",
        "'",
        "''",
        "\\",
        "\\u0041",
        "\\ud83d",
        "|",
        ">-",
        "|2",
        "#",
        " # c",
        "&x ",
        "*x",
        "*x ",
        "&x",
        "!!str ",
        "!!int ",
        "!<",
        "!x",
        "%YAML 1.2",
        "---",
        "\n---\n",
        "...",
        "\n...\n",
        "<<: ",
        "<<: *x",
        "é",
        "😀",
        "\u{feff}",
        "\0",
        "1",
        "~",
        "yes",
        "0x1",
        "`",
        "@",
        "%",
        "\n- ",
        "\na: ",
        "key: v\n",
        "\u{85}",
        "\u{2028}",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

/// Text with `kind` and the wanted kind `a` in every notation that YAML has for them.
fn disguised() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "kind",
        "\"kind\"",
        "'kind'",
        "\"k\\x69nd\"",
        "\"ki\\\n  nd\"",
        "&k kind",
        "&k !!str kind",
        "!!binary a2luZA==",
        "!<tag:yaml.org,2002:binary> a2luZA==",
        "*k ",
        "? kind\n",
        "? *k\n",
        "? |-\n  kind\n",
        "? # c\n  kind # d\n",
        "? &k\n  kind\n# c\n",
        "x",
        "kinds",
    ]);
    let value = prop::sample::select(vec![
        " a",
        " \"a\"",
        " 'a'",
        " # c\n  a",
        "\n  a",
        "\n\n  \"a\" # x: y",
        " &v a",
        " *v",
        " !!str a",
        " !!binary YQ==",
        " |-\n  a",
        " >-\n\n  a",
        " \"\\u0061\"",
        " \"\\\n  a\"",
        " &k kind",
        " other",
        " xbx",
        " \"xbx\"",
        "\n  y: a",
        "\n- a",
        "",
        " a # c",
        "\ta",
    ]);
    let entry = (key, value, any::<bool>()).prop_map(|(key, value, merged)| {
        if merged { format!("<<: {{{key}:{value}\n }}") } else { format!("{key}:{value}") }
    });
    (prop::collection::vec(entry, 1..5), 0..3).prop_map(|(entries, layout)| match layout {
        0 => format!("v: &v a\n{}\n", entries.join("\n")),
        1 => format!("{{v: &v a,\n {}\n}}", entries.join("\n ,")),
        _ => format!("{{v: &v a, {}}}", entries.join(", ")),
    })
}

/// The documents that have a wanted kind.
fn of_wanted_kind(stream: Stream, wanted: &Wanted) -> Vec<Node> {
    let roots = stream.documents.into_iter().map(|document| document.root);
    let kind = |root: &Node| root.get("kind").and_then(Node::as_str).map(str::to_owned);
    roots.filter(|root| kind(root).is_some_and(|kind| wanted.wants(&kind))).collect()
}

fn check_filter(text: &str) {
    let wanted = Wanted::new(["a", "kind"], &["b"], &[]);
    let limits = Limits::default();
    let filtered = read(SOURCE, text, 0..text.len(), Some(&wanted), &limits);
    let expected = of_wanted_kind(read_all(text), &wanted);
    assert_eq!(of_wanted_kind(filtered, &wanted), expected, "{text:?}");
    assert!(expected.is_empty() || wanted.may_be(text.as_bytes()));
}

fn check_spans(text: &str) {
    let stream = read_all(text);
    for problem in &stream.problems {
        let shown = text.get(problem.span.start as usize..problem.span.end as usize);
        assert!(shown.is_some_and(|line| !line.contains('\n')), "{problem:?}");
    }
    // An alias' node keeps its original place, outside its parent.
    let nested = !text.contains('*');
    for document in &stream.documents {
        assert!(text.get(document.span.start as usize..document.span.end as usize).is_some());
        check_node(text, &document.root, document.span, nested);
    }
}

fn check_node(text: &str, node: &Node, parent: Span, nested: bool) {
    assert!(text.get(node.span.start as usize..node.span.end as usize).is_some(), "{node:?}");
    assert!(!nested || parent.contains(node.span), "{node:?} in {parent:?}");
    match &node.value {
        Value::Scalar(_) => {}
        Value::Seq(items) => items.iter().for_each(|i| check_node(text, i, node.span, nested)),
        Value::Map(map) => {
            for entry in &map.entries {
                assert!(
                    text.get(entry.key_span.start as usize..entry.key_span.end as usize).is_some()
                );
                assert!(!nested || node.span.contains(entry.key_span), "{entry:?} in {node:?}");
                check_node(text, &entry.value, node.span, nested);
            }
        }
    }
}

/// A JSON value as JSON writes it, with white space wherever it is allowed.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9..1e9).prop_map(|f: f64| f.into()),
        any::<String>().prop_map(Into::into),
        "[a-z:#{}, \\-]{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..5)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

fn same_as_json(node: &Node, json: &serde_json::Value) -> bool {
    match (&node.value, json) {
        (Value::Seq(items), serde_json::Value::Array(array)) => {
            items.len() == array.len() && items.iter().zip(array).all(|(n, j)| same_as_json(n, j))
        }
        (Value::Map(map), serde_json::Value::Object(object)) => {
            map.entries.len() == object.len()
                && map
                    .entries
                    .iter()
                    .all(|e| object.get(e.key.as_str()).is_some_and(|j| same_as_json(&e.value, j)))
        }
        (Value::Scalar(scalar), json) => match (scalar.kind, json) {
            (ScalarKind::Str, serde_json::Value::String(text)) => scalar.text == *text,
            (ScalarKind::Null, serde_json::Value::Null) => true,
            (ScalarKind::Bool(a), serde_json::Value::Bool(b)) => a == *b,
            (ScalarKind::Int(a), serde_json::Value::Number(b)) => b.as_i64() == Some(a),
            (ScalarKind::Float(a), serde_json::Value::Number(b)) => b.as_f64() == Some(a),
            _ => false,
        },
        _ => false,
    }
}

/// JSON with every character that is not ASCII escaped, as Python writes it.
fn in_ascii(json: &str) -> String {
    let mut out = String::new();
    for c in json.chars() {
        let mut units = [0; 2];
        match c {
            ' '..='~' | '\n' | '\t' => out.push(c),
            _ => c.encode_utf16(&mut units).iter().for_each(|u| write!(out, "\\u{u:04x}").unwrap()),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        check_spans(&text);
    }

    #[test]
    fn no_yaml_like_text_panics(text in yaml_like()) {
        check_spans(&text);
    }

    #[test]
    fn the_filter_drops_nothing_wanted(text in yaml_like()) {
        check_filter(&text);
    }

    #[test]
    fn the_filter_sees_through_disguises(text in disguised()) {
        check_filter(&text);
    }

    #[test]
    fn all_json_is_read(json in json(), pretty in any::<bool>(), ascii in any::<bool>()) {
        let json = serde_json::json!([json]);
        let text = if pretty { serde_json::to_string_pretty(&json) } else { serde_json::to_string(&json) };
        let text = text.unwrap();
        let text = if ascii { in_ascii(&text) } else { text };
        let tabbed: String = text.lines().map(|l| format!("{}\n", l.replace("  ", "\t"))).collect();
        let stream = read_all(&text);
        prop_assert_eq!(&stream.problems, &[]);
        prop_assert!(same_as_json(&stream.documents[0].root, &json), "{}", text);
        if serde_json::from_str::<serde_json::Value>(&tabbed).is_ok() {
            prop_assert_eq!(&read_all(&tabbed).problems, &[]);
        }
    }
}
