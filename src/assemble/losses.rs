//! What is lost with what could not be read or built. It is an error if a policy may be lost,
//! because that policy is not checked. Everything else is a note, and is counted.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;

use super::Assembly;
use super::deployed::Build;
use crate::bundle::{self, Built, Fault, FaultKind};
use crate::model::seeming;
use crate::repo::{Repo, Role};
use crate::text::SourceId;
use crate::yaml::Problem;

/// How much could not be read or built without losing a policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotBuilt {
    /// Kustomizations that `kustomize build` rejects.
    pub kustomizations: usize,
    /// Charts that do not render.
    pub charts: usize,
    /// Documents that can't be read.
    pub documents: usize,
}

/// Finds what is lost.
pub(crate) struct Losses<'a> {
    assembly: &'a Assembly,
    /// For each of [`Assembly::built`], whether a policy is lost with it.
    loses: Vec<bool>,
    /// The files of those.
    files: BTreeSet<SourceId>,
}

/// Part of every policy kind's name.
const POLICY: &[u8] = b"NetworkPolicy";

impl<'a> Losses<'a> {
    pub(crate) fn of(assembly: &'a Assembly, repo: &Repo) -> Self {
        let survey = Survey::of(assembly, repo);
        let all = assembly.builds.iter().enumerate();
        let loses: Vec<bool> =
            all.map(|(at, one)| is_broken(&one.built) && survey.loses(at, one)).collect();
        let losing = assembly.builds.iter().zip(&loses).filter(|(_, loses)| **loses);
        let files = losing.flat_map(|(one, _)| one.built.files.iter().copied()).collect();
        Self { assembly, loses, files }
    }

    /// Whether a policy is lost with the kustomization or chart with that number.
    pub(crate) fn is_policy_of(&self, built: usize) -> bool {
        self.loses[built]
    }

    /// Whether a policy is lost with a document that can't be read: it mentions a policy kind, or
    /// it breaks a kustomization with a policy.
    pub(crate) fn is_policy_in(&self, problem: &Problem) -> bool {
        let text = self.assembly.sources.get(problem.span.source).text();
        let document = problem.document.start as usize..problem.document.end as usize;
        let text = if document.is_empty() { text } else { text.get(document).unwrap_or(text) };
        seeming(text).policy || self.files.contains(&problem.span.source)
    }

    /// How much is lost without losing a policy; `is_reported` says which faults are reported anyway.
    pub(crate) fn without_policy(
        &self,
        is_reported: impl Fn(&Fault) -> bool,
        documents: usize,
    ) -> NotBuilt {
        let mut found = NotBuilt { documents, ..NotBuilt::default() };
        for (Build { built, unit }, loses) in self.assembly.builds.iter().zip(&self.loses) {
            let is_not_built = |fault: &Fault| is_refusal(fault) || fault.kind == FaultKind::Asked;
            let is_lost =
                built.faults.iter().any(|fault| is_not_built(fault) && is_reported(fault));
            match unit.is_chart {
                _ if *loses || !is_lost => {}
                true => found.charts += 1,
                false => found.kustomizations += 1,
            }
        }
        found
    }
}

/// Whether a fault keeps the rest from being built.
fn is_refusal(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Refused | FaultKind::Render)
}

fn is_broken(built: &Built) -> bool {
    built.faults.iter().any(is_refusal)
}

/// Where policies are.
struct Survey<'a> {
    assembly: &'a Assembly,
    /// The kustomizations and charts with a policy.
    makers: BTreeSet<usize>,
    /// The directories of files with a policy.
    beside: BTreeSet<&'a str>,
    /// The files of kustomizations.
    kustomizations: BTreeSet<SourceId>,
    /// The templates of charts, by path.
    templates: BTreeMap<&'a str, SourceId>,
}

impl<'a> Survey<'a> {
    fn of(assembly: &'a Assembly, repo: &'a Repo) -> Self {
        let policies = assembly.objects.iter().filter(|it| it.is_policy());
        let makers = policies.clone().filter_map(|policy| policy.made.as_ref());
        let paths = policies.filter_map(|policy| repo.files.get(policy.head.source.0 as usize));
        let of_role = |role| {
            let files = (0u32..).map(SourceId).zip(&repo.files);
            files.filter(move |(_, file)| file.role == role)
        };
        let templates = of_role(Role::ChartTemplate);
        Self {
            assembly,
            makers: makers.map(|made| made.built).collect(),
            beside: paths.map(|file| bundle::directory(&file.path)).collect(),
            kustomizations: of_role(Role::Kustomization).map(|(id, _)| id).collect(),
            templates: templates.map(|(id, file)| (file.path.as_str(), id)).collect(),
        }
    }

    fn loses(&self, at: usize, Build { built, unit }: &Build) -> bool {
        let below = match unit.directory.as_str() {
            "" => String::new(),
            directory => format!("{directory}/"),
        };
        let is_below = |path: &str| path.starts_with(&below);
        if self.makers.contains(&at) || built.files.iter().any(|id| self.names_policy(*id)) {
            return true;
        }
        if unit.is_chart {
            let templates = self.templates.range(below.as_str()..);
            let mut templates = templates.take_while(|(path, _)| is_below(path));
            return templates.any(|(_, id)| self.names_policy(*id));
        }
        // What is missing from a kustomization may be the policy beside it, and the contents of an
        // unreadable one are unknown.
        built.files.iter().any(|id| self.has_policy_beside(*id))
    }

    fn has_policy_beside(&self, id: SourceId) -> bool {
        let path = &self.assembly.sources.get(id).path;
        self.kustomizations.contains(&id) && self.beside.contains(bundle::directory(path))
    }

    fn names_policy(&self, id: SourceId) -> bool {
        let text = self.assembly.sources.get(id).text();
        memmem::find(text.as_bytes(), POLICY).is_some() && seeming(text).policy
    }
}
