//! What the API server rejects: each of its checks with a manifest that it rejects and one that
//! just passes, and the rule that reports it. The checks are those of
//! pkg/apis/networking/validation and, before them, of the decoder (Kubernetes 1.36).

use netpol_lint::lint::Severity;
use netpol_lint::{Request, check};

/// One check: the rule that reports it, a part of a policy that is rejected, and one that just
/// passes.
struct Row {
    rule: &'static str,
    part: Part,
    refused: &'static [&'static str],
    passes: &'static [&'static str],
}

/// The part of a policy that the texts of a row are; the rest is valid.
#[derive(Clone, Copy)]
enum Part {
    /// Everything after the kind.
    Whole,
    /// The fields of `metadata`, in braces.
    Metadata,
    /// The fields of `spec`, in braces.
    Spec,
    /// The value of a label in `matchLabels`.
    LabelValue,
    /// A key of `matchLabels`.
    LabelKey,
    /// An item of `matchExpressions`.
    Expression,
    /// A peer.
    Peer,
    /// The fields of an `ipBlock`, in braces.
    Block,
    /// The items of `policyTypes`, in brackets.
    Types,
    /// An entry of `ports`.
    Port,
    /// The value of `port`.
    PortValue,
    /// The value of `protocol`.
    Protocol,
}

impl Part {
    /// A policy with that part; each part is written on one line.
    fn policy(self, text: &str) -> String {
        let spec = |fields: &str| {
            format!("metadata: {{name: web}}\nspec: {{podSelector: {{}}, {fields}}}\n")
        };
        let ingress = |rule: &str| spec(&format!("policyTypes: [Ingress], ingress: [{rule}]"));
        let body = match self {
            Self::Whole => format!("{text}\n"),
            Self::Metadata => {
                format!("metadata: {text}\nspec: {{podSelector: {{}}, policyTypes: [Ingress]}}\n")
            }
            Self::Spec => format!("metadata: {{name: web}}\nspec: {text}\n"),
            Self::LabelValue => {
                ingress(&format!("{{from: [{{podSelector: {{matchLabels: {{app: {text}}}}}}}]}}"))
            }
            Self::LabelKey => {
                ingress(&format!("{{from: [{{podSelector: {{matchLabels: {{{text}: a}}}}}}]}}"))
            }
            Self::Expression => {
                ingress(&format!("{{from: [{{podSelector: {{matchExpressions: [{text}]}}}}]}}"))
            }
            Self::Peer => ingress(&format!("{{from: [{text}]}}")),
            Self::Block => ingress(&format!("{{from: [{{ipBlock: {text}}}]}}")),
            Self::Types => spec(&format!("policyTypes: {text}")),
            Self::Port => ingress(&format!("{{ports: [{text}]}}")),
            Self::PortValue => ingress(&format!("{{ports: [{{port: {text}}}]}}")),
            Self::Protocol => ingress(&format!("{{ports: [{{port: 80, protocol: {text}}}]}}")),
        };
        format!("apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{body}")
    }
}

const fn row(
    rule: &'static str,
    part: Part,
    refused: &'static [&'static str],
    passes: &'static [&'static str],
) -> Row {
    Row { rule, part, refused, passes }
}

const LONG_63: &str = "a23456789012345678901234567890123456789012345678901234567890123";
const LONG_64: &str = "a234567890123456789012345678901234567890123456789012345678901234";

