//! The result of a rule: one finding, its places, and its confidence.

use crate::bundle::ObjectId;
use crate::model::At;
use crate::text::Span;

use super::{Context, Rule};

/// How severe a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not intended.
    Warning,
    /// Wrong: traffic is lost or allowed, or the API server rejects the manifest.
    Error,
}

/// How sure the rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// A guess.
    Low,
    /// Likely.
    Medium,
    /// The repository proves it.
    High,
}

impl Severity {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Confidence {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// The object that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Its kind, as written.
    pub kind: String,
    /// The namespace it is deployed to, if known.
    pub namespace: Option<String>,
    /// Its name; empty if it has none.
    pub name: String,
}

/// Another place, with a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The place; may be in another file.
    pub span: Span,
    /// What is there, in a few words ("this Deployment has `app: backend`").
    pub message: String,
}

/// Whether a fix may be applied without a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Safety {
    /// The allowed traffic stays the same, or the API server rejects the manifest anyway.
    Safe,
    /// Changes what is allowed.
    Unsafe,
}

/// Replaces the bytes of `span` by `text`; an empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The replaced bytes.
    pub span: Span,
    /// The new text.
    pub text: String,
}

/// One way to fix a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, as an imperative ("Add a DNS rule").
    pub title: String,
    /// Whether it may be applied without a review.
    pub safety: Safety,
    /// The edits, in order, not overlapping.
    pub edits: Vec<Edit>,
}

/// One diagnostic.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How severe it is; the rule's own severity by default.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// Where a person would edit something; on one line.
    pub place: Span,
    /// Other places, each with a message.
    pub related: Vec<Related>,
    /// The labels that it says no pod has; something that is no manifest may write them.
    pub absent: Vec<(String, String)>,
    /// Places at which a suppression comment also applies (the object's header, the rule's item).
    pub suppression_spans: Vec<Span>,
    /// What is wrong, in one sentence with the names involved.
    pub message: String,
    /// What to do, in one sentence.
    pub help: String,
    /// The object it is about; `None` for files that can't be read.
    pub subject: Option<Subject>,
    /// The address in the policy, for precedence and the field path.
    pub at: Option<At>,
    /// The field path from the object's root (`spec.egress[0].to[1].podSelector`); may be empty.
    pub field: String,
    /// The bundles that have it; empty if there is only one.
    pub bundles: Vec<String>,
    /// Ways to fix it, the best first.
    pub fixes: Vec<Fix>,
    /// Why a possible fix is not offered.
    pub withheld: Option<String>,
    /// Its identity across runs; empty until it is assigned.
    pub fingerprint: String,
}

impl Finding {
    /// A finding of `rule` at `place`, with the rule's own severity and confidence: what is wrong
    /// in one sentence, and what to do in another.
    pub fn new(
        rule: &'static Rule,
        place: Span,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            rule,
            severity: rule.severity,
            confidence: rule.confidence,
            place,
            related: Vec::new(),
            suppression_spans: Vec::new(),
            absent: Vec::new(),
            message: message.into(),
            help: help.into(),
            subject: None,
            at: None,
            field: String::new(),
            bundles: Vec::new(),
            fixes: Vec::new(),
            withheld: None,
            fingerprint: String::new(),
        }
    }

    /// Sets the policy that it is about, and the place in it.
    pub fn about(mut self, cx: &Context<'_>, at: At) -> Self {
        let head = cx.cluster.head(at.policy);
        self.subject = Some(Subject {
            kind: head.kind.to_string(),
            namespace: head.namespace.as_ref().map(ToString::to_string),
            name: head.name.to_string(),
        });
        self.field = at.spot.to_string();
        self.at = Some(at);
        self.suppression_spans.push(head.start);
        if cx.cluster.tiered_policy(at.policy).is_none() && !cx.cluster.is_network_object(at.policy)
        {
            let policy = cx.cluster.policy(at.policy);
            let rule = at.spot.rule_spot().and_then(|spot| spot.key_span(policy));
            self.suppression_spans.extend(rule);
        }
        self
    }

    /// Says which object it is about, where that is no policy, and the field in it.
    pub fn of_object(
        mut self,
        cx: &Context<'_>,
        object: ObjectId,
        field: impl Into<String>,
    ) -> Self {
        let head = cx.cluster.head(object);
        self.subject = Some(Subject {
            kind: head.kind.to_string(),
            namespace: head.namespace.as_ref().map(ToString::to_string),
            name: head.name.to_string(),
        });
        self.field = field.into();
        self.suppression_spans.push(head.start);
        self
    }

    /// The safety of the safest of its fixes.
    pub fn safest_fix(&self) -> Option<Safety> {
        let is_safe = self.fixes.iter().any(|fix| fix.safety == Safety::Safe);
        let safest = if is_safe { Safety::Safe } else { Safety::Unsafe };
        (!self.fixes.is_empty()).then_some(safest)
    }

    /// Adds another place with a message.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related { span, message: message.into() });
        self
    }

    /// Sets the confidence.
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Sets the severity.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }
}
