//! Files to objects, each file on its own and in parallel: a file without a relevant manifest is
//! dropped once it is searched, a workload's tree once it is decoded.

use std::cell::RefCell;
use std::sync::Arc;

use compact_str::CompactString;
use memchr::memmem;

use super::duplicate::{self, Duplicate};
use super::relevance::WANTED;
use super::{Body, Made, Object, Relevance, decode, kinds, seeming, unset};
use crate::bundle::kustomize::ReadFile;
use crate::bundle::{Head, Manifest, heads};
use crate::repo::{self, File, Repo, Role, Scope};
use crate::text::{Origin, Source, SourceId, Sources, Span, decode_lossy, markdown};
use crate::yaml::{self, Budget, Comment, Limits, Problem, ProblemKind};

/// The start of comments that address this linter.
pub const MARK: &str = "netpol-lint:";

/// The result of reading.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The objects, in the order of their places.
    pub objects: Vec<Object>,
    /// What could not be parsed, in files that are reported on.
    pub problems: Vec<Problem>,
    /// Duplicates in one mapping, in files that are reported on.
    pub duplicates: Vec<Duplicate>,
    /// The comments with [`MARK`] in files that are reported on.
    pub comments: Vec<Comment>,
    /// Files that are reported on and can't be read, and why.
    pub unreadable: Vec<(SourceId, String)>,
    /// How many files were read.
    pub files: usize,
    /// How many documents they contain.
    pub documents: usize,
}

/// Reads the repository's plain manifests: all files but those that `bundled` names, which a
/// kustomization or a chart makes something of. `scope` has the text of standard input, and those
/// that stand in for files; `sources` has a source for each file; `used` is the memory that the
/// run takes already, in bytes; `tick` is called for every file that is done, from several threads.
pub fn load(
    repo: &Repo,
    scope: &Scope,
    limits: &Limits,
    sources: &mut Sources,
    bundled: &(dyn Fn(&str) -> bool + Sync),
    used: usize,
    tick: &(dyn Fn() + Sync),
) -> Loaded {
    let mut loaded = Loaded::default();
    let files: Vec<(SourceId, &File)> = (0u32..).map(SourceId).zip(&repo.files).collect();
    let read_one = |(id, file): &(SourceId, &File), budget: &Budget| match bundled(&file.path) {
        true => FileRead::default(),
        false => read(*id, file, scope, limits, budget),
    };
    let (all, _) = yaml::read_within(limits.memory, used, &files, read_one, tick);
    let mut passed_over = PassedOver::default();
    for ((id, file), read) in files.into_iter().zip(all) {
        loaded.files += usize::from(read.was_read);
        loaded.documents += read.documents;
        loaded.objects.extend(read.objects);
        loaded.comments.extend(read.comments);
        if let Some(text) = read.text {
            sources.get(id).keep_text(text);
        }
        if file.reported {
            loaded.problems.extend(read.problems);
            loaded.duplicates.extend(read.duplicates);
            loaded.unreadable.extend(read.unreadable.map(|why| (id, why)));
        }
        passed_over.note(read.passed_over, file.reported);
    }
    loaded.problems.extend(passed_over.problem(limits));
    for (path, why) in &repo.unreadable {
        let id = sources.add(Source::with_text(path.clone(), Origin::Stdin, Arc::from("")));
        loaded.unreadable.push((id, why.clone()));
    }
    loaded
}

impl Loaded {
    /// Takes in the objects of a file that only has the name of a kustomization.
    pub fn take_in_plain(&mut self, file: &ReadFile<'_>) {
        let objects = file.documents.iter().flat_map(heads);
        let objects = objects.map(|(head, tree)| decode(head, &tree));
        self.objects.extend(objects.filter(|object| !matches!(object.body, Body::Other)));
        self.objects.sort_by_key(|object| object.head.source);
    }

    /// Adds the problems of a file that a kustomization refers to and that is reported on: its
    /// objects are built elsewhere.
    pub fn take_in(&mut self, file: &ReadFile<'_>, sources: &Sources, limits: &Limits) {
        self.problems.extend(file.problems.iter().cloned());
        let text = sources.get(file.source).text();
        if memmem::find(text.as_bytes(), MARK.as_bytes()).is_some() {
            let range = 0..text.len();
            self.comments.extend(yaml::comments(file.source, text, range, MARK, limits));
        }
        let mut duplicates = Vec::new();
        if file.is_kustomization {
            let trees = file.documents.iter();
            trees.for_each(|tree| duplicate::of_kustomization(tree, &mut duplicates));
        }
        for (head, tree) in file.documents.iter().flat_map(heads) {
            duplicate::of_manifest(&head, &tree, &mut duplicates);
        }
        duplicate::in_order(&mut duplicates);
        self.duplicates.extend(duplicates);
    }
}

