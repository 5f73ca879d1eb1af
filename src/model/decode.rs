//! Trees to typed objects.

use std::net::IpAddr;

use std::collections::HashSet;

use compact_str::CompactString;

use super::field::{Field, Place, Why};
use super::namespace::NamespaceObject;
use super::policy::{Direction, IpBlock, Peer, Policy, TrafficRule};
use super::ports::{PortEntry, PortRef, Protocol};
use super::selector::{Fault, Label, Operator, Requirement, Selector};
use super::service::{Outside, Service, ServicePort};
use super::tiered::{Evaluator, PolicyKind, TieredPolicy, found};
use super::{
    Body, Object, OtherPolicy, admin, calico, caller, cilium, cluster_config, kinds, network, rbac,
    test_case, validate, workload,
};
use super::{Deployer, placeholder::is_placeholder};
use crate::bundle::{Head, heads};
use crate::text::Span;
use crate::yaml::{self, Entry, Map, Node, Scalar, ScalarKind};

/// Decodes one manifest. Never fails: errors become [`Field::Wrong`].
pub fn decode(head: Head, tree: &Node) -> Object {
    let body = body(&head, tree);
    Object { head, body, made: None }
}

fn body(head: &Head, tree: &Node) -> Body {
    match (head.group.as_str(), head.kind.as_str()) {
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => {
            Body::Policy(Box::new(policy(tree)))
        }
        ("", "Service") => Body::Service(service(tree)),
        ("", "Namespace") => Body::Namespace(namespace(tree)),
        ("", "ConfigMap") => match network::decode(head, tree) {
            Some(object) => Body::Network(Box::new(object)),
            None => templates(tree),
        },
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
            Body::Role(rbac::role(tree, head.kind == "ClusterRole"))
        }
        ("", "ServiceAccount") if rbac::has_no_token(tree) => Body::NoToken,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            let binding = rbac::binding(tree, head.kind == "ClusterRoleBinding");
            binding.map_or(Body::Other, Body::Binding)
        }
        (group, kind) => {
            if let Some(policy) = tiered_policy(head, tree) {
                return Body::Tiered(Box::new(policy));
            }
            if let Some(object) = network::decode(head, tree) {
                return Body::Network(Box::new(object));
            }
            if let Some(cluster_wide) = kinds::other_policy(group, kind) {
                return Body::OtherPolicy(OtherPolicy { cluster_wide });
            }
            let workloads = workload::decode(group, kind, tree);
            if !workloads.is_empty() {
                return Body::Workloads(workloads);
            }
            if kinds::is_pod_maker(group, kind) {
                return Body::PodMaker;
            }
            if kinds::is_deployer(group, kind) {
                return Body::Deployer(deployer(tree));
            }
            if kinds::is_git_source(group, kind) {
                let ignore = tree.at(&["spec", "ignore"]).and_then(Node::as_str);
                return Body::GitSource(ignore.map(CompactString::new));
            }
            if let Some(case) = test_case::decode(group, kind, tree) {
                return Body::TestCase(case);
            }
            if let Some(caller) = caller::caller(group, kind, tree) {
                return Body::Caller(caller);
            }
            if let Some(monitor) = caller::monitor(group, kind, tree) {
                return Body::Monitor(monitor);
            }
            let config = cluster_config::decode(group, kind, head.kind_span, tree);
            config.map_or(Body::Other, Body::ClusterConfig)
        }
    }
}

/// A policy of a kind that is evaluated beside NetworkPolicy.
fn tiered_policy(head: &Head, tree: &Node) -> Option<TieredPolicy> {
    let kind = PolicyKind::of(&head.group, &head.kind)?;
    Some(match kind.evaluator() {
        Evaluator::NetworkPolicyApi => admin::decode(head, kind, tree),
        Evaluator::Cilium => cilium::decode(head, kind, tree),
        Evaluator::Calico => calico::decode(head, kind, tree),
    })
}

/// The most bytes of a ConfigMap's value that are searched for a pod template.
const TEMPLATE_BYTES: usize = 1 << 18;

