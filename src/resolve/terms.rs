//! The pods that meet conditions of policies, found by their labels.

use range_set_blaze::RangeSetBlaze;

use super::cluster::Cluster;
use super::identity::{CALICO_NAME, NamespaceIdentity, PodIdentity, SetIdentity, holds};
use super::party::{Asker, Party};
use super::places::NAME_LABEL;
use super::pods::Pods;
use super::tri::Tri;
use super::workload_id::{NamespaceId, WorkloadId};
use crate::bundle::ObjectId;
use crate::model::tiered::{Ends, Entity, Evaluator, Expr, LabelOf, PodTerm, PolicyKind, Scope};
use crate::model::{Object, Operator, Selector, is_placeholder};

impl Cluster {
    /// The pods that meet a condition, whoever of the policy's pods asks: a node that may be the
    /// asker's own is unknown.
    pub fn ends_pods(&self, asker: Asker, ends: &Ends) -> Pods {
        match ends {
            Ends::Everyone | Ends::Entity(Entity::All, _) => {
                Pods { yes: self.everyone(), ..Pods::default() }
            }
            Ends::Nobody
            | Ends::Name(_)
            | Ends::Group(_)
            | Ends::Entity(Entity::Nobody | Entity::World, _) => Pods::default(),
            Ends::Unknown => Pods { maybe: self.everyone(), ..Pods::default() },
            Ends::Not(one) => {
                let not = self.ends_pods(asker, one);
                let yes = &self.everyone() - &(&not.yes | &not.maybe);
                Pods { yes, maybe: not.maybe, well_known: Vec::new() }
            }
            Ends::All(list) => {
                let mut all = Pods { yes: self.everyone(), ..Pods::default() };
                for one in list {
                    let next = self.ends_pods(asker, one);
                    let possible = &(&all.yes | &all.maybe) & &(&next.yes | &next.maybe);
                    let yes = &all.yes & &next.yes;
                    all = Pods { maybe: &possible - &yes, yes, well_known: Vec::new() };
                }
                all
            }
            Ends::Any(list) => {
                let mut any = Pods::default();
                for one in list {
                    let next = self.ends_pods(asker, one);
                    any.yes |= next.yes;
                    any.maybe |= next.maybe;
                }
                any.maybe = &any.maybe - &any.yes;
                any
            }
            Ends::Pods(term) if !self.has_sets_for(asker) => self.term_pods(asker, term),
            leaf => {
                let mut pods = Pods::default();
                let is_for_nodes = matches!(leaf, Ends::Net(_)) && self.blocks_are_outside(asker);
                let may = |number: &WorkloadId| {
                    !is_for_nodes || self.workload(*number).workload.host_network
                };
                for number in self.workload_ids().filter(may) {
                    pods.add(number, self.ends_hold(asker, leaf, &Party::Workload(number)));
                }
                pods
            }
        }
    }

    fn has_sets_for(&self, asker: Asker) -> bool {
        asker.kind.map(PolicyKind::evaluator) == Some(Evaluator::Calico)
            && self.sets().next().is_some()
    }

    fn everyone(&self) -> RangeSetBlaze<WorkloadId> {
        match self.all_workloads() {
            none if none.is_empty() => RangeSetBlaze::new(),
            all => RangeSetBlaze::from_iter([WorkloadId::inclusive(&all)]),
        }
    }

    /// The pods that a selector selects.
    pub fn term_pods(&self, asker: Asker, term: &PodTerm) -> Pods {
        let mut pods = Pods::default();
        let by_namespace =
            !term.labels.requirements().iter().any(|(of, _)| {
                matches!(of, LabelOf::Pod | LabelOf::Account | LabelOf::AccountName)
            }) && !has_text(&term.labels);
        let wanted = narrowing(&term.labels);
        for number in self.term_namespaces(asker, term) {
            let within = self.namespace(number).workloads.clone();
            if within.is_empty() {
                continue;
            }
            let candidates: Vec<WorkloadId> = match (&wanted, by_namespace) {
                (Some(selector), _) => self.postings.candidates(selector, &within),
                (None, true) => {
                    let first = within.start;
                    let all = self.term_holds(asker, term, &Party::Workload(first));
                    let has_host_pods = WorkloadId::all(&within)
                        .any(|pod| self.workload(pod).workload.host_network);
                    if has_host_pods {
                        WorkloadId::all(&within).collect()
                    } else {
                        let range = WorkloadId::inclusive(&within);
                        match all {
                            Tri::Yes => pods.yes.extend([range]),
                            Tri::Unknown(_) => pods.maybe.extend([range]),
                            Tri::No => {}
                        }
                        continue;
                    }
                }
                (None, false) => WorkloadId::all(&within).collect(),
            };
            for pod in candidates {
                pods.add(pod, self.term_holds(asker, term, &Party::Workload(pod)));
            }
        }
        pods
    }

