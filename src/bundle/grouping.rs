//! Which manifests are applied together: objects into bundles, and bundles into clusters.
//!
//! A bundle is what one `kubectl apply`, one kustomization or one chart applies; bundles that run
//! side by side are a [`Site`]. Two bundles that contain the same object (kind, namespace, name),
//! or whose workloads come from the same base, are alternatives: they never run side by side.

use std::collections::BTreeMap;

use super::alternatives::Alternatives;
use super::holders::Holders;
use super::item::{Bundle, Grouping, Item, Origin, Site, Unit};
use super::object_id::ObjectId;
use super::plain::{self, Plain};

impl Grouping {
    /// Groups objects into bundles, and bundles into sites, both sorted by name.
    pub fn group(&self, items: &[Item<'_>], units: &[&Unit]) -> Grouped {
        let Plain { mut bundles, branches, branch_of } = plain::bundles(self, items);
        bundles.extend(self.built(items, units));
        bundles.sort_by(|a, b| a.name.cmp(&b.name));
        let alternatives = Alternatives::of(items, &bundles, branches, branch_of);
        let mut sites = self.sites(&bundles, units, &alternatives);
        let given: Vec<ObjectId> =
            ObjectId::numbered(items).filter(|(_, item)| item.given).map(|(id, _)| id).collect();
        for site in sites.iter_mut().filter(|site| !bundles[site.bundles[0]].alone) {
            site.members.extend(&given);
        }
        let holders = Holders::of(&bundles, items.len());
        Grouped { bundles, sites, alternatives, holders }
    }

    /// One bundle for each unit.
    fn built(&self, items: &[Item<'_>], units: &[&Unit]) -> Vec<Bundle> {
        let mut members: Vec<Vec<ObjectId>> = vec![Vec::new(); units.len()];
        for (id, item) in ObjectId::numbered(items) {
            if let Some(list) = item.built.and_then(|unit| members.get_mut(unit)) {
                list.push(id);
            }
        }
        let bundle = |(number, (unit, members)): (usize, (&&Unit, Vec<ObjectId>))| {
            let inside = match unit.directory.as_str() {
                "" => "kustomization.yaml".to_owned(),
                directory => format!("{directory}/kustomization.yaml"),
            };
            Bundle {
                name: unit.name.clone(),
                origin: Origin::Built(number),
                members,
                branch: None,
                trial: self.trial(&inside),
                clusters: self.clusters_of(&inside),
                alone: false,
            }
        };
        units.iter().zip(members).enumerate().map(bundle).collect()
    }

    /// Which bundles run side by side: those of a configured cluster; otherwise those that the same
    /// object deploys; otherwise kustomizations in sibling directories with the same namespace.
    /// Alternatives among them are still kept apart.
    fn sites(&self, bundles: &[Bundle], units: &[&Unit], alternatives: &Alternatives) -> Vec<Site> {
        let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
        for (number, bundle) in bundles.iter().enumerate() {
            for &cluster in &bundle.clusters {
                groups.entry(Group::Cluster(cluster)).or_default().push(number);
            }
            if bundle.clusters.is_empty() {
                groups.entry(Group::of(number, bundle, units)).or_default().push(number);
            }
        }
        let mut sites = Vec::new();
        for (group, numbers) in groups {
            if let Group::Cluster(cluster) = group {
                let name = self.clusters[cluster].name.clone();
                sites.push(Site { cluster: Some(cluster), ..site(name, numbers, bundles) });
                continue;
            }
            for (alternative, together) in split_alternatives(&numbers, bundles, alternatives) {
                let only = alternative.or((together.len() == 1).then(|| together[0]));
                let name = match (&group, only) {
                    (Group::Deployed(by), None) => by.clone(),
                    (Group::Siblings(parent, namespace), None) => {
                        format!("{parent}/* (namespace {namespace})")
                    }
                    (_, only) => bundles[only.unwrap_or(together[0])].name.clone(),
                };
                sites.push(site(name, together, bundles));
            }
        }
        sites.sort_by(|a, b| a.name.cmp(&b.name));
        sites
    }

    /// Whether something under `path` that is not evaluated or can't be read may belong to a site:
    /// not if it is in another cluster, or in another directory of tests or examples.
    pub fn concerns(&self, site: &Site, path: &str) -> bool {
        let owners = self.clusters_of(path);
        if !owners.is_empty() {
            // Outside of all clusters it is unknown what runs side by side.
            return site.cluster.is_none_or(|number| owners.contains(&number));
        }
        self.trial(path).is_none_or(|trial| site.trial.as_ref() == Some(&trial))
    }
}

/// What makes bundles run side by side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Group {
    Cluster(usize),
    Deployed(String),
    /// The directory above, and the namespace.
    Siblings(String, String),
    Single(usize),
}

impl Group {
    fn of(number: usize, bundle: &Bundle, units: &[&Unit]) -> Self {
        let Origin::Built(unit) = bundle.origin else {
            return Self::Single(number);
        };
        let unit = &units[unit];
        match (&unit.deployed_by, &unit.namespace) {
            (Some(by), _) => Self::Deployed(by.clone()),
            (None, Some(namespace)) if !unit.directory.is_empty() => {
                let parent = super::directory(&unit.directory).to_owned();
                Self::Siblings(parent, namespace.clone())
            }
            _ => Self::Single(number),
        }
    }
}

fn site(name: String, bundles: Vec<usize>, all: &[Bundle]) -> Site {
    let mut members: Vec<ObjectId> =
        bundles.iter().flat_map(|&number| all[number].members.iter().copied()).collect();
    members.sort_unstable();
    members.dedup();
    let trial = bundles.first().and_then(|&number| all[number].trial.clone());
    Site { name, bundles, members, trial, cluster: None }
}

/// Bundles that several alternatives have in common are copied into each of them, up to that many
/// objects in all. With more, they are only found as neighbours.
fn most_copies(objects: usize) -> usize {
    50_000 + 16 * objects
}

/// Bundles that would run side by side, except those that are alternatives of one another: each of
/// these gets a site of its own, with all bundles that have no alternative.
fn split_alternatives(
    numbers: &[usize],
    bundles: &[Bundle],
    alternatives: &Alternatives,
) -> Vec<(Option<usize>, Vec<usize>)> {
    let with_alternatives = alternatives.among(numbers);
    let (alternatives, shared): (Vec<usize>, Vec<usize>) =
        numbers.iter().partition(|number| with_alternatives.contains(number));
    if alternatives.is_empty() {
        return vec![(None, shared)];
    }
    let objects = |numbers: &[usize]| -> usize {
        numbers.iter().map(|&number| bundles[number].members.len()).sum()
    };
    let copies = (objects(&shared) + shared.len()).saturating_mul(alternatives.len());
    if copies > most_copies(objects(numbers)) {
        let alone = |alternative| (Some(alternative), vec![alternative]);
        return alternatives.into_iter().map(alone).chain([(None, shared)]).collect();
    }
    let with_shared = |alternative: usize| {
        let mut together = shared.clone();
        together.push(alternative);
        together.sort_unstable();
        (Some(alternative), together)
    };
    alternatives.into_iter().map(with_shared).collect()
}

/// Objects, grouped.
#[derive(Clone, Debug)]
pub struct Grouped {
    /// The bundles, sorted by name.
    pub bundles: Vec<Bundle>,
    /// The sites, sorted by name.
    pub sites: Vec<Site>,
    pub(super) alternatives: Alternatives,
    holders: Holders,
}

impl Grouped {
    /// The numbers of the bundles that contain an object.
    pub fn bundles_of(&self, object: ObjectId) -> &[u32] {
        self.holders.of_object(object)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::bundle::{NamedCluster, Neighbours};
    use crate::repo::PathSet;
    use crate::text::Span;

    const ITEM: Item<'_> = Item {
        path: "",
        alone: false,
        loose: false,
        identity: None,
        workload: None,
        built: None,
        given: false,
    };

