//! One side of a connection, explained: which policies isolate the pods, which rules allow or deny it,
//! and what would have to change.

use std::net::IpAddr;

use crate::fix;
use crate::lint::allowing::{self, NewRule, Other};
use crate::lint::{Context, Related, isolating_place};
use crate::model::{At, Direction, PolicyId, Protocol};
use crate::reach::{
    self, Allowed, Endpoint, Mismatch, NearMiss, Party, Port, PortAnswer, PortSet, Reach,
};
use crate::resolve::{Cluster, Plugin, Subject, Tri, WorkloadId};
use crate::text::{Sources, Span};

/// The most policies of each kind of evidence that are shown.
const SHOWN: usize = 3;

/// One side of a connection.
#[derive(Clone, Debug)]
pub struct Step {
    /// Whether this side allows it.
    pub verdict: Tri,
    /// Why, in one sentence.
    pub text: String,
    /// Where that is written.
    pub place: Option<Span>,
    /// Other places.
    pub related: Vec<Related>,
}

/// A rule that would allow what one side rejects.
#[derive(Clone, Debug)]
pub struct Change {
    /// The policy that it is added to: `namespace/name`.
    pub policy: String,
    /// Below which field: `ingress` or `egress`.
    pub field: &'static str,
    /// The rule, one item of a list.
    pub rule: String,
    /// The change of the file; none where that is not written by hand.
    pub diff: Option<String>,
}

/// One end, found in a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Workload(WorkloadId),
    Address(IpAddr),
    Internet,
    Dns,
    ApiServer,
}

/// The two ends of a connection.
pub(crate) struct Pair<'a> {
    pub(crate) reach: &'a Reach,
    pub(crate) sources: &'a Sources,
    pub(crate) from: End,
    pub(crate) to: End,
}

/// What one side says.
pub(crate) struct SideAnswer {
    pub(crate) allowed: Allowed,
    pub(crate) step: Step,
    pub(crate) change: Option<Change>,
}

/// What is asked of one side: about whose pods, with whom, on which port.
#[derive(Clone, Copy)]
struct Asked {
    direction: Direction,
    workload: WorkloadId,
    other: End,
    port: Option<Port>,
}

