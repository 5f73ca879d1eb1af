//! The trust boundary: every file that a run reads is opened here, and every path that it writes a
//! report to is resolved here. A file that the repository names is read only if it is a regular
//! file inside the root, after links are resolved, and only up to a limit. A file that the user
//! names is read anywhere, unless its name is inside the repository, which could make it a link to
//! anything.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::given::{clean, what_it_is};

/// Where a report is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The path to rename a new file to.
    pub path: PathBuf,
    /// The path is a link, which the rename replaces.
    pub is_link: bool,
}

/// The root of a repository, as a boundary: nothing that the repository names resolves outside it.
#[derive(Clone, Copy, Debug)]
pub struct Boundary<'a> {
    root: &'a Path,
}

impl<'a> Boundary<'a> {
    /// The boundary at `root`, which is free of symbolic links.
    pub fn new(root: &'a Path) -> Self {
        Self { root }
    }

    /// The real path of what the repository names: inside the root, and not inside `.git`.
    ///
    /// # Errors
    /// It does not exist, or is outside.
    pub fn resolve(self, path: &Path) -> io::Result<PathBuf> {
        let real = self.root.join(path).canonicalize()?;
        match real.strip_prefix(self.root) {
            Ok(below) if is_in_git(below) => Err(io::Error::other("it is inside `.git`")),
            Ok(_) => Ok(real),
            Err(_) => Err(outside()),
        }
    }

    /// The bytes of a file that the repository names, relative to the root.
    ///
    /// # Errors
    /// It does not exist, is outside, is not a regular file, or has more than `most` bytes.
    pub fn read(self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        up_to(open_regular(&self.resolve(path)?)?, most)
    }

    /// The bytes of a file that the user names, by an absolute path.
    ///
    /// # Errors
    /// As [`Boundary::read`]; outside the repository it may be a pipe.
    pub fn read_given(self, path: &Path, most: u64) -> io::Result<Vec<u8>> {
        let Some(named) = self.within(path)? else {
            return up_to(File::open(path)?, most);
        };
        let real = named.canonicalize()?;
        if !real.starts_with(self.root) {
            return Err(outside());
        }
        up_to(open_regular(&real)?, most)
    }

    /// Whether that file is inside: only then may its text be shown.
    pub fn holds(self, path: &Path) -> bool {
        path.canonicalize().is_ok_and(|real| real.starts_with(self.root))
    }

    /// Where a report for that absolute path is written: a temporary file is renamed to the result.
    /// A link in the repository is followed if its target is a file in the repository, and replaced
    /// otherwise; links elsewhere are the user's.
    ///
    /// # Errors
    /// A directory of the repository links outside it, or the path is not a regular file.
    pub fn target(self, path: &Path) -> io::Result<Target> {
        let Some(named) = self.within(path)? else {
            // The target of a link may exist without a path (`/dev/stdout` as a pipe). A dangling
            // link is not ours to replace.
            if path.is_symlink() {
                fs::metadata(path)?;
            }
            let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
            return Ok(Target { path, is_link: false });
        };
        // Git would run a hook later.
        if is_in_git(&named) && !is_in_git(&clean(path)) {
            return Err(outside());
        }
        match fs::symlink_metadata(&named) {
            Ok(it) if it.is_symlink() => {
                let real = self.resolve(&named).ok().filter(|real| real.is_file());
                let is_link = real.is_none();
                Ok(Target { path: real.unwrap_or(named), is_link })
            }
            Ok(it) if !it.is_file() => Err(special(&it)),
            _ => Ok(Target { path: named, is_link: false }),
        }
    }

    /// `path` with its directory's links resolved, if it names something in the repository; `None`
    /// if the repository can't influence it.
    fn within(self, path: &Path) -> io::Result<Option<PathBuf>> {
        // With `/` as the root there is no repository, so every file is the user's.
        if self.root.parent().is_none() {
            return Ok(None);
        }
        let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
            return Ok(None);
        };
        let named = folder.canonicalize()?.join(name);
        if named.starts_with(self.root) {
            return Ok(Some(named));
        }
        if clean(path).starts_with(self.root) { Err(outside()) } else { Ok(None) }
    }
}