    fn positions(members: &[ObjectId]) -> Vec<usize> {
        members.iter().map(|id| id.position()).collect()
    }

    /// The objects that may exist beside a site.
    fn elsewhere(grouped: &Grouped, site: usize) -> Vec<usize> {
        let neighbours = Neighbours::of(&Arc::new(grouped.clone()), site);
        (0..100).filter(|object| neighbours.has(ObjectId::at(*object))).collect()
    }

    fn site_named(grouped: &Grouped, name: &str) -> usize {
        grouped.sites.iter().position(|site| site.name == name).unwrap()
    }

    fn names(files: &[(&str, &str)]) -> Vec<(String, Vec<usize>)> {
        let items: Vec<Item<'_>> = files
            .iter()
            .map(|(path, name)| Item {
                path,
                alone: path.ends_with(".md"),
                identity: Some(("Deployment", "default", name)),
                ..ITEM
            })
            .collect();
        Grouping::default()
            .group(&items, &[])
            .bundles
            .into_iter()
            .map(|bundle| (bundle.name, positions(&bundle.members)))
            .collect()
    }

    #[test]
    fn everything_is_one_bundle() {
        assert_eq!(names(&[("a/x.yaml", "x"), ("b/y.yaml", "y")]), [(".".into(), vec![0, 1])]);
    }

