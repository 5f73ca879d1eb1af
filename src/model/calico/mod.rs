//! NetworkPolicy and GlobalNetworkPolicy of projectcalico.org/v3 and crd.projectcalico.org/v1, their
//! staged kinds, and the objects beside them; with what the CRDs and libcalico-go's validator reject.

mod entity;
mod objects;
mod ports;
mod rule;
mod schema;
mod selector;

pub(super) use objects::refusals;

use std::sync::Arc;

use compact_str::CompactString;

use super::placeholder::is_placeholder;
use super::policy::Direction;
use super::tiered::{
    Action, Closes, Effect, Expr, LabelOf, Path, PodTerm, PolicyKind, PolicySpec, Rank, Reader,
    RefusalKind, Scope, TieredPolicy, TieredRule, read,
};
use crate::bundle::Head;
use crate::yaml::Node;
use selector::{Keys, Parsed, Written};

/// The group that users write; the other one is how it is stored, and nothing is checked there.
const API: &str = "projectcalico.org";

/// Decodes one policy. Never fails: what is wrong is among its refusals.
pub fn decode(head: &Head, kind: PolicyKind, tree: &Node) -> TieredPolicy {
    let is_global = head.kind.contains("Global");
    let name = if is_global { "GlobalNetworkPolicy" } else { "Calico NetworkPolicy" };
    let reader = Reader::new(name, "Calico", tree, schema::of(&head.kind));
    let is_stored_form = head.group != API;
    let mut decoder = Decoder { reader, is_global, is_stored_form };
    let mut policy = TieredPolicy {
        kind,
        rank: Rank::Nowhere,
        specs: Vec::new(),
        rules: Arc::default(),
        refusals: Vec::new(),
        tree: tree.clone(),
    };
    decoder.names(head);
    let root = Path::Root;
    let path = root.field("spec");
    let nothing =
        Node { value: crate::yaml::Value::Map(std::sync::Arc::default()), ..tree.clone() };
    let spec = read::value(tree, "spec").filter(|node| node.as_map().is_some()).unwrap_or(&nothing);
    if kind == PolicyKind::CalicoStaged {
        decoder.staged(spec, &path);
    } else {
        decoder.policy(spec, tree, &path, &mut policy);
    }
    policy.refusals = decoder.reader.refusals;
    policy
}

struct Decoder {
    reader: Reader,
    is_global: bool,
    is_stored_form: bool,
}

impl Decoder {
    /// Names of policies (libcalico-go/lib/validator/v3), and that a cluster-wide one has no
    /// namespace.
    fn names(&mut self, head: &Head) {
        let root = Path::Root;
        let metadata = root.field("metadata");
        if self.is_global
            && let Some(namespace) = &head.namespace
            && !is_placeholder(namespace)
        {
            let path = metadata.field("namespace");
            let message = "a cluster-wide policy has no namespace";
            let help = "leave `namespace` out, or write a NetworkPolicy";
            self.reader.refuse(RefusalKind::Policy, head.name_span, &path, message, help);
        }
        let name = head.name.as_str();
        let is_kubernetes = !self.is_global && name.starts_with("knp.default.");
        if name.matches('.').count() > 1 && !is_kubernetes && !is_placeholder(name) {
            let path = metadata.field("name");
            let message = format!("the name `{name}` has more than one dot");
            let help = "write a name without dots, or a tier, a dot and a name";
            self.reader.refuse(RefusalKind::Policy, head.name_span, &path, message, help);
        }
    }

    /// `stagedAction: Delete` is for a policy that is to go away.
    fn staged(&mut self, spec: &Node, path: &Path<'_>) {
        let action = read::value(spec, "stagedAction").and_then(Node::as_str);
        let others = spec.as_map().map_or(&[][..], |map| &map.entries);
        let other = others.iter().find(|entry| {
            !matches!(entry.key.as_str(), "stagedAction" | "tier") && !entry.value.is_null()
        });
        if let (Some("Delete"), Some(entry)) = (action, other) {
            let message = "`stagedAction: Delete` is for a policy with nothing else in it";
            let help = "leave the other fields out";
            self.reader.refuse(RefusalKind::Policy, entry.key_span, path, message, help);
        }
    }

