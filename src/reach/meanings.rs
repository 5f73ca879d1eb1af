//! What the rules of policies match, whoever their policies select: worked out once for a cluster.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::flows;
use super::rules::Destination;
use super::stack::Statement;
use super::traffic::Matched;
use crate::model::At;
use crate::model::tiered::Ends;
use crate::resolve::{Cluster, Pods, Tri, Why, WorkloadId};

/// What a rule matches.
#[derive(Debug)]
pub(super) struct Meaning {
    /// At the other end.
    pub(super) peer: Pods,
    /// Of the pods that its policy selects.
    pub(super) own: Pods,
    /// The traffic, where no name of a port has to be looked up.
    flow: Option<Matched>,
}

/// What the rules of a cluster match, each worked out when it is first asked.
#[derive(Debug, Default)]
pub(super) struct Meanings {
    known: RwLock<HashMap<At, Arc<Meaning>>>,
}

impl Meanings {
    /// What a rule matches.
    pub(super) fn of(&self, cluster: &Cluster, statement: &Statement) -> Arc<Meaning> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&statement.at) {
            return Arc::clone(known);
        }
        drop(known);
        let meaning = Arc::new(Meaning::of(cluster, statement));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(statement.at).or_insert(meaning))
    }
}

impl Meaning {
    fn of(cluster: &Cluster, statement: &Statement) -> Self {
        let rule = statement.rule();
        let looks_up = rule.flow.ports().iter().any(|port| port.range().is_none())
            || rule.peer.terms().iter().any(|end| matches!(end, Ends::Service(_)));
        let flow = || flows::matched(cluster, &rule.flow, Destination::Outside);
        Self {
            peer: cluster.ends_pods(statement.asker, &rule.peer),
            own: cluster.ends_pods(statement.asker, &rule.own),
            flow: (!looks_up).then(flow),
        }
    }

    /// The traffic to a destination.
    pub(super) fn flow(
        &self,
        cluster: &Cluster,
        statement: &Statement,
        destination: Destination,
    ) -> Matched {
        if let Some(flow) = &self.flow {
            return flow.clone();
        }
        let rule = statement.rule();
        let flow = flows::matched(cluster, &rule.flow, destination);
        match flows::of_services(cluster, statement.asker.home, &rule.peer, destination) {
            Some(targets) => &flow & &targets,
            None => flow,
        }
    }
}

/// Whether a workload is one of those pods.
pub(super) fn among(pods: &Pods, workload: WorkloadId) -> Tri {
    if pods.yes.contains(workload) {
        Tri::Yes
    } else if pods.maybe.contains(workload) {
        Tri::Unknown(Why::LabelsNotShown)
    } else {
        Tri::No
    }
}
