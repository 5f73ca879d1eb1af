//! Charts as helm loads them: their files, what `Chart.yaml` says, the charts that they hold, and
//! the values of all of them.

mod archive;
mod disk;
mod ignore;
mod metadata;
mod parts;
mod values;

pub(super) use disk::{load, shown};
pub(super) use metadata::Metadata;
pub(super) use parts::{Enabled, enabled};
pub(super) use values::{coalesced, copied, overlaid};

use std::path::PathBuf;
use std::sync::Arc;

use super::template::{Exhausted, float_text};
use crate::text::Span;
use crate::yaml::{Node, ScalarKind};

/// A chart with all that it is made of.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) metadata: Metadata,
    /// The values that it brings; none where it has no `values.yaml`.
    pub(super) values: Option<File>,
    pub(super) templates: Vec<File>,
    /// What templates may ask for.
    pub(super) others: Vec<File>,
    /// The charts in its `charts/`, and those of the same repository that it depends on.
    pub(super) parts: Vec<Loaded>,
}

/// A file of a chart.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// Its name in the chart: `templates/pod.yaml`.
    pub(super) name: String,
    pub(super) bytes: Arc<[u8]>,
    /// Where it is; none for what is packed.
    pub(super) path: Option<PathBuf>,
    /// The path of the package that it is in, for what is packed.
    pub(super) package: Option<PathBuf>,
}

/// Why a chart can't be loaded.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Where, if there is a better place than where the chart is asked for.
    pub(super) place: Option<Span>,
    /// The end of a sentence that begins with the chart.
    pub(super) why: String,
    pub(super) help: &'static str,
}

impl Refused {
    pub(super) fn new(why: String, help: &'static str) -> Self {
        Self { place: None, why, help }
    }

    fn unreadable(path: &str, error: &std::io::Error) -> Self {
        let why = format!("has `{path}`, which can't be read: {error}");
        Self::new(why, "make it readable, or remove it from the chart")
    }
}

/// Why values can't be put together.
#[derive(Clone, Debug)]
pub(super) enum Unfit {
    /// The end of a sentence that begins with the chart.
    Wrong(String),
    Limit(Exhausted),
}

impl From<Exhausted> for Unfit {
    fn from(limit: Exhausted) -> Self {
        Self::Limit(limit)
    }
}

/// A dependency that is not there.
#[derive(Clone, Debug)]
pub(super) struct Elsewhere {
    pub(super) name: String,
    pub(super) repository: String,
    pub(super) condition: Option<String>,
    /// Where it is named, in a file that may be no source yet.
    pub(super) file: PathBuf,
    pub(super) at: Span,
    /// The chart itself names it, and not one of its parts.
    pub(super) is_direct: bool,
}

/// What loading found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) chart: Loaded,
    pub(super) elsewhere: Vec<Elsewhere>,
    /// Packages that can't be unpacked: their paths in the chart, and why.
    pub(super) left_out: Vec<(String, String)>,
    /// All files that were read, where they are.
    pub(super) files: Vec<PathBuf>,
}

impl File {
    pub(super) fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }
}

impl Loaded {
    /// This chart and all that it holds.
    pub(super) fn walk<'l>(&'l self, each: &mut dyn FnMut(&'l Loaded)) {
        each(self);
        self.parts.iter().for_each(|part| part.walk(each));
    }
}

/// The scalar of a key as a Go string: a plain `1.0` is a number first, and `1` then.
pub(super) fn text(node: &Node, key: &str) -> Option<String> {
    let scalar = node.get(key)?.as_scalar()?;
    Some(match scalar.kind {
        ScalarKind::Null => String::new(),
        ScalarKind::Bool(value) => value.to_string(),
        ScalarKind::Int(int) => int.to_string(),
        ScalarKind::Float(float) => float_text(float),
        ScalarKind::Str | ScalarKind::NotJson => scalar.text.to_string(),
    })
}
