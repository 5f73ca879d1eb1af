//! What tests expect is no manifest: the files that Chainsaw, kuttl and Kyverno's tests name are
//! taken out of what is applied.

use std::collections::BTreeSet;

use crate::bundle;
use crate::model::{Body, Object};
use crate::repo::{PathSet, Repo};

/// The files that tests name, from the root.
#[derive(Debug, Default)]
pub(crate) struct Expectations {
    expected: BTreeSet<String>,
    /// Globs of such files.
    globs: Option<PathSet>,
    /// Files with objects that only have the fields which a policy of Kyverno asks about.
    tried: BTreeSet<String>,
}

impl Expectations {
    /// Those of the tests among some objects.
    pub(crate) fn of(objects: &[Object], repo: &Repo) -> Self {
        let mut found = Self::default();
        let mut globs = Vec::new();
        for object in objects {
            let Body::TestCase(case) = &object.body else { continue };
            let Some(file) = repo.files.get(object.head.source.0 as usize) else { continue };
            let directory = bundle::directory(&file.path);
            let from_root = |path: &String| bundle::path_from(directory, path);
            for path in case.expected.iter().filter_map(from_root) {
                if path.contains(['*', '?', '[']) {
                    globs.push(format!("/{path}"));
                } else {
                    found.expected.insert(path);
                }
            }
            found.tried.extend(case.tried.iter().filter_map(from_root));
        }
        found.globs = (!globs.is_empty()).then(|| PathSet::new(&globs).ok()).flatten();
        found
    }

    /// Takes the objects of such files out.
    pub(crate) fn take_out(&self, objects: &mut Vec<Object>, repo: &Repo) {
        if self.expected.is_empty() && self.globs.is_none() && self.tried.is_empty() {
            return;
        }
        objects.retain(|object| {
            let Some(file) = repo.files.get(object.head.source.0 as usize) else { return true };
            let is_expected = self.expected.contains(&file.path)
                || self.globs.as_ref().is_some_and(|globs| globs.holds(&file.path));
            let is_part = matches!(&object.body, Body::Policy(policy) if policy.spec.is_none())
                && self.tried.contains(&file.path);
            !is_expected && !is_part
        });
    }
}
