//! Pods that a workload creates at run time: its ServiceAccount has a role that allows it to create
//! pods, or workloads.

use std::collections::{HashMap, HashSet};

use compact_str::CompactString;

use super::places::Open;
use crate::bundle::ObjectId;
use crate::model::{Body, Object};

/// The bindings that allow a workload to create pods, with the namespace in which it may; `None`
/// for all namespaces.
pub(super) fn pod_creators(
    objects: &[Object],
    default_namespace: &str,
) -> Vec<(ObjectId, Option<CompactString>, Open)> {
    let namespace = |object: &Object| -> CompactString {
        object.head.namespace.clone().unwrap_or_else(|| default_namespace.into())
    };
    // Roles by name, with the namespace of those that have one.
    let mut roles: HashSet<(Option<CompactString>, &str)> = HashSet::new();
    let mut bindings = Vec::new();
    for (id, object) in ObjectId::numbered(objects) {
        match &object.body {
            Body::Role(role) if role.creates_pods => {
                let home = (!role.cluster_wide).then(|| namespace(object));
                roles.insert((home, object.head.name.as_str()));
            }
            Body::Binding(binding) => bindings.push((id, object, binding)),
            _ => {}
        }
    }
    if roles.is_empty() || bindings.is_empty() {
        return Vec::new();
    }
    let mut users: HashMap<(CompactString, &str), &Object> = HashMap::new();
    for object in objects {
        let Body::Workloads(list) = &object.body else { continue };
        for workload in list {
            users.entry((namespace(object), &workload.service_account)).or_insert(object);
        }
    }
    let mut found = Vec::new();
    for (id, object, binding) in bindings {
        let home = namespace(object);
        let role = ((!binding.of_cluster_role).then(|| home.clone()), binding.role.as_str());
        if !roles.contains(&role) {
            continue;
        }
        let user = binding.accounts.iter().find_map(|(place, name)| {
            let place = place.clone().unwrap_or_else(|| home.clone());
            users.get(&(place, name.as_str())).copied()
        });
        if let Some(user) = user {
            let who = format!("{} {}", user.head.kind, user.head.name);
            found.push((id, (!binding.cluster_wide).then_some(home), Open::RunTime(who)));
        }
    }
    found
}
