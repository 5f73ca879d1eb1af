//! Resources of which only a part was parsed; the rest is parsed when something in the
//! kustomization touches it.

use std::sync::{Arc, OnceLock};

use super::booleans;
use super::disk::Disk;
use crate::bundle::HEAD;
use crate::text::{SourceId, Span};
use crate::yaml::{self, Node, Part, Problem, ProblemKind};

/// A file that is read again if the rest of a document is needed: most are not, and their texts are
/// not kept.
#[derive(Debug)]
pub(super) struct File {
    path: String,
    source: SourceId,
    text: OnceLock<Result<Arc<str>, Problem>>,
}

/// The bytes of a document whose tree is not kept beside the text.
const LARGE: usize = 256 << 10;

/// The rest of one document.
#[derive(Debug)]
pub(super) struct Rest {
    file: Arc<File>,
    range: std::ops::Range<usize>,
    whole: OnceLock<Result<Node, Problem>>,
}

impl File {
    pub fn new(path: &str, source: SourceId) -> Arc<Self> {
        Arc::new(Self { path: path.to_owned(), source, text: OnceLock::new() })
    }

    fn text(&self, disk: &Disk) -> &Result<Arc<str>, Problem> {
        self.text.get_or_init(|| {
            let bytes = disk.read(&self.path).map_err(|why| Problem {
                kind: ProblemKind::Limit(format!("this file can't be read: {why}")),
                span: Span::new(self.source, 0, 0),
                document: Span::new(self.source, 0, 0),
            })?;
            yaml::decode_utf8(self.source, &bytes).map(Arc::from)
        })
    }
}

impl Rest {
    /// The rest of a document, if not all of it was parsed.
    pub fn of(file: &Arc<File>, part: &Part) -> Option<Arc<Self>> {
        let range = part.rest.clone()?;
        Some(Arc::new(Self { file: Arc::clone(file), range, whole: OnceLock::new() }))
    }

    /// The whole document. A small one is parsed once, whoever asks; the tree of a large one lives
    /// only in the objects that need it.
    pub fn whole(&self, disk: &Disk) -> Result<Node, Problem> {
        match self.range.len() > LARGE {
            true => self.parse(disk),
            false => self.whole.get_or_init(|| self.parse(disk)).clone(),
        }
    }

    fn parse(&self, disk: &Disk) -> Result<Node, Problem> {
        let text = self.file.text(disk).as_ref().map_err(Clone::clone)?;
        let (source, range) = (self.file.source, self.range.clone());
        let stream = yaml::read(source, text, range, None, &disk.limits);
        match (stream.problems.into_iter().next(), stream.documents.into_iter().next()) {
            (Some(problem), _) => Err(problem),
            (None, Some(document)) => Ok(booleans::as_strings(&document.root)),
            (None, None) => Err(Problem {
                kind: ProblemKind::Syntax("this document is empty now".to_owned()),
                span: Span::new(source, self.range.start, self.range.start),
                document: Span::new(source, self.range.start, self.range.end),
            }),
        }
    }
}

/// Whether a field is in the part that is always parsed.
pub(super) fn is_in_head(key: &str) -> bool {
    HEAD.contains(&key)
}