/// The pod templates in the values of a ConfigMap, from which something may create pods.
fn templates(tree: &Node) -> Body {
    let data = tree.get("data").and_then(Node::as_map);
    let texts = data.iter().flat_map(|map| &map.entries).filter_map(|entry| entry.value.as_str());
    let is_one = |text: &&str| {
        let words = ["containers:", "labels:"];
        text.len() < TEMPLATE_BYTES && words.iter().all(|word| text.contains(word))
    };
    let limits = yaml::Limits { nodes: 10_000, documents: 16, ..yaml::Limits::default() };
    let mut found = Vec::new();
    for text in texts.filter(is_one) {
        let source = tree.span.source;
        let stream = yaml::read(source, text, 0..text.len(), None, &limits);
        for (head, tree) in stream.documents.iter().flat_map(|document| heads(&document.root)) {
            found.extend(workload::decode(&head.group, &head.kind, &tree));
        }
    }
    // Their spans are places in the value, which is not a source.
    for workload in &mut found {
        workload.labels.iter_mut().for_each(|label| {
            (label.key_span, label.value_span) = (tree.span, tree.span);
        });
        (workload.own_labels, workload.ports) = (Vec::new(), Vec::new());
    }
    if found.is_empty() { Body::Other } else { Body::Templates(found) }
}

/// Where a controller deploys a chart or a directory, as far as the object says.
fn deployer(tree: &Node) -> Deployer {
    let routes: [&[&str]; 4] = [
        &["spec", "targetNamespace"],
        &["spec", "destination", "namespace"],
        &["spec", "template", "spec", "destination", "namespace"],
        &["metadata", "namespace"],
    ];
    let target = routes.iter().find_map(|route| tree.at(route).and_then(Node::as_str));
    let target = target.filter(|ns| !is_placeholder(ns) && !deploys_applications(tree, ns));
    let namespace = target.map(CompactString::new);
    Deployer { namespace, tree: tree.clone(), is_here: false }
}

/// Whether an Application deploys a directory to the namespace that it is in itself, Argo CD's own:
/// usually further Applications, which deploy to anywhere.
fn deploys_applications(tree: &Node, target: &str) -> bool {
    let own = tree.at(&["metadata", "namespace"]).and_then(Node::as_str).unwrap_or("argocd");
    let template = tree.at(&["spec", "template"]).unwrap_or(tree);
    let Some(spec) = template.get("spec").filter(|spec| spec.get("destination").is_some()) else {
        return false;
    };
    let sources = spec.get("sources").and_then(Node::as_seq).unwrap_or_default();
    let mut sources = spec.get("source").into_iter().chain(sources);
    own == target && sources.any(|source| source.get("path").is_some())
}

fn policy(tree: &Node) -> Policy {
    let spec_entry = tree.entry("spec").filter(|entry| !entry.value.is_null());
    let spec = spec_entry.map(|entry| &entry.value);
    Policy {
        spec: spec_entry.map(place),
        pod_selector: field(spec, "podSelector", label_selector),
        policy_types: field(spec, "policyTypes", |node| list(node, policy_type)),
        ingress: field(spec, "ingress", |node| {
            list(node, |item| Some(traffic_rule(item, Direction::Ingress)))
        }),
        egress: field(spec, "egress", |node| {
            list(node, |item| Some(traffic_rule(item, Direction::Egress)))
        }),
        tree: tree.clone(),
    }
}

/// The field `key` of a mapping, read by `read`; `null` is absent.
fn field<T>(map: Option<&Node>, key: &str, read: impl FnOnce(&Node) -> Result<T, Why>) -> Field<T> {
    let Some(entry) = map.and_then(|node| node.entry(key)).filter(|e| !e.value.is_null()) else {
        return Field::Absent;
    };
    match read(&entry.value) {
        Ok(value) => Field::Given(value, place(entry)),
        Err(why) => Field::Wrong(place(entry), why),
    }
}

fn place(entry: &Entry) -> Place {
    Place { key: entry.key_span, value: entry.value.span }
}

/// The items of a list. An item for which `read` returns `None` is left out.
fn list<T>(node: &Node, read: impl FnMut(&Node) -> Option<T>) -> Result<Vec<T>, Why> {
    match node.as_seq() {
        Some(items) => Ok(items.iter().filter_map(read).collect()),
        None => Err(wrong_type("a list", node)),
    }
}

fn wrong_type(wanted: &'static str, node: &Node) -> Why {
    Why::Type { wanted, found: found(node) }
}

