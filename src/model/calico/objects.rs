//! What is rejected of Tiers, NetworkSets and HostEndpoints.

use super::schema;
use crate::bundle::Head;
use crate::model::placeholder::is_placeholder;
use crate::model::tiered::{Bits, Path, Reader, Refusal, RefusalKind, read};
use crate::yaml::Node;

/// The tiers that are there without being written, which can't be changed.
const BUILT_IN: [(&str, f64, &str); 3] = [
    ("default", 1_000_000.0, "Deny"),
    ("kube-admin", 1_000.0, "Pass"),
    ("kube-baseline", 10_000_000.0, "Pass"),
];

/// What Calico's validation rejects of an object that is no policy.
pub(in crate::model) fn refusals(head: &Head, tree: &Node) -> Vec<Refusal> {
    let kind = match head.kind.as_str() {
        "Tier" => "Tier",
        "NetworkSet" => "NetworkSet",
        "GlobalNetworkSet" => "GlobalNetworkSet",
        _ => "HostEndpoint",
    };
    let mut reader = Reader::new(kind, "Calico", tree, schema::of(kind));
    let root = Path::Root;
    let spec = root.field("spec");
    match kind {
        "Tier" => tier(&mut reader, head, tree, &spec),
        "HostEndpoint" => host_endpoint(&mut reader, head, tree, &spec),
        _ => set(&mut reader, tree, &spec),
    }
    reader.refusals
}

fn tier(reader: &mut Reader, head: &Head, tree: &Node, spec: &Path<'_>) {
    let root = Path::Root;
    let metadata = root.field("metadata");
    let name = head.name.as_str();
    if name.contains('.') && !is_placeholder(name) {
        let message = format!("the name of tier `{name}` has a dot");
        let path = metadata.field("name");
        let help = "write a name without dots";
        reader.refuse(RefusalKind::Policy, head.name_span, &path, message, help);
    }
    let fields = read::value(tree, "spec");
    let field = |name: &str| fields.and_then(|spec| read::value(spec, name));
    let action = field("defaultAction").and_then(|node| {
        let known = [("Deny", "Deny"), ("Pass", "Pass")];
        reader.word(node, &spec.field("defaultAction"), "default action", &known)
    });
    let Some((_, order, default)) = BUILT_IN.iter().find(|(known, ..)| *known == name) else {
        return;
    };
    if let Some(node) = field("order")
        && read::number(node).is_some_and(|written| written != *order)
    {
        let message = format!("tier `{name}` has order {order}, and can't have another");
        let path = spec.field("order");
        reader.refuse(RefusalKind::Policy, node.span, &path, message, "leave `order` out");
    }
    if let (Some(action), Some(node)) = (action, field("defaultAction"))
        && action != *default
    {
        let message = format!("tier `{name}` has the default action {default}");
        let path = spec.field("defaultAction");
        reader.refuse(RefusalKind::Policy, node.span, &path, message, "leave it out");
    }
}

fn host_endpoint(reader: &mut Reader, head: &Head, tree: &Node, path: &Path<'_>) {
    let spec = read::value(tree, "spec");
    let has = |name: &str| spec.is_some_and(|spec| read::value(spec, name).is_some());
    if !has("node") {
        let message = "a HostEndpoint needs a `node`";
        let path = path.field("node");
        reader.refuse(RefusalKind::Policy, head.name_span, &path, message, "write its name");
    }
    if !has("interfaceName") && !has("expectedIPs") {
        let message = "a HostEndpoint needs `interfaceName` or `expectedIPs`";
        reader.refuse(RefusalKind::Policy, head.name_span, path, message, "write one of them");
    }
}

fn set(reader: &mut Reader, tree: &Node, path: &Path<'_>) {
    let root = Path::Root;
    let metadata = root.field("metadata");
    let labels = tree.at(&["metadata", "labels"]).and_then(Node::as_map);
    let entries = labels.map_or(&[][..], |map| &map.entries);
    if let Some(entry) = entries.iter().find(|entry| entry.key == "projectcalico.org/namespace") {
        let message = "the label `projectcalico.org/namespace` is set by Calico itself";
        let path = metadata.field("labels");
        reader.refuse(RefusalKind::Policy, entry.key_span, &path, message, "leave it out");
    }
    let nets = read::value(tree, "spec").map_or(&[][..], |spec| read::items(spec, "nets"));
    let outer = path.field("nets");
    for (index, node) in nets.iter().enumerate() {
        // An address alone is a set of one.
        let is_address = node.as_str().is_some_and(|text| text.parse::<std::net::IpAddr>().is_ok());
        if !is_address {
            reader.net(node, &outer.item(index), Bits::Masked);
        }
    }
}