/// Adds the bytes of a file that the walk found; up to one more than `most`, so that the caller can
/// tell.
///
/// # Errors
/// It is not a regular file any more, or can't be read.
pub fn read_met(path: &Path, most: u64, into: &mut Vec<u8>) -> io::Result<()> {
    open_regular(path)?.take(most.saturating_add(1)).read_to_end(into)?;
    Ok(())
}

/// Opens a regular file, and nothing else: it neither waits for the writer of a pipe nor follows a
/// link that replaced the file since the walk saw it.
///
/// # Errors
/// It is not a regular file, or can't be opened.
pub(super) fn open_regular(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        options.custom_flags(flags.bits() as i32);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok(file) } else { Err(special(&metadata)) }
}

fn up_to(file: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let why = format!("it is larger than {} MiB", most >> 20);
        return Err(io::Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

fn is_in_git(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == ".git")
}

fn outside() -> io::Error {
    io::Error::new(ErrorKind::PermissionDenied, "it is outside the repository")
}

fn special(metadata: &fs::Metadata) -> io::Error {
    if metadata.is_dir() {
        return io::Error::new(ErrorKind::IsADirectory, "it is a directory");
    }
    let what = what_it_is(metadata.file_type());
    io::Error::other(format!("it is {what}, not a regular file"))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn folders() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        let (root, elsewhere) = (base.join("root"), base.join("elsewhere"));
        for path in [&root.join("d/.git"), &elsewhere] {
            fs::create_dir_all(path).unwrap();
        }
        fs::write(root.join("d/a"), "inside").unwrap();
        fs::write(root.join("d/.git/a"), "git").unwrap();
        fs::write(elsewhere.join("a"), "outside").unwrap();
        symlink(&elsewhere, root.join("out")).unwrap();
        symlink(elsewhere.join("a"), root.join("link")).unwrap();
        symlink("d/a", root.join("near")).unwrap();
        (folder, root, elsewhere)
    }

    #[test]
    fn only_regular_files_inside_are_read_for_a_repository() {
        let (_folder, root, elsewhere) = folders();
        let boundary = Boundary::new(&root);
        let read = |path: &str| boundary.read(Path::new(path), 100);
        assert_eq!(read("d/a").unwrap(), b"inside");
        assert_eq!(read("near").unwrap(), b"inside");
        for bad in ["link", "out/a", "../elsewhere/a", "d", "d/.git/a", "none", "/etc/passwd"] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(boundary.read(Path::new("d/a"), 3).unwrap_err().to_string().contains("larger"));
        let given = |path: PathBuf| boundary.read_given(&path, 100);
        assert_eq!(given(elsewhere.join("a")).unwrap(), b"outside");
        assert_eq!(given(root.join("near")).unwrap(), b"inside");
        for bad in ["link", "out/a"] {
            assert!(given(root.join(bad)).is_err(), "{bad}");
        }
        assert!(boundary.read_given(Path::new("/dev/zero"), 100).is_err());
    }

    #[test]
    fn reports_are_written_where_they_are_named() {
        let (_folder, root, elsewhere) = folders();
        let target = |path: PathBuf| Boundary::new(&root).target(&path).map(|it| it.path);
        assert_eq!(target(root.join("new")).unwrap(), root.join("new"));
        assert_eq!(target(root.join("link")).unwrap(), root.join("link"), "it is replaced");
        assert_eq!(target(root.join("near")).unwrap(), root.join("d/a"), "a file of its own");
        symlink("d/.git", root.join("git")).unwrap();
        symlink("d/.git/a", root.join("hook")).unwrap();
        assert!(target(root.join("out/new")).is_err() && target(root.join("git/new")).is_err());
        assert_eq!(target(root.join("hook")).unwrap(), root.join("hook"), "it is replaced");
        symlink(root.join("d/a"), elsewhere.join("mine")).unwrap();
        assert_eq!(target(elsewhere.join("mine")).unwrap(), root.join("d/a"), "the user's link");
        symlink("/nowhere/at/all", elsewhere.join("dangling")).unwrap();
        assert!(target(elsewhere.join("dangling")).is_err(), "it stays");
    }
}