/// A string as the API server's decoder reads it: `null` is the empty string, a boolean or a number
/// is rejected.
///
/// # Errors
/// Why it is rejected.
pub fn string(node: &Node) -> Result<CompactString, Why> {
    let Some(scalar) = node.as_scalar() else {
        return Err(wrong_type("a string", node));
    };
    match scalar.kind {
        ScalarKind::Str => Ok(scalar.text.clone()),
        ScalarKind::Null => Ok(CompactString::default()),
        ScalarKind::Bool(_) => Err(Why::Unquoted("a boolean")),
        ScalarKind::Int(_) | ScalarKind::Float(_) | ScalarKind::NotJson => {
            Err(Why::Unquoted("a number"))
        }
    }
}

fn policy_type(node: &Node) -> Option<Field<Direction>> {
    let at = Place::item(node.span);
    Some(match string(node) {
        Err(why) => Field::Wrong(at, why),
        Ok(text) => match text.as_str() {
            "Ingress" => Field::Given(Direction::Ingress, at),
            "Egress" => Field::Given(Direction::Egress, at),
            _ => Field::Wrong(at, Why::Refused("must be `Ingress` or `Egress`".into())),
        },
    })
}

/// The first key of an item, or else the item's start: what follows the dash.
fn first_token(node: &Node) -> Span {
    let first_key = node.as_map().and_then(|map| map.entries.iter().map(|e| e.key_span).min());
    first_key.unwrap_or(node.span)
}

/// Whether an item that should be a mapping is neither a mapping nor null (the zero value).
fn is_wrong_item(node: &Node) -> bool {
    node.as_map().is_none() && !node.is_null()
}

fn traffic_rule(node: &Node, direction: Direction) -> TrafficRule {
    TrafficRule {
        span: first_token(node),
        whole: node.span,
        peers: field(Some(node), direction.peers_field(), |n| list(n, |item| Some(peer(item)))),
        ports: field(Some(node), "ports", |n| list(n, |item| Some(port_entry(item)))),
        wrong: is_wrong_item(node),
    }
}

fn peer(node: &Node) -> Peer {
    Peer {
        first_token: first_token(node),
        whole: node.span,
        pod_selector: field(Some(node), "podSelector", label_selector),
        namespace_selector: field(Some(node), "namespaceSelector", label_selector),
        ip_block: field(Some(node), "ipBlock", ip_block),
        wrong: is_wrong_item(node),
    }
}

fn ip_block(node: &Node) -> Result<IpBlock, Why> {
    if node.as_map().is_none() {
        return Err(wrong_type("a mapping", node));
    }
    let except = node.get("except").and_then(Node::as_seq).unwrap_or_default();
    Ok(IpBlock {
        cidr: field(Some(node), "cidr", cidr),
        except: except
            .iter()
            .map(|item| match cidr(item) {
                Ok(net) => Field::Given(net, Place::item(item.span)),
                Err(why) => Field::Wrong(Place::item(item.span), why),
            })
            .collect(),
    })
}

/// A CIDR. Leading zeros, host bits and IPv4-mapped IPv6 are accepted before Kubernetes 1.36, so
/// they are read here (host bits are masked, as network plugins do).
fn cidr(node: &Node) -> Result<ipnet::IpNet, Why> {
    let text = string(node)?;
    let relaxed = without_leading_zeros(&text);
    relaxed.parse::<ipnet::IpNet>().map(|net| net.trunc()).map_err(|_| {
        Why::Refused("must be an address with a prefix length, such as `10.0.0.0/8`".into())
    })
}

fn without_leading_zeros(text: &str) -> String {
    if text.contains(':') {
        return text.to_owned();
    }
    let part = |part: &str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    let address: Vec<String> = address.split('.').map(part).collect();
    format!("{}/{}", address.join("."), part(length))
}

fn port_entry(node: &Node) -> PortEntry {
    PortEntry {
        first_token: first_token(node),
        whole: node.span,
        protocol: field(Some(node), "protocol", protocol),
        port: field(Some(node), "port", port_ref),
        end_port: field(Some(node), "endPort", end_port),
        wrong: is_wrong_item(node),
    }
}

fn protocol(node: &Node) -> Result<Protocol, Why> {
    let text = string(node)?;
    Protocol::parse(&text)
        .ok_or_else(|| Why::Refused("must be `TCP`, `UDP` or `SCTP`, in uppercase".into()))
}

