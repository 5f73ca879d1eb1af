//! The rest of the repository as one cluster sees it: without its alternatives.

use std::sync::Arc;

use super::network::Plugin;
use super::places::Open;
use super::select::selects;
use super::surroundings::Surroundings;
use crate::bundle::{Grouping, Neighbours, ObjectId, Site};
use crate::model::cilium::CiliumSettings;
use crate::model::{Body, PolicyId, Requirement, Selector, Workload};
use crate::repo::Repo;

/// The rest of the repository as one cluster sees it.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    surroundings: Arc<Surroundings>,
    neighbours: Neighbours,
    site: usize,
    /// Something that can't be read, and may contain anything.
    blind: Option<Open>,
}

impl Elsewhere {
    /// As the site with that number sees it.
    pub fn of(surroundings: &Arc<Surroundings>, site: usize) -> Self {
        let neighbours = Neighbours::of(&surroundings.grouped, site);
        Self { surroundings: Arc::clone(surroundings), neighbours, site, blind: None }
    }

    /// As a site sees it, with unreadable files that may belong to it.
    pub fn of_site(
        grouping: &Grouping,
        repo: &Repo,
        surroundings: &Arc<Surroundings>,
        number: usize,
        site: &Site,
    ) -> Self {
        let mut hidden = repo.unseen.iter().chain(&repo.unreadable).map(|(path, _)| path);
        let hidden = hidden.find(|path| grouping.concerns(site, path));
        Self::of(surroundings, number).without(hidden.map(String::as_str))
    }

    /// With a path that can't be read, and may contain anything.
    pub fn without(mut self, path: Option<&str>) -> Self {
        self.blind = path.map(|path| Open::Unread(path.to_owned()));
        self
    }

