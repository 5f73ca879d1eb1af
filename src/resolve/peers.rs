//! Peers: the namespaces that they cover and the pods that they select, computed once for all
//! policies with the same peer.

use std::sync::{Arc, PoisonError};

use compact_str::CompactString;

use super::cluster::Cluster;
use super::places::NAME_LABEL;
use super::pods::Pods;
use super::select::selects;
use super::tri::Tri;
use super::workload_id::{NamespaceId, WorkloadId};
use crate::model::{Field, Operator, Peer, PolicyId, Requirement, Selector, is_placeholder};

/// A peer, resolved in its cluster.
#[derive(Clone, Debug, Default)]
pub struct PeerPods {
    /// The pods it selects.
    pub pods: Arc<Pods>,
    /// The namespaces it covers, certainly or possibly, by number, ascending.
    pub namespaces: Covered,
    /// Whether it may cover namespaces that nothing in the repository mentions.
    pub beyond: bool,
}

/// A peer without spans: its namespaces, and the requirements of its podSelector.
pub(super) type PeerKey = (PeerPlace, Option<Vec<Requires>>);

/// The namespaces of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum PeerPlace {
    /// The policy's own namespace, by number.
    Home(NamespaceId),
    /// Those that its namespaceSelector selects.
    Selected(Vec<Requires>),
}

/// Namespaces by number, ascending, each covered certainly or possibly.
pub type Covered = Arc<[(NamespaceId, Tri)]>;

/// A requirement without spans: key, operator, values.
pub(super) type Requires = (CompactString, Operator, Vec<CompactString>);

impl Cluster {
    /// The namespaces that a peer of a policy covers, certainly or possibly, and whether it may
    /// cover some that nothing in the repository mentions.
    pub fn peer_namespaces(&self, policy: PolicyId, peer: &Peer) -> (Covered, bool) {
        let selector = match &peer.namespace_selector {
            Field::Absent => return (Arc::new([(self.home(policy), Tri::Yes)]), false),
            Field::Wrong(..) => return (Arc::new([]), true),
            Field::Given(selector, _) => selector,
        };
        let Some(names) = names(selector) else {
            return (self.covered_by(selector), true);
        };
        let known = names.iter().filter_map(|name| self.namespace_named(name));
        let mut covered: Vec<(NamespaceId, Tri)> = known
            .map(|number| (number, selects(selector, self.namespace(number))))
            .filter(|(_, covered)| !covered.is_no())
            .collect();
        covered.sort_unstable();
        covered.dedup();
        let beyond = names.iter().any(|name| self.namespace_named(name).is_none());
        (covered.into(), beyond)
    }

    /// The namespaces that a selector covers, computed once.
    fn covered_by(&self, selector: &Selector) -> Covered {
        let key = requires(selector);
        // What an invalid selector covers is unknown, so it is not cached under another's key.
        if !selector.is_refused()
            && let Some(known) =
                self.covered.read().unwrap_or_else(PoisonError::into_inner).get(&key)
        {
            return Arc::clone(known);
        }
        let covered: Covered = self
            .namespace_candidates(selector)
            .into_iter()
            .map(|number| (number, selects(selector, self.namespace(number))))
            .filter(|(_, covered)| !covered.is_no())
            .collect();
        if !selector.is_refused() {
            let mut known = self.covered.write().unwrap_or_else(PoisonError::into_inner);
            known.insert(key, Arc::clone(&covered));
        }
        covered
    }