/// `IntOrString`: a whole number in any notation of YAML 1.1 (`80.0` and `8e1` too, because JSON
/// has one number type), or a name.
pub(super) fn port_ref(node: &Node) -> Result<PortRef, Why> {
    let Some(scalar) = node.as_scalar() else {
        return Err(wrong_type("a number or a name", node));
    };
    match scalar.kind {
        ScalarKind::Int(_) | ScalarKind::Float(_) => port_number(scalar).map(PortRef::Number),
        ScalarKind::Bool(_) | ScalarKind::NotJson | ScalarKind::Null => {
            Err(wrong_type("a number or a name", node))
        }
        ScalarKind::Str if is_placeholder(&scalar.text) => {
            Ok(PortRef::Placeholder(scalar.text.clone()))
        }
        ScalarKind::Str => {
            validate::port_name(&scalar.text).map_err(Why::Refused)?;
            Ok(PortRef::Name(scalar.text.clone()))
        }
    }
}

fn port_number(scalar: &Scalar) -> Result<u16, Why> {
    let outside = || Why::Refused("must be between 1 and 65535".into());
    let number = match scalar.kind {
        ScalarKind::Int(number) => number,
        ScalarKind::Float(float) if float.fract() == 0.0 && float.abs() < 1e9 => float as i64,
        ScalarKind::Float(float) if float.fract() != 0.0 => {
            return Err(Why::Refused("must be a whole number".into()));
        }
        _ => return Err(outside()),
    };
    u16::try_from(number).ok().filter(|n| *n > 0).ok_or_else(outside)
}

fn end_port(node: &Node) -> Result<u16, Why> {
    match node.as_scalar() {
        Some(scalar) if matches!(scalar.kind, ScalarKind::Int(_) | ScalarKind::Float(_)) => {
            port_number(scalar)
        }
        _ => Err(wrong_type("a number", node)),
    }
}

/// What a label key must be, or why it is refused.
pub(super) type KeyCheck = fn(&str) -> Result<(), String>;

pub(super) fn label_selector(node: &Node) -> Result<Selector, Why> {
    selector(node, validate::label_key)
}

/// A label selector whose keys `keys` accepts.
pub(super) fn selector(node: &Node, keys: KeyCheck) -> Result<Selector, Why> {
    if node.as_map().is_none() {
        return Err(wrong_type("a mapping", node));
    }
    let mut selector = Selector::default();
    match node.entry("matchLabels").map(|entry| &entry.value) {
        Some(labels) if labels.as_map().is_some() => {
            for entry in labels.as_map().map(Map::effective).unwrap_or_default() {
                match_label(entry, keys, &mut selector);
            }
        }
        Some(other) if !other.is_null() => {
            fault_type(other, "matchLabels", "a mapping", &mut selector)
        }
        _ => {}
    }
    match node.get("matchExpressions") {
        Some(list) if list.as_seq().is_some() => {
            for (index, item) in list.as_seq().unwrap_or_default().iter().enumerate() {
                match_expression(item, index, keys, &mut selector);
            }
        }
        Some(other) if !other.is_null() => {
            fault_type(other, "matchExpressions", "a list", &mut selector);
        }
        _ => {}
    }
    Ok(selector)
}

fn fault_type(node: &Node, field: &str, wanted: &'static str, selector: &mut Selector) {
    selector.faults.push(Fault {
        span: node.span,
        field: field.to_owned(),
        text: node.as_scalar().map(|s| s.text.clone()).unwrap_or_default(),
        why: wrong_type(wanted, node),
        accepted: false,
    });
}

fn match_label(entry: &Entry, keys: KeyCheck, selector: &mut Selector) {
    let field = format!("matchLabels[{}]", entry.key);
    check_key(&entry.key, keys, entry.key_span, &field, selector);
    if let Some(value) = label_value(&entry.value, &field, selector) {
        selector.requirements.push(Requirement {
            key: entry.key.clone(),
            operator: Operator::In,
            values: vec![(value, entry.value.span)],
            key_span: entry.key_span,
            span: Span { end: entry.value.span.end.max(entry.key_span.end), ..entry.key_span },
            is_label: true,
        });
    }
}

fn check_key(key: &str, keys: KeyCheck, span: Span, field: &str, selector: &mut Selector) {
    if is_placeholder(key) {
        return;
    }
    if let Err(reason) = keys(key) {
        selector.faults.push(Fault {
            span,
            field: field.to_owned(),
            text: key.into(),
            why: Why::Refused(reason),
            accepted: false,
        });
    }
}

