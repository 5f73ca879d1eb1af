//! Whether rules of policies in tiers are for somebody of whom little is known: whoever is outside a
//! namespace, anybody at all, the API server.
//!
//! Where the question is about many, *yes* is all of them and *no* is none of them. So what the
//! tiers deny is denied to all, and what they allow may be allowed to only some.

use super::Party;
use crate::model::Requirement;
use crate::model::tiered::{Ends, Entity, LabelOf, PodTerm, Scope};
use crate::resolve::{self, Asker, Cluster, Tri, Why};

/// Whether those who meet a condition are that party.
pub(super) fn hold(cluster: &Cluster, asker: Asker, ends: &Ends, party: Party<'_>) -> Tri {
    match ends {
        Ends::Everyone | Ends::Entity(Entity::All, _) => Tri::Yes,
        Ends::Nobody | Ends::Entity(Entity::Nobody, _) => Tri::No,
        Ends::Unknown => Tri::Unknown(Why::Refused),
        Ends::Not(one) => !hold(cluster, asker, one, party),
        Ends::All(list) => Tri::all(list.iter().map(|one| hold(cluster, asker, one, party))),
        Ends::Any(list) => Tri::any(list.iter().map(|one| hold(cluster, asker, one, party))),
        leaf => leaf_holds(cluster, asker, leaf, party),
    }
}

fn leaf_holds(cluster: &Cluster, asker: Asker, leaf: &Ends, party: Party<'_>) -> Tri {
    let known = |party: resolve::Party| cluster.ends_hold(asker, leaf, &party);
    match party {
        Party::Workload(number) => known(resolve::Party::Workload(number)),
        Party::Address(address) => known(resolve::Party::Address(address)),
        Party::Addresses => match leaf {
            Ends::Entity(Entity::World, _) => Tri::Yes,
            Ends::Pods(_) if cluster.sets().next().is_none() => {
                known(resolve::Party::Entity(Entity::World))
            }
            _ => Tri::Unknown(Why::AddressInCluster),
        },
        Party::ApiServer => match leaf {
            // Its agents on the nodes are pods (`konnectivity-agent` in `kube-system`).
            Ends::Pods(term) if may_mean_namespace(cluster, asker, term, "kube-system") => {
                known(resolve::Party::Entity(Entity::ApiServer)) | Tri::Unknown(Why::Cluster)
            }
            _ => known(resolve::Party::Entity(Entity::ApiServer)),
        },
        Party::NotOf(home) => match leaf {
            Ends::Pods(PodTerm { scope: Scope::Own, .. }) if asker.home == home => Tri::No,
            _ => Tri::Unknown(Why::Cluster),
        },
        // Which labels and which namespace it has is not known.
        Party::Anybody | Party::Stranger => Tri::Unknown(Why::Cluster),
        Party::Meant(home, is_meant) => match leaf {
            Ends::Pods(term) => {
                let covers = cluster.term_namespaces(asker, term).contains(&home);
                at_most_unknown(covers && is_meant(&requirements(term)))
            }
            Ends::Entity(Entity::Cluster, _) => at_most_unknown(is_meant(&[])),
            Ends::Entity(..) | Ends::Name(_) => Tri::No,
            _ => Tri::Unknown(Why::Cluster),
        },
    }
}

/// The requirements on the labels of pods.
fn requirements(term: &PodTerm) -> Vec<&Requirement> {
    let all = term.labels.requirements().into_iter();
    all.filter(|(of, _)| *of == LabelOf::Pod).map(|(_, requirement)| requirement).collect()
}

fn at_most_unknown(value: bool) -> Tri {
    if value { Tri::Unknown(Why::Cluster) } else { Tri::No }
}

/// Whether a selector may look into a namespace, which no manifest has to show.
fn may_mean_namespace(cluster: &Cluster, asker: Asker, term: &PodTerm, name: &str) -> bool {
    match &term.scope {
        Scope::Own => cluster.namespace(asker.home).name == name,
        Scope::Global => false,
        Scope::Everywhere => true,
        Scope::Where(..) => match cluster.namespace_named(name) {
            Some(number) => cluster.term_namespaces(asker, term).contains(&number),
            None => true,
        },
    }
}
