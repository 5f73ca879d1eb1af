//! What a run reports on: files under the given paths, and objects that such a file changes.

use fixedbitset::FixedBitSet;

use super::Assembly;
use super::deployed::Build;
use crate::model::Object;
use crate::repo::{self, Repo};
use crate::text::SourceId;
use crate::yaml::Problem;

/// Decides what is reported on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported<'a> {
    pub(crate) assembly: &'a Assembly,
    pub(crate) repo: &'a Repo,
}

impl<'a> Reported<'a> {
    /// The documents that could not be read and are reported on.
    pub(crate) fn problems(self) -> impl Iterator<Item = &'a Problem> {
        let problems = self.assembly.loaded.problems.iter();
        problems.filter(move |problem| self.is_reported(problem.span.source))
    }

    pub(crate) fn is_reported(&self, source: SourceId) -> bool {
        self.repo.files.get(source.0 as usize).is_some_and(|file| file.reported)
    }

    /// The objects that are reported on, by number.
    pub(crate) fn objects(&self) -> FixedBitSet {
        let builds = self.assembly.builds.iter();
        let shaped: Vec<bool> = builds.map(|one| self.shapes(one)).collect();
        let is_reported = |object: &Object| {
            let writes = object.made.iter().flat_map(|made| &made.writes);
            self.is_reported(object.head.source)
                || object.made.as_ref().is_some_and(|made| shaped[made.built])
                || writes.into_iter().any(|write| self.is_reported(write.place.source))
        };
        let objects = (0..).zip(&**self.assembly.objects);
        objects.filter(|(_, object)| is_reported(object)).map(|(id, _)| id).collect()
    }

    /// Whether a reported file affects the other files of a build: a kustomization, a chart's
    /// values or its helpers. One manifest or template among many only affects itself.
    pub(crate) fn shapes(&self, Build { built, unit }: &Build) -> bool {
        let shapes = |id: &SourceId| {
            let file = self.repo.files.get(id.0 as usize);
            file.is_some_and(|file| {
                file.reported
                    && match unit.is_chart {
                        true => file.role != repo::Role::ChartTemplate,
                        false => file.role == repo::Role::Kustomization,
                    }
            })
        };
        built.files.iter().any(shapes)
    }
}
