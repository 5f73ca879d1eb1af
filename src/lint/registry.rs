//! Every rule, by id.

use super::{
    Rule, contradictory_selector, dns_single_protocol, dns_wrong_target, duplicate_key,
    duplicate_policy, empty_peer_list, ignored_rules, implicit_ingress_isolation,
    implicit_policy_types, invalid_ip_block, invalid_peer, invalid_policy, invalid_port,
    invalid_selector, labels_on_workload_not_pod, missing_dns_egress, missing_namespace_selector,
    namespace_label_by_name, no_effect_egress, orphaned_namespace_selector, orphaned_peer_selector,
    orphaned_pod_selector, removed_api_version, run, service_port_not_pod_port, split_peer,
    unknown_field, unknown_named_port, volatile_label_selector,
};

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &contradictory_selector::RULE,
    &dns_single_protocol::RULE,
    &dns_wrong_target::RULE,
    &duplicate_key::RULE,
    &duplicate_policy::RULE,
    &empty_peer_list::RULE,
    &ignored_rules::RULE,
    &implicit_ingress_isolation::RULE,
    &implicit_policy_types::RULE,
    &invalid_ip_block::RULE,
    &invalid_peer::RULE,
    &invalid_policy::RULE,
    &invalid_port::RULE,
    &invalid_selector::RULE,
    &labels_on_workload_not_pod::RULE,
    &missing_dns_egress::RULE,
    &missing_namespace_selector::RULE,
    &namespace_label_by_name::RULE,
    &no_effect_egress::RULE,
    &orphaned_namespace_selector::RULE,
    &orphaned_peer_selector::RULE,
    &orphaned_pod_selector::RULE,
    &removed_api_version::RULE,
    &service_port_not_pod_port::RULE,
    &split_peer::RULE,
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
