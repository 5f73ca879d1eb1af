//! A rule as a SARIF descriptor, generated from its page.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde::Serialize;

use super::location::Message;
use super::result::level;
use crate::lint::{Confidence, Rule, Severity};

/// The most characters of a description that GitHub accepts.
const DESCRIPTION: usize = 1_024;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor<'a> {
    id: &'a str,
    short_description: Message,
    full_description: Message,
    help_uri: String,
    help: Help,
    default_configuration: Configuration,
    properties: Properties,
}

/// Plain text for viewers without Markdown, and Markdown.
#[derive(Serialize)]
struct Help {
    text: String,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

/// What code scanning sorts and filters by. There is no `security-severity`: most findings are
/// about lost traffic, and a score would hide their level.
#[derive(Serialize)]
struct Properties {
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
    tags: Vec<&'static str>,
}

impl<'a> Descriptor<'a> {
    pub fn of(rule: &'a Rule) -> Self {
        let summary = plain(rule.summary());
        let (text, _) = rule.page.split_once("\n## Examples").unwrap_or((rule.page, ""));
        let wrong = section(rule.page, "What is wrong").map(plain);
        let mut tags = vec!["kubernetes", "networkpolicy"];
        tags.extend(rule.pedantic.then_some("pedantic"));
        Self {
            id: rule.id,
            full_description: Message { text: cut(wrong.unwrap_or_else(|| summary.clone())) },
            short_description: Message { text: cut(summary) },
            help_uri: rule.url(),
            help: Help { text: plain(text), markdown: rule.page },
            default_configuration: Configuration { level: level(rule.severity) },
            properties: Properties {
                precision: match rule.confidence {
                    Confidence::High => "high",
                    Confidence::Medium => "medium",
                    Confidence::Low => "low",
                },
                severity: match rule.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Note => "recommendation",
                },
                tags,
            },
        }
    }
}

/// The text below a second-level heading, up to the next.
fn section<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let mut parts = page.split("\n## ");
    let found = parts.find_map(|part| part.strip_prefix(heading)?.strip_prefix('\n'));
    found.map(str::trim).filter(|text| !text.is_empty())
}

/// `text`, cut to the most characters that GitHub accepts, with an ellipsis at its end.
fn cut(text: String) -> String {
    if text.chars().count() <= DESCRIPTION {
        return text;
    }
    let start: String = text.chars().take(DESCRIPTION - 1).collect();
    format!("{}…", start.trim_end())
}

/// Markdown as plain text. Brackets and backslashes are not escaped: the pages are our own, and
/// their links are not SARIF's.
fn plain(markdown: &str) -> String {
    let mut out = String::new();
    for event in Parser::new(markdown) {
        match event {
            Event::Text(text) => out.push_str(&text),
            Event::Code(text) => {
                out.push('`');
                out.push_str(&text);
                out.push('`');
            }
            Event::SoftBreak => out.push(' '),
            Event::HardBreak => out.push('\n'),
            Event::Start(Tag::Item) => out.push_str("- "),
            Event::End(TagEnd::Item) => end_line(&mut out, 1),
            Event::End(
                TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::List(_) | TagEnd::CodeBlock,
            ) => {
                end_line(&mut out, 2);
            }
            _ => {}
        }
    }
    out.trim_end().to_owned()
}

/// Ends the text with that many line breaks.
fn end_line(out: &mut String, breaks: usize) {
    out.truncate(out.trim_end().len());
    out.extend(std::iter::repeat_n('\n', breaks));
}