    /// The workloads that a selector certainly selects, in any namespace.
    pub fn selected<'a>(
        &'a self,
        selector: &'a Selector,
    ) -> impl Iterator<Item = (ObjectId, &'a Workload)> {
        self.candidates(selector).filter(|(_, workload)| selects(selector, *workload).is_yes())
    }

    /// The objects of alternatives to this cluster whose pods a selector surely selects.
    pub fn selected_in_alternatives<'a>(
        &'a self,
        selector: &'a Selector,
    ) -> impl Iterator<Item = ObjectId> + 'a {
        let all = self.surroundings.workloads.len() as u32;
        let candidates = self.surroundings.postings.candidates(selector, &(0..all));
        candidates.into_iter().filter_map(move |number| {
            let (id, nth) = self.surroundings.workloads[number as usize];
            let Body::Workloads(list) = &self.surroundings.objects[id.position()].body else {
                return None;
            };
            let workload = list.get(nth)?;
            let is_one = selects(selector, workload).is_yes() && self.neighbours.is_alternative(id);
            is_one.then_some(id)
        })
    }

    /// The workloads of a namespace, with the objects that they are of.
    pub fn workloads_in<'a>(
        &'a self,
        namespace: &str,
    ) -> impl Iterator<Item = (ObjectId, &'a Workload)> + 'a {
        self.objects_in(namespace).flat_map(|id| {
            let list = match &self.surroundings.objects[id.position()].body {
                Body::Workloads(list) => list.as_slice(),
                _ => &[],
            };
            list.iter().map(move |workload| (id, workload))
        })
    }

    /// The same, of alternatives to this cluster.
    pub fn alternatives_in<'a>(
        &'a self,
        namespace: &str,
    ) -> impl Iterator<Item = (ObjectId, &'a Workload)> + 'a {
        let all = self.surroundings.by_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        all.iter().flat_map(|&id| {
            let list = match &self.surroundings.objects[id.position()].body {
                Body::Workloads(list) if self.neighbours.is_alternative(id) => list.as_slice(),
                _ => &[],
            };
            list.iter().map(move |workload| (id, workload))
        })
    }

    /// Whether a selector selects a workload, or may.
    pub fn may_have(&self, selector: &Selector) -> bool {
        self.candidates(selector).any(|(_, workload)| !selects(selector, workload).is_no())
    }

    fn candidates<'a>(
        &'a self,
        selector: &Selector,
    ) -> impl Iterator<Item = (ObjectId, &'a Workload)> {
        let all = self.surroundings.workloads.len() as u32;
        let candidates = self.surroundings.postings.candidates(selector, &(0..all));
        candidates.into_iter().filter_map(|number| self.workload(number))
    }

    /// The workload with that number, if this cluster sees it.
    fn workload(&self, number: u32) -> Option<(ObjectId, &Workload)> {
        let (id, nth) = self.surroundings.workloads[number as usize];
        match &self.surroundings.objects[id.position()].body {
            Body::Workloads(list) if self.neighbours.has(id) => {
                list.get(nth).map(|workload| (id, workload))
            }
            _ => None,
        }
    }

    /// A workload that is NodeLocal DNSCache.
    pub fn dns_cache(&self) -> Option<(ObjectId, &Workload)> {
        self.surroundings.dns_caches.iter().find_map(|number| self.workload(*number))
    }

    /// A ConfigMap, in the cluster or beside it, with a pod template that a selector selects.
    pub fn templates_selected(&self, selector: &Selector) -> Option<ObjectId> {
        let templates = self.surroundings.templates.iter().copied();
        templates.into_iter().find(|&id| {
            let Body::Templates(list) = &self.surroundings.objects[id.position()].body else {
                return false;
            };
            list.iter().any(|pods| !selects(selector, pods).is_no())
                && (self.neighbours.is_own(id) || self.neighbours.has(id))
        })
    }

    /// Whether something that is not evaluated has a word in common with the selector's values.
    pub fn left_out_shares_word(&self, selector: &Selector) -> bool {
        let values = selector.requirements.iter().flat_map(|requirement| &requirement.values);
        values.into_iter().any(|(value, _)| self.surroundings.openings.share_word(value))
    }

    /// The objects that are deployed to a namespace, and the Namespace itself.
    pub fn objects_in<'a>(&'a self, namespace: &str) -> impl Iterator<Item = ObjectId> + 'a {
        let all = self.surroundings.by_namespace.get(namespace).map_or(&[][..], Vec::as_slice);
        all.iter().copied().filter(|id| self.neighbours.has(*id))
    }

    /// The policies of other kinds than NetworkPolicy that may select pods of every namespace.
    pub(super) fn clusterwide(&self) -> impl Iterator<Item = PolicyId> {
        self.surroundings.clusterwide.iter().copied().filter(|id| self.neighbours.has(id.object()))
    }

    /// The network plugin, where the repository shows one.
    pub(super) fn plugin(&self) -> Option<Plugin> {
        self.surroundings.plugin
    }

    /// How Cilium is set up, where the repository shows it.
    pub(super) fn cilium(&self) -> Option<CiliumSettings> {
        self.surroundings.cilium.clone()
    }

    /// The objects that configure a cluster.
    pub fn cluster_configs(&self) -> impl Iterator<Item = ObjectId> {
        self.surroundings.cluster_configs.iter().copied().filter(|id| self.neighbours.has(*id))
    }

    /// Whether a Namespace has one of the values of a requirement, or may get it.
    pub fn has_namespace_with(&self, requirement: &Requirement) -> bool {
        let values = requirement.values.iter();
        let labelled = values.filter_map(|(value, _)| {
            let key = (requirement.key.clone(), value.clone());
            self.surroundings.namespaces.get(&key)
        });
        let later = self.surroundings.filled_in_later.get(&requirement.key);
        let unsure = later.into_iter().flatten().chain(&self.surroundings.unsure_namespaces);
        labelled.flatten().chain(unsure).any(|id| self.neighbours.has(*id))
    }

    /// Why a namespace may contain more than the repository shows.
    pub(super) fn why_open(&self, namespace: &str) -> Option<&Open> {
        let openings = &self.surroundings.openings;
        openings.why_open(self.site, namespace, &self.neighbours).or(self.blind.as_ref())
    }

    /// Whether something that is not evaluated may run in the cluster or beside it.
    pub(super) fn leaves_things_out(&self) -> bool {
        self.blind.is_some() || self.surroundings.openings.leave_things_out(&self.neighbours)
    }

    /// Something that is not evaluated, anywhere in the repository, and whose name contains one of
    /// the selector's values as a word.
    pub(super) fn left_out_with_name(&self, selector: &Selector) -> Option<&str> {
        let values = selector.requirements.iter().flat_map(|requirement| &requirement.values);
        values.into_iter().find_map(|(value, _)| self.surroundings.openings.named(value))
    }
}
