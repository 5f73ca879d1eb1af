//! Conditions of policies on the ends of a connection: who meets them, in three values.

use std::net::IpAddr;

use super::cluster::{Cluster, World};
use super::identity::{DnsIdentity, Identity, PodIdentity, ReservedIdentity, SetIdentity, holds};
use super::known::{is_dns_address, is_pod_address};
use super::network::Blocks;
use super::party::{Asker, Party};
use super::tri::{Tri, Why};
use super::workload_id::{NamespaceId, WorkloadId};
use crate::model::Service;
use crate::model::tiered::{
    CidrGroup, Ends, Entity, Evaluator, Expr, LabelOf, NetTerm, PodTerm, PolicyKind, Scope,
    ServiceTerm,
};
use compact_str::CompactString;
use ipnet::IpNet;

impl Cluster {
    /// The party that an address is, where an object of the cluster has it.
    pub fn party_at(&self, address: IpAddr) -> Party {
        let has_it = |number: &WorkloadId| {
            let pod = self.workload(*number).workload;
            !pod.host_network && pod.addresses.contains(&address)
        };
        if self.network.shows_addresses
            && let Some(number) = self.workload_ids().find(has_it)
        {
            return Party::Workload(number);
        }
        let mut nodes = self.network.nodes();
        let node = nodes.find(|name| self.node(name).1.contains(&address));
        node.map_or(Party::Address(address), |name| Party::Node(name.clone()))
    }

    /// The node that a workload's pods are on, where that is shown.
    fn node_of(&self, workload: WorkloadId) -> Option<&CompactString> {
        self.workload(workload).workload.node.as_ref()
    }

    /// Whether a node, or the node of a host-network pod, is the subject's own.
    pub fn is_own_node(&self, subject: Option<WorkloadId>, party: &Party) -> Tri {
        let name = |number: WorkloadId| self.workload(number).workload.node.as_deref();
        let own = subject.and_then(name);
        let other = match party {
            Party::Node(name) => Some(name.as_str()),
            Party::Workload(number) if self.workload(*number).workload.host_network => {
                name(*number)
            }
            Party::Entity(Entity::Host) => return Tri::Yes,
            Party::Entity(Entity::ApiServer) => return Tri::Unknown(Why::Cluster),
            _ => return Tri::No,
        };
        match (own, other) {
            (Some(own), Some(other)) => (own == other).into(),
            _ => Tri::Unknown(Why::Cluster),
        }
    }

    /// Whether a party meets a condition.
    pub fn ends_hold(&self, asker: Asker, ends: &Ends, party: &Party) -> Tri {
        match ends {
            Ends::Everyone => Tri::Yes,
            Ends::Nobody => Tri::No,
            Ends::Unknown => Tri::Unknown(Why::Refused),
            Ends::Not(one) => !self.ends_hold(asker, one, party),
            Ends::All(list) => Tri::all(list.iter().map(|one| self.ends_hold(asker, one, party))),
            Ends::Any(list) => Tri::any(list.iter().map(|one| self.ends_hold(asker, one, party))),
            Ends::Pods(term) => self.term_holds(asker, term, party),
            Ends::Net(net) => self.net_holds(asker, net, party),
            Ends::Entity(entity, _) => self.entity_holds(asker, *entity, party),
            Ends::Name(pattern) => match party {
                Party::Name(name) => pattern.fits(name).into(),
                // Any address may be one that the name resolves to.
                Party::Address(_) => Tri::Unknown(Why::Cluster),
                _ => Tri::No,
            },
            Ends::Service(service) => self.service_holds(asker, service, party),
            Ends::Nodes(labels, _) => self.nodes_hold(labels, party),
            Ends::Group(group) => self.group_holds(asker, group, party),
            Ends::Family { v6 } => self.family_holds(*v6, party),
        }
    }

    pub(super) fn term_holds(&self, asker: Asker, term: &PodTerm, party: &Party) -> Tri {
        let is_cilium = asker.kind.map(PolicyKind::evaluator) == Some(Evaluator::Cilium);
        match party {
            Party::Workload(number) => {
                let pod = self.workload(*number);
                if pod.workload.host_network {
                    return match (asker.kind, is_cilium, self.world) {
                        (_, true, _) => self.reserved_holds(asker, term, party),
                        // Its packets carry the node's address: for Kubernetes that is undefined.
                        (None, _, World::Open) if self.plugin.is_none() => self
                            .identity_holds(
                                asker,
                                term,
                                &PodIdentity { cluster: self, pod },
                                Some(&pod.namespace.name),
                            )
                            .at_most_unknown(Why::HostNetwork),
                        _ => Tri::No,
                    };
                }
                let by_labels = self.identity_holds(
                    asker,
                    term,
                    &PodIdentity { cluster: self, pod },
                    Some(&pod.namespace.name),
                );
                by_labels | self.sets_hold(asker, term, party)
            }
            Party::ClusterDns => {
                let home = self.profile.dns_namespace();
                self.identity_holds(asker, term, &DnsIdentity(self), Some(home))
            }
            _ if is_cilium => self.reserved_holds(asker, term, party),
            _ => self.sets_hold(asker, term, party),
        }
    }

