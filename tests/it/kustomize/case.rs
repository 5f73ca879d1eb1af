//! Cases: one file each in `cases/`, with the expected result and the files of a small repository.

use std::path::Path;

/// One case.
pub struct Case {
    pub name: String,
    /// `ok`, or a kind of fault and its line.
    pub expected: String,
    files: Vec<(String, String)>,
}

impl Case {
    /// All of them, sorted by name.
    pub fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kustomize/cases");
        let mut paths: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let (head, rest) = text.split_once('\n').unwrap();
        let expected = head.strip_prefix("expect: ").unwrap().to_owned();
        let mut files: Vec<(String, String)> = Vec::new();
        for line in rest.split_inclusive('\n') {
            let begins = line.trim_end().strip_prefix("-- ").and_then(|it| it.strip_suffix(" --"));
            match (begins, files.last_mut()) {
                (Some(path), _) => files.push((path.to_owned(), String::new())),
                (None, Some((_, text))) => text.push_str(line),
                (None, None) => panic!("{name}: text before the first file"),
            }
        }
        Self { name, expected, files }
    }

    /// Its files as a repository.
    pub fn unpacked(&self) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join(".git")).unwrap();
        for (path, text) in &self.files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        directory
    }
}
