//! Every rule, by id.

use super::{
    Rule, contradictory_selector, deny_all_egress_without_dns, deny_policy_allows_all,
    dns_single_protocol, dns_wrong_target, duplicate_key, duplicate_policy, empty_peer_list,
    host_network_peer, host_network_target, ignored_rules, implicit_ingress_isolation,
    implicit_namespace, implicit_policy_types, invalid_ip_block, invalid_peer, invalid_policy,
    invalid_port, invalid_selector, ip_block_for_pods, labels_on_workload_not_pod,
    missing_dns_egress, missing_namespace_selector, namespace_label_by_name, no_effect_egress,
    orphaned_namespace_selector, orphaned_peer_selector, orphaned_pod_selector,
    port_protocol_mismatch, removed_api_version, run, selector_for_api_server,
    service_port_not_pod_port, split_peer, split_peers_and_ports, undeclared_port,
    undocumented_policy, unknown_field, unknown_named_port, volatile_label_selector,
};

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &contradictory_selector::RULE,
    &deny_all_egress_without_dns::RULE,
    &deny_policy_allows_all::RULE,
    &dns_single_protocol::RULE,
    &dns_wrong_target::RULE,
    &duplicate_key::RULE,
    &duplicate_policy::RULE,
    &empty_peer_list::RULE,
    &host_network_peer::RULE,
    &host_network_target::RULE,
    &ignored_rules::RULE,
    &implicit_ingress_isolation::RULE,
    &implicit_namespace::RULE,
    &implicit_policy_types::RULE,
    &invalid_ip_block::RULE,
    &invalid_peer::RULE,
    &invalid_policy::RULE,
    &invalid_port::RULE,
    &invalid_selector::RULE,
    &ip_block_for_pods::RULE,
    &labels_on_workload_not_pod::RULE,
    &missing_dns_egress::RULE,
    &missing_namespace_selector::RULE,
    &namespace_label_by_name::RULE,
    &no_effect_egress::RULE,
    &orphaned_namespace_selector::RULE,
    &orphaned_peer_selector::RULE,
    &orphaned_pod_selector::RULE,
    &port_protocol_mismatch::RULE,
    &removed_api_version::RULE,
    &selector_for_api_server::RULE,
    &service_port_not_pod_port::RULE,
    &split_peer::RULE,
    &split_peers_and_ports::RULE,
    &undeclared_port::RULE,
    &undocumented_policy::RULE,
    &unknown_field::RULE,
    &unknown_named_port::RULE,
    &run::UNKNOWN_POLICY_KIND,
    &run::UNREADABLE_FILE,
    &run::UNUSED_SUPPRESSION,
    &volatile_label_selector::RULE,
    &run::YAML_LIMIT,
    &run::YAML_SYNTAX,
];

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().copied().find(|rule| rule.id == id)
}
