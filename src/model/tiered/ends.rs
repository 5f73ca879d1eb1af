//! Who is at an end of a connection.

use compact_str::CompactString;
use ipnet::IpNet;

use super::expr::Expr;
use crate::model::field::Place;
use crate::text::Span;

/// A condition on one end of a connection.
#[derive(Clone, Debug, PartialEq)]
pub enum Ends {
    /// Everyone, in and out of the cluster.
    Everyone,
    /// Nobody.
    Nobody,
    /// What is written does not tell (`toGroups`, a value that is filled in later).
    Unknown,
    /// Pods, and what else has labels.
    Pods(PodTerm),
    /// Addresses.
    Net(NetTerm),
    /// One of Cilium's entities.
    Entity(Entity, Span),
    /// Addresses that a name resolves to.
    Name(NamePattern),
    /// What is behind a Service.
    Service(ServiceTerm),
    /// The nodes whose labels meet a condition.
    Nodes(Expr, Place),
    /// The addresses of CiliumCIDRGroups.
    Group(CidrGroup),
    /// Addresses of one family: IPv6, or else IPv4.
    Family {
        /// Whether it is IPv6.
        v6: bool,
    },
    /// Not those.
    Not(Box<Ends>),
    /// All of the conditions.
    All(Vec<Ends>),
    /// Any of them.
    Any(Vec<Ends>),
}

impl Ends {
    /// All of them.
    pub fn all(mut all: Vec<Self>) -> Self {
        all.retain(|one| *one != Self::Everyone);
        match all.len() {
            0 => Self::Everyone,
            1 => all.remove(0),
            _ => Self::All(all),
        }
    }

    /// Its parts that are no combination of others, in the order in which they are written.
    pub fn terms(&self) -> Vec<&Self> {
        match self {
            Self::Not(one) => one.terms(),
            Self::All(list) | Self::Any(list) => list.iter().flat_map(Self::terms).collect(),
            one => vec![one],
        }
    }

    /// Its parts that hold of whoever meets it, or of some who do: those that are not negated.
    pub fn required(&self) -> Vec<&Self> {
        match self {
            Self::Not(_) => Vec::new(),
            Self::All(list) | Self::Any(list) => list.iter().flat_map(Self::required).collect(),
            one => vec![one],
        }
    }

    /// The alternatives: each by itself is enough.
    pub fn alternatives(&self) -> &[Self] {
        match self {
            Self::Any(list) => list,
            one => std::slice::from_ref(one),
        }
    }
}

/// Pods by their labels, in some namespaces.
#[derive(Clone, Debug, PartialEq)]
pub struct PodTerm {
    /// Its key; for an item of a list its first token.
    pub place: Place,
    /// The namespaces.
    pub scope: Scope,
    /// The labels.
    pub labels: Expr,
}

/// Where a selector looks.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    /// In the policy's own namespace.
    Own,
    /// Everywhere, also outside namespaces.
    Everywhere,
    /// In the namespaces that meet a condition, whose key is there.
    Where(Expr, Place),
    /// Outside namespaces only.
    Global,
}

/// A block of addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct NetTerm {
    /// The block.
    pub cidr: IpNet,
    /// What is left out of it.
    pub except: Vec<IpNet>,
    /// Where it is written.
    pub span: Span,
}

/// Who is meant by a word (pkg/policy/api/entity.go).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Entity {
    /// Everyone.
    All,
    /// Nobody.
    Nobody,
    /// Everything outside the cluster.
    World,
    /// Everything inside it.
    Cluster,
    /// The pod's own node.
    Host,
    /// Other nodes.
    RemoteNode,
    /// The API servers.
    ApiServer,
    /// The Envoy of Cilium's Ingress and Gateway.
    Ingress,
    /// Health endpoints.
    Health,
    /// Endpoints without labels yet.
    Init,
    /// Pods that Cilium does not manage.
    Unmanaged,
    /// The pods of connected clusters.
    ClusterMesh,
}