    fn policy(&mut self, spec: &Node, tree: &Node, path: &Path<'_>, policy: &mut TieredPolicy) {
        let tier = read::value(spec, "tier").and_then(Node::as_str).unwrap_or_default();
        policy.rank = Rank::Tiered {
            tier: CompactString::from(if tier.is_empty() { "default" } else { tier }),
            order: read::value(spec, "order").and_then(read::number),
        };
        let types = self.types(spec, path);
        let hosts = self.for_hosts(spec, path);
        let closes = Direction::BOTH.map(|direction| match types[direction.position()] {
            true if hosts => Closes::Unknown,
            true => Closes::Yes,
            false => Closes::No,
        });
        let subject = self.subject(spec, path);
        let place = tree.entry("spec").map(read::place);
        policy.specs.push(PolicySpec { place, index: None, subject, is_for_nodes: false, closes });
        let mut rules = Vec::new();
        for direction in Direction::BOTH {
            const MOST: usize = 1024;
            let path = path.field(direction.field());
            let items = read::items(spec, direction.field());
            if let Some(entry) = read::entry(spec, direction.field()) {
                self.reader.at_most(MOST, RefusalKind::Policy, entry, &path, "split the policy");
            }
            for (index, node) in items.iter().enumerate() {
                let rule = self.rule(node, direction, &path.item(index));
                let effect = match types[direction.position()] {
                    true if hosts => Effect::Unknown,
                    true => rule.effect,
                    false => Effect::Never,
                };
                rules.push(TieredRule { index: index as u32, effect, ..rule });
            }
        }
        policy.rules = Arc::new(rules);
    }

    /// The directions in force. Without `types`, those that have rules, else ingress alone; as it is
    /// stored, where nothing fills in defaults, both (felix/calc/policy_sorter.go).
    fn types(&mut self, spec: &Node, path: &Path<'_>) -> [bool; 2] {
        let path = path.field("types");
        let entry = read::entry(spec, "types");
        let items = entry.and_then(|entry| entry.value.as_seq()).unwrap_or_default();
        if let Some(entry) = entry.filter(|_| items.is_empty() && !self.is_stored_form)
            && entry.value.as_seq().is_some()
        {
            let message = "`types` is empty";
            let help = "write `Ingress`, `Egress` or both";
            self.reader.refuse(RefusalKind::Policy, entry.key_span, &path, message, help);
        }
        if items.is_empty() {
            let has = |direction: Direction| !read::items(spec, direction.field()).is_empty();
            return match (self.is_stored_form, has(Direction::Ingress), has(Direction::Egress)) {
                (true, ..) | (_, true, true) => [true, true],
                (_, false, true) => [false, true],
                _ => [true, false],
            };
        }
        let known = Direction::BOTH.map(|direction| (direction.policy_type(), direction));
        let mut types = [false; 2];
        for (index, node) in items.iter().enumerate() {
            match self.reader.word(node, &path.item(index), "type", &known) {
                Some(direction) if types[direction.position()] => {
                    let message = format!("`types` has `{}` twice", direction.policy_type());
                    self.reader.refuse(
                        RefusalKind::Policy,
                        node.span,
                        &path,
                        message,
                        "write it once",
                    );
                }
                Some(direction) => types[direction.position()] = true,
                None => {}
            }
        }
        types
    }

    /// Whether the policy is one for the addresses before translation, or without connections: what
    /// it means for pods is not clear. These need `applyOnForward`.
    fn for_hosts(&mut self, spec: &Node, path: &Path<'_>) -> bool {
        let is_on = |field: &str| read::value(spec, field).and_then(read::boolean) == Some(true);
        if !self.is_global {
            return false;
        }
        let (pre, untracked) = (is_on("preDNAT"), is_on("doNotTrack"));
        let place = |field: &str| {
            read::entry(spec, field).map_or(read::token(spec), |entry| entry.key_span)
        };
        if pre && untracked {
            let message = "the policy has both `preDNAT` and `doNotTrack`";
            let help = "write one of them";
            self.reader.refuse(RefusalKind::Policy, place("doNotTrack"), path, message, help);
        }
        if (pre || untracked) && !is_on("applyOnForward") {
            let field = if pre { "preDNAT" } else { "doNotTrack" };
            let message = format!("`{field}` needs `applyOnForward: true`");
            let path = path.field("applyOnForward");
            let help = "add `applyOnForward: true`";
            self.reader.refuse(RefusalKind::Policy, place(field), &path, message, help);
        }
        let types = read::items(spec, "types").iter();
        let has_egress = !read::items(spec, "egress").is_empty()
            || types.filter_map(Node::as_str).any(|word| word == "Egress");
        if pre && has_egress {
            let message = "a `preDNAT` policy is for ingress only";
            let help = "leave egress out";
            self.reader.refuse(RefusalKind::Policy, place("preDNAT"), path, message, help);
        }
        pre || untracked
    }