    /// Whether a selector holds of something in a namespace, or outside of all.
    fn identity_holds(
        &self,
        asker: Asker,
        term: &PodTerm,
        identity: &impl Identity,
        namespace: Option<&str>,
    ) -> Tri {
        let in_scope = match &term.scope {
            Scope::Own => {
                namespace.is_some_and(|name| self.namespace(asker.home).name == name).into()
            }
            Scope::Everywhere => Tri::Yes,
            Scope::Where(labels, _) => holds(labels, identity),
            Scope::Global => Tri::from(namespace.is_none()),
        };
        if in_scope.is_no() { Tri::No } else { in_scope & holds(&term.labels, identity) }
    }

    /// Whether a selector of Cilium holds of an end that is no pod: by the identities that are
    /// reserved for it.
    fn reserved_holds(&self, asker: Asker, term: &PodTerm, party: &Party) -> Tri {
        let with =
            |names: &[&str]| self.identity_holds(asker, term, &ReservedIdentity(names), None);
        match party {
            Party::Address(_) | Party::Name(_) => with(&["world"]),
            Party::Entity(Entity::ApiServer) => {
                let places = [&["kube-apiserver", "world"], &["kube-apiserver", "remote-node"]];
                let answers = places.map(|names| with(names));
                if answers[0] == answers[1] { answers[0] } else { Tri::Unknown(Why::Cluster) }
            }
            Party::Entity(entity) => {
                let word = Entity::WORDS.iter().find(|(_, known)| known == entity);
                word.map_or(Tri::No, |(word, _)| with(&[word]))
            }
            Party::Workload(_) | Party::Node(_) => match self.is_own_node(asker.subject, party) {
                Tri::Yes => with(&["host"]),
                Tri::No => with(&["remote-node"]),
                Tri::Unknown(why) => match (with(&["host"]), with(&["remote-node"])) {
                    (a, b) if a == b => a,
                    _ => Tri::Unknown(why),
                },
            },
            Party::ClusterDns => Tri::No,
        }
    }

    /// Whether a selector of Calico holds of a set that has an address of the party.
    fn sets_hold(&self, asker: Asker, term: &PodTerm, party: &Party) -> Tri {
        if asker.kind.map(PolicyKind::evaluator) != Some(Evaluator::Calico) {
            return Tri::No;
        }
        Tri::any(self.sets().map(|(head, labels, nets, is_global)| {
            let home = (!is_global).then(|| self.namespace_name_of(head));
            let namespace = home.and_then(|name| self.namespace_named(name));
            let namespace = namespace.map(|number| self.namespace(number));
            let identity = SetIdentity { labels, namespace };
            let selected = self.identity_holds(asker, term, &identity, home);
            if selected.is_no() {
                return Tri::No;
            }
            selected & Tri::any(nets.iter().map(|net| self.address_in(net, party)))
        }))
    }

    /// Whether an address of the party is in a block.
    fn address_in(&self, net: &IpNet, party: &Party) -> Tri {
        let of = |addresses: &[IpAddr]| match addresses {
            [] if net.prefix_len() == 0 => Tri::Yes,
            [] => Tri::Unknown(Why::AddressInCluster),
            known => known.iter().any(|address| net.contains(address)).into(),
        };
        match party {
            Party::Address(address) => net.contains(address).into(),
            Party::Workload(number) => {
                let pod = self.workload(*number).workload;
                match self.node_of(*number).filter(|_| pod.host_network) {
                    Some(node) => of(self.node(node).1),
                    None => of(&pod.addresses),
                }
            }
            Party::Node(name) => of(self.node(name).1),
            Party::ClusterDns | Party::Entity(_) | Party::Name(_) => of(&[]),
        }
    }

    /// Whether a block of a NetworkPolicy matches a pod whose address nothing shows.
    fn may_be_pods(&self, net: &NetTerm) -> Tri {
        match self.world {
            World::Open => is_pod_address(net.cidr, &net.except, &self.settings.pod_ranges),
            World::Closed => Tri::No,
        }
    }

