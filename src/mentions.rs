//! Labels that programs and scripts of the repository write: pods may have them that no manifest
//! shows. The code is searched only when a finding rests on nobody having a label.

use std::collections::BTreeMap;

use crate::Request;
use crate::lint::{Confidence, Finding};
use crate::repo::{Repo, code};
use crate::text::{decode_lossy, visible, written_label};

/// A label, and where it is written: the path and the line.
type Found = BTreeMap<(String, String), (String, usize)>;

/// Lowers the findings whose labels are all written somewhere in the code, and names the place.
pub(crate) fn lower(found: &mut [(String, Vec<Finding>)], request: &Request, repo: &Repo) {
    let all = || found.iter().flat_map(|(_, findings)| findings).filter(|it| is_asked(it));
    let mut labels: Vec<(String, String)> = all().flat_map(|it| it.absent.clone()).collect();
    labels.sort_unstable();
    labels.dedup();
    if labels.is_empty() {
        return;
    }
    let written = search(&labels, request, repo);
    for finding in found.iter_mut().flat_map(|(_, findings)| findings).filter(|it| is_asked(it)) {
        let places: Option<Vec<_>> = finding.absent.iter().map(|it| written.get(it)).collect();
        let Some([(path, line), ..]) = places.as_deref() else { continue };
        finding.confidence = Confidence::Low;
        finding.help = format!(
            "`{}:{line}` writes this label and may create such pods; otherwise {}",
            visible(path),
            finding.help
        );
    }
}

/// Whether a finding is shown by default and rests on labels that nobody has.
fn is_asked(finding: &Finding) -> bool {
    !finding.absent.is_empty() && finding.confidence > Confidence::Low
}

fn search(labels: &[(String, String)], request: &Request, repo: &Repo) -> Found {
    let mut found = Found::new();
    code::visit(&repo.root, &request.scope, |path, bytes| {
        // What tests create is not there when the policies are.
        if request.grouping.trial(path).is_some() {
            return;
        }
        let text = decode_lossy(bytes);
        for label in labels {
            if let Some(line) = written_label(&text, &label.0, &label.1)
                && !found.contains_key(label)
            {
                found.insert(label.clone(), (path.to_owned(), line));
            }
        }
    });
    found
}
