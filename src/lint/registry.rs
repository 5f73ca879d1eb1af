//! Every rule, by id.

use super::{
    Rule, dns_single_protocol, dns_wrong_target, ignored_rules, implicit_ingress_isolation,
    invalid_peer, invalid_port, invalid_selector, labels_on_workload_not_pod, missing_dns_egress,
    missing_namespace_selector, namespace_label_by_name, orphaned_peer_selector,
    orphaned_pod_selector, run, service_port_not_pod_port, split_peer, unknown_field,
    unknown_named_port,
};

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &dns_single_protocol::RULE,
    &dns_wrong_target::RULE,
    &ignored_rules::RULE,
    &implicit_ingress_isolation::RULE,
    &invalid_peer::RULE,
    &invalid_port::RULE,
    &invalid_selector::RULE,
    &labels_on_workload_not_pod::RULE,
    &missing_dns_egress::RULE,
    &missing_namespace_selector::RULE,
    &namespace_label_by_name::RULE,
    &orphaned_peer_selector::RULE,
    &orphaned_pod_selector::RULE,
    &service_port_not_pod_port::RULE,
    &split_peer::RULE,
    &unknown_field::RULE,
    &unknown_named_port::RULE,
    &run::UNREADABLE_FILE,
    &run::UNUSED_SUPPRESSION,
    &run::YAML_LIMIT,
    &run::YAML_SYNTAX,
];

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}