    #[test]
    fn objects_in_two_directories_make_alternatives_and_the_rest_belongs_to_each() {
        let found = names(&[
            ("base/db.yaml", "db"),
            ("env/dev/app.yaml", "app"),
            ("env/prod/app.yaml", "app"),
            ("env/shared.yaml", "cache"),
        ]);
        assert_eq!(found, [("env/dev".into(), vec![0, 1, 3]), ("env/prod".into(), vec![0, 2, 3])]);
    }

    #[test]
    fn loose_files_can_be_an_alternative_to_a_directory_below_them() {
        let found = names(&[("deploy/all.yaml", "app"), ("deploy/parts/app.yaml", "app")]);
        assert_eq!(found, [("deploy".into(), vec![0]), ("deploy/parts".into(), vec![1])]);
    }

    #[test]
    fn alternatives_in_one_directory_are_not_multiplied() {
        let found = names(&[
            ("x/1/a.yaml", "a"),
            ("x/2/a.yaml", "a"),
            ("y/1/b.yaml", "b"),
            ("y/2/b.yaml", "b"),
        ]);
        assert_eq!(found.len(), 4);
        let items = [("x/1/a.yaml", "a"), ("x/2/a.yaml", "a"), ("y/1/b.yaml", "b")];
        let items: Vec<Item<'_>> = items
            .iter()
            .map(|(path, name)| Item { path, identity: Some(("Pod", "", name)), ..ITEM })
            .collect();
        let grouped = Grouping::default().group(&items, &[]);
        assert_eq!(
            positions(&grouped.sites[0].members),
            [0, 2],
            "y has one way to be applied, so x/1 has it too"
        );
        let elsewhere = elsewhere(&grouped, 0);
        assert!(elsewhere.is_empty(), "x/2 is an alternative and runs nowhere beside");
    }

    #[test]
    fn test_directories_are_separate_and_so_is_markdown() {
        let found = names(&[
            ("app.yaml", "app"),
            ("examples/one/app.yaml", "app"),
            ("examples/two/app.yaml", "app"),
            ("examples/loose.yaml", "x"),
            ("doc.md", "app"),
        ]);
        let bundles: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(bundles, [".", "doc.md", "examples", "examples/one", "examples/two"]);
        assert_eq!(found[0].1, [0]);
    }

    #[test]
    fn configured_clusters_take_precedence() {
        let named = |name: &str, globs: &[&str]| NamedCluster {
            name: name.to_owned(),
            paths: PathSet::new(&globs.iter().map(|&glob| glob.to_owned()).collect::<Vec<_>>())
                .unwrap(),
        };
        let clusters = vec![named("dev", &["dev/", "base/"]), named("prod", &["prod/", "base/"])];
        let grouping = Grouping { clusters, trial_directories: vec!["trial".to_owned()] };
        let paths = ["base/x", "dev/y", "prod/y", "stray/z", "trial/a/x", "examples/z"];
        let items: Vec<Item<'_>> = paths
            .iter()
            .map(|path| Item { path, identity: Some(("Pod", "", &path[path.len() - 1..])), ..ITEM })
            .collect();
        let grouped = grouping.group(&items, &[]);
        let bundles = &grouped.sites;
        let found: Vec<(&str, Vec<usize>)> =
            bundles.iter().map(|b| (b.name.as_str(), positions(&b.members))).collect();
        // `examples` is not the name of a test directory here; both `z` are alternatives.
        let expected = [
            ("dev", vec![0, 1]),
            ("examples", vec![5]),
            ("prod", vec![0, 2]),
            ("stray", vec![3]),
            ("trial/a", vec![4]),
        ];
        assert_eq!(found, expected);
        assert_eq!(elsewhere(&grouped, 0), [3, 5], "the other cluster runs nowhere beside");
        assert_eq!(elsewhere(&grouped, 3), [0, 1, 2]);
        let concerns = |bundle: usize, path| grouping.concerns(&bundles[bundle], path);
        assert!(
            concerns(0, "dev/chart") && concerns(0, "base/chart") && concerns(0, "other/chart")
        );
        assert!(!concerns(0, "prod/chart") && !concerns(0, "trial/a/chart"));
        assert!(concerns(4, "trial/a/chart"));
    }

