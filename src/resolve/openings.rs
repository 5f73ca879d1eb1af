//! What the repository does not show, and the namespaces that this affects. Something that is not
//! evaluated opens the namespace that it names; without one, it opens those of its own cluster.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use compact_str::CompactString;

use super::places::Open;
use super::run_time;
use crate::bundle::{Grouped, Neighbours, ObjectId};
use crate::model::{Body, Object};

/// What a bundle leaves open.
#[derive(Clone, Debug)]
pub struct Unseen {
    /// The number of the bundle.
    pub bundle: usize,
    /// The namespace that it all goes to, if there is one.
    pub namespace: Option<CompactString>,
    /// The reason.
    pub why: Open,
}

/// Which cluster it belongs to: it applies to clusters that include it, or may.
#[derive(Clone, Copy, Debug)]
enum Source {
    Object(ObjectId),
    Bundle(usize),
}

impl Source {
    fn is_with(self, neighbours: &Neighbours, grouped_own: impl Fn(ObjectId) -> bool) -> bool {
        match self {
            Self::Object(id) => grouped_own(id) || neighbours.has(id),
            Self::Bundle(number) => {
                neighbours.is_own_bundle(number) || neighbours.has_bundle(number)
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Opening {
    source: Source,
    why: Open,
}

/// Everything that is open, by the namespaces that it affects.
#[derive(Debug, Default)]
pub(super) struct Openings {
    all: Vec<Opening>,
    /// Those with a namespace, by that namespace.
    placed: HashMap<CompactString, Vec<u32>>,
    /// Those without one, by site.
    unplaced: HashMap<usize, Vec<u32>>,
    /// The sites of these, by their namespaces.
    sites: HashMap<CompactString, Vec<usize>>,
    /// Those that affect every namespace.
    everywhere: Vec<u32>,
    /// Names of what is not evaluated, by each of their words.
    words: HashMap<CompactString, Vec<u32>>,
}

impl Openings {
    pub(super) fn of(
        objects: &[Object],
        grouped: &Grouped,
        unseen: Vec<Unseen>,
        default_namespace: &str,
    ) -> Self {
        let mut found = Self::default();
        let mut unplaced: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        let is_chart = |it: &&Unseen| matches!(it.why, Open::Deployed(_));
        let charts: BTreeSet<usize> = unseen.iter().filter(is_chart).map(|it| it.bundle).collect();
        for Unseen { bundle, namespace, why } in unseen {
            let number = found.push(Source::Bundle(bundle), why);
            match namespace {
                Some(name) => found.placed.entry(name).or_default().push(number),
                None => unplaced.entry(bundle).or_default().push(number),
            }
        }
        for (id, object) in ObjectId::numbered(objects) {
            let Some((namespace, why)) = of_object(object, default_namespace) else { continue };
            let number = found.push(Source::Object(id), why);
            match namespace {
                Some(name) => found.placed.entry(name).or_default().push(number),
                None => {
                    for &bundle in grouped.bundles_of(id) {
                        unplaced.entry(bundle as usize).or_default().push(number);
                    }
                }
            }
        }
        for (binding, namespace, why) in run_time::pod_creators(objects, default_namespace) {
            let number = found.push(Source::Object(binding), why);
            match namespace {
                Some(name) => found.placed.entry(name).or_default().push(number),
                None => found.everywhere.push(number),
            }
        }
        if !unplaced.is_empty() {
            found.place(objects, grouped, &unplaced, &charts, default_namespace);
        }
        found
    }

    fn push(&mut self, source: Source, why: Open) -> u32 {
        let number = self.all.len() as u32;
        if let Open::NotEvaluated(what) | Open::Deployed(what) = &why {
            let words: BTreeSet<&str> = words(what).collect();
            for word in words {
                self.words.entry(word.into()).or_default().push(number);
            }
        }
        self.all.push(Opening { source, why });
        number
    }

    /// Without a namespace, it affects those of its own cluster.
    fn place(
        &mut self,
        objects: &[Object],
        grouped: &Grouped,
        unplaced: &BTreeMap<usize, Vec<u32>>,
        charts: &BTreeSet<usize>,
        default_namespace: &str,
    ) {
        for (number, site) in grouped.sites.iter().enumerate() {
            let own = site.bundles.iter().filter_map(|bundle| unplaced.get(bundle));
            let mut own: Vec<u32> = own.flatten().copied().collect();
            if own.is_empty() {
                continue;
            }
            own.sort_unstable();
            own.dedup();
            self.unplaced.insert(number, own);
            let heads = site.members.iter().map(|&id| &objects[id.position()].head);
            let names = heads.map(|head| head.namespace.as_deref().unwrap_or(default_namespace));
            // A chart that names no namespace goes where all that names none goes.
            let chart = site.bundles.iter().any(|bundle| charts.contains(bundle));
            let names: BTreeSet<&str> = names.chain(chart.then_some(default_namespace)).collect();
            for name in names {
                self.sites.entry(name.into()).or_default().push(number);
            }
        }
    }

    /// Why a namespace is open to a site: the most certain reason.
    pub(super) fn why_open(
        &self,
        site: usize,
        namespace: &str,
        neighbours: &Neighbours,
    ) -> Option<&Open> {
        let placed = self.placed.get(namespace).into_iter().flatten();
        let own = self.unplaced.get(&site).into_iter().flatten();
        let others = self.sites.get(namespace).into_iter().flatten();
        let others = others.filter_map(|site| self.unplaced.get(site)).flatten();
        let mut reason = None;
        for &number in placed.chain(own).chain(others).chain(&self.everywhere) {
            let opening = &self.all[number as usize];
            let is_news = reason.is_none_or(|known: &Open| opening.why.is_surer_than(known));
            if is_news && self.is_with(opening, neighbours) {
                reason = Some(&opening.why);
                if opening.why.is_surest() {
                    break;
                }
            }
        }
        reason
    }

    fn is_with(&self, opening: &Opening, neighbours: &Neighbours) -> bool {
        opening.source.is_with(neighbours, |id| neighbours.is_own(id))
    }

    /// Whether something that is not evaluated may run beside a site.
    pub(super) fn leave_things_out(&self, neighbours: &Neighbours) -> bool {
        let is_left_out = |opening: &&Opening| {
            matches!(opening.why, Open::NotEvaluated(_) | Open::Unread(_) | Open::Deployed(_))
        };
        self.all.iter().filter(is_left_out).any(|opening| self.is_with(opening, neighbours))
    }

    /// Whether the name of something that is not evaluated has a word in common with that text:
    /// then it may well create what the selector is meant for.
    pub(super) fn share_word(&self, text: &str) -> bool {
        let is_telling = |word: &&str| word.len() > 2 && !COMMON_WORDS.contains(word);
        words(text).filter(is_telling).any(|word| self.words.contains_key(word))
    }

    /// Something that is not evaluated and whose name contains that word, or those words in a row:
    /// the chart `…/kafka`, for `app: kafka`.
    pub(super) fn named(&self, name: &str) -> Option<&str> {
        let first = words(name).next().filter(|_| name.len() > 2)?;
        let candidates = self.words.get(first)?.iter().map(|&number| &self.all[number as usize]);
        let names = candidates.filter_map(|opening| match &opening.why {
            Open::NotEvaluated(what) | Open::Deployed(what) => Some(what.as_str()),
            _ => None,
        });
        names.into_iter().find(|what| has_word(what, name))
    }
}

/// Words of paths and addresses that say nothing about the contents.
const COMMON_WORDS: &[&str] = &[
    "api",
    "app",
    "apps",
    "base",
    "charts",
    "com",
    "config",
    "deploy",
    "deployment",
    "dev",
    "git",
    "github",
    "https",
    "kubernetes",
    "main",
    "manifests",
    "master",
    "prod",
    "ref",
    "server",
    "service",
    "yaml",
];

/// What an object leaves open: the namespace, if it names one, and why.
fn of_object(object: &Object, default_namespace: &str) -> Option<(Option<CompactString>, Open)> {
    let head = &object.head;
    let who = || format!("{} {}", head.kind, head.name);
    let home = || Some(head.namespace.as_deref().unwrap_or(default_namespace).into());
    match &object.body {
        Body::PodMaker => Some((home(), Open::Operator(who()))),
        Body::Deployer(deployer) if !deployer.is_here => {
            Some((deployer.namespace.clone(), Open::Deployed(who())))
        }
        Body::Unread(what) => Some((head.namespace.clone(), Open::Unread(what.to_string()))),
        _ => None,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

fn has_word(what: &str, word: &str) -> bool {
    what.match_indices(word).any(|(at, _)| {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let (before, rest) = what.split_at(at);
        edge(before.chars().next_back())
            && edge(rest.get(word.len()..).and_then(|rest| rest.chars().next()))
    })
}