/// A label value. An invalid one becomes a fault, and null becomes the empty value with a fault
/// that is only a warning.
fn label_value(node: &Node, field: &str, selector: &mut Selector) -> Option<CompactString> {
    let text = node.as_scalar().map(|s| s.text.clone()).unwrap_or_default();
    let mut fault = |why: Why, accepted: bool| {
        let text = text.clone();
        selector.faults.push(Fault { span: node.span, field: field.into(), text, why, accepted });
    };
    match string(node) {
        Err(why) => {
            fault(why, false);
            None
        }
        Ok(value) if node.is_null() => {
            fault(Why::Refused("is read as the empty string".into()), true);
            Some(value)
        }
        Ok(value) => {
            if !is_placeholder(&value)
                && let Err(reason) = validate::label_value(&value)
            {
                fault(Why::Refused(reason), false);
                return None;
            }
            Some(value)
        }
    }
}

fn match_expression(node: &Node, index: usize, keys: KeyCheck, selector: &mut Selector) {
    let base = format!("matchExpressions[{index}]");
    if is_wrong_item(node) {
        return fault_type(node, &base, "a mapping", selector);
    }
    let key_node = node.get("key");
    let key = key_node.map_or(Ok(CompactString::default()), string);
    let key_span = key_node.map_or(first_token(node), |n| n.span);
    match &key {
        Ok(key) => check_key(key, keys, key_span, &format!("{base}.key"), selector),
        Err(why) => selector.faults.push(Fault {
            span: key_span,
            field: format!("{base}.key"),
            text: key_node.and_then(Node::as_scalar).map(|s| s.text.clone()).unwrap_or_default(),
            why: why.clone(),
            accepted: false,
        }),
    }
    let operator = operator(node, &base, selector);
    let values = expression_values(node, operator, &base, selector);
    if let (Ok(key), Some(operator)) = (key, operator) {
        let span = Span { start: first_token(node).start, ..node.span };
        let requirement = Requirement { key, operator, values, key_span, span, is_label: false };
        selector.requirements.push(requirement);
    }
}

fn operator(node: &Node, base: &str, selector: &mut Selector) -> Option<Operator> {
    let written = node.get("operator");
    let text = written.map_or(Ok(CompactString::default()), string);
    let parsed = match text.as_deref() {
        Ok("In") => return Some(Operator::In),
        Ok("NotIn") => return Some(Operator::NotIn),
        Ok("Exists") => return Some(Operator::Exists),
        Ok("DoesNotExist") => return Some(Operator::DoesNotExist),
        Ok(text) if is_placeholder(text) => return None,
        other => other.map(ToOwned::to_owned),
    };
    let why = match parsed {
        Err(why) => why.clone(),
        Ok(text) if text.is_empty() => {
            Why::Refused("is missing: it must be `In`, `NotIn`, `Exists` or `DoesNotExist`".into())
        }
        Ok(_) => Why::Refused(
            "must be `In`, `NotIn`, `Exists` or `DoesNotExist` (case-sensitive)".into(),
        ),
    };
    selector.faults.push(Fault {
        span: written.map_or(first_token(node), |n| n.span),
        field: format!("{base}.operator"),
        text: written.and_then(Node::as_scalar).map(|s| s.text.clone()).unwrap_or_default(),
        why,
        accepted: false,
    });
    None
}

fn expression_values(
    node: &Node,
    operator: Option<Operator>,
    base: &str,
    selector: &mut Selector,
) -> Vec<(CompactString, Span)> {
    let entry = node.entry("values").filter(|entry| !entry.value.is_null());
    let field = format!("{base}.values");
    let items = match entry.map(|entry| (&entry.value, entry.value.as_seq())) {
        None => &[][..],
        Some((_, Some(items))) => items,
        Some((other, None)) => {
            fault_type(other, &field, "a list", selector);
            return Vec::new();
        }
    };
    let mut refuse = |span: Span, reason: &str| {
        selector.faults.push(Fault {
            span,
            field: field.clone(),
            text: CompactString::default(),
            why: Why::Refused(reason.to_owned()),
            accepted: false,
        });
    };
    match operator {
        Some(Operator::In | Operator::NotIn) if items.is_empty() => {
            let span = entry.map_or_else(|| operator_span(node), |entry| entry.key_span);
            refuse(span, "must not be empty with `In` and `NotIn`");
        }
        Some(Operator::Exists | Operator::DoesNotExist) if !items.is_empty() => {
            let span = entry.map_or_else(|| operator_span(node), |entry| entry.key_span);
            refuse(span, "must be absent with `Exists` and `DoesNotExist`");
        }
        _ => {}
    }
    let mut values = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        if let Some(value) = label_value(item, &format!("{base}.values[{index}]"), selector) {
            values.push((value, item.span));
        }
    }
    values
}