    fn net_holds(&self, asker: Asker, net: &NetTerm, party: &Party) -> Tri {
        let is_inside = matches!(party, Party::Workload(_) | Party::ClusterDns | Party::Node(_));
        let by_address = || {
            let excepted = net.except.iter().map(|hole| self.address_in(hole, party));
            self.address_in(&net.cidr, party) & !Tri::any(excepted)
        };
        if !is_inside {
            return match party {
                Party::Entity(Entity::ApiServer) => Tri::Unknown(Why::Cluster),
                Party::Entity(Entity::World) | Party::Address(_) | Party::Name(_) => by_address(),
                Party::Entity(_) if self.blocks(asker.kind) == Blocks::Outside => Tri::No,
                _ => by_address(),
            };
        }
        let is_node = match party {
            Party::Node(_) => true,
            Party::Workload(number) => self.workload(*number).workload.host_network,
            _ => false,
        };
        match self.blocks(asker.kind) {
            Blocks::Addresses => match by_address() {
                Tri::Unknown(_) if asker.kind.is_none() && !is_node => self.may_be_pods(net),
                by_address => by_address,
            },
            Blocks::Outside => match party {
                // A resolver on the node may have an address of the block.
                Party::ClusterDns if self.world == World::Open => {
                    is_dns_address(net.cidr, &net.except, []).at_most_unknown(Why::Cluster)
                }
                _ if is_node && self.cilium().cidr_matches_nodes => by_address(),
                _ if is_node && self.world == World::Open && self.network.cilium.is_none() => {
                    by_address().at_most_unknown(Why::Cluster)
                }
                _ => Tri::No,
            },
            Blocks::Undefined => match (self.world, is_node) {
                (World::Open, _) => Tri::Unknown(Why::AddressInCluster),
                (World::Closed, true) => by_address(),
                (World::Closed, false) => Tri::No,
            },
        }
    }

    fn entity_holds(&self, asker: Asker, entity: Entity, party: &Party) -> Tri {
        let is_host_pod = |number: &WorkloadId| self.workload(*number).workload.host_network;
        let is_node = match party {
            Party::Node(_) => true,
            Party::Workload(number) => is_host_pod(number),
            _ => false,
        };
        let is_pod = matches!(party, Party::Workload(_) | Party::ClusterDns) && !is_node;
        let api_server = Party::Entity(Entity::ApiServer);
        match (entity, party) {
            (Entity::All, _) => Tri::Yes,
            (Entity::Nobody, _) => Tri::No,
            (Entity::World, Party::Address(_) | Party::Name(_)) => Tri::Yes,
            (Entity::World | Entity::RemoteNode | Entity::Host, party) if *party == api_server => {
                Tri::Unknown(Why::Cluster)
            }
            (Entity::Cluster, Party::Entity(known)) => (*known != Entity::World).into(),
            (Entity::Cluster, _) => (is_pod || is_node).into(),
            // A node may be one that an API server runs on.
            (Entity::ApiServer, _) if is_node => Tri::Unknown(Why::Cluster),
            (Entity::Host, _) if is_node => self.is_own_node(asker.subject, party),
            (Entity::RemoteNode, _) if is_node => !self.is_own_node(asker.subject, party),
            // A node-local DNS cache on the host network is the host.
            (Entity::Host, Party::ClusterDns) if self.world == World::Open => {
                Tri::Unknown(Why::Cluster)
            }
            (Entity::ClusterMesh, _) if is_pod => Tri::Unknown(Why::Cluster),
            (wanted, Party::Entity(known)) => (wanted == *known).into(),
            _ => Tri::No,
        }
    }

    fn service_holds(&self, asker: Asker, term: &ServiceTerm, party: &Party) -> Tri {
        let mut found = Tri::No;
        let mut any = false;
        for (namespace, name, service) in self.meant_services(asker.home, term) {
            any = true;
            if service.selector.is_empty() {
                found = found | self.slices_hold(namespace, name, party, term.with_ports.is_some());
                continue;
            }
            let selected = match party {
                Party::Workload(number) if !self.workload(*number).workload.host_network => {
                    let pod = self.workload(*number);
                    let identity = PodIdentity { cluster: self, pod };
                    Tri::from(pod.namespace.name == namespace)
                        & Tri::all(service.selector.iter().map(|label| {
                            let (key, value) = (label.key.as_str(), label.value.as_str());
                            holds(
                                &Expr::equals(LabelOf::Pod, key, value, label.key_span),
                                &identity,
                            )
                        }))
                }
                Party::ClusterDns => {
                    Tri::from(namespace == self.profile.dns_namespace())
                        & Tri::all(service.selector.iter().map(|label| {
                            let (key, value) = (label.key.as_str(), label.value.as_str());
                            let wanted = Expr::equals(LabelOf::Pod, key, value, label.key_span);
                            holds(&wanted, &DnsIdentity(self))
                        }))
                }
                _ => Tri::No,
            };
            found = found | selected;
        }
        if any { found } else { Tri::Unknown(Why::NamespaceNotShown) }
    }

