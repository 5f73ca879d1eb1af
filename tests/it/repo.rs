//! Which files a run looks at, in which role, and in which order.

use std::fs;
use std::path::{Path, PathBuf};

use netpol_lint::repo::{Error, File, LeftOut, Repo, Role, Scope, find};
use tempfile::TempDir;

/// A git repository with these files, each containing its own name; `x/` is an empty directory.
fn repository(files: &[&str]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".git")).unwrap();
    add(dir.path(), files);
    dir
}

fn add(root: &Path, files: &[&str]) {
    for file in files {
        let path = root.join(file);
        if file.ends_with('/') {
            fs::create_dir_all(&path).unwrap();
            continue;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, file).unwrap();
    }
}

fn scope(paths: &[&str]) -> Scope {
    Scope { paths: paths.iter().map(PathBuf::from).collect(), ..Scope::default() }
}

fn globs(globs: &[&str]) -> Vec<String> {
    globs.iter().map(|glob| (*glob).to_owned()).collect()
}

fn found(scope: &Scope, cwd: &Path) -> Repo {
    find(scope, cwd).unwrap()
}

fn paths(repo: &Repo) -> Vec<&str> {
    repo.files.iter().map(|file| file.path.as_str()).collect()
}

fn reported(repo: &Repo) -> Vec<&str> {
    repo.files.iter().filter(|file| file.reported).map(|file| file.path.as_str()).collect()
}

fn file<'a>(repo: &'a Repo, path: &str) -> &'a File {
    repo.files.iter().find(|file| file.path == path).unwrap()
}

#[test]
fn the_whole_repository_is_context_and_the_given_paths_are_reported() {
    let dir = repository(&["a/np.yaml", "b/deploy.yml", "c.JSON", "README.md", "a/x.txt"]);
    let repo = found(&scope(&["a"]), dir.path());
    assert_eq!(paths(&repo), ["a/np.yaml", "b/deploy.yml", "c.JSON"]);
    assert_eq!(reported(&repo), ["a/np.yaml"]);
    assert!(!file(&repo, "a/np.yaml").named);

    let repo = found(&scope(&["np.yaml", "../c.JSON"]), &dir.path().join("a"));
    assert_eq!(reported(&repo), ["a/np.yaml", "c.JSON"]);
    assert!(file(&repo, "a/np.yaml").named);
    assert_eq!(repo.root, dir.path().canonicalize().unwrap());

    let repo = found(&scope(&[]), &dir.path().join("b"));
    assert_eq!(reported(&repo), ["b/deploy.yml"]);
}

#[test]
fn the_nearest_marker_upwards_is_the_root() {
    let dir = repository(&["sub/deep/np.yaml", "other.yaml"]);
    let repo = found(&scope(&["sub/deep/np.yaml"]), dir.path());
    assert_eq!(paths(&repo), ["other.yaml", "sub/deep/np.yaml"]);

    add(dir.path(), &["sub/netpol-lint.toml"]);
    let repo = found(&scope(&["sub/deep/np.yaml"]), dir.path());
    assert_eq!(paths(&repo), ["deep/np.yaml"]);
}

#[test]
fn the_git_file_of_a_worktree_marks_a_root_too() {
    let dir = tempfile::tempdir().unwrap();
    add(dir.path(), &["tree/.git", "tree/a/np.yaml", "tree/b.yaml", "c.yaml"]);
    let repo = found(&scope(&["tree/a"]), dir.path());
    assert_eq!(paths(&repo), ["a/np.yaml", "b.yaml"]);
}

#[test]
fn outside_a_repository_only_the_given_files_and_their_directories_are_read() {
    let dir = tempfile::tempdir().unwrap();
    add(dir.path(), &["x/np.yaml", "x/deploy.yaml", "x/deep/a.yaml", "y/b.yaml", "z/c.yaml"]);
    let repo = found(&scope(&["x/np.yaml"]), dir.path());
    assert_eq!(paths(&repo), ["deploy.yaml", "np.yaml"]);
    assert_eq!(reported(&repo), ["np.yaml"]);

    let repo = found(&scope(&["x", "y", "x/deep"]), dir.path());
    assert_eq!(paths(&repo), ["x/deep/a.yaml", "x/deploy.yaml", "x/np.yaml", "y/b.yaml"]);
    assert_eq!(reported(&repo).len(), 4);
}

