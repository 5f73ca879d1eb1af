//! The contents of `Chart.yaml` and `requirements.yaml`.

use std::path::{Path, PathBuf};

use super::text;
use crate::bundle::helm::template::Constraint;
use crate::text::Span;
use crate::yaml::{Node, Value};

/// A chart's metadata.
#[derive(Clone, Debug, Default)]
pub(in crate::bundle::helm) struct Metadata {
    pub(in crate::bundle::helm) name: String,
    pub(in crate::bundle::helm) version: String,
    pub(in crate::bundle::helm) is_library: bool,
    pub(in crate::bundle::helm) dependencies: Vec<Dependency>,
    /// The whole `Chart.yaml`.
    pub(in crate::bundle::helm) tree: Option<Node>,
}

/// A chart that another one depends on.
#[derive(Clone, Debug)]
pub(in crate::bundle::helm) struct Dependency {
    pub(in crate::bundle::helm) name: String,
    pub(in crate::bundle::helm) version: String,
    pub(in crate::bundle::helm) alias: Option<String>,
    pub(in crate::bundle::helm) repository: String,
    /// Values that enable or disable it, such as `db.enabled`, separated by commas.
    pub(in crate::bundle::helm) condition: Option<String>,
    pub(in crate::bundle::helm) tags: Vec<String>,
    pub(in crate::bundle::helm) imports: Vec<Import>,
    /// The file that lists it, and where.
    pub(in crate::bundle::helm) file: PathBuf,
    pub(in crate::bundle::helm) at: Span,
}

/// Values of a dependency that its parent imports.
#[derive(Clone, Debug)]
pub(in crate::bundle::helm) struct Import {
    pub(in crate::bundle::helm) child: String,
    pub(in crate::bundle::helm) parent: String,
}

impl Metadata {
    /// Adds a `Chart.yaml` or, after it, a `requirements.yaml`.
    pub(in crate::bundle::helm) fn take_in(&mut self, tree: Node, file: &Path) {
        if let Some(items) = tree.get("dependencies").and_then(Node::as_seq) {
            self.dependencies = items.iter().filter_map(|item| dependency(item, file)).collect();
        }
        if self.tree.is_some() {
            return;
        }
        self.name = text(&tree, "name").unwrap_or_default();
        self.version = text(&tree, "version").unwrap_or_default();
        self.is_library = text(&tree, "type").is_some_and(|it| it.eq_ignore_ascii_case("library"));
        self.tree = Some(tree);
    }
}

impl Dependency {
    /// Whether a chart with that name and version satisfies it.
    pub(in crate::bundle::helm) fn is(&self, chart: &Metadata) -> bool {
        use crate::bundle::helm::template::Version;
        let allows = |version: &Version| {
            Constraint::parse(&self.version).is_ok_and(|constraint| constraint.allows(version))
        };
        self.name == chart.name && Version::parse(&chart.version).is_ok_and(|it| allows(&it))
    }
}

fn dependency(item: &Node, file: &Path) -> Option<Dependency> {
    let name = item.get("name")?;
    let own = |key: &str| text(item, key).unwrap_or_default();
    let some = |key: &str| Some(own(key)).filter(|text| !text.is_empty());
    let list = |key: &str| item.get(key).and_then(Node::as_seq).unwrap_or_default().iter();
    let tags = list("tags").filter_map(Node::as_scalar).map(|tag| tag.text.to_string());
    Some(Dependency {
        name: own("name"),
        version: own("version"),
        alias: some("alias"),
        repository: own("repository"),
        condition: some("condition"),
        tags: tags.collect(),
        imports: list("import-values").filter_map(import).collect(),
        file: file.to_path_buf(),
        at: name.span,
    })
}

fn import(item: &Node) -> Option<Import> {
    match &item.value {
        Value::Scalar(scalar) => {
            Some(Import { child: format!("exports.{}", scalar.text), parent: ".".to_owned() })
        }
        Value::Map(_) => {
            Some(Import { child: text(item, "child")?, parent: text(item, "parent")? })
        }
        Value::Seq(_) => None,
    }
}
