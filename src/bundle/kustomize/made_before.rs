//! Files that are not in the repository because something makes them before `kustomize build`: a
//! generator, a person who fills in secrets, a tool that decrypts them.

use super::disk::Found;
use super::library::Library;

/// What the example of a file that everybody makes for themselves is called, and what its encrypted
/// form or its template is.
const BESIDE: &[&str] =
    &["example", "sample", "dist", "template", "tmpl", "tpl", "j2", "enc", "sops"];

/// What `operator-sdk generate kustomize manifests` writes; a project made by operator-sdk refers to
/// it from the start (`config/manifests/kustomization.yaml`).
const OF_OPERATOR_SDK: &str = ".clusterserviceversion.yaml";

/// What says that a file which is not there is made before the build, in words.
pub(super) fn why(library: &Library, path: &str) -> Option<String> {
    if library.ignored.contains(path) {
        return Some("gitignored".to_owned());
    }
    if path.ends_with(OF_OPERATOR_SDK) {
        return Some("`operator-sdk generate kustomize manifests` writes it".to_owned());
    }
    let example = beside(path).find(|it| matches!(library.disk.find(it), Found::File(_)))?;
    let name = example.rsplit('/').next().unwrap_or(&example);
    Some(format!("it is made from `{name}`"))
}

/// The names of what a file may be made from, beside it: `secret.yaml.example`,
/// `secret.example.yaml`, `secret-example.yaml`.
fn beside(path: &str) -> impl Iterator<Item = String> {
    let (stem, extension) = path.rsplit_once('.').unwrap_or((path, ""));
    let is_file = !extension.is_empty() && !extension.contains('/');
    let names = move |word: &&str| {
        let dashed = matches!(*word, "example" | "sample");
        let names = [
            Some(format!("{path}.{word}")),
            Some(format!("{stem}.{word}.{extension}")),
            dashed.then(|| format!("{stem}-{word}.{extension}")),
        ];
        names.into_iter().flatten()
    };
    BESIDE.iter().filter(move |_| is_file).flat_map(names).collect::<Vec<_>>().into_iter()
}