#[test]
fn gitignore_rules_apply_by_default() {
    let dir = repository(&["np.yaml", "out/a.yaml", "sub/b.yaml", "sub/keep.yaml"]);
    fs::write(dir.path().join(".gitignore"), "out/\n").unwrap();
    fs::write(dir.path().join("sub/.gitignore"), "*.yaml\n!keep.yaml\n").unwrap();
    assert_eq!(paths(&found(&scope(&["."]), dir.path())), ["np.yaml", "sub/keep.yaml"]);

    let all = Scope { no_ignore: true, ..scope(&["."]) };
    assert_eq!(paths(&found(&all, dir.path())).len(), 4);
}

#[test]
fn gitignore_rules_apply_outside_a_git_repository_too() {
    let dir = tempfile::tempdir().unwrap();
    add(dir.path(), &["np.yaml", "out.yaml"]);
    fs::write(dir.path().join(".gitignore"), "out.yaml\n").unwrap();
    assert_eq!(paths(&found(&scope(&["."]), dir.path())), ["np.yaml"]);
}

#[test]
fn naming_a_path_is_reason_enough_to_read_it() {
    let dir = repository(&["np.yaml", "out/a.yaml", "out/b/c.yaml", "notes.txt", "guide.md"]);
    fs::write(dir.path().join(".gitignore"), "out/\n").unwrap();
    let given = scope(&["out/a.yaml", "notes.txt", "guide.md", "out/b"]);
    let repo = found(&given, dir.path());
    assert_eq!(paths(&repo), ["guide.md", "notes.txt", "np.yaml", "out/a.yaml", "out/b/c.yaml"]);
    assert_eq!(reported(&repo), ["guide.md", "notes.txt", "out/a.yaml", "out/b/c.yaml"]);
    assert_eq!(file(&repo, "guide.md").role, Role::Markdown);
    assert_eq!(file(&repo, "notes.txt").role, Role::Manifests);

    let repo = found(&scope(&["out"]), dir.path());
    assert_eq!(reported(&repo), ["out/a.yaml", "out/b/c.yaml"]);
}

#[test]
fn hidden_files_are_read_and_git_is_not() {
    let dir = repository(&[".k8s/np.yaml", ".git/x.yaml", "a/.git/y.yaml", ".hidden.yaml"]);
    assert_eq!(paths(&found(&scope(&[]), dir.path())), [".hidden.yaml", ".k8s/np.yaml"]);
}

#[test]
fn charts_and_kustomizations_are_recognized_by_name() {
    let dir = repository(&[
        "shop/Chart.yaml",
        "shop/values.yaml",
        "shop/templates/np.yaml",
        "shop/templates/sub/kustomization.yaml",
        "shop/charts/db/Chart.yaml",
        "shop/charts/db/templates/a.yaml",
        "shop/crds/crd.yaml",
        "templates/plain.yaml",
        "k/kustomization.yaml",
        "l/kustomization.yml",
        "m/Kustomization",
    ]);
    let repo = found(&scope(&[]), dir.path());
    let role = |path| file(&repo, path).role;
    assert_eq!(role("shop/Chart.yaml"), Role::Chart);
    assert_eq!(role("shop/values.yaml"), Role::Manifests);
    assert_eq!(role("shop/templates/np.yaml"), Role::ChartTemplate);
    assert_eq!(role("shop/templates/sub/kustomization.yaml"), Role::ChartTemplate);
    assert_eq!(role("shop/charts/db/templates/a.yaml"), Role::ChartTemplate);
    assert_eq!(role("shop/crds/crd.yaml"), Role::Manifests);
    assert_eq!(role("templates/plain.yaml"), Role::Manifests);
    for path in ["k/kustomization.yaml", "l/kustomization.yml", "m/Kustomization"] {
        assert_eq!(role(path), Role::Kustomization);
    }
}