impl Pair<'_> {
    /// What the policies of one end say.
    pub(crate) fn side(&self, direction: Direction, port: Option<Port>) -> SideAnswer {
        let (own, other) = match direction {
            Direction::Egress => (self.from, self.to),
            Direction::Ingress => (self.to, self.from),
        };
        let End::Workload(workload) = own else { return outside(own, direction) };
        let cluster = self.reach.cluster();
        let asked = Asked { direction, workload, other, port };
        let answer = self.ports(asked);
        let (who, field) = (name(cluster, workload), direction.field());
        let is_isolated = !self.reach.isolating(direction, workload).is_empty();
        let verdict = verdict(&answer.allowed, port);
        let mut step = Step { verdict, text: String::new(), place: None, related: Vec::new() };
        let mut change = None;
        if cluster.workload(workload).workload.host_network {
            step.text = match verdict {
                Tri::Unknown(_) => format!(
                    "{field}: unknown, because {who} uses the node's network, and policies for \
                     nodes may decide"
                ),
                _ => format!(
                    "{field}: {who} uses the node's network, and no policy applies to such pods"
                ),
            };
        } else if cluster
            .has_unevaluated_policies(cluster.namespace_of(Subject::Workload(workload)))
        {
            step.text = format!(
                "{field}: unknown, because policies of a kind that is not evaluated may select {who}"
            );
        } else if verdict.is_no() {
            self.rejected(&mut step, asked, &answer);
            if answer.denied_by.is_empty() {
                change = self.change(asked);
            }
        } else if !is_isolated && answer.by.is_empty() && answer.denied_by.is_empty() {
            step.text = format!("{field}: no policy isolates {who}, so everything is allowed");
        } else {
            self.allowed(&mut step, asked, &answer);
        }
        SideAnswer { allowed: answer.allowed, step, change }
    }

    /// The ports that one side allows, and the rules that do.
    fn ports(&self, asked: Asked) -> PortAnswer {
        let Asked { direction, workload, other, port } = asked;
        let ask = |party| self.reach.ports(direction, workload, party);
        match other {
            End::Workload(other) => ask(Party::Workload(other)),
            End::Address(address) => ask(Party::Address(address)),
            End::ApiServer => ask(Party::ApiServer),
            End::Internet => {
                let pieces = self.reach.pieces(direction, workload).into_iter();
                let mut all = pieces.map(|address| ask(Party::Address(address)));
                let first = all.next().unwrap_or_default();
                all.fold(first, |so_far, next| {
                    let sure = &so_far.allowed.sure & &next.allowed.sure;
                    let mut all = so_far.or(next);
                    all.allowed.sure = sure;
                    all
                })
            }
            End::Dns => {
                let port = port.unwrap_or(Port { protocol: Protocol::Udp, number: 53 });
                let cluster = self.reach.cluster();
                let subject = Subject::Workload(workload);
                let verdict = reach::side(cluster, direction, subject, Endpoint::ClusterDns, port);
                let only = PortSet::range(port.protocol, port.number, port.number);
                PortAnswer {
                    allowed: Allowed::exactly(only).if_so(verdict.allowed),
                    by: verdict.by,
                    denied_by: verdict.denied_by,
                }
            }
        }
    }

    /// Says which rules allow it, or may.
    fn allowed(&self, step: &mut Step, asked: Asked, answer: &PortAnswer) {
        let cluster = self.reach.cluster();
        let (who, field) = (name(cluster, asked.workload), asked.direction.field());
        let is_sure = step.verdict.is_yes();
        let may = if is_sure { "allows" } else { "may allow" };
        // What is denied of a connection that is allowed is other traffic.
        let denying = answer.denied_by.iter().filter(|_| !is_sure);
        match answer.by.split_first() {
            Some((first, others)) => {
                let (rule, policy) = (self.rule(*first), self.policy(first.policy));
                step.text = format!("{field}: `{rule}` of {policy} {may} it");
                step.place = cluster.place_of(*first).map(|(span, _)| span);
                self.relate(step, others, &format!("{may} it too"));
            }
            None if answer.denied_by.is_empty() => {
                step.text = format!(
                    "{field}: unknown, since part of a policy of {who} is filled in later or \
                     rejected"
                );
            }
            None if is_sure => {
                step.text = format!("{field}: no policy isolates {who}, and no rule denies it");
            }
            None => step.text = format!("{field}: unknown, since a rule may deny it"),
        }
        self.relate(step, denying, "may deny it");
    }

    /// Adds the places of rules.
    fn relate<'r>(&self, step: &mut Step, rules: impl IntoIterator<Item = &'r At>, what: &str) {
        for at in rules {
            if let Some((span, _)) = self.reach.cluster().place_of(*at) {
                let message = format!("{} {what}", self.policy(at.policy));
                step.related.push(Related { span, message });
            }
        }
    }

    /// Says which rules deny it, or which policies isolate the pods and which rule comes nearest.
    fn rejected(&self, step: &mut Step, asked: Asked, answer: &PortAnswer) {
        let Asked { direction, workload, other, port } = asked;
        let cluster = self.reach.cluster();
        let field = direction.field();
        if let Some((first, others)) = answer.denied_by.split_first() {
            let (rule, policy) = (self.rule(*first), self.policy(first.policy));
            step.text = format!("{field}: rejected, since `{rule}` of {policy} denies it");
            step.place = cluster.place_of(*first).map(|(span, _)| span);
            self.relate(step, others.iter().take(SHOWN), "denies it too");
            return;
        }
        let isolating = self.reach.isolating(direction, workload);
        let who = name(cluster, workload);
        let policies: Vec<String> =
            isolating.iter().take(SHOWN).map(|id| self.policy(*id)).collect();
        step.text = match policies.is_empty() {
            true => format!(
                "{field}: rejected, since pods that no policy selects are isolated and no rule \
                 allows it"
            ),
            false => format!(
                "{field}: rejected, since {} isolates {who} and no rule allows it",
                policies.join(", ")
            ),
        };
        for &id in isolating.iter().take(SHOWN) {
            let span = isolating_place(cluster, id, direction);
            match step.place {
                None => step.place = Some(span),
                Some(_) => {
                    let message = format!("{} isolates them too", self.policy(id));
                    step.related.push(Related { span, message });
                }
            }
        }
        let party = match other {
            End::Workload(number) => Party::Workload(number),
            End::Address(address) => Party::Address(address),
            End::Internet | End::ApiServer => Party::Addresses,
            End::Dns => return,
        };
        let ports = port.map(|port| PortSet::range(port.protocol, port.number, port.number));
        if let Some(miss) = self.reach.nearest_miss(direction, workload, party, ports.as_ref()) {
            let message = self.near_miss(&miss, other);
            step.related.push(Related { span: miss.place, message });
        }
    }

    fn near_miss(&self, miss: &NearMiss, other: End) -> String {
        let who = match other {
            End::Workload(number) => name(self.reach.cluster(), number),
            _ => "the other end".to_owned(),
        };
        let has = |label: &Option<String>| match label {
            Some(label) => format!("has `{label}`"),
            None => "has no such label".to_owned(),
        };
        match &miss.mismatch {
            Mismatch::Ports(ports) => match ports.is_empty() {
                true => {
                    "the nearest rule is for this end, on a port that its pods do not have".into()
                }
                false => format!("the nearest rule is for this end, and for {ports} only"),
            },
            Mismatch::PodLabel(words, label) => {
                format!("the nearest rule asks for `{words}`; {who} {}", has(label))
            }
            Mismatch::NamespaceLabel(words, label) => {
                format!(
                    "the nearest rule asks for a namespace with `{words}`; that of {who} {}",
                    has(label)
                )
            }
            Mismatch::OtherNamespace => format!(
                "the nearest rule has no `namespaceSelector`: it is for pods of the policy's own \
                 namespace, and {who} is in another"
            ),
            Mismatch::Address => "the nearest rule is for other addresses".into(),
            Mismatch::Pods => "the nearest rule is for pods".into(),
        }
    }

    /// The rule to add on a side that rejects the connection.
    fn change(&self, asked: Asked) -> Option<Change> {
        let Asked { direction, workload, other, port } = asked;
        let other = match other {
            End::Workload(number) => Other::Workload(number),
            End::Address(address) => Other::Address(address),
            End::Internet | End::Dns | End::ApiServer => return None,
        };
        let cluster = self.reach.cluster();
        // Another tier may have rejected it before a NetworkPolicy is asked.
        if cluster.plugin == Some(Plugin::Calico) && cluster.is_tiered(workload) {
            return None;
        }
        let side = self.reach.side(direction, workload);
        let has_rules = |id: &&PolicyId| !cluster.policy(**id).rules(direction).is_empty();
        let policy = *side.isolating.iter().find(has_rules).or_else(|| side.isolating.first())?;
        let cx = Context::new(self.reach, self.sources);
        let NewRule { text, edit } = allowing::allow(&cx, policy, direction, other, port);
        let diff = edit.map(|edit| {
            let source = self.sources.get(edit.span.source);
            fix::diff_of(&source.path, source.text(), &edit)
        });
        Some(Change { policy: self.policy(policy), field: direction.field(), rule: text, diff })
    }

    /// A policy, in words.
    fn policy(&self, id: PolicyId) -> String {
        let cluster = self.reach.cluster();
        match cluster.tiered_policy(id) {
            None => format!("NetworkPolicy {}", cluster.policy_name(id)),
            Some(_) => cluster.policy_name(id),
        }
    }

    /// The path of a rule in its policy.
    fn rule(&self, at: At) -> String {
        self.reach.cluster().place_of(at).map_or_else(|| at.spot.to_string(), |(_, path)| path)
    }
}

/// `namespace/name[Kind]`, or the owner of a pod.
pub(crate) fn name(cluster: &Cluster, number: WorkloadId) -> String {
    let it = cluster.workload(number);
    match &it.workload.owner {
        Some((kind, name)) => format!("{}/{name}[{kind}]", it.namespace.name),
        None => format!("{}/{}[{}]", it.namespace.name, it.head.name, it.head.kind),
    }
}

/// What an end says that no policy is for.
fn outside(end: End, direction: Direction) -> SideAnswer {
    let what = match end {
        End::Dns => "the cluster's DNS",
        End::ApiServer => "the API server",
        _ => "addresses outside the cluster",
    };
    let text = format!("{}: no policy of the repository is for {what}", direction.field());
    let step = Step { verdict: Tri::Yes, text, place: None, related: Vec::new() };
    SideAnswer { allowed: Allowed::everything(), step, change: None }
}

/// Whether that port is allowed, or some port where none is given.
pub(crate) fn verdict(allowed: &Allowed, port: Option<Port>) -> Tri {
    match port {
        Some(port) => allowed.allows(port),
        None => allowed.overlaps(&PortSet::all()),
    }
}