    /// The namespaces that a selector may cover, ascending; it certainly covers no other.
    fn namespace_candidates(&self, selector: &Selector) -> Vec<NamespaceId> {
        let is_sure = |requirement: &&Requirement| {
            let mut texts = requirement.values.iter().map(|(value, _)| value);
            requirement.operator == Operator::In
                && requirement.key != NAME_LABEL
                && !is_placeholder(&requirement.key)
                && !texts.any(|text| is_placeholder(text))
        };
        let requirement = selector.requirements.iter().find(is_sure);
        let Some(requirement) = requirement.filter(|_| !selector.is_refused()) else {
            return self.all_namespaces().collect();
        };
        let values = requirement.values.iter();
        let labelled = values.flat_map(|(value, _)| self.namespaces_with(&requirement.key, value));
        let mut found: Vec<NamespaceId> =
            labelled.chain(&self.unsure_namespaces).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The namespaces that the repository shows with a label, by number, ascending.
    pub fn namespaces_with(&self, key: &str, value: &str) -> &[NamespaceId] {
        let label = (CompactString::new(key), CompactString::new(value));
        self.namespace_labels.get(&label).map_or(&[], Vec::as_slice)
    }

    /// The pods that a peer of a policy selects. An `ipBlock` and a peer that the API server
    /// rejects select none.
    pub fn peer_pods(&self, policy: PolicyId, peer: &Peer) -> PeerPods {
        if peer.pod_selector.is_absent() && peer.namespace_selector.is_absent() {
            return PeerPods::default();
        }
        if peer.wrong || peer.pod_selector.is_wrong() || peer.namespace_selector.is_wrong() {
            return PeerPods { beyond: true, ..PeerPods::default() };
        }
        let (namespaces, beyond) = self.peer_namespaces(policy, peer);
        let Some(key) = self.peer_key(policy, peer) else {
            let pods = Arc::new(self.pods_of_peer(peer, &namespaces));
            return PeerPods { pods, namespaces, beyond };
        };
        let known = self.peers.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let pods = known.unwrap_or_else(|| {
            let pods = Arc::new(self.pods_of_peer(peer, &namespaces));
            let mut peers = self.peers.write().unwrap_or_else(PoisonError::into_inner);
            peers.insert(key, Arc::clone(&pods));
            pods
        });
        PeerPods { pods, namespaces, beyond }
    }

    /// The key of a peer that has the same meaning in every policy; `None` if a selector is invalid
    /// (its requirements do not say what it selects).
    fn peer_key(&self, policy: PolicyId, peer: &Peer) -> Option<PeerKey> {
        let selectors = [peer.namespace_selector.get(), peer.pod_selector.get()];
        if selectors.into_iter().flatten().any(Selector::is_refused) {
            return None;
        }
        let place = match peer.namespace_selector.get() {
            None => PeerPlace::Home(self.home(policy)),
            Some(namespaces) => PeerPlace::Selected(requires(namespaces)),
        };
        Some((place, peer.pod_selector.get().map(requires)))
    }

    fn pods_of_peer(&self, peer: &Peer, namespaces: &[(NamespaceId, Tri)]) -> Pods {
        let selector = peer.pod_selector.get().filter(|selector| !selector.is_empty());
        let pods = match (selector, namespaces) {
            (_, [(only, Tri::Yes)]) => return self.pods_in(*only, selector),
            (None, covered) => self.all_pods_of(covered),
            (Some(selector), covered) => self.pods_of(selector, covered),
        };
        Pods { well_known: self.well_known_in(namespaces, selector), ..pods }
    }

    /// The well-known pods that a selector may select in those namespaces. `None` selects all.
    pub(super) fn well_known_in(
        &self,
        covered: &[(NamespaceId, Tri)],
        selector: Option<&Selector>,
    ) -> Vec<usize> {
        let is_there = |namespace: &str| {
            let number = self.namespace_named(namespace);
            number.is_some_and(|number| covered.iter().any(|(covered, _)| *covered == number))
        };
        let pods = self.settings.well_known.iter().enumerate();
        pods.filter(|(_, pod)| selector.is_none_or(|selector| !selects(selector, *pod).is_no()))
            .filter(|(_, pod)| is_there(&pod.namespace))
            .map(|(number, _)| number)
            .collect()
    }

    /// Every pod in those namespaces, which are ascending.
    fn all_pods_of(&self, covered: &[(NamespaceId, Tri)]) -> Pods {
        let mut pods = Pods::default();
        let mut add = |from: WorkloadId, to: WorkloadId, covered: Tri| {
            if from < to {
                let set = if covered.is_yes() { &mut pods.yes } else { &mut pods.maybe };
                set.ranges_insert(WorkloadId::inclusive(&(from..to)));
            }
        };
        // Adjacent ranges are joined, so that a peer for everyone is one range instead of one per
        // namespace.
        let (mut from, mut to, mut last) = (WorkloadId::at(0), WorkloadId::at(0), Tri::Yes);
        for &(number, covered) in covered {
            let range = &self.namespace(number).workloads;
            if range.start != to || covered != last {
                add(from, to, last);
                from = range.start;
            }
            (to, last) = (range.end, covered);
        }
        add(from, to, last);
        pods
    }

    /// The pods in those namespaces, which are ascending, that a selector selects.
    fn pods_of(&self, selector: &Selector, covered: &[(NamespaceId, Tri)]) -> Pods {
        let within = self.all_workloads();
        let (mut pods, candidates) = match self.postings.ruled_out(selector, &within) {
            Some(out) => {
                let mut pods = self.all_pods_of(covered);
                pods.remove(out.workloads.iter().chain(&out.unsure));
                (pods, out.unsure)
            }
            None => (Pods::default(), self.postings.candidates(selector, &within)),
        };
        for number in candidates {
            let namespace = self.workloads[number.position()].namespace;
            if let Ok(at) = covered.binary_search_by_key(&namespace, |(number, _)| *number) {
                let selected = selects(selector, self.workload(number).workload);
                pods.add(number, covered[at].1 & selected);
            }
        }
        pods
    }
}

/// The requirements of a selector, without spans.
pub(super) fn requires(selector: &Selector) -> Vec<Requires> {
    let values = |r: &Requirement| r.values.iter().map(|(value, _)| value.clone()).collect();
    selector.requirements.iter().map(|r| (r.key.clone(), r.operator, values(r))).collect()
}

/// The namespaces that a selector names by the name label; `None` if it does not use that label, or
/// a name is filled in later.
fn names(selector: &Selector) -> Option<Vec<&str>> {
    let by_name = selector.requirements.iter().find(|requirement| {
        requirement.key == NAME_LABEL && requirement.operator == Operator::In
    })?;
    let mut names = Vec::with_capacity(by_name.values.len());
    for (name, _) in &by_name.values {
        if is_placeholder(name) {
            return None;
        }
        names.push(name.as_str());
    }
    Some(names)
}