    fn subject(&mut self, spec: &Node, path: &Path<'_>) -> PodTerm {
        let mut all = Vec::new();
        let keys = [("selector", Keys::Endpoints), ("serviceAccountSelector", Keys::Accounts)];
        for (field, keys) in keys {
            all.extend(self.condition(spec, field, keys, path));
        }
        let place = ["selector", "namespaceSelector", "serviceAccountSelector"];
        let place = place.iter().find_map(|field| read::entry(spec, field)).map(read::place);
        let place = place.unwrap_or(read::item_place(spec));
        let scope = match (self.is_global, read::entry(spec, "namespaceSelector")) {
            (false, _) => Scope::Own,
            (true, None) => Scope::Everywhere,
            (true, Some(entry)) => {
                let condition = self.condition(spec, "namespaceSelector", Keys::Namespaces, path);
                Scope::Where(condition.unwrap_or(Expr::Always), read::place(entry))
            }
        };
        PodTerm { place, scope, labels: Expr::all(all) }
    }

    /// The condition that a selector is; `global()` is none here.
    fn condition(
        &mut self,
        node: &Node,
        field: &'static str,
        keys: Keys,
        path: &Path<'_>,
    ) -> Option<Expr> {
        let field_path = path.field(field);
        match self.parsed(node, field, keys, path)? {
            Parsed::Condition(expr) => Some(expr),
            Parsed::Global => {
                let place = read::value(node, field)?.span;
                let message = format!(
                    "`{field_path}` is `global()`, which only the \
                                       `namespaceSelector` of a rule can be"
                );
                let help = "write the labels, or `all()`";
                self.reader.refuse(RefusalKind::Selector, place, &field_path, message, help);
                Some(Expr::Unknown)
            }
        }
    }

    fn parsed(
        &mut self,
        node: &Node,
        field: &'static str,
        keys: Keys,
        path: &Path<'_>,
    ) -> Option<Parsed> {
        let value = read::value(node, field)?;
        let path = path.field(field);
        let Some(text) = value.as_str() else {
            return Some(Parsed::Condition(Expr::Unknown));
        };
        if is_placeholder(text) && text.contains(['$', '<', '%']) || text.contains("{{") {
            return Some(Parsed::Condition(Expr::Unknown));
        }
        let whole = value.span;
        let written = Written { whole, start: text_start(value, text) };
        match selector::parse(text, keys, written) {
            Ok(parsed) => Some(parsed),
            Err(mistake) => {
                let span = match mistake.at.0 < mistake.at.1 {
                    true => written.span(mistake.at.0, mistake.at.1),
                    false => whole,
                };
                let message = format!("selector `{}` {}", shown(text), mistake.why);
                let help = "write conditions such as `app == \"web\" && has(tier)`";
                self.reader.refuse(RefusalKind::Selector, span, &path, message, help);
                let wrong = text.get(mistake.at.0..mistake.at.1).unwrap_or_default();
                let right = [("=", "=="), ("&", "&&"), ("|", "||")];
                let right = right.iter().find(|(half, _)| *half == wrong && span != whole);
                if let Some((_, right)) = right {
                    self.reader.advise(span, *right, format!("Write {right}"));
                }
                Some(Parsed::Condition(Expr::Unknown))
            }
        }
    }
}

/// Where the text of a scalar begins, if every byte of it is written as it is.
fn text_start(node: &Node, text: &str) -> Option<u32> {
    let written = (node.span.end - node.span.start) as usize;
    let is_plain = node.as_scalar().is_some_and(|scalar| scalar.plain);
    match (is_plain, written.checked_sub(text.len())) {
        (true, Some(0)) => Some(node.span.start),
        (false, Some(2)) => Some(node.span.start + 1),
        _ => None,
    }
}

/// A selector in a message, on one line and not too long.
fn shown(text: &str) -> String {
    const LONGEST: usize = 60;
    let line = text.replace(['\n', '\r'], "\u{2424}");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// The condition that something is one of some ServiceAccounts by name.
fn accounts_named(names: Vec<(CompactString, crate::text::Span)>, span: crate::text::Span) -> Expr {
    Expr::Is(
        LabelOf::AccountName,
        super::selector::Requirement {
            key: CompactString::default(),
            operator: super::selector::Operator::In,
            values: names,
            key_span: span,
            span,
            is_label: false,
        },
    )
}

/// Words for the actions of a rule.
const ACTIONS: [(&str, Action); 4] = [
    ("Allow", Action::Allow),
    ("Deny", Action::Deny),
    ("Log", Action::Log),
    ("Pass", Action::Pass),
];
