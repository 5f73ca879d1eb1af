//! What the parser reads, and where it puts its complaints.

use super::*;
use crate::text::SourceId;

fn read(text: &str) -> Result<Parsed, Mistake> {
    let whole = Span { source: SourceId(0), start: 0, end: text.len() as u32 };
    parse(text, Keys::Endpoints, Written { whole, start: Some(0) })
}

#[test]
fn the_grammar_is_calicos() {
    for good in [
        "",
        " \t",
        "all()",
        "all( )",
        "a == 'b'",
        "a != \"b\" && !has(c)",
        "a in {}",
        "a in {'b', \"c\",}",
        "a not in {'b'}",
        "a notin {'b'}",
        "a contains 'b' || a starts with 'c' || a endswith 'd'",
        "!(a == 'b') && !!has(c)",
        "a.b/c_d-e == 'x y'",
        "has(in) && in in {'x'}",
        "global()",
        "((a == 'b'))",
    ] {
        assert!(read(good).is_ok(), "{good}: {:?}", read(good));
    }
    for bad in [
        "a = 'b'",
        "a == b",
        "'b' == a",
        "a",
        "has (a)",
        "has(a, b)",
        "a in 'b'",
        "a == 'b' & has(c)",
        "a == 'b' | has(c)",
        "a == 'b' and has(c)",
        "(a == 'b'",
        "a == 'b')",
        "a == 'b' &&",
        "a == 'b'\n",
        "a ==\n'b'",
        "a == 'b",
        "has()",
        "all(x)",
        "global() && has(a)",
        "!",
        "ä == 'b'",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
    assert!(read(&format!("a == '{}'", "x".repeat(1024))).is_err());
    assert!(read(&"(".repeat(1000)).is_ok_and(|parsed| parsed == Parsed::Condition(Expr::Unknown)));
}

#[test]
fn and_binds_before_or_and_places_are_those_of_the_text() {
    let Ok(Parsed::Condition(Expr::Any(list))) = read("a == 'b' || c == 'd' && has(e)") else {
        panic!("no alternatives");
    };
    assert!(matches!(list[1], Expr::All(_)));
    let Expr::Is(_, requirement) = &list[0] else { panic!("no requirement") };
    assert_eq!((requirement.key_span.start, requirement.key_span.end), (0, 1));
    assert_eq!((requirement.values[0].1.start, requirement.values[0].1.end), (5, 8));
}