    fn slices_hold(&self, namespace: &str, name: &str, party: &Party, with_pods: bool) -> Tri {
        let is_pod = matches!(party, Party::Workload(_) | Party::ClusterDns);
        if is_pod && !with_pods {
            return Tri::No;
        }
        let mut slices = self.endpoints(namespace, name).peekable();
        if slices.peek().is_none() {
            return Tri::Unknown(Why::NamespaceNotShown);
        }
        let addresses = slices.flat_map(|(addresses, _)| addresses);
        Tri::any(addresses.map(|address| self.address_in(&IpNet::from(*address), party)))
    }

    /// The Services that are meant, each with its namespace.
    pub fn meant_services<'a>(
        &'a self,
        home: NamespaceId,
        term: &'a ServiceTerm,
    ) -> impl Iterator<Item = (&'a str, &'a str, &'a Service)> {
        let own = term.with_ports.map(|_| self.namespace(home).name.clone());
        let wanted = term.namespace.clone().or(own);
        let all = NamespaceId::numbered(self.namespaces());
        let within = all.filter(move |(_, namespace)| {
            wanted.as_ref().is_none_or(|wanted| *wanted == namespace.name)
        });
        within.flat_map(move |(number, namespace)| {
            let services =
                self.services_in(number).filter(move |(head, service)| match &term.name {
                    Some(name) => head.name == *name,
                    None => {
                        let identity = SetIdentity { labels: &service.own_labels, namespace: None };
                        holds(&term.labels, &identity).is_yes()
                    }
                });
            services
                .map(move |(head, service)| (namespace.name.as_str(), head.name.as_str(), service))
        })
    }

    fn nodes_hold(&self, labels: &Expr, party: &Party) -> Tri {
        let of = |name: &CompactString| match self.network.has_node(name) {
            true => holds(labels, &SetIdentity { labels: self.node(name).0, namespace: None }),
            false if *labels == Expr::Always => Tri::Yes,
            false => Tri::Unknown(Why::LabelsNotShown),
        };
        match party {
            Party::Node(name) => of(name),
            Party::Workload(number) if self.workload(*number).workload.host_network => {
                self.node_of(*number).map_or(Tri::Unknown(Why::HostNetwork), of)
            }
            Party::Entity(Entity::ApiServer | Entity::Host | Entity::RemoteNode) => {
                Tri::Unknown(Why::Cluster)
            }
            // Some address of a node that is not shown.
            Party::Address(_)
                if self.network.nodes().next().is_none() && self.world == World::Open =>
            {
                Tri::Unknown(Why::Cluster)
            }
            _ => Tri::No,
        }
    }

    fn group_holds(&self, asker: Asker, group: &CidrGroup, party: &Party) -> Tri {
        let mut found = Tri::No;
        let mut any = false;
        for (name, labels, nets) in self.cidr_groups() {
            let is_meant = match &group.name {
                Some(wanted) => wanted == name,
                None => holds(&group.labels, &SetIdentity { labels, namespace: None }).is_yes(),
            };
            if !is_meant {
                continue;
            }
            any = true;
            for cidr in nets {
                let except = group.except.clone();
                let net = NetTerm { cidr: *cidr, except, span: group.span };
                found = found | self.net_holds(asker, &net, party);
            }
        }
        let is_outside = matches!(party, Party::Address(_) | Party::Name(_));
        match any || self.world == World::Closed || !is_outside {
            true => found,
            false => Tri::Unknown(Why::NamespaceNotShown),
        }
    }

    fn family_holds(&self, v6: bool, party: &Party) -> Tri {
        let of = |addresses: &[IpAddr]| match addresses {
            [] => Tri::Unknown(Why::AddressInCluster),
            known => known.iter().any(|address| address.is_ipv6() == v6).into(),
        };
        match party {
            Party::Address(address) => (address.is_ipv6() == v6).into(),
            Party::Workload(number) => of(&self.workload(*number).workload.addresses),
            Party::Node(name) => of(self.node(name).1),
            _ => of(&[]),
        }
    }
}