/// Decoding: HTTP 400.
const DECODER: &[Row] = &[
    // A string: YAML 1.1 booleans and numbers are not; null is the empty one, dates are strings.
    row(
        "invalid-selector",
        Part::LabelValue,
        &[
            "true", "false", "yes", "No", "ON", "off", "y", "n", "123", "010", "0x1F", "0o7",
            "0b11", "1e3", "1_000", "1.0", ".5", "[a]", "{a: b}",
        ],
        &["\"true\"", "\"123\"", "2001-01-01", "12e", "1.2.3", "\"\""],
    ),
    row(
        "invalid-selector",
        Part::Expression,
        &[
            "{key: 1, operator: Exists}",
            "{key: a, operator: true}",
            "{key: a, operator: In, values: [1]}",
            "{key: a, operator: In, values: b}",
            "{key: a, operator: In, values: {b: c}}",
            "[a]",
        ],
        &["{key: \"1\", operator: Exists}", "{key: a, operator: Exists, values: null}"],
    ),
    row("invalid-policy", Part::Protocol, &["1", "yes", "[TCP]"], &["\"TCP\"", "null"]),
    row("invalid-policy", Part::Types, &["[1]", "[yes]", "[[Ingress]]"], &["[Ingress]"]),
    row(
        "invalid-ip-block",
        Part::Block,
        &["{cidr: 10}", "{cidr: 1.5}", "{cidr: [10.0.0.0/8]}", "{cidr: {a: b}}"],
        &["{cidr: \"10.0.0.0/8\"}"],
    ),
    row(
        "invalid-port",
        Part::PortValue,
        &["true", "[80]", "{a: b}", "4294967296", "80.5"],
        &["80", "80.0", "8e1", "0x50", "0120", "null"],
    ),
    row(
        "invalid-port",
        Part::Port,
        &["{port: 80, endPort: \"90\"}", "{port: 80, endPort: a}", "{port: 80, endPort: [90]}"],
        &["{port: 80, endPort: null}", "{port: 80, endPort: 90}"],
    ),
    // A list: not a mapping, not a scalar; null is absent.
    row(
        "invalid-policy",
        Part::Spec,
        &[
            "{podSelector: {}, policyTypes: Ingress}",
            "{podSelector: {}, policyTypes: [Ingress], ingress: {}}",
            "{podSelector: {}, policyTypes: [Egress], egress: all}",
            "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: {podSelector: {}}}]}",
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: all}]}",
            "{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: {port: 80}}]}",
            "{podSelector: {}, policyTypes: [Ingress], ingress: [all]}",
            "{podSelector: {}, policyTypes: [Ingress], ingress: [[]]}",
            "{podSelector: {}, policyTypes: [Ingress], ingress: [{ports: [80]}]}",
            "{podSelector: [], policyTypes: [Ingress]}",
            "{podSelector: app, policyTypes: [Ingress]}",
            "[]",
            "all",
        ],
        &[
            "{podSelector: {}, policyTypes: null, ingress: null, egress: null}",
            "{podSelector: {}, policyTypes: []}",
            "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: null, ports: [null]}]}",
        ],
    ),
    row(
        "invalid-selector",
        Part::Peer,
        &["{podSelector: {matchExpressions: {}}}", "{podSelector: {matchLabels: [a]}}"],
        &["{podSelector: {matchExpressions: null, matchLabels: null}}"],
    ),
    row(
        "invalid-ip-block",
        Part::Block,
        &["{cidr: 10.0.0.0/8, except: 10.1.0.0/16}", "{cidr: 10.0.0.0/8, except: {a: b}}"],
        &["{cidr: 10.0.0.0/8, except: null}", "{cidr: 10.0.0.0/8, except: []}"],
    ),
    row(
        "invalid-policy",
        Part::Peer,
        &["{podSelector: []}", "{namespaceSelector: shop}", "{ipBlock: 10.0.0.0/8}"],
        &["{podSelector: {}, namespaceSelector: null, ipBlock: null}"],
    ),
    // Strict: kubectl requests it.
    row(
        "unknown-field",
        Part::Peer,
        &["{podSelector: {matchlabels: {a: b}}}", "{podSelector: {}, namespace: shop}"],
        &["{podSelector: {matchLabels: {a: b}}}"],
    ),
    row(
        "duplicate-key",
        Part::Peer,
        &["{podSelector: {matchLabels: {a: b, a: c}}}"],
        &["{podSelector: {matchLabels: {a: b, c: b}}}"],
    ),
];

