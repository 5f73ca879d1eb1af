//! Whether git keeps a path out of the repository: what is listed and not there is made by someone
//! then, or private, and nothing is wrong with listing it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::disk::{Disk, Found};

/// The ignore rules of the directories that were asked about.
#[derive(Debug, Default)]
pub(super) struct Ignored(Mutex<BTreeMap<String, Arc<Gitignore>>>);

impl Disk {
    /// Whether gitignore rules cover a path that does not exist; it may be meant as a file or as a
    /// directory.
    pub fn is_ignored(&self, path: &str) -> bool {
        let above = path.match_indices('/').rev().map(|(at, _)| path.split_at(at).0);
        for directory in above.chain(std::iter::once("")) {
            let rules = self.rules_of(directory);
            let inside = path.strip_prefix(directory).unwrap_or(path).trim_start_matches('/');
            if rules.is_empty() || inside.is_empty() {
                continue;
            }
            let found = [false, true].map(|is_directory| {
                rules.matched_path_or_any_parents(inside, is_directory)
            });
            if found.iter().any(Match::is_ignore) {
                return true;
            }
            if found.iter().any(Match::is_whitelist) {
                return false;
            }
        }
        false
    }

    fn rules_of(&self, directory: &str) -> Arc<Gitignore> {
        let mut known = self.ignored.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rules) = known.get(directory) {
            return Arc::clone(rules);
        }
        let mut builder = GitignoreBuilder::new("");
        let names: &[&str] =
            if directory.is_empty() { &[".gitignore", ".git/info/exclude"] } else { &[".gitignore"] };
        for name in names {
            let path = if directory.is_empty() {
                (*name).to_owned()
            } else {
                format!("{directory}/{name}")
            };
            let Found::File(real) = self.find(&path) else { continue };
            let text = self.read(&real).unwrap_or_default();
            for line in String::from_utf8_lossy(&text).lines() {
                // A line that is no pattern is passed by, as git does.
                let _ = builder.add_line(None, line);
            }
        }
        let rules = Arc::new(builder.build().unwrap_or_else(|_| Gitignore::empty()));
        known.insert(directory.to_owned(), Arc::clone(&rules));
        rules
    }
}
