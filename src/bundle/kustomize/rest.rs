//! Resources of which only a part was parsed; the rest is parsed when something in the
//! kustomization touches it.

use std::sync::{Arc, OnceLock};

use super::booleans;
use super::disk::Disk;
use super::field_spec::FieldSpecs;
use super::layer::{Layer, words};
use super::object::Object;
use crate::bundle::{Fault, FaultKind, HEAD};
use crate::text::{SourceId, Span};
use crate::yaml::{self, Map, Node, Part, Problem, ProblemKind, Value};

use super::fault::refused;

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

/// The bytes of memory that all the documents of one kustomization may take that are parsed because
/// something touches them: as much as ten large definitions of custom resources.
const MOST_COMPLETED: usize = 128 << 20;

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

impl Object {
    /// Adds what was not parsed. Changes so far are in its head.
    ///
    /// # Errors
    /// The rest is broken; the object stays as it is.
    pub fn complete(&mut self, disk: &Disk) -> Result<(), Problem> {
        let Some(rest) = self.rest.take() else { return Ok(()) };
        let whole = rest.whole(disk)?;
        let mut entries = whole.as_map().map(|map| map.entries.clone()).unwrap_or_default();
        for entry in &mut entries {
            if let Some(now) = self.tree.entry(&entry.key).filter(|it| is_in_head(&it.key)) {
                *entry = now.clone();
            }
        }
        self.keys.forget();
        self.tree = Node { span: whole.span, value: Value::Map(Map { entries }.into()) };
        Ok(())
    }
}

impl Layer {
    /// Adds what was not parsed of one object, because something touches it.
    pub fn complete(&mut self, at: usize, disk: &Disk) {
        let is_part = self.objects.get(at).is_some_and(|object| object.rest.is_some());
        if is_part && self.completed > MOST_COMPLETED {
            return self.leave_in_part(at);
        }
        let broken = is_part
            && self.objects.change(at, |object| object.complete(disk)).is_some_and(|it| {
                it.map_err(|problem| self.faults.push(unreadable(&problem))).is_err()
            });
        match self.objects.get(at) {
            Some(object) if broken => {
                let what = object.id().words();
                self.openings.insert(crate::bundle::Opening { namespace: None, what });
            }
            Some(object) if is_part => self.completed += object.tree.memory(),
            _ => {}
        }
    }

    /// There is no memory for the rest of an object: what is done to it is unknown.
    fn leave_in_part(&mut self, at: usize) {
        let Some(object) = self.objects.change(at, |object| {
            object.rest = None;
            object.clone()
        }) else {
            return;
        };
        let what = object.id().words();
        self.openings.insert(crate::bundle::Opening { namespace: None, what });
        // One finding is enough.
        if std::mem::replace(&mut self.completed, usize::MAX) == usize::MAX {
            return;
        }
        let message = format!(
            "changes to {} and what follows are not evaluated: the objects changed before take more \
             than {} MiB of memory",
            object.id().words(),
            MOST_COMPLETED >> 20
        );
        let help = "check the repository in parts".to_owned();
        let place = Span { end: object.tree.span.start, ..object.tree.span };
        let kind = FaultKind::Limit;
        self.faults.push(Fault { kind, place, message, help, related: Vec::new() });
    }

    /// The same, for every object with fields to write outside its head.
    pub fn complete_for(&mut self, specs: &FieldSpecs, disk: &Disk) {
        let is_beyond = |object: &Object| {
            let specs = specs.concerning(&object.tree);
            specs.iter().any(|spec| spec.path.first().is_some_and(|key| !is_in_head(key)))
        };
        let lacking = self.objects.numbered().filter(|(_, object)| object.rest.is_some());
        let concerned: Vec<usize> =
            lacking.filter(|(_, object)| is_beyond(object)).map(|(at, _)| at).collect();
        concerned.into_iter().for_each(|at| self.complete(at, disk));
    }
}

fn unreadable(problem: &Problem) -> Fault {
    let message = format!("kustomize can't parse this: {}", words(&problem.kind));
    refused(problem.span, message, "fix the YAML here")
}