impl Entity {
    /// All of them, with the words for them.
    pub const WORDS: [(&'static str, Self); 12] = [
        ("all", Self::All),
        ("none", Self::Nobody),
        ("world", Self::World),
        ("cluster", Self::Cluster),
        ("host", Self::Host),
        ("remote-node", Self::RemoteNode),
        ("kube-apiserver", Self::ApiServer),
        ("ingress", Self::Ingress),
        ("health", Self::Health),
        ("init", Self::Init),
        ("unmanaged", Self::Unmanaged),
        ("cluster-mesh", Self::ClusterMesh),
    ];

    /// The entity of that word. Case counts.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, entity)| *entity)
    }
}

/// A pattern for names of the DNS.
#[derive(Clone, Debug, PartialEq)]
pub struct NamePattern {
    /// The pattern, in lower case and without the last dot.
    pub text: CompactString,
    /// Whether `*` in it stands for anything (`matchPattern`); a `matchName` is exact.
    pub has_stars: bool,
    /// Where it is written.
    pub span: Span,
}

impl NamePattern {
    /// Whether a name fits. `*` is any characters without a dot, `**.` at the start any number of
    /// whole labels, `*` alone every name (pkg/fqdn/matchpattern).
    pub fn fits(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.').to_lowercase();
        if !self.has_stars {
            return self.text == name;
        }
        if self.text == "*" {
            return true;
        }
        match self.text.strip_prefix("**.") {
            Some(rest) => {
                let mut ends = name.match_indices('.').map(|(at, _)| &name[at + 1..]);
                ends.any(|end| fits_stars(rest.as_bytes(), end.as_bytes()))
            }
            None => fits_stars(self.text.as_bytes(), name.as_bytes()),
        }
    }
}

/// Whether a name fits a pattern whose stars stand for characters without a dot. Time grows with
/// the product of both lengths at most.
fn fits_stars(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p, n));
            p += 1;
        } else if pattern.get(p) == Some(&name[n]) {
            p += 1;
            n += 1;
        } else {
            match retry {
                Some((star, at)) if name[at] != b'.' => {
                    retry = Some((star, at + 1));
                    p = star + 1;
                    n = at + 1;
                }
                _ => return false,
            }
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

/// Services.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceTerm {
    /// Its name; none where it is selected by its labels.
    pub name: Option<CompactString>,
    /// The condition on its labels, where it has no name.
    pub labels: Expr,
    /// Its namespace: none for every one.
    pub namespace: Option<CompactString>,
    /// Whether the ports of the Service are meant too, and its endpoints' addresses whether pods or
    /// not: Calico's reading. Cilium means the pods that it selects.
    pub with_ports: Option<bool>,
    /// Where it is written.
    pub place: Place,
}

/// CiliumCIDRGroups.
#[derive(Clone, Debug, PartialEq)]
pub struct CidrGroup {
    /// Its name; none where groups are selected by their labels.
    pub name: Option<CompactString>,
    /// The condition on their labels, where it has no name.
    pub labels: Expr,
    /// What is left out.
    pub except: Vec<IpNet>,
    /// Where it is written.
    pub span: Span,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceId;

    fn fits(pattern: &str, name: &str) -> bool {
        let span = Span { source: SourceId(0), start: 0, end: 0 };
        NamePattern { text: pattern.into(), has_stars: true, span }.fits(name)
    }

    #[test]
    fn a_star_is_one_label_or_a_part_of_one() {
        assert!(fits("*.example.com", "api.example.com") && fits("*", "a.b.c"));
        assert!(fits("s3-*.example.com", "s3-eu.example.com") && fits("a*b*c", "aXbYc"));
        assert!(
            fits("**.example.com", "a.b.example.com")
                && fits("*.A.com".to_lowercase().as_str(), "b.a.COM.")
        );
        for (pattern, name) in [
            ("*.example.com", "example.com"),
            ("*.example.com", "a.b.example.com"),
            ("s3-*.example.com", "s3.example.com"),
            ("**.example.com", "example.com"),
            ("a*", "b"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