    /// A policy of each unit, by namespace and name; and the units.
    fn sites(units: &[Unit], policies: &[(usize, &str, &str)]) -> Vec<(String, Vec<usize>)> {
        let items: Vec<Item<'_>> = policies
            .iter()
            .map(|(unit, namespace, name)| Item {
                identity: Some(("NetworkPolicy", namespace, name)),
                built: Some(*unit),
                ..ITEM
            })
            .collect();
        let grouped = Grouping::default().group(&items, &units.iter().collect::<Vec<_>>());
        grouped.sites.into_iter().map(|site| (site.name, positions(&site.members))).collect()
    }

    fn unit(directory: &str, namespace: Option<&str>, deployed_by: Option<&str>) -> Unit {
        Unit {
            name: directory.to_owned(),
            directory: directory.to_owned(),
            namespace: namespace.map(str::to_owned),
            deployed_by: deployed_by.map(str::to_owned),
            is_chart: false,
        }
    }

    #[test]
    fn kustomizations_side_by_side_in_one_namespace_run_together() {
        let units = [
            unit("apps/cart", Some("shop"), None),
            unit("apps/web", Some("shop"), None),
            unit("apps/mail", Some("mail"), None),
            unit("other/web", Some("shop"), None),
        ];
        let policies =
            [(0, "shop", "cart"), (1, "shop", "web"), (2, "mail", "mail"), (3, "shop", "more")];
        let expected = [
            ("apps/* (namespace shop)".to_owned(), vec![0, 1]),
            ("apps/mail".to_owned(), vec![2]),
            ("other/web".to_owned(), vec![3]),
        ];
        assert_eq!(sites(&units, &policies), expected);
    }

    #[test]
    fn overlays_with_the_same_object_never_run_together() {
        let units = [
            unit("overlays/blue", Some("shop"), None),
            unit("overlays/green", Some("shop"), None),
            unit("overlays/shared", Some("shop"), None),
        ];
        let policies = [(0, "shop", "web"), (1, "shop", "web"), (2, "shop", "dns")];
        let expected =
            [("overlays/blue".to_owned(), vec![0, 2]), ("overlays/green".to_owned(), vec![1, 2])];
        assert_eq!(sites(&units, &policies), expected);
    }

    #[test]
    fn what_one_object_deploys_runs_together() {
        let by = Some("clusters/prod");
        let units = [unit("apps", None, by), unit("infra", None, by), unit("dev", None, None)];
        let policies = [(0, "shop", "web"), (1, "kube-system", "dns"), (2, "shop", "web")];
        let expected = [("clusters/prod".to_owned(), vec![0, 1]), ("dev".to_owned(), vec![2])];
        assert_eq!(sites(&units, &policies), expected);
    }

    #[test]
    fn a_chart_of_the_same_workloads_is_another_way_to_install_them() {
        let pod = |built, namespace, name, at| Item {
            identity: Some(("Deployment", namespace, name)),
            workload: Some(Span::new(crate::text::SourceId(at), 0, 4)),
            built,
            path: "all.yaml",
            ..ITEM
        };
        let items = [
            pod(None, "shop", "cart", 0),
            pod(None, "shop", "web", 1),
            pod(Some(0), "", "cart", 2),
            pod(Some(0), "", "web", 3),
            pod(Some(1), "shop", "mail", 4),
        ];
        let units = [unit("chart", None, None), unit("mail", None, None)];
        let grouped = Grouping::default().group(&items, &units.iter().collect::<Vec<_>>());
        let plain = site_named(&grouped, ".");
        assert_eq!(elsewhere(&grouped, plain), [4]);
        let neighbours = Neighbours::of(&Arc::new(grouped.clone()), plain);
        let beside = grouped.bundles.iter().enumerate().filter(|(n, _)| neighbours.has_bundle(*n));
        let beside: Vec<&str> = beside.map(|(_, bundle)| bundle.name.as_str()).collect();
        assert_eq!(beside, ["mail"]);
    }

    #[test]
    fn overlays_of_one_base_are_not_evidence_for_one_another() {
        let base = Span::new(crate::text::SourceId(0), 0, 4);
        let pod = |unit, namespace| Item {
            identity: Some(("Deployment", namespace, "web")),
            workload: Some(base),
            built: Some(unit),
            ..ITEM
        };
        let items = [pod(0, "dev"), pod(1, "prod"), Item { path: "a/b.yaml", ..ITEM }];
        let units = [unit("dev", Some("dev"), None), unit("prod", Some("prod"), None)];
        let grouped = Grouping::default().group(&items, &units.iter().collect::<Vec<_>>());
        assert_eq!(elsewhere(&grouped, site_named(&grouped, "dev")), [2]);
    }
}
