//! What a cluster looks up outside of itself: workloads, policies and namespaces of the rest of the
//! repository, and what the repository does not show. It is indexed once per run and shared by all
//! clusters; each asks with its own neighbours, so nothing grows with the number of clusters.

use std::collections::HashMap;
use std::sync::Arc;

use compact_str::CompactString;

use super::network::{self, Plugin};
use super::openings::{Openings, Unseen};
use super::places::Open;
use super::postings::Postings;
use crate::assemble::Assembly;
use crate::bundle::{Grouped, ObjectId, Origin};
use crate::model::cilium::CiliumSettings;
use crate::model::{Body, Object, PolicyId, is_placeholder};

/// The repository, indexed.
#[derive(Debug)]
pub struct Surroundings {
    pub(super) objects: Arc<Vec<Object>>,
    pub(super) grouped: Arc<Grouped>,
    /// All workloads: the object, and the position in it.
    pub(super) workloads: Vec<(ObjectId, usize)>,
    pub(super) postings: Postings<u32>,
    /// Objects by the namespace that they are deployed to.
    pub(super) by_namespace: HashMap<CompactString, Vec<ObjectId>>,
    /// Namespace objects by each of their labels.
    pub(super) namespaces: HashMap<(CompactString, CompactString), Vec<ObjectId>>,
    /// Namespace objects by the keys of labels whose values are filled in later.
    pub(super) filled_in_later: HashMap<CompactString, Vec<ObjectId>>,
    /// Namespace objects that may have any label.
    pub(super) unsure_namespaces: Vec<ObjectId>,
    /// The workloads that are NodeLocal DNSCache.
    pub(super) dns_caches: Vec<u32>,
    /// Objects that configure a cluster.
    pub(super) cluster_configs: Vec<ObjectId>,
    /// Policies of other kinds than NetworkPolicy that may select pods of every namespace.
    pub(super) clusterwide: Vec<PolicyId>,
    /// The network plugin, where the repository shows one.
    pub(super) plugin: Option<Plugin>,
    /// How Cilium is set up, where the repository shows it, and in one way.
    pub(super) cilium: Option<CiliumSettings>,
    /// Objects with pod templates from which something may create pods at run time.
    pub(super) templates: Vec<ObjectId>,
    pub(super) openings: Openings,
}

impl Surroundings {
    /// Indexes a repository; objects without a namespace are in the default one.
    pub fn of(assembly: &Assembly, default_namespace: &str) -> Self {
        let (objects, grouped) = (&assembly.objects, &assembly.grouped);
        let unseen = unseen(assembly);
        let mut found = Self {
            objects: Arc::clone(objects),
            grouped: Arc::clone(grouped),
            workloads: Vec::new(),
            postings: Postings::default(),
            by_namespace: HashMap::new(),
            namespaces: HashMap::new(),
            filled_in_later: HashMap::new(),
            unsure_namespaces: Vec::new(),
            dns_caches: Vec::new(),
            cluster_configs: Vec::new(),
            templates: Vec::new(),
            clusterwide: Vec::new(),
            plugin: network::detect(objects.iter()),
            cilium: CiliumSettings::common(objects.iter().filter_map(network::cilium_settings)),
            openings: Openings::of(objects, grouped, unseen, default_namespace),
        };
        for (id, object) in ObjectId::numbered(objects) {
            found.enter(id, object, default_namespace);
        }
        found
    }

    fn enter(&mut self, id: ObjectId, Object { head, body, .. }: &Object, default_namespace: &str) {
        match body {
            Body::ClusterConfig(_) => self.cluster_configs.push(id),
            Body::Workloads(list) => {
                for (nth, workload) in list.iter().enumerate() {
                    let number = self.workloads.len() as u32;
                    self.dns_caches.extend(workload.dns_cache.as_ref().map(|_| number));
                    self.postings.add(number, workload);
                    self.workloads.push((id, nth));
                }
            }
            Body::Templates(_) => self.templates.push(id),
            Body::Tiered(policy) if policy.kind.is_cluster_wide() => {
                self.clusterwide.push(PolicyId::of(id))
            }
            Body::Namespace(namespace) => {
                self.by_namespace.entry(head.name.clone()).or_default().push(id);
                if namespace.labels_unsure {
                    self.unsure_namespaces.push(id);
                }
                for label in &namespace.labels {
                    let key = label.key.clone();
                    match is_placeholder(&label.value) {
                        true => self.filled_in_later.entry(key).or_default().push(id),
                        false => {
                            let label = (key, label.value.clone());
                            self.namespaces.entry(label).or_default().push(id);
                        }
                    }
                }
                return;
            }
            _ => {}
        }
        let namespace = head.namespace.as_deref().unwrap_or(default_namespace);
        match self.by_namespace.get_mut(namespace) {
            Some(list) => list.push(id),
            None => {
                self.by_namespace.insert(namespace.into(), vec![id]);
            }
        }
    }
}

/// What bundles leave open.
fn unseen(assembly: &Assembly) -> Vec<Unseen> {
    let mut unseen = Vec::new();
    for (bundle, of) in assembly.grouped.bundles.iter().enumerate() {
        let Origin::Built(number) = of.origin else { continue };
        let why = match assembly.builds[number].unit.is_chart {
            true => Open::Deployed,
            false => Open::NotEvaluated,
        };
        unseen.extend(assembly.builds[number].built.openings.iter().map(|opening| Unseen {
            bundle,
            namespace: opening.namespace.clone(),
            why: why(opening.what.clone()),
        }));
    }
    unseen
}