/// The relevant objects of the manifests that a kustomization or a chart has built. `number` is its
/// own; `is_template` says which sources are chart templates.
pub fn decoded(
    number: usize,
    manifests: Vec<Manifest>,
    is_template: &(dyn Fn(SourceId) -> bool + Sync),
) -> Vec<Object> {
    let decode = |Manifest { head, tree, writes }| {
        let mut object = decode(head, &tree);
        if is_template(object.head.source) {
            unset::make_placeholders(&mut object);
        }
        Object { made: Some(Box::new(Made { built: number, writes })), ..object }
    };
    let matters = |object: &Object| !matches!(object.body, Body::Other) || is_telltale(object);
    manifests.into_iter().map(decode).filter(matters).collect()
}

/// Whether a built manifest matters to what comes after: policies, what makes pods, what is
/// deployed.
pub fn matters(manifest: &Manifest) -> bool {
    let Manifest { head, tree, .. } = manifest;
    let (group, kind) = (head.group.as_str(), head.kind.as_str());
    if kinds::is_read_whole(group, kind) || kinds::is_deployer(group, kind) {
        return true;
    }
    let object = decode(head.clone(), tree);
    !matches!(object.body, Body::Other) || is_telltale(&object)
}

/// The result of reading one file.
#[derive(Default)]
struct FileRead {
    was_read: bool,
    documents: usize,
    objects: Vec<Object>,
    problems: Vec<Problem>,
    duplicates: Vec<Duplicate>,
    comments: Vec<Comment>,
    unreadable: Option<String>,
    /// Kept if findings are likely to need it.
    text: Option<Arc<str>>,
    /// The first document that there was no memory left for, and how many there are.
    passed_over: Option<(Span, usize)>,
}

impl FileRead {
    fn pass_over(&mut self, document: Span) {
        self.passed_over.get_or_insert((document, 0)).1 += 1;
    }

    /// About how many bytes are kept of it.
    fn memory(&self) -> usize {
        /// A duplicate key, a problem or a comment.
        const REMARK: usize = 300;
        let remarks = self.duplicates.len() + self.problems.len() + self.comments.len();
        remarks * REMARK + self.text.as_ref().map_or(0, |text| text.len())
    }
}

/// The documents of a run that there was no memory left for.
#[derive(Default)]
struct PassedOver {
    first: Option<Span>,
    documents: usize,
}

impl PassedOver {
    fn note(&mut self, of_file: Option<(Span, usize)>, is_reported: bool) {
        if let Some((first, documents)) = of_file.filter(|_| is_reported) {
            self.first.get_or_insert(first);
            self.documents += documents;
        }
    }

    /// One for all of them: there is one cause.
    fn problem(&self, limits: &Limits) -> Option<Problem> {
        let first = self.first?;
        let what = match self.documents {
            1 => "this document exceeds".to_owned(),
            all => format!("this document and {} after it exceed", all - 1),
        };
        let message = format!("{what} the {} MiB of memory that a run may take", limits.memory);
        let span = Span { end: first.start, ..first };
        Some(Problem { kind: ProblemKind::Limit(message), span, document: first })
    }
}

