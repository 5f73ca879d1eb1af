//! Places and messages in SARIF.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::report::details;
use crate::text::{Sources, Span, visible};

/// The base of relative addresses.
pub const BASE: &str = "%SRCROOT%";

/// Everything except the unreserved characters of a path (RFC 3986, section 2.3) and its separator.
const ESCAPED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// Plain text.
#[derive(Serialize)]
pub struct Message {
    pub text: String,
}

impl Message {
    /// Text without links.
    pub fn plain(text: &str) -> Self {
        Self { text: escaped(text) }
    }
}

/// `text`, escaped, including everything that would start a link (SARIF, section 3.11.6).
pub fn escaped(text: &str) -> String {
    visible(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    /// The id by which a message refers to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<usize>,
    pub physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logical_locations: Vec<LogicalLocation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PhysicalLocation {
    pub artifact_location: Artifact,
    pub region: Region,
}

/// The object, by its name for people.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogicalLocation {
    pub fully_qualified_name: String,
    pub kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    uri: String,
    uri_base_id: &'static str,
}

/// Counted from 1, the end exclusive.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

impl PhysicalLocation {
    /// On one line: GitHub shows no more.
    pub fn of(span: Span, sources: &Sources) -> Self {
        let at = details::region(sources, span);
        let region = Region {
            start_line: at.line,
            start_column: at.column,
            end_line: at.line,
            end_column: at.end_column,
        };
        Self { artifact_location: Artifact::of(span, sources), region }
    }
}

impl Artifact {
    pub fn of(span: Span, sources: &Sources) -> Self {
        let path = &sources.get(span.source).path;
        Self { uri: utf8_percent_encode(path, ESCAPED).to_string(), uri_base_id: BASE }
    }
}

impl Region {
    /// All of `span`, which an edit replaces.
    pub fn whole(span: Span, sources: &Sources) -> Self {
        let (start, end) = (sources.start(span), sources.end(span));
        Self {
            start_line: start.line,
            start_column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}
