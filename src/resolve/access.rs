//! Workloads that call the API server: a role of the repository is bound to their ServiceAccount.

use std::collections::{BTreeMap, HashMap, HashSet};

use compact_str::CompactString;

use super::cluster::Cluster;
use super::workload_id::WorkloadId;
use crate::bundle::ObjectId;
use crate::model::{Binding, Body, Role};

/// Roles that every cluster has, and that are bound to be called with.
const BUILT_IN: &[&str] = &["admin", "cluster-admin", "edit", "system:auth-delegator", "view"];

impl Cluster {
    /// The workloads whose ServiceAccount holds a role that they call the API server with, by
    /// number, each with the binding (an index among the objects). Those whose pods get no token
    /// are left out.
    pub fn api_clients(&self) -> BTreeMap<WorkloadId, ObjectId> {
        let accounts = self.bound_accounts();
        let mut clients = BTreeMap::new();
        if accounts.is_empty() {
            return clients;
        }
        let tokenless = self.tokenless();
        for number in self.workload_ids() {
            let it = self.workload(number);
            let account = (it.namespace.name.clone(), it.workload.service_account.clone());
            let mounts = it.workload.mounts_token.unwrap_or(!tokenless.contains(&account));
            if mounts && let Some(binding) = accounts.get(&account) {
                clients.insert(number, *binding);
            }
        }
        clients
    }

    /// The ServiceAccounts, by namespace and name, that a binding gives a role.
    fn bound_accounts(&self) -> HashMap<(CompactString, CompactString), ObjectId> {
        let roles = self.roles();
        let mut accounts = HashMap::new();
        for &id in &self.access {
            let object = self.object(id);
            let Body::Binding(binding) = &object.body else { continue };
            let home = CompactString::new(self.namespace_name_of(&object.head));
            if !is_called(binding, &home, &roles) {
                continue;
            }
            for (namespace, name) in &binding.accounts {
                let namespace = namespace.clone().unwrap_or_else(|| home.clone());
                accounts.entry((namespace, name.clone())).or_insert(id);
            }
        }
        accounts
    }

    /// Roles by their namespace, where they have one, and name.
    fn roles(&self) -> HashMap<(Option<CompactString>, CompactString), Role> {
        let role = |id: &ObjectId| {
            let object = self.object(*id);
            let Body::Role(role) = &object.body else { return None };
            let home = CompactString::new(self.namespace_name_of(&object.head));
            Some((((!role.cluster_wide).then_some(home), object.head.name.clone()), *role))
        };
        self.access.iter().filter_map(role).collect()
    }

    /// ServiceAccounts whose pods get no token, by namespace and name.
    fn tokenless(&self) -> HashSet<(CompactString, CompactString)> {
        let objects = self.access.iter().map(|id| self.object(*id));
        let tokenless = objects.filter(|object| matches!(object.body, Body::NoToken));
        tokenless
            .map(|it| (CompactString::new(self.namespace_name_of(&it.head)), it.head.name.clone()))
            .collect()
    }
}

fn is_called(
    binding: &Binding,
    home: &CompactString,
    roles: &HashMap<(Option<CompactString>, CompactString), Role>,
) -> bool {
    let key = ((!binding.of_cluster_role).then(|| home.clone()), binding.role.clone());
    match roles.get(&key) {
        Some(role) => role.is_called,
        None => binding.of_cluster_role && BUILT_IN.contains(&binding.role.as_str()),
    }
}