#[test]
fn a_template_is_one_however_it_is_reached() {
    let dir = repository(&["shop/Chart.yaml", "shop/templates/np.yaml", "ok.yaml"]);
    fs::write(dir.path().join(".gitignore"), "shop/\n").unwrap();
    for given in ["shop/templates/np.yaml", "shop/templates", "shop"] {
        let repo = found(&scope(&[given]), dir.path());
        assert_eq!(file(&repo, "shop/templates/np.yaml").role, Role::ChartTemplate, "{given}");
    }
    let excluded = Scope { exclude: globs(&["Chart.yaml"]), ..scope(&["shop"]) };
    let repo = found(&excluded, dir.path());
    assert_eq!(file(&repo, "shop/templates/np.yaml").role, Role::ChartTemplate);

    let bare = tempfile::tempdir().unwrap();
    add(bare.path(), &["shop/Chart.yaml", "shop/templates/np.yaml", "shop/crds/a.yaml"]);
    let repo = found(&scope(&["shop/templates/np.yaml"]), bare.path());
    assert_eq!(file(&repo, "np.yaml").role, Role::ChartTemplate);
    let repo = found(&scope(&["shop/templates/np.yaml", "shop/crds/a.yaml"]), bare.path());
    assert_eq!(file(&repo, "templates/np.yaml").role, Role::ChartTemplate);
    assert_eq!(file(&repo, "crds/a.yaml").role, Role::Manifests);
}

#[test]
fn a_hook_may_pass_files_without_manifests() {
    let files = ["netpol-lint.toml", "lib/names.tpl", "shop/Chart.yaml", "shop/templates/_h.tpl"];
    let dir = repository(&files);
    let repo = found(&scope(&files), dir.path());
    assert_eq!(reported(&repo), ["lib/names.tpl", "netpol-lint.toml", files[2], files[3]]);
    assert_eq!(file(&repo, "lib/names.tpl").role, Role::NoManifests);
    assert_eq!(file(&repo, "netpol-lint.toml").role, Role::NoManifests);
    assert_eq!(file(&repo, files[3]).role, Role::ChartTemplate);
    assert_eq!(paths(&found(&scope(&[]), dir.path())), [files[2]], "and is not met otherwise");
}

#[test]
fn include_narrows_what_is_reported_and_asks_for_markdown() {
    let dir = repository(&["k8s/np.yaml", "k8s/guide.md", "other.yaml", "README.md"]);
    let given = Scope { include: globs(&["k8s/"]), ..scope(&[]) };
    let repo = found(&given, dir.path());
    assert_eq!(paths(&repo), ["k8s/guide.md", "k8s/np.yaml", "other.yaml"]);
    assert_eq!(reported(&repo), ["k8s/guide.md", "k8s/np.yaml"]);

    let given = Scope { include: globs(&["*.md"]), ..scope(&["other.yaml", "."]) };
    let repo = found(&given, dir.path());
    assert_eq!(reported(&repo), ["README.md", "k8s/guide.md", "other.yaml"]);
}

#[test]
fn excluded_files_are_not_even_context_unless_named() {
    let dir = repository(&["np.yaml", "gen/a.yaml", "b.gen.yaml"]);
    let exclude = globs(&["gen/", "*.gen.yaml"]);
    let repo = found(&Scope { exclude: exclude.clone(), ..scope(&["."]) }, dir.path());
    assert_eq!(paths(&repo), ["np.yaml"]);
    let left_out = [("b.gen.yaml", LeftOut::Excluded), ("gen/", LeftOut::Excluded)];
    assert_eq!(repo.left_out, left_out.map(|(path, why)| (path.to_owned(), why)));

    let named = Scope { exclude: exclude.clone(), ..scope(&["b.gen.yaml", "gen"]) };
    assert_eq!(paths(&found(&named, dir.path())), ["b.gen.yaml", "gen/a.yaml", "np.yaml"]);

    let forced = Scope { force_exclude: true, ..named };
    let repo = found(&forced, dir.path());
    assert_eq!((paths(&repo), reported(&repo)), (vec!["np.yaml"], vec![]));
}

#[test]
fn nothing_to_read_is_reported_with_the_paths() {
    let dir = repository(&["docs/readme.md", "np.yaml"]);
    let error = find(&scope(&["docs"]), dir.path()).unwrap_err();
    assert!(matches!(error, Error::NothingToRead(_)));
    let message = error.to_string();
    assert!(message.contains("`docs`") && message.contains("*.yaml"), "{message}");
}

#[test]
fn a_path_that_does_not_exist_stops_the_run() {
    let dir = repository(&["np.yaml"]);
    let error = find(&scope(&["nope.yaml"]), dir.path()).unwrap_err();
    assert_eq!(error.to_string(), "`nope.yaml`: no such file or directory");
}

#[test]
fn a_directory_with_the_name_of_a_file_is_a_directory() {
    let dir = repository(&["x.yaml/np.yaml", "empty.yaml/"]);
    let repo = found(&scope(&[]), dir.path());
    assert_eq!(paths(&repo), ["x.yaml/np.yaml"]);
    assert_eq!(repo.unreadable, []);
}

