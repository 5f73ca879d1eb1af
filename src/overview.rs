//! What is applied together, as the rules see it: the first thing to look at if a finding is
//! surprising.

use std::sync::Arc;

use serde::Serialize;

use crate::Request;
use crate::assemble::{Assembly, Build};
use crate::bundle::{Bundle, FaultKind, ObjectId, Origin, Site};
use crate::model::Body;
use crate::repo;
use crate::resolve::{Cluster, Elsewhere, Members, Open, Surroundings, WorkloadId};

/// Bundles that run side by side.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SiteOverview {
    /// The name in findings.
    pub name: String,
    /// The directory of tests or examples that they are in, if they are.
    pub trial: Option<String>,
    /// The bundles.
    pub bundles: Vec<BundleOverview>,
    /// The namespaces in which they have policies or pods.
    pub namespaces: Vec<NamespaceOverview>,
}

/// What is applied together.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BundleOverview {
    /// The directory that gives it its name.
    pub name: String,
    /// What builds it.
    pub kind: BundleKind,
    /// How many objects it has that are relevant to policies.
    pub objects: usize,
    /// How many policies.
    pub policies: usize,
    /// How many workloads.
    pub workloads: usize,
    /// What could not be built.
    pub faults: Vec<String>,
}

/// What builds a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BundleKind {
    /// Manifests that are applied as written.
    Plain,
    /// A kustomization.
    Kustomization,
    /// A Helm chart.
    Chart,
}

/// One namespace of a site.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NamespaceOverview {
    /// Its name; `None` for objects without a namespace.
    pub name: Option<String>,
    /// How many policies it has.
    pub policies: usize,
    /// How many workloads.
    pub workloads: usize,
    /// Why it may contain more than the repository shows; `None` if it is closed.
    pub open: Option<String>,
}

/// The sites that contain something that is reported on, in the order of their names.
///
/// # Errors
/// Those of [`check`](crate::check()).
pub fn overview(request: &Request) -> Result<Vec<SiteOverview>, repo::Error> {
    let repo = repo::find(&request.scope, &request.cwd)?;
    let assembly = Assembly::of(request.options(), &repo, &())?;
    let is_reported = |id: &ObjectId| {
        let source = assembly.objects[id.position()].head.source;
        repo.files.get(source.0 as usize).is_some_and(|file| file.reported)
    };
    let surroundings: Arc<Surroundings> =
        Surroundings::of(&assembly, request.settings.default_namespace()).into();
    let sites = assembly.grouped.sites.iter().enumerate();
    let sites = sites.filter(|(_, site)| site.members.iter().any(is_reported));
    let overviews = sites.map(|(number, site)| {
        let elsewhere = Elsewhere::of_site(&request.grouping, &repo, &surroundings, number, site);
        of_site(request, &assembly, site, elsewhere)
    });
    Ok(overviews.collect())
}

fn of_site(
    request: &Request,
    assembly: &Assembly,
    site: &Site,
    elsewhere: Elsewhere,
) -> SiteOverview {
    let bundles = site.bundles.iter().map(|&number| &assembly.grouped.bundles[number]);
    let members = Members {
        name: site.name.clone(),
        is_trial: site.trial.is_some(),
        objects: site.members.clone(),
        reported: Arc::default(),
        elsewhere: Some(elsewhere),
    };
    let cluster = Cluster::build(Arc::clone(&assembly.objects), members, request.settings.clone());
    let namespaces = cluster
        .namespaces()
        .iter()
        .filter(|namespace| !namespace.policies.is_empty() || !namespace.workloads.is_empty());
    SiteOverview {
        name: site.name.clone(),
        trial: site.trial.clone(),
        bundles: bundles.map(|bundle| of_bundle(assembly, bundle)).collect(),
        namespaces: namespaces
            .map(|namespace| NamespaceOverview {
                name: (!namespace.implicit).then(|| namespace.name.to_string()),
                policies: namespace.policies.len(),
                workloads: WorkloadId::all(&namespace.workloads).len(),
                open: namespace.open.as_ref().map(why),
            })
            .collect(),
    }
}

fn of_bundle(assembly: &Assembly, bundle: &Bundle) -> BundleOverview {
    let objects = || bundle.members.iter().map(|&id| &assembly.objects[id.position()]);
    let workloads = objects().map(|object| match &object.body {
        Body::Workloads(list) => list.len(),
        _ => 0,
    });
    let (kind, faults) = match bundle.origin {
        Origin::Plain => (BundleKind::Plain, Vec::new()),
        Origin::Built(number) => {
            let Build { built, unit } = &assembly.builds[number];
            let kind = match unit.is_chart {
                true => BundleKind::Chart,
                false => BundleKind::Kustomization,
            };
            let faults = built.faults.iter().filter(|fault| fault.kind != FaultKind::Unapplied);
            (kind, faults.map(|fault| fault.message.clone()).collect())
        }
    };
    BundleOverview {
        name: bundle.name.clone(),
        kind,
        objects: bundle.members.len(),
        policies: objects().filter(|object| object.is_policy()).count(),
        workloads: workloads.sum(),
        faults,
    }
}

/// Why a namespace is open, in words.
fn why(open: &Open) -> String {
    match open {
        Open::NoWorkloads => "nothing in the repository creates pods there".to_owned(),
        Open::Unread(what) => format!("`{what}` can't be read and may make pods there"),
        Open::NotEvaluated(what) => format!("`{what}` is not evaluated and may create pods there"),
        Open::Deployed(what) => {
            format!("`{what}` makes pods that are not shown, perhaps there")
        }
        Open::Operator(what) => format!("the operator of `{what}` creates pods there"),
        Open::RunTime(who) => format!("{who} may create pods there"),
        Open::System => "the cluster's own components run there".to_owned(),
        Open::Placeholder => "its name is filled in later".to_owned(),
    }
}
