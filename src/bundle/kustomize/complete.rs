//! Completes objects of which only a part was parsed, when something touches the rest.

use super::disk::Disk;
use super::fault::refused;
use super::field_spec::FieldSpecs;
use super::layer::{Layer, words};
use super::object::Object;
use super::rest::is_in_head;
use crate::bundle::{Fault, FaultKind};
use crate::text::Span;
use crate::yaml::{Map, Node, Problem, Value};

/// The bytes of memory that all the documents of one kustomization may take that are parsed because
/// something touches them: as much as ten large definitions of custom resources.
const MOST_COMPLETED: usize = 128 << 20;

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
