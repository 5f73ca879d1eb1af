//! `netpol-lint inventory`: what this repository runs, as context for linting another one.

use std::io::Write;

use crate::bundle::Site;
use crate::model::Object;
use crate::{Assembly, Request, repo, report};

use super::{CLEAN, Failure};

/// Prints what runs in the repository, except tests and examples.
pub(super) fn print(request: &Request, out: &mut dyn Write) -> Result<u8, Failure> {
    let repo = repo::find(&request.scope, &request.cwd)?;
    let assembly = Assembly::of(request.options(), &repo, &())?;
    let is_reported = |object: &&Object| {
        let file = repo.files.get(object.head.source.0 as usize);
        file.is_some_and(|file| file.reported)
    };
    let of = |sites: Vec<&Site>| -> Vec<&Object> {
        let members = sites.into_iter().flat_map(|site| &site.members);
        members.map(|&id| &assembly.objects[id.position()]).filter(is_reported).collect()
    };
    let all = || assembly.grouped.sites.iter();
    let mut objects = of(all().filter(|site| site.trial.is_none()).collect());
    if objects.is_empty() {
        // If a directory of examples is given as a path, it is included.
        objects = of(all().collect());
    }
    report::inventory::write(out, objects.into_iter())?;
    Ok(CLEAN)
}
