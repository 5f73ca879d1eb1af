//! The references between kustomizations: roots, cycles, and how many layers are below each.

use std::collections::{BTreeMap, BTreeSet};

use super::disk::Found;
use super::library::Library;
use super::reference::TREES;
use crate::bundle::path;
use crate::yaml::Node;

/// Marks every entry that closes a cycle and counts the layers below each kustomization; returns
/// the roots. Without the marked entries there are no cycles.
pub(super) fn arrange(library: &mut Library) -> Vec<String> {
    let names: Vec<String> = library.directories.keys().cloned().collect();
    let below: Vec<Vec<usize>> = names.iter().map(|name| children(library, &names, name)).collect();
    let mut referred = vec![false; names.len()];
    for (at, children) in below.iter().enumerate() {
        children.iter().filter(|child| **child != at).for_each(|child| {
            if let Some(slot) = referred.get_mut(*child) {
                *slot = true;
            }
        });
    }
    let mut search = Search::new(&below);
    let mut roots = Vec::new();
    let unreferred = (0..names.len()).filter(|at| referred.get(*at) == Some(&false));
    // What is still unvisited after those is in a cycle that nothing outside refers to.
    for at in unreferred.chain(0..names.len()).collect::<Vec<_>>() {
        if search.is_new(at) {
            search.walk(at);
            roots.extend(names.get(at).cloned());
        }
    }
    let climbs = Climbs::of(&names, &below);
    for (at, name) in names.iter().enumerate() {
        if let Some(entry) = library.directories.get_mut(name) {
            entry.height = search.height.get(at).copied().unwrap_or(0);
            let back = search.back.iter().filter(|(_, to)| *to == at);
            entry.back = back.filter_map(|(from, _)| names.get(*from).cloned()).collect();
            entry.climbs = climbs.from(at);
        }
    }
    roots.sort();
    roots
}

/// The most steps that are taken to find out who leads to a directory above: more kustomizations than
/// anyone has.
const MOST_STEPS: usize = 4_000_000;

/// Chains of bases that lead to a directory which contains the kustomization that they begin at:
/// kustomize compares a base with everything on the way to it (api/internal/loader/fileloader.go,
/// `errIfArgEqualOrHigher`).
struct Climbs<'a> {
    names: &'a [String],
    /// A kustomization, what it refers to, and what that leads to.
    all: Vec<(usize, usize, usize)>,
}

impl<'a> Climbs<'a> {
    fn of(names: &'a [String], below: &[Vec<usize>]) -> Self {
        let mut all = Vec::new();
        let mut steps = 0;
        for (at, name) in names.iter().enumerate() {
            let ends = name.match_indices('/').map(|(end, _)| name.get(..end).unwrap_or_default());
            let above = ends.chain((!name.is_empty()).then_some(""));
            let above: BTreeSet<usize> = above
                .filter_map(|it| names.binary_search_by(|n| n.as_str().cmp(it)).ok())
                .collect();
            if above.is_empty() {
                continue;
            }
            for &child in below.get(at).into_iter().flatten() {
                let mut seen = BTreeSet::from([child]);
                let mut open = vec![child];
                while let Some(next) = open.pop() {
                    steps += 1;
                    if above.contains(&next) {
                        all.push((at, child, next));
                        break;
                    }
                    let more = below.get(next).into_iter().flatten();
                    open.extend(more.filter(|it| seen.insert(**it)));
                    if steps > MOST_STEPS {
                        return Self { names, all };
                    }
                }
            }
        }
        Self { names, all }
    }

    /// What a kustomization refers to that leads above it, with the directory above.
    fn from(&self, at: usize) -> BTreeMap<String, String> {
        let own = self.all.iter().filter(|(from, ..)| *from == at);
        own.filter_map(|(_, child, above)| {
            Some((self.names.get(*child)?.clone(), self.names.get(*above)?.clone()))
        })
        .collect()
    }
}

/// The directories that a kustomization refers to.
fn children(library: &Library, names: &[String], name: &str) -> Vec<usize> {
    let tree = library.directories.get(name).and_then(|entry| entry.tree.as_ref());
    let list =
        |key: &&str| tree.and_then(|tree| tree.get(key)).and_then(Node::as_seq).unwrap_or_default();
    let references = TREES.iter().flat_map(list).filter_map(Node::as_str);
    let paths = references.filter_map(|reference| path::join(name, reference));
    let directories = paths.filter_map(|path| match library.find(&path) {
        Found::Directory(path) => names.binary_search(&path).ok(),
        _ => None,
    });
    directories.collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Open,
    Done,
}

/// A depth-first search with a stack of its own.
struct Search<'a> {
    below: &'a [Vec<usize>],
    state: Vec<State>,
    height: Vec<usize>,
    back: BTreeSet<(usize, usize)>,
}

impl<'a> Search<'a> {
    fn new(below: &'a [Vec<usize>]) -> Self {
        let count = below.len();
        Self {
            below,
            state: vec![State::New; count],
            height: vec![0; count],
            back: BTreeSet::new(),
        }
    }

    fn is_new(&self, at: usize) -> bool {
        self.state.get(at) == Some(&State::New)
    }

    fn set(&mut self, at: usize, state: State) {
        if let Some(slot) = self.state.get_mut(at) {
            *slot = state;
        }
    }

    fn walk(&mut self, root: usize) {
        let mut stack = vec![(root, 0)];
        self.set(root, State::Open);
        while let Some((at, next)) = stack.last_mut() {
            let at = *at;
            let child = self.below.get(at).and_then(|children| children.get(*next)).copied();
            *next += 1;
            match child.map(|child| (child, self.state.get(child))) {
                Some((child, Some(State::New))) => {
                    self.set(child, State::Open);
                    stack.push((child, 0));
                }
                Some((child, Some(State::Open))) => {
                    self.back.insert((at, child));
                }
                Some(_) => {}
                None => {
                    self.set(at, State::Done);
                    stack.pop();
                    let children = self.below.get(at).map_or(&[][..], Vec::as_slice);
                    let done = children.iter().filter(|it| !self.back.contains(&(at, **it)));
                    let height = done.filter_map(|it| self.height.get(*it)).max();
                    let height = height.map_or(0, |height| height + 1);
                    if let Some(slot) = self.height.get_mut(at) {
                        *slot = height;
                    }
                }
            }
        }
    }
}
