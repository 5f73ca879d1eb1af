//! Today's connections as expectations, for a repository that has none.

use std::collections::{BTreeMap, BTreeSet};

use super::end::display_name;
use super::judge::Judge;
use super::read::Expected;
use crate::model::Direction;
use crate::reach::addresses::{self, Addresses};
use crate::reach::{Allowed, ClassId, PortSet};
use crate::text::visible;

/// One expectation: its ends, and its ports as they are written.
type Clause = (Vec<String>, Vec<String>, String);

/// What is allowed and what is denied in one cluster.
#[derive(Default)]
struct Clauses {
    allow: BTreeSet<Clause>,
    deny: BTreeSet<Clause>,
}

/// A document of expectations that the policies of a cluster keep to, one for each pair of groups
/// of workloads that no policy tells apart. `cluster` is its name, where there are several.
pub fn write(judge: &Judge<'_>, cluster: Option<&str>) -> String {
    let names = names(judge);
    let mut clauses = Clauses::default();
    for (from, froms) in &names {
        for (to, tos) in &names {
            if from == to && froms.len() < 2 {
                continue;
            }
            let allowed = judge.table().between(*from, *to);
            clauses.add(froms, tos, &allowed, &PortSet::all());
        }
        clauses.outside(judge, Direction::Egress, *from, froms);
        clauses.outside(judge, Direction::Ingress, *from, froms);
        let (dns, ports) = (vec!["dns".to_owned()], judge.dns_ports());
        let example = judge.table().found.classes[*from].example();
        if let Ok(answer) = judge.dns(example, &ports) {
            clauses.add(froms, &dns, &answer.allowed, &ports);
        }
    }
    clauses.text(cluster)
}

/// The names of each class's workloads, without those that workloads of several classes share.
fn names(judge: &Judge<'_>) -> BTreeMap<ClassId, Vec<String>> {
    let mut classes_of: BTreeMap<String, BTreeSet<ClassId>> = BTreeMap::new();
    let table = judge.table();
    for number in judge.cluster().workload_ids() {
        let class = table.found.classes.of_workload(number);
        classes_of.entry(display_name(judge.cluster(), number)).or_default().insert(class);
    }
    let mut names: BTreeMap<ClassId, Vec<String>> = BTreeMap::new();
    for (name, classes) in classes_of {
        // A name that steers a terminal is better not repeated in a file for people.
        if let (Some(&class), 1, true) = (classes.first(), classes.len(), visible(&name) == name) {
            names.entry(class).or_default().push(name);
        }
    }
    names
}

impl Clauses {
    fn add(&mut self, from: &[String], to: &[String], allowed: &Allowed, wanted: &PortSet) {
        let mut insert = |expected, ports: PortSet| {
            if ports.is_empty() {
                return;
            }
            let ports = if ports == *wanted { String::new() } else { ports.to_string() };
            let clause = (from.to_vec(), to.to_vec(), ports);
            match expected {
                Expected::Allow => self.allow.insert(clause),
                Expected::Deny => self.deny.insert(clause),
            };
        };
        insert(Expected::Allow, wanted & &allowed.sure);
        insert(Expected::Deny, wanted.without(&allowed.possible));
    }

    /// What is allowed with addresses outside the cluster, and with which nothing is.
    fn outside(&mut self, judge: &Judge<'_>, direction: Direction, class: ClassId, own: &[String]) {
        let mut left = addresses::v4();
        let mut add = |set: &Addresses, allowed: &Allowed| {
            let others = ranges(set);
            match direction {
                Direction::Egress => self.add(own, &others, allowed, &PortSet::all()),
                Direction::Ingress => self.add(&others, own, allowed, &PortSet::all()),
            }
        };
        for (set, allowed) in judge.table().outside(direction, class) {
            left = &left - set;
            add(set, allowed);
        }
        if !left.is_empty() {
            add(&left, &Allowed::default());
        }
    }

    fn text(&self, cluster: Option<&str>) -> String {
        let mut text = String::from("---\n");
        if let Some(cluster) = cluster {
            text.push_str(&format!("cluster: {}\n", quoted(cluster)));
        }
        for (key, clauses) in [("allow", &self.allow), ("deny", &self.deny)] {
            if clauses.is_empty() {
                continue;
            }
            text.push_str(&format!("{key}:\n"));
            for (from, to, ports) in clauses {
                text.push_str(&format!("  - from: {}\n    to: {}\n", list(from), list(to)));
                if !ports.is_empty() {
                    text.push_str(&format!("    ports: {}\n", quoted(ports)));
                }
            }
        }
        text
    }
}

/// The ranges of a set, as `netpol-lint reach` prints them; the internet by its name.
fn ranges(set: &Addresses) -> Vec<String> {
    let range = |range: std::ops::RangeInclusive<u128>| {
        let (first, last) = (addresses::address(*range.start()), addresses::address(*range.end()));
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    set.ranges().map(range).collect()
}

fn list(names: &[String]) -> String {
    match names {
        [only] => quoted(only),
        several => {
            let names: Vec<String> = several.iter().map(|name| quoted(name)).collect();
            format!("[{}]", names.join(", "))
        }
    }
}

/// A string of YAML: plain where nothing could take it for anything else.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-./".contains(c);
    let is_name = text.contains('/') || text.len() > 5;
    if is_name
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(is_plain)
    {
        return text.to_owned();
    }
    // A string of JSON is one of YAML, apart from characters that are escaped in neither.
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_stay_strings() {
        assert_eq!(quoted("shop/api"), "shop/api");
        assert_eq!(quoted("0.0.0.0-9.255.255.255"), "0.0.0.0-9.255.255.255");
        assert_eq!(quoted("no"), "\"no\"");
        assert_eq!(quoted("a\"\u{1b}: b"), "\"a\\\"\\U0000001b: b\"");
        assert_eq!(quoted("TCP 80, UDP 53"), "\"TCP 80, UDP 53\"");
    }
}
