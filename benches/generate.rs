//! Writes a synthetic repository, to measure the program by hand:
//! `cargo bench --bench generate -- DIRECTORY [NAMESPACES FILES OPERATORS]` (800, 40000
//! and 0).

mod repository;

use repository::Size;

fn main() -> std::io::Result<()> {
    let mut words = std::env::args().skip(1).filter(|word| !word.starts_with("--"));
    let Some(directory) = words.next() else {
        return Ok(());
    };
    let mut number = |default| words.next().and_then(|word| word.parse().ok()).unwrap_or(default);
    let size = Size { namespaces: number(800), files: number(40_000), operators: number(0) };
    let root = std::path::Path::new(&directory);
    std::fs::create_dir_all(root)?;
    repository::write(root, size)
}
