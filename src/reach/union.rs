//! What several policies together say about pods: each answers yes, unknown or no for all the pods
//! that it selects, and one yes is enough.

use std::sync::OnceLock;

use crate::model::{Operator, PolicyId, Requirement, Selector};
use crate::resolve::{Cluster, GroupId, SelectorIndex, Subject, Tri, Why, WorkloadId, covers};

/// The union of the answers of a cluster's policies. Each policy is evaluated once, and the answers
/// for workloads are added up over ranges of workloads, not policy by policy.
#[derive(Debug)]
pub(super) struct Union {
    /// The answer of each policy, parallel to [`Cluster::policies`].
    policies: Vec<Tri>,
    /// The answer of each group of policies, by its number.
    groups: Vec<Tri>,
    /// The answer for each workload, by its number.
    workloads: Vec<Tri>,
    /// For each namespace, the selectors of the groups whose answer is not no.
    speaking: OnceLock<Vec<SelectorIndex<GroupId>>>,
    /// The answer of the other groups for the pods of a group that are known only by its selector.
    by_selector: Vec<OnceLock<Tri>>,
    /// Whether there is a yes or unknown for a workload that a group certainly selects.
    of_any: Vec<OnceLock<bool>>,
}

impl Union {
    /// The union of what `says` returns for each policy. Not in parallel: it is built on first use,
    /// under a lock, by one of many threads, and a thread that waits for its share of parallel work
    /// may be given other work that wants the same lock.
    pub fn new(cluster: &Cluster, says: impl Fn(PolicyId) -> Tri) -> Self {
        let policies: Vec<Tri> = cluster.policies().iter().map(|id| says(*id)).collect();
        let mut groups = vec![Tri::No; cluster.groups().len()];
        for (&id, said) in cluster.policies().iter().zip(&policies) {
            let of_group = &mut groups[cluster.group_of(id).0 as usize];
            *of_group = *of_group | *said;
        }
        let workloads = of_workloads(cluster, &groups);
        let by_selector = groups.iter().map(|_| OnceLock::new()).collect();
        let of_any = groups.iter().map(|_| OnceLock::new()).collect();
        let speaking = OnceLock::new();
        Self { policies, groups, workloads, speaking, by_selector, of_any }
    }

    /// The answer for those pods.
    pub fn of(&self, cluster: &Cluster, subject: Subject) -> Tri {
        match subject {
            Subject::Workload(number) => self.workloads[number.position()],
            Subject::PodsOf(policy) => {
                let own = cluster.policies().partition_point(|id| *id < policy);
                if self.policies[own].is_yes() {
                    return Tri::Yes;
                }
                let group = cluster.group_of(policy);
                let others = &self.by_selector[group.0 as usize];
                self.policies[own] | *others.get_or_init(|| self.of_selector(cluster, group))
            }
        }
    }

    /// Whether there is a yes or unknown for some pods of a policy.
    pub fn of_any(&self, cluster: &Cluster, policy: PolicyId) -> bool {
        let any = || {
            let mut subjects = cluster.subjects(policy).into_iter();
            subjects.any(|subject| !self.of(cluster, subject).is_no())
        };
        if cluster.selected(policy).yes.is_empty() {
            return any();
        }
        *self.of_any[cluster.group_of(policy).0 as usize].get_or_init(any)
    }

    /// The answer of all groups in a namespace for the pods that the selector of one of them
    /// selects.
    fn of_selector(&self, cluster: &Cluster, group: GroupId) -> Tri {
        let Some(speaking) = self.speaking(cluster).get(cluster.group(group).namespace.position())
        else {
            return Tri::No;
        };
        let own = cluster.group_selector(group);
        if own.is_wrong() {
            // It may be any selector.
            let is_any = speaking.overlapping(None).next().is_some();
            return if is_any { Tri::Unknown(Why::Refused) } else { Tri::No };
        }
        let mut said = Tri::No;
        for other in speaking.covering(own.get()) {
            said = said | self.says_of(cluster, other, own.get());
            if said.is_yes() {
                return said;
            }
        }
        if said.is_no() {
            let mut others = speaking
                .overlapping(own.get())
                .map(|other| self.says_of(cluster, other, own.get()));
            said = others.find(|said| !said.is_no()).unwrap_or(Tri::No);
        }
        said
    }

