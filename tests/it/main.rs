//! The behavior of netpol-lint, in one program: one module for each command or capability.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::indexing_slicing)]

mod action;
mod algebra;
mod architecture;
mod attacks;
mod bad_bundles;
mod bad_input;
mod baseline;
mod broken;
mod bundle_mutants;
mod check;
#[cfg(unix)]
mod ci;
mod cli;
mod comments;
mod config;
mod cyclonus;
mod docs;
mod duplicates;
mod evidence;
mod fix;
mod fixes;
mod front_door;
mod given;
mod helm;
mod hidden_faults;
mod inventory;
mod kubectl_yaml;
mod kustomize;
mod memory;
mod mistakes;
mod mutants;
mod mutate;
mod netpol_analyzer;
mod outcome;
mod outputs;
mod overlays;
mod pages;
mod piped;
mod pre_commit;
mod prefilter;
mod reach;
mod reach_laws;
mod repo;
mod report_by_rule;
mod report_formats;
mod report_inert;
mod report_json;
mod report_lines;
mod report_text;
mod report_xml;
#[path = "../../benches/repository/mod.rs"]
mod repository;
mod rule_pages;
mod runner;
mod sample;
mod screenshots;
mod shared;
mod suppress;
mod together;
mod told_of_the_cluster;
mod tools;
mod unseen;
mod upstream_validation;
mod why;