fn operator_span(node: &Node) -> Span {
    node.get("operator").map_or(first_token(node), |n| n.span)
}

/// The labels in a mapping of labels, and whether some are unknown (a value of the wrong type, or a
/// placeholder as a key).
pub(super) fn label_map(node: Option<&Node>) -> (Vec<Label>, bool) {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return (Vec::new(), false);
    };
    let Some(map) = node.as_map() else {
        return (Vec::new(), true);
    };
    let mut unsure = false;
    let mut labels: Vec<Label> = Vec::with_capacity(map.entries.len());
    for entry in &map.entries {
        unsure |= is_placeholder(&entry.key);
        let value = string(&entry.value).ok().or_else(|| {
            // The API server rejects it, and quotes are the fix: the text is what is meant.
            unsure = true;
            entry.value.as_scalar().map(|scalar| scalar.text.clone())
        });
        let Some(value) = value else { continue };
        labels.push(Label {
            key: entry.key.clone(),
            value,
            key_span: entry.key_span,
            value_span: entry.value.span,
        });
    }
    // The last of duplicate keys counts.
    let mut keys = HashSet::with_capacity(labels.len());
    labels.reverse();
    labels.retain(|label| keys.insert(label.key.clone()));
    labels.reverse();
    (labels, unsure)
}

fn namespace(tree: &Node) -> NamespaceObject {
    let (labels, labels_unsure) = label_map(tree.at(&["metadata", "labels"]));
    NamespaceObject { labels, labels_unsure }
}

fn service(tree: &Node) -> Service {
    let spec = tree.get("spec");
    let get = |key: &str| spec.and_then(|spec| spec.get(key));
    let ports = get("ports").and_then(Node::as_seq).unwrap_or_default();
    Service {
        selector: label_map(get("selector")).0,
        ports: ports.iter().filter_map(service_port).collect(),
        headless: get("clusterIP").and_then(Node::as_str) == Some("None"),
        cluster_ips: cluster_ips(spec),
        external_name: get("type").and_then(Node::as_str) == Some("ExternalName"),
        own_labels: label_map(tree.at(&["metadata", "labels"])).0,
        outside: match get("type").and_then(Node::as_str) {
            Some("LoadBalancer") => Some(Outside::LoadBalancer),
            Some("NodePort") => Some(Outside::NodePort),
            _ => None,
        },
        keeps_source: get("externalTrafficPolicy").and_then(Node::as_str) == Some("Local"),
        is_for_members: get("publishNotReadyAddresses")
            .and_then(Node::as_scalar)
            .is_some_and(|scalar| scalar.kind == ScalarKind::Bool(true)),
        scrape: caller::scrape(tree.at(&["metadata", "annotations"])),
    }
}

/// The addresses of a Service; values that are not addresses (`None`, a placeholder) are skipped.
fn cluster_ips(spec: Option<&Node>) -> Vec<(IpAddr, Span)> {
    let get = |key: &str| spec.and_then(|spec| spec.get(key));
    let list = get("clusterIPs").and_then(Node::as_seq).unwrap_or_default();
    let mut found: Vec<(IpAddr, Span)> = Vec::new();
    for node in get("clusterIP").into_iter().chain(list) {
        if let Some(address) = node.as_str().and_then(|text| text.parse().ok())
            && !found.iter().any(|(known, _)| *known == address)
        {
            found.push((address, node.span));
        }
    }
    found
}

fn service_port(node: &Node) -> Option<ServicePort> {
    let port_node = node.get("port")?;
    let target_node = node.get("targetPort").filter(|n| !n.is_null());
    // The API server rejects a quoted number, but its meaning is clear.
    let target = match target_node {
        None => None,
        Some(target) => Some(port_ref(target).ok().or_else(|| numeric_text(target))?),
    };
    Some(ServicePort {
        port: port_number(port_node.as_scalar()?).ok()?,
        target,
        protocol: node.get("protocol").map_or(Some(Protocol::Tcp), |n| protocol(n).ok())?,
        name: node.get("name").and_then(Node::as_str).map(CompactString::new),
        port_span: port_node.span,
        target_span: target_node.map_or(port_node.span, |n| n.span),
    })
}

fn numeric_text(node: &Node) -> Option<PortRef> {
    let text = node.as_str()?;
    text.parse::<u16>().ok().map(PortRef::Number)
}