    /// Pods on the node's network whose labels a selector would match.
    pub fn host_network_matches(&self, asker: Asker, term: &PodTerm) -> Vec<WorkloadId> {
        let mut found = Vec::new();
        for number in self.term_namespaces(asker, term) {
            for pod in WorkloadId::all(&self.namespace(number).workloads) {
                let it = self.workload(pod);
                let identity = PodIdentity { cluster: self, pod: it };
                if it.workload.host_network && holds(&term.labels, &identity).is_yes() {
                    found.push(pod);
                }
            }
        }
        found
    }

    /// Whether a selector may match the cluster's DNS pods.
    pub fn may_select_dns(&self, asker: Asker, term: &PodTerm) -> bool {
        !self.term_holds(asker, term, &Party::ClusterDns).is_no()
    }

    /// Whether a selector matches a set of addresses in its scope.
    pub fn matches_set(&self, asker: Asker, term: &PodTerm) -> bool {
        self.sets().any(|(head, labels, _, is_global)| {
            let home = (!is_global).then(|| self.namespace_name_of(head));
            let in_scope = match &term.scope {
                Scope::Own => home.is_some_and(|name| self.namespace(asker.home).name == name),
                Scope::Global => is_global,
                Scope::Everywhere | Scope::Where(..) => true,
            };
            in_scope && holds(&term.labels, &SetIdentity { labels, namespace: None }).is_yes()
        })
    }

    /// A GlobalNetworkSet that the labels of a selector match.
    pub fn global_set_matching(&self, term: &PodTerm) -> Option<&str> {
        self.sets().find_map(|(head, labels, _, is_global)| {
            let identity = SetIdentity { labels, namespace: None };
            let matches = is_global && holds(&term.labels, &identity).is_yes();
            matches.then_some(head.name.as_str())
        })
    }

    /// Whether some pod of the cluster has a label.
    pub fn any_pod_has(&self, key: &str) -> bool {
        self.workload_ids().any(|number| {
            let workload = self.workload(number).workload;
            workload.label(key).is_some() || workload.labels_unsure
        })
    }

    /// All objects of the repository, with their numbers.
    pub fn repository(&self) -> impl Iterator<Item = (ObjectId, &Object)> {
        ObjectId::numbered(&self.objects)
    }

    /// The namespaces that a selector may look into, by number; every other one it does not.
    pub fn term_namespaces(&self, asker: Asker, term: &PodTerm) -> Vec<NamespaceId> {
        let scoped = match &term.scope {
            Scope::Own => return vec![asker.home],
            Scope::Global => return Vec::new(),
            Scope::Everywhere => &Expr::Always,
            Scope::Where(labels, _) => labels,
        };
        let named = [scoped, &term.labels].into_iter().find_map(names);
        let candidates: Vec<NamespaceId> = match named {
            Some(names) => names.iter().filter_map(|name| self.namespace_named(name)).collect(),
            None => self.all_namespaces().collect(),
        };
        let covers = |number: &NamespaceId| {
            let identity = NamespaceIdentity(self.namespace(*number));
            let by_labels = || holds(&term.labels, &identity);
            !holds(scoped, &identity).is_no() && !by_labels().is_no()
        };
        candidates.into_iter().filter(covers).collect()
    }
}

/// The names of namespaces that a condition allows, where it says them.
pub(crate) fn names(expr: &Expr) -> Option<Vec<&str>> {
    expr.required(LabelOf::Namespace).find_map(|requirement| {
        let is_name = matches!(requirement.key.as_str(), NAME_LABEL | CALICO_NAME);
        let mut values = requirement.values.iter().map(|(value, _)| value.as_str());
        let is_plain =
            is_name && requirement.operator == Operator::In && !values.clone().any(is_placeholder);
        is_plain.then(|| values.by_ref().collect())
    })
}

/// What a condition requires of the pod's own labels, to look it up by.
fn narrowing(expr: &Expr) -> Option<Selector> {
    let requirements = expr
        .required(LabelOf::Pod)
        .filter(|requirement| matches!(requirement.operator, Operator::In | Operator::Exists));
    let requirements: Vec<_> = requirements.cloned().collect();
    (!requirements.is_empty()).then_some(Selector { requirements, faults: Vec::new() })
}

fn has_text(expr: &Expr) -> bool {
    match expr {
        Expr::Text(..) => true,
        Expr::Not(one) => has_text(one),
        Expr::All(list) | Expr::Any(list) => list.iter().any(has_text),
        _ => false,
    }
}