thread_local! {
    /// One buffer per thread: most files are read, searched and dropped.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

fn read(id: SourceId, file: &File, scope: &Scope, limits: &Limits, budget: &Budget) -> FileRead {
    match file.role {
        Role::Stdin => parse(id, file, scope.stdin.as_deref().unwrap_or_default(), limits, budget),
        Role::Kustomization
        | Role::Chart
        | Role::ChartTemplate
        | Role::Expectations
        | Role::NoManifests => FileRead::default(),
        Role::Manifests | Role::Markdown if scope.edited.contains_key(&file.path) => {
            let text = scope.edited.get(&file.path).map_or("", |text| text);
            parse(id, file, text.as_bytes(), limits, budget)
        }
        Role::Manifests | Role::Markdown => BUFFER.with_borrow_mut(|buffer| {
            buffer.clear();
            match read_bytes(file, limits, buffer) {
                Ok(true) => parse(id, file, buffer, limits, budget),
                Ok(false) => too_large(id, file, limits),
                Err(error) => FileRead { unreadable: Some(words(&error)), ..FileRead::default() },
            }
        }),
    }
}

/// Reads a file, unless it is larger than the limit.
fn read_bytes(file: &File, limits: &Limits, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    repo::read_met(&file.open, limits.file_bytes, buffer)?;
    Ok(buffer.len() as u64 <= limits.file_bytes)
}

/// The message of an I/O error, without its number.
fn words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

fn too_large(id: SourceId, file: &File, limits: &Limits) -> FileRead {
    let what = format!("this file is larger than {} MiB", limits.file_bytes >> 20);
    let span = Span::new(id, 0, 0);
    let problem = Problem { kind: ProblemKind::Limit(what), span, document: span };
    let objects = unread(&problem, "", &file.path).into_iter().collect();
    FileRead { was_read: true, objects, problems: vec![problem], ..FileRead::default() }
}

/// A stand-in for a document that can't be read, if it may contain something that creates pods.
fn unread(problem: &Problem, text: &str, path: &str) -> Option<Object> {
    let document = problem.document;
    let is_known = document.start < document.end;
    let range = document.start as usize..document.end as usize;
    let seeming = match is_known {
        true => seeming(text.get(range).unwrap_or_default()),
        false => seeming(text),
    };
    let is_unknown = text.is_empty() || matches!(problem.kind, ProblemKind::Limit(_));
    if !seeming.pods && !is_unknown {
        return None;
    }
    let place = problem.span;
    let head = Head {
        source: place.source,
        group: CompactString::default(),
        version: CompactString::default(),
        kind: CompactString::default(),
        name: CompactString::default(),
        namespace: seeming.namespace,
        version_span: place,
        kind_span: place,
        name_span: place,
        start: place,
    };
    Some(Object { head, body: Body::Unread(path.into()), made: None })
}

fn parse(id: SourceId, file: &File, bytes: &[u8], limits: &Limits, budget: &Budget) -> FileRead {
    if !WANTED.may_be(bytes) {
        return FileRead { was_read: true, documents: yaml::count(bytes), ..FileRead::default() };
    }
    let text = match yaml::decode_utf8(id, bytes) {
        Ok(text) => text,
        Err(problem) => {
            // Invalid bytes are replaced for display; nothing moves up to the first of them, where
            // the problem is.
            let text: Arc<str> = Arc::from(decode_lossy(bytes));
            let objects = unread(&problem, &text, &file.path).into_iter().collect();
            let (problems, text) = (vec![problem], Some(text));
            return FileRead { was_read: true, objects, problems, text, ..FileRead::default() };
        }
    };
    let ranges: Vec<std::ops::Range<usize>> = match file.role {
        Role::Markdown => {
            let fences = markdown::fences(&text).into_iter();
            fences.filter(markdown::Fence::is_manifest).map(|fence| fence.content).collect()
        }
        _ => std::iter::once(0..text.len()).collect(),
    };
    let mut found = FileRead { was_read: true, ..FileRead::default() };
    let speaks = file.reported && memmem::find(text.as_bytes(), MARK.as_bytes()).is_some();
    for range in ranges {
        if speaks {
            found.comments.extend(yaml::comments(id, &text, range.clone(), MARK, limits));
        }
        let mut each = |part: yaml::Part| {
            if budget.is_spent() {
                found.pass_over(part.root.span);
                return;
            }
            for (head, tree) in heads(&part.root) {
                duplicate::of_manifest(&head, &tree, &mut found.duplicates);
                let object = decode(head, &tree);
                if !matches!(object.body, Body::Other) || is_telltale(&object) {
                    budget.spend(object.memory());
                    found.objects.push(object);
                }
            }
        };
        let rest = yaml::each_part(id, &text, range, Some(&WANTED), limits, &Relevance, &mut each);
        found.documents += rest.seen;
        let problems = rest.problems.iter();
        found.objects.extend(problems.filter_map(|problem| unread(problem, &text, &file.path)));
        found.problems.extend(rest.problems);
    }
    if let Some((document, _)) = found.passed_over {
        let kind = ProblemKind::Limit(String::new());
        let problem = Problem { kind, span: document, document };
        found.objects.extend(unread(&problem, &text, &file.path));
    }
    duplicate::in_order(&mut found.duplicates);
    let has_policy = found.objects.iter().any(Object::is_checked);
    let is_told_of = !found.problems.is_empty() || !found.comments.is_empty();
    if has_policy || is_told_of || file.role == Role::Stdin {
        found.text = Some(Arc::from(text.as_ref()));
    }
    budget.spend(found.memory());
    found
}

/// An object that shows the kind of cluster is kept, even if it is otherwise irrelevant.
fn is_telltale(object: &Object) -> bool {
    kinds::TELLTALE.contains(&object.head.kind.as_str())
}