/// Validation: HTTP 422.
const VALIDATION: &[Row] = &[
    row(
        "invalid-policy",
        Part::Metadata,
        &["{}", "null", "{name: null}", "{name: \"\"}", "[]", "web"],
        &["{name: web}", "{generateName: web-}"],
    ),
    row(
        "invalid-policy",
        Part::Metadata,
        &[
            "{name: Web}",
            "{name: web_1}",
            "{name: web-}",
            "{name: -web}",
            "{name: a..b}",
            "{name: 1}",
            "{generateName: Web-}",
            "{generateName: \"-\"}",
            "{generateName: web., name: web}",
        ],
        &["{name: web.1-a}", "{name: \"1\"}", "{generateName: web-}", "{generateName: web}"],
    ),
    row(
        "invalid-policy",
        Part::Metadata,
        &[
            "{name: web, namespace: a.b}",
            "{name: web, namespace: Shop}",
            "{name: web, namespace: 1}",
        ],
        &["{name: web, namespace: a-b}", "{name: web, namespace: \"\"}"],
    ),
    row(
        "invalid-policy",
        Part::Metadata,
        &[
            "{name: web, labels: {a b: c}}",
            "{name: web, labels: {a: b c}}",
            "{name: web, labels: {a: 1}}",
            "{name: web, labels: [a]}",
            "{name: web, labels: {Example.com/a: b}}",
        ],
        &["{name: web, labels: {example.com/a_b: \"\"}}", "{name: web, labels: {a: null}}"],
    ),
    row(
        "invalid-policy",
        Part::Metadata,
        &[
            "{name: web, annotations: {a b: c}}",
            "{name: web, annotations: {a/b/c: d}}",
            "{name: web, annotations: {a: true}}",
            "{name: web, annotations: a}",
        ],
        // The key is checked in lower case, the value is any string.
        &["{name: web, annotations: {Example.com/a: b c}}"],
    ),
    row(
        "invalid-selector",
        Part::LabelKey,
        &["\"\"", "-a", "a-", "a/b/c", "/a", "a/", "A.b/c", "a b", LONG_64],
        &["a", "a.b/c_d", "A", LONG_63],
    ),
    row(
        "invalid-selector",
        Part::LabelValue,
        &["-a", "a.", "a/b", "\"a b\"", "\"*\"", LONG_64],
        &["a", "A_b.c-d", "\"\"", LONG_63],
    ),
    row(
        "invalid-selector",
        Part::Expression,
        &[
            "{key: a, operator: in, values: [b]}",
            "{key: a, operator: Equals, values: [b]}",
            "{key: a}",
            "{key: \"\", operator: Exists}",
            "{operator: Exists}",
            "{key: a b, operator: Exists}",
        ],
        &["{key: a, operator: In, values: [b]}", "{key: a, operator: DoesNotExist}"],
    ),
    row(
        "invalid-selector",
        Part::Expression,
        &[
            "{key: a, operator: In}",
            "{key: a, operator: NotIn, values: []}",
            "{key: a, operator: Exists, values: [b]}",
            "{key: a, operator: DoesNotExist, values: [b]}",
            "{key: a, operator: In, values: [b c]}",
        ],
        &["{key: a, operator: NotIn, values: [\"\"]}", "{key: a, operator: Exists, values: []}"],
    ),
    row(
        "invalid-policy",
        Part::Protocol,
        &["tcp", "Udp", "HTTP", "ICMP", "\"\""],
        &["TCP", "UDP", "SCTP"],
    ),
    row("invalid-port", Part::PortValue, &["0", "-1", "65536"], &["1", "65535"]),
    row(
        "invalid-port",
        Part::PortValue,
        &["\"80\"", "\"\"", "HTTP", "web_1", "a--b", "-a", "a-", "a234567890123456"],
        &["http", "1a", "a-b", "a23456789012345"],
    ),
    row(
        "invalid-port",
        Part::Port,
        &[
            "{endPort: 90}",
            "{port: web, endPort: 90}",
            "{port: 80, endPort: 79}",
            "{port: 80, endPort: 65536}",
            "{port: 80, endPort: 0}",
        ],
        &["{port: 80, endPort: 80}", "{port: 80, endPort: 65535}", "{}"],
    ),
    row(
        "invalid-peer",
        Part::Peer,
        &[
            "{}",
            "null",
            "{podSelector: null}",
            "{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}",
            "{namespaceSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}",
        ],
        &["{podSelector: {}}", "{podSelector: null, ipBlock: {cidr: 10.0.0.0/8}}"],
    ),
    row(
        "invalid-ip-block",
        Part::Block,
        &[
            "{}",
            "{cidr: \"\"}",
            "{cidr: null, except: [10.0.0.0/8]}",
            "{cidr: 10.0.0.0}",
            "{cidr: \"fd00::1\"}",
            "{cidr: 10.0.0.0/33}",
            "{cidr: 10.0.0/24}",
            "{cidr: 10.0.0.256/32}",
            "{cidr: \"fd00::/129\"}",
            "{cidr: shop}",
            "{cidr: 10.0.0.0/8, except: [10.1.0.0]}",
            "{cidr: 10.0.0.0/8, except: [\"\"]}",
            "{cidr: 10.0.0.0/8, except: [null]}",
        ],
        &["{cidr: 0.0.0.0/0}", "{cidr: \"::/0\"}", "{cidr: 10.0.0.1/32}", "{cidr: \"FD00::/8\"}"],
    ),
    row(
        "invalid-ip-block",
        Part::Block,
        &[
            "{cidr: 10.0.0.0/8, except: [10.0.0.0/8]}",
            "{cidr: 10.0.0.0/8, except: [10.0.0.0/7]}",
            "{cidr: 10.0.0.0/8, except: [11.0.0.0/16]}",
            "{cidr: 0.0.0.0/0, except: [\"fd00::/8\"]}",
        ],
        &[
            "{cidr: 10.0.0.0/8, except: [10.0.0.0/9]}",
            "{cidr: 10.0.0.0/8, except: [10.0.0.0/16, 10.0.0.0/16, 10.0.0.0/9]}",
            "{cidr: \"::/0\", except: [\"fd00::/8\"]}",
        ],
    ),
    row(
        "invalid-policy",
        Part::Types,
        &["[Ingress, Egress, Ingress]", "[ingress]", "[Engress]", "[\"\"]", "[null]"],
        &["[Ingress, Egress]", "[Ingress, Ingress]", "[]"],
    ),
];

