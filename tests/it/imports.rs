//! Which file of `src` uses which: parsed, not searched, so that an import over several lines or a
//! path in the middle of a function counts as well.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;
use syn::{Item, UseTree};

/// A module's path: `["reach", "sides"]`; empty for the root of the crate.
type Module = Vec<String>;

/// The files of `src`, and what they use of one another.
pub struct Imports {
    files: BTreeMap<Module, PathBuf>,
    /// What a module passes on from others, and from where.
    passed_on: BTreeMap<(Module, String), Module>,
    /// For each file, those that it uses.
    pub uses: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

impl Imports {
    /// Of the files below `src`, whose paths are given from there.
    pub fn of(src: &Path) -> Self {
        let mut found =
            Self { files: BTreeMap::new(), passed_on: BTreeMap::new(), uses: BTreeMap::new() };
        let mut seen = Vec::new();
        for file in super::architecture::files(src) {
            let text = std::fs::read_to_string(&file).unwrap();
            let path = file.strip_prefix(src).unwrap().to_path_buf();
            let module = module_of(&path);
            // A file of tests may use anything.
            if path.file_name().is_some_and(|name| name == "tests.rs" || name == "main.rs") {
                continue;
            }
            let mut paths = Paths { module: module.clone(), ..Paths::default() };
            paths.visit_file(&syn::parse_file(&text).unwrap());
            found.files.insert(module, path);
            seen.push(paths);
        }
        for paths in &seen {
            for (name, path) in &paths.passed_on {
                if let Some((from, _)) = found.reached(&paths.module, path, false) {
                    let mut target = from;
                    target.extend(path.last().cloned());
                    found.passed_on.insert((paths.module.clone(), name.clone()), target);
                }
            }
        }
        for paths in &seen {
            let own = found.files[&paths.module].clone();
            let used = paths.used.iter().filter_map(|path| found.file(&paths.module, path));
            let used = used.filter(|file| *file != own && !is_front_of(file, &own)).collect();
            found.uses.insert(own, used);
        }
        found
    }

    /// The file that defines what a path in a module names.
    fn file(&self, module: &Module, path: &[String]) -> Option<PathBuf> {
        let (mut at, mut rest) = self.reached(module, path, true)?;
        // What a module passes on is used where it is defined.
        for _ in 0..8 {
            let Some(name) = rest.first() else { break };
            let Some(target) = self.passed_on.get(&(at.clone(), name.clone())) else { break };
            let (to, left) = self.reached(&Module::new(), target, true)?;
            (at, rest) = (to, left);
        }
        self.files.get(&at).cloned()
    }

    /// The module that a path reaches, and what is left of the path. A path that begins with the
    /// name of a crate reaches none.
    fn reached(
        &self,
        module: &Module,
        path: &[String],
        absolute: bool,
    ) -> Option<(Module, Vec<String>)> {
        let mut rest = path.iter().peekable();
        let mut at = match rest.peek()?.as_str() {
            "crate" => {
                rest.next();
                Module::new()
            }
            "self" | "super" => module.clone(),
            name if self.files.contains_key(&child(module, name)) => module.clone(),
            _ if absolute && module.is_empty() => Module::new(),
            _ => return None,
        };
        while let Some(word) = rest.peek() {
            match word.as_str() {
                "self" => {}
                "super" => drop(at.pop()),
                name if self.files.contains_key(&child(&at, name)) => at.push(name.to_owned()),
                _ => break,
            }
            rest.next();
        }
        Some((at, rest.cloned().collect()))
    }

    /// Sets of files that use one another in a circle.
    pub fn circles(&self) -> Vec<Vec<PathBuf>> {
        let reach: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
            self.uses.keys().map(|file| (file, self.all_used_by(file))).collect();
        let mut found: BTreeSet<Vec<PathBuf>> = BTreeSet::new();
        for (file, used) in &reach {
            let circle = used.iter().filter(|other| reach[**other].contains(file));
            let circle: Vec<PathBuf> = circle.map(|other| (*other).clone()).collect();
            if circle.len() > 1 {
                found.insert(circle);
            }
        }
        found.into_iter().collect()
    }

    fn all_used_by<'a>(&'a self, file: &'a PathBuf) -> BTreeSet<&'a PathBuf> {
        let (mut found, mut left) = (BTreeSet::new(), vec![file]);
        while let Some(next) = left.pop() {
            let used = self.uses.get(next).into_iter().flatten();
            left.extend(used.filter(|file| found.insert(*file)));
        }
        found
    }
}

/// Whether a file is the `mod.rs` of a folder that the other is in: a module's front and its parts
/// are one thing, and a part may use what its front defines.
fn is_front_of(file: &Path, part: &Path) -> bool {
    let folder = file.parent().filter(|_| file.ends_with("mod.rs") || file == Path::new("lib.rs"));
    folder.is_some_and(|folder| part.starts_with(folder))
}

fn child(module: &Module, name: &str) -> Module {
    let mut path = module.clone();
    path.push(name.to_owned());
    path
}

fn module_of(path: &Path) -> Module {
    let mut module: Module =
        path.with_extension("").iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

/// The paths in one file, in code that is not a test.
#[derive(Default)]
struct Paths {
    module: Module,
    used: BTreeSet<Vec<String>>,
    passed_on: Vec<(String, Vec<String>)>,
}

impl Paths {
    fn enter(&mut self, prefix: &[String], tree: &UseTree, passes_on: bool) {
        let join = |name: &syn::Ident| {
            let mut path = prefix.to_vec();
            path.push(name.to_string());
            path
        };
        let (name, path) = match tree {
            UseTree::Path(path) => return self.enter(&join(&path.ident), &path.tree, passes_on),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.enter(prefix, tree, passes_on));
                return;
            }
            UseTree::Name(name) => (name.ident.to_string(), join(&name.ident)),
            UseTree::Rename(name) => (name.rename.to_string(), join(&name.ident)),
            UseTree::Glob(_) => (String::new(), prefix.to_vec()),
        };
        match passes_on {
            true => self.passed_on.push((name, path)),
            false => drop(self.used.insert(path)),
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|it| {
        it.path().is_ident("cfg")
            && it.parse_args::<syn::Ident>().is_ok_and(|condition| condition == "test")
    })
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        match item {
            Item::Mod(module) if is_test(&module.attrs) => {}
            Item::Fn(function) if is_test(&function.attrs) => {}
            Item::Use(import) if is_test(&import.attrs) => {}
            Item::Use(import) => {
                let passes_on = !matches!(import.vis, syn::Visibility::Inherited);
                self.enter(&[], &import.tree, passes_on);
            }
            _ => syn::visit::visit_item(self, item),
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<String> = path.segments.iter().map(|part| part.ident.to_string()).collect();
        if words.len() > 1 {
            self.used.insert(words);
        }
        syn::visit::visit_path(self, path);
    }
}