    /// Whether a group whose answer is not no may share pods with a policy: unless both require
    /// different values of one key. A default deny and the policies beside it, with no workload
    /// shown, may be for the same pods.
    pub fn any_shares_pods(&self, cluster: &Cluster, policy: PolicyId) -> bool {
        let narrow = cluster.policy(policy).pod_selector.get();
        let index = &self.speaking(cluster)[cluster.home(policy).position()];
        let wide = |group| cluster.group_selector(group).get();
        let mut groups = index.overlapping(narrow.filter(|selector| !selector.is_refused()));
        groups.any(|group| !are_disjoint(narrow, wide(group)))
    }

    /// The answer of a group for the pods of a selector.
    fn says_of(&self, cluster: &Cluster, group: GroupId, selector: Option<&Selector>) -> Tri {
        let wide = cluster.group_selector(group);
        let selects = match wide.is_wrong() {
            true => Tri::Unknown(Why::Refused),
            false => covers(wide.get(), selector),
        };
        selects & self.groups[group.0 as usize]
    }

    fn speaking(&self, cluster: &Cluster) -> &[SelectorIndex<GroupId>] {
        self.speaking.get_or_init(|| {
            let speaks = |group: &GroupId| !self.groups[group.0 as usize].is_no();
            index(cluster, (0..self.groups.len() as u32).map(GroupId).filter(speaks))
        })
    }
}

/// Whether two selectors require different values of one key.
fn are_disjoint(a: Option<&Selector>, b: Option<&Selector>) -> bool {
    fn requirements(s: Option<&Selector>) -> &[Requirement] {
        s.map_or(&[], |s| &s.requirements)
    }
    let disjoint = |a: &Requirement, b: &Requirement| {
        a.key == b.key
            && a.operator == Operator::In
            && b.operator == Operator::In
            && !a.values.iter().any(|(x, _)| b.values.iter().any(|(y, _)| x == y))
    };
    requirements(a).iter().any(|a| requirements(b).iter().any(|b| disjoint(a, b)))
}

/// The selectors of some groups, an index for each namespace.
pub(super) fn index(
    cluster: &Cluster,
    groups: impl IntoIterator<Item = GroupId>,
) -> Vec<SelectorIndex<GroupId>> {
    let mut indices: Vec<SelectorIndex<GroupId>> = Vec::new();
    indices.resize_with(cluster.namespaces().len(), SelectorIndex::default);
    for group in groups {
        let index = &mut indices[cluster.group(group).namespace.position()];
        index.add(cluster.group_selector(group).get(), group);
    }
    indices.iter_mut().for_each(SelectorIndex::finish);
    indices
}

/// The answers of the groups that select each workload.
fn of_workloads(cluster: &Cluster, groups: &[Tri]) -> Vec<Tri> {
    // How many more yes and unknown answers there are from this workload on.
    let mut more = vec![[0i64; 2]; cluster.workload_count() + 1];
    let mut add = |from: WorkloadId, to: WorkloadId, said: Tri| {
        let kind = match said {
            Tri::No => return,
            Tri::Yes => 0,
            Tri::Unknown(_) => 1,
        };
        more[from.position()][kind] += 1;
        more[to.position() + 1][kind] -= 1;
    };
    for (group, &said) in cluster.groups().iter().zip(groups) {
        for range in group.pods.yes.ranges() {
            add(*range.start(), *range.end(), said);
        }
        for range in group.pods.maybe.ranges() {
            add(*range.start(), *range.end(), said.at_most_unknown(Why::LabelsNotShown));
        }
    }
    let mut say = [0i64; 2];
    let of_each = more[..cluster.workload_count()].iter().map(|[yes, unknown]| {
        say = [say[0] + yes, say[1] + unknown];
        match say {
            [0, 0] => Tri::No,
            [0, _] => Tri::Unknown(Why::LabelsNotShown),
            _ => Tri::Yes,
        }
    });
    of_each.collect()
}