/// What is accepted and worth a warning.
const WARNINGS: &[Row] = &[
    // Rejected by default since 1.36 (gate `StrictIPCIDRValidation`).
    row(
        "invalid-ip-block",
        Part::Block,
        &[
            "{cidr: 10.0.0.1/8}",
            "{cidr: 010.0.0.0/8}",
            "{cidr: 10.0.0.0/08}",
            "{cidr: \"::ffff:10.0.0.0/104\"}",
            "{cidr: \"fd00::1/64\"}",
            "{cidr: 10.0.0.0/8, except: [10.1.0.1/16]}",
            "{cidr: 10.0.0.0/8, except: [\"::ffff:10.1.0.0/112\"]}",
        ],
        &["{cidr: 10.0.0.1/32}", "{cidr: \"fd00:0000::/64\"}"],
    ),
    // Selects every pod, in every version.
    row(
        "invalid-policy",
        Part::Whole,
        &[
            "metadata: {name: web}",
            "metadata: {name: web}\nspec:",
            "metadata: {name: web}\nspec: {policyTypes: [Ingress]}",
            "metadata: {name: web}\nspec: {podSelector: , policyTypes: [Ingress]}",
        ],
        &["metadata: {name: web}\nspec: {podSelector: {}}"],
    ),
    // Accepted, as the empty value.
    row("invalid-selector", Part::LabelValue, &["null", "~"], &["\"\""]),
];

