//! How what a run costs grows with each dimension of its input: a table of dimensions, sizes, CPU
//! seconds and exponents. Exits with 1 where one grows faster than n log n may.
//!
//! `cargo bench --bench growth -- [--seconds S] [--most EXPONENT] [NAMES]`: the largest run of a
//! dimension takes at least S CPU seconds (0.2), and no exponent is above the given one (1.25).
//! `cargo test --bench growth -- …` does the same with the build that tests use.

#![allow(clippy::expect_used, clippy::exit, clippy::print_stdout)]

#[path = "growth/bundles.rs"]
mod bundles;
#[path = "growth/clock.rs"]
mod clock;
#[path = "growth/cluster.rs"]
mod cluster;
#[path = "growth/connections.rs"]
mod connections;
#[path = "growth/findings.rs"]
mod findings;
#[path = "growth/manifests.rs"]
mod manifests;

use std::path::Path;

use netpol_lint::Request;

/// One dimension of the input.
struct Dimension {
    name: &'static str,
    /// The size to begin with.
    first: usize,
    /// Writes a repository of that size.
    write: fn(&Repository, usize),
}

/// An empty directory to be filled.
struct Repository(tempfile::TempDir);

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(folder.path().join(".git")).expect("room for a directory");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and the directories above it.
    fn file(&self, path: &str, text: impl AsRef<str>) {
        let path = self.path().join(path);
        let folder = path.parent().expect("a file has a directory");
        std::fs::create_dir_all(folder).expect("room for a directory");
        std::fs::write(path, text.as_ref()).expect("room for a file");
    }
}

/// How often each size is measured; the best counts.
const TRIES: usize = 3;
/// How many sizes are tried, each twice the one before.
const SIZES: u32 = 12;
/// The exponent is taken between the largest size and the one this many doublings before.
const APART: usize = 2;

struct Options {
    seconds: f64,
    most: f64,
    names: Vec<String>,
}

fn options() -> Options {
    let mut options = Options { seconds: 0.2, most: 1.25, names: Vec::new() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || {
            let value = words.next().and_then(|word| word.parse().ok());
            value.unwrap_or_else(|| panic!("{word} needs a number"))
        };
        match word.as_str() {
            "--seconds" => options.seconds = number(),
            "--most" => options.most = number(),
            // What `cargo bench` adds.
            "--bench" => {}
            _ => options.names.push(word),
        }
    }
    options
}

/// The CPU seconds of a run over a repository of that size.
fn measure(dimension: &Dimension, size: usize) -> f64 {
    let repository = Repository::new();
    (dimension.write)(&repository, size);
    let request = Request { cwd: repository.path().to_owned(), ..Request::default() };
    let run = || {
        let before = clock::cpu_seconds();
        netpol_lint::check(&request, &()).expect("a readable repository");
        clock::cpu_seconds() - before
    };
    (0..TRIES).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// Measures sizes until one takes long enough, and prints them; the exponent at the end.
fn grow(dimension: &Dimension, options: &Options) -> f64 {
    let mut sizes: Vec<(usize, f64)> = Vec::new();
    for doubling in 0..SIZES {
        let size = dimension.first << doubling;
        let seconds = measure(dimension, size);
        sizes.push((size, seconds));
        if seconds >= options.seconds && sizes.len() > APART {
            break;
        }
    }
    let last = &sizes[sizes.len() - APART - 1..];
    let exponent = (last[APART].1 / last[0].1).log2() / APART as f64;
    let words: Vec<String> =
        last.iter().map(|(size, seconds)| format!("{size:>7} {seconds:>7.3} s")).collect();
    let mark = if exponent > options.most { "  too steep" } else { "" };
    println!("{:<40} {}  {exponent:>5.2}{mark}", dimension.name, words.join("  "));
    exponent
}

fn main() {
    let options = options();
    let all =
        [cluster::DIMENSIONS, connections::DIMENSIONS, findings::DIMENSIONS, bundles::DIMENSIONS]
            .concat();
    let is_asked_for = |dimension: &&Dimension| {
        options.names.is_empty() || options.names.iter().any(|name| dimension.name.contains(name))
    };
    let steep: Vec<&str> = all
        .iter()
        .copied()
        .filter(is_asked_for)
        .filter(|dimension| grow(dimension, &options) > options.most)
        .map(|dimension| dimension.name)
        .collect();
    if !steep.is_empty() {
        println!("grows faster than n^{}: {}", options.most, steep.join(", "));
        std::process::exit(1);
    }
}
