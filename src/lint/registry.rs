//! Every rule, by id.

use super::{
    Rule, deny_all_egress_without_dns, deny_policy_allows_all, dns_single_protocol,
    dns_wrong_target, host_network_peer, host_network_target, ignored_rules,
    implicit_ingress_isolation, implicit_namespace, invalid_peer, invalid_port, invalid_selector,
    ip_block_for_pods, labels_on_workload_not_pod, missing_dns_egress, missing_namespace_selector,
    namespace_label_by_name, orphaned_peer_selector, orphaned_pod_selector, port_protocol_mismatch,
    run, selector_for_api_server, service_port_not_pod_port, split_peer, split_peers_and_ports,
    undeclared_port, undocumented_policy, unknown_field, unknown_named_port,
};

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &deny_all_egress_without_dns::RULE,
    &deny_policy_allows_all::RULE,
    &dns_single_protocol::RULE,
    &dns_wrong_target::RULE,
    &host_network_peer::RULE,
    &host_network_target::RULE,
    &ignored_rules::RULE,
    &implicit_ingress_isolation::RULE,
    &implicit_namespace::RULE,
    &invalid_peer::RULE,
    &invalid_port::RULE,
    &invalid_selector::RULE,
    &ip_block_for_pods::RULE,
    &labels_on_workload_not_pod::RULE,
    &missing_dns_egress::RULE,
    &missing_namespace_selector::RULE,
    &namespace_label_by_name::RULE,
    &orphaned_peer_selector::RULE,
    &orphaned_pod_selector::RULE,
    &port_protocol_mismatch::RULE,
    &selector_for_api_server::RULE,
    &service_port_not_pod_port::RULE,
    &split_peer::RULE,
    &split_peers_and_ports::RULE,
    &undeclared_port::RULE,
    &undocumented_policy::RULE,
    &unknown_field::RULE,
    &unknown_named_port::RULE,
    &run::UNREADABLE_FILE,
    &run::YAML_LIMIT,
    &run::YAML_SYNTAX,
];

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}