#[test]
fn standard_input_replaces_the_file_that_it_names() {
    let dir = repository(&["a/np.yaml", "a/deploy.yaml"]);
    let given = Scope { stdin: Some(Vec::new()), ..scope(&["-"]) };
    let repo = found(&given, &dir.path().join("a"));
    assert_eq!(paths(&repo), ["<stdin>", "a/deploy.yaml", "a/np.yaml"]);
    assert_eq!(reported(&repo), ["<stdin>"]);
    assert_eq!(file(&repo, "<stdin>").role, Role::Stdin);

    let given = Scope { stdin_path: "./np.yaml".to_owned(), ..given };
    let repo = found(&given, &dir.path().join("a"));
    assert_eq!(paths(&repo), ["a/deploy.yaml", "a/np.yaml"]);
    assert_eq!(file(&repo, "a/np.yaml").role, Role::Stdin);
}

#[test]
fn the_order_is_that_of_the_paths() {
    let names: Vec<String> =
        (0..300).map(|i| format!("{}/{}/{i}.yaml", "abc".as_bytes()[i % 3], i % 7)).collect();
    let forwards: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut backwards = forwards.clone();
    backwards.reverse();
    let (one, two) = (repository(&forwards), repository(&backwards));
    let (one, two) = (found(&scope(&[]), one.path()), found(&scope(&["."]), two.path()));
    assert_eq!(paths(&one), paths(&two));
    assert!(one.files.is_sorted_by(|a, b| a.path < b.path));

    let dir = repository(&forwards);
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let many = rayon::ThreadPoolBuilder::new().num_threads(8).build().unwrap();
    let with = |pool: &rayon::ThreadPool| pool.install(|| found(&scope(&[]), dir.path()));
    assert_eq!(paths(&with(&alone)), paths(&with(&many)));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::process::Command;

    use super::*;

    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    #[test]
    fn symbolic_links_are_not_followed_and_loops_do_no_harm() {
        let dir = repository(&["a/np.yaml"]);
        symlink("..", dir.path().join("a/loop")).unwrap();
        symlink("np.yaml", dir.path().join("a/link.yaml")).unwrap();
        symlink("nowhere", dir.path().join("a/dangling.yaml")).unwrap();
        let repo = found(&scope(&[]), dir.path());
        assert_eq!(paths(&repo), ["a/np.yaml"]);
        assert_eq!(repo.unreadable, []);
        assert_eq!(repo.left_out.len(), 2);
    }

    #[test]
    fn a_named_link_is_its_target() {
        let dir = repository(&["a/np.yaml"]);
        symlink("np.yaml", dir.path().join("a/link.yaml")).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        for given in ["a/link.yaml", "b", "b/np.yaml", "b/link.yaml"] {
            let repo = found(&scope(&[given]), dir.path());
            assert_eq!((paths(&repo), reported(&repo).len()), (vec!["a/np.yaml"], 1), "{given}");
        }
    }

    #[test]
    fn pipes_are_never_opened() {
        let dir = repository(&["np.yaml"]);
        pipe(&dir.path().join("pipe.yaml"));
        pipe(&dir.path().join("other"));
        let repo = found(&scope(&["."]), dir.path());
        assert_eq!(paths(&repo), ["np.yaml"]);
        let why = "is a pipe, not a regular file".to_owned();
        assert_eq!(repo.unreadable, [("pipe.yaml".to_owned(), why)]);

        let repo = found(&scope(&["np.yaml"]), dir.path());
        assert_eq!((repo.unreadable.len(), repo.unseen.len()), (0, 1));

        let error = find(&scope(&["pipe.yaml"]), dir.path()).unwrap_err();
        assert!(matches!(error, Error::NotAFile(..)));
        assert!(error.to_string().contains("is a pipe"), "{error}");
    }

    #[test]
    fn a_locked_directory_is_reported() {
        let dir = repository(&["np.yaml", "locked/a.yaml"]);
        let locked = dir.path().join("locked");
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
        // Permissions do not apply to the superuser.
        let bound = fs::read_dir(&locked).is_err();
        let repo = found(&scope(&["."]), dir.path());
        fs::set_permissions(&locked, fs::Permissions::from_mode(0o700)).unwrap();
        if bound {
            assert_eq!(paths(&repo), ["np.yaml"]);
            assert_eq!(repo.unreadable.len(), 1);
            assert_eq!(repo.unreadable[0].0, "locked");
        }
    }
}