/// What is never rejected, and which other rules may report.
const ACCEPTED: &[(Part, &str)] = &[
    (Part::Spec, "{podSelector: {}, policyTypes: [Ingress], egress: [{}]}"),
    (Part::Spec, "{podSelector: {}, policyTypes: [Ingress], ingress: [{}, {}]}"),
    (Part::Spec, "{podSelector: {}, policyTypes: [Ingress], ingress: [null]}"),
    (Part::Spec, "{podSelector: {}, policyTypes: [Ingress], ingress: [{from: [], ports: []}]}"),
    (Part::Port, "{port: 80}, {port: 80}"),
    (Part::Peer, "{podSelector: {}}, {podSelector: {}}"),
    (Part::Peer, "{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: \"fd00::/8\"}}"),
    (
        Part::Spec,
        "{podSelector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: NotIn, \
         values: [b]}]}, policyTypes: [Ingress]}",
    ),
];

/// The rules that report what is rejected, with their severities.
fn refusals(policy: &str) -> Vec<(&'static str, Severity)> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.yaml"), policy).unwrap();
    let cwd = folder.path().canonicalize().unwrap();
    let outcome = check(&Request { cwd, ..Request::default() }, &()).unwrap();
    let is_refusal = |id: &str| {
        id.starts_with("invalid-")
            || matches!(id, "unknown-field" | "duplicate-key" | "removed-api-version")
            || id.starts_with("yaml-")
    };
    let findings = outcome.findings.iter().map(|finding| (finding.rule.id, finding.severity));
    findings.filter(|(id, _)| is_refusal(id)).collect()
}

/// What is wrong with a row: a text that is not rejected by exactly its rule, once, or one that is
/// rejected.
fn differences(row: &Row, severity: Severity) -> Vec<String> {
    let mut wrong = Vec::new();
    let expected = [(row.rule, severity)];
    for text in row.refused {
        let found = refusals(&row.part.policy(text));
        if found != expected {
            wrong.push(format!("{text}: expected {expected:?}, found {found:?}"));
        }
    }
    for text in row.passes {
        let found = refusals(&row.part.policy(text));
        if !found.is_empty() {
            wrong.push(format!("{text}: passes, found {found:?}"));
        }
    }
    wrong
}

fn hold(rows: &[Row], severity: Severity) {
    let wrong: Vec<String> = rows.iter().flat_map(|row| differences(row, severity)).collect();
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_the_decoder_rejects_is_reported_by_exactly_one_rule() {
    hold(DECODER, Severity::Error);
}

#[test]
fn what_the_validation_rejects_is_reported_by_exactly_one_rule() {
    hold(VALIDATION, Severity::Error);
}

#[test]
fn what_is_accepted_but_doubtful_is_a_warning() {
    hold(WARNINGS, Severity::Warning);
}

#[test]
fn what_is_accepted_is_not_reported_as_rejected() {
    for (part, text) in ACCEPTED {
        assert_eq!(refusals(&part.policy(text)), [], "{text}");
    }
}

#[test]
fn annotations_may_be_256_kib_in_all() {
    let sized = |bytes: usize| {
        let value = "a".repeat(bytes - "note".len());
        Part::Metadata.policy(&format!("{{name: web, annotations: {{note: {value}}}}}"))
    };
    assert_eq!(refusals(&sized(256 << 10)), []);
    assert_eq!(refusals(&sized((256 << 10) + 1)), [("invalid-policy", Severity::Error)]);
}

#[test]
fn a_removed_version_is_rejected() {
    let text = Part::Peer.policy("{podSelector: {}}");
    let old = text.replace("networking.k8s.io/v1", "extensions/v1beta1");
    assert_eq!(refusals(&text), []);
    assert_eq!(refusals(&old), [("removed-api-version", Severity::Error)]);
}
