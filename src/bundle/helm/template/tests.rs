//! The engine compared with helm's output for the same templates (`tests/helm/table.json`), and its
//! limits.

use std::rc::Rc;

use super::*;
use crate::text::SourceId;
use crate::yaml::{self, Limits};

fn field(name: &'static str, json: &'static str, value: Value) -> Field {
    Field { name, json, value }
}

fn object(type_name: &'static str, fields: Vec<Field>, shown: Option<String>) -> Value {
    Data::Object(Object::Struct(Rc::new(Struct { type_name, fields, shown }))).into()
}

/// The recorder's data for its templates.
fn data(values: &str, origins: &mut Origins) -> Value {
    let read = yaml::read(SourceId(1), values, 0..values.len(), None, &Limits::default());
    let values = read.documents.first().map(|document| &document.root);
    let values = values.map(|root| value_of(root, &mut |span| origins.value(span)));
    let values = values.and_then(|value| value.as_map().cloned());
    let values = values.unwrap_or_else(|| Map::new(MapKind::Any));
    let data = Map::new(MapKind::Any);
    data.set("Values", values.seen_as(MapKind::Values).into());
    let release = Map::new(MapKind::Any);
    for (key, value) in [
        ("Name", Value::from("rel")),
        ("Namespace", "ns".into()),
        ("IsInstall", true.into()),
        ("IsUpgrade", false.into()),
        ("Revision", Value::int(1)),
        ("Service", "Helm".into()),
    ] {
        release.set(key, value);
    }
    data.set("Release", release.into());
    let files: Files = [
        ("a.txt".to_owned(), Rc::from(&b"one\ntwo\n"[..])),
        ("conf/b.yaml".to_owned(), Rc::from(&b"b: 1\n"[..])),
    ]
    .into();
    data.set("Files", Data::Object(Object::Files(Rc::new(files))).into());
    let chart = vec![
        field("Name", "name", "one".into()),
        field("Version", "version", "0.1.0".into()),
        field("AppVersion", "appVersion", "1.2.3".into()),
    ];
    data.set("Chart", object("struct { chart.Metadata; IsRoot bool }", chart, None));
    let about = Map::new(MapKind::Values);
    about.set("Name", "one/templates/t".into());
    about.set("BasePath", "one/templates".into());
    data.set("Template", about.into());
    let version = vec![
        field("Version", "Version", "v1.34.0".into()),
        field("Major", "Major", "1".into()),
        field("Minor", "Minor", "34".into()),
    ];
    let version = object("chartutil.KubeVersion", version, Some("v1.34.0".to_owned()));
    let versions = Object::Versions(["v1", "networking.k8s.io/v1"].map(str::to_owned).into());
    let capabilities = vec![
        field("KubeVersion", "KubeVersion", version),
        field("APIVersions", "APIVersions", Data::Object(versions).into()),
    ];
    data.set("Capabilities", object("*chartutil.Capabilities", capabilities, None));
    data.into()
}

fn render(text: &str, values: &str) -> Result<String, String> {
    bounded(text, values, Budget::new(2_000_000, 64 << 20))
}

pub(super) fn bounded(text: &str, values: &str, budget: Budget) -> Result<String, String> {
    let mut origins = Origins::default();
    let mut set = TemplateSet::default();
    let place = Place::File(SourceId(0));
    let parsed = set.add(&"one/templates/t".into(), &text.into(), place);
    let template = parsed.map_err(|mistake| mistake.message)?;
    let data = data(values, &mut origins);
    let set = Rc::new(set);
    let made = Renderer::new(&mut origins, &budget).file(&template, &set, data);
    made.map(|rope| rope.as_str().to_owned()).map_err(|failure| match failure.reason {
        Reason::Wrong(why) | Reason::Asked(why) => why,
        Reason::Limit(limit) => format!("limit: {limit:?}"),
    })
}

/// Runs on a stack as large as that of a rendering.
fn with_room(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(test).unwrap();
    thread.join().unwrap();
}

#[test]
fn templates_render_as_in_helm() {
    with_room(|| {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/helm/table.json"));
        let table: serde_json::Value = serde_json::from_str(text).unwrap();
        let values = table["values"].as_str().unwrap();
        let cases = table["cases"].as_array().unwrap();
        let mut wrong = Vec::new();
        for case in cases {
            let template = case["template"].as_str().unwrap();
            let made = render(template, values);
            let agrees = match (&made, case["output"].as_str()) {
                (Ok(made), Some(output)) => made == output,
                (Err(_), None) => true,
                _ => false,
            };
            if !agrees {
                wrong.push(format!("{template:?}\n  helm {case}\n  here {made:?}"));
            }
        }
        println!("{} of {} templates agree with helm", cases.len() - wrong.len(), cases.len());
        assert!(cases.len() > 500);
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn errors_have_the_wording_of_go() {
    with_room(|| {
        for (template, why) in [
            ("{{ .Values.a.b.c }}", "nil pointer evaluating interface {}.c"),
            ("{{ .Values.x.y }}", "nil pointer evaluating interface {}.y"),
            ("{{ upper 3 }}", "expected string; found 3"),
            ("{{ upper .Values.num }}", "wrong type for value; expected string; got float64"),
            ("{{ .Values.none | upper }}", "invalid value; expected string"),
            ("{{ include \"x\" . }}", "no template \"x\" associated"),
            ("{{ nosuch }}", "function \"nosuch\" not defined"),
            ("{{ if }}", "missing value for if"),
            ("{{ (1 }}", "unclosed left paren"),
            ("{{ eq 1 \"a\" }}", "incompatible types for comparison"),
        ] {
            let values = "a: {b: }\nnum: 1\n";
            let said = render(template, values).unwrap_err();
            assert!(said.contains(why), "{template}: {said}");
        }
    });
}

/// Extreme templates: each ends soon, and none takes the process with it.
#[test]
fn bombs_end_soon() {
    with_room(|| {
        let deep = format!("{{{{ {}1{} }}}}", "(".repeat(5000), ")".repeat(5000));
        let nested = "{{ if 1 }}".repeat(5000) + &"{{ end }}".repeat(5000);
        for bomb in [
            "{{ define \"a\" }}{{ include \"a\" . }}{{ end }}{{ include \"a\" . }}",
            "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
            "{{ define \"a\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}",
            "{{ $x := \"aaaaaaaaaa\" }}{{ range 100 }}{{ $x = print $x $x }}{{ end }}",
            "{{ range until 1000000000 }}x{{ end }}",
            "{{ range 1000000000 }}{{ range 1000000000 }}{{ end }}{{ end }}",
            "{{ repeat 1000000000 \"aaaaaaaaaa\" }}",
            "{{ indent 1000000000 \"a\\nb\" }}",
            "{{ $x := list 1 }}{{ range 100000 }}{{ $x = list $x $x }}{{ end }}{{ $x }}",
            "{{ $x := dict }}{{ range 60 }}{{ $x = dict \"a\" $x \"b\" $x }}{{ end }}{{ toYaml $x }}",
            "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}{{ toJson $x }}",
            "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}{{ $x }}",
            "{{ $x := dict }}{{ range 300000 }}{{ $x = dict \"a\" $x }}{{ end }}",
            "{{ regexReplaceAll \"a\" (repeat 100000 \"a\") (repeat 100000 \"b\") }}",
            "{{ replace \"\" (repeat 100000 \"b\") (repeat 100000 \"a\") }}",
            "{{ printf \"%999999999d\" 1 }}",
            "{{ printf \"%.99999f %.99999e %.99999g\" 1.5 1.5 1.5 }}",
            "{{ $x := dict }}{{ range 5000 }}{{ $x = dict \"a\" $x }}{{ end }}{{ printf \"%d\" $x }}",
            "{{ $x := repeat 9000 \"a\" }}{{ regexReplaceAll \"a+\" $x (repeat 9000 \"$0\") }}",
            "{{ range until 1000 }}{{ $x := regexMatch \"((a{1,99}){1,99}){1,99}\" \"a\" }}{{ end }}",
            "{{ $x := repeat 99999 \"a\" }}{{ regexFindAll \".*[^A-Z]|[A-Z]\" (upper $x) -1 }}",
            "{{ $x := repeat 999999 \"a\" }}{{ range until 9999 }}{{ $y := contains \"b\" $x }}{{ end }}",
            "{{ $x := repeat 999999 \"a\" }}{{ $l := list }}{{ range 999 }}{{ $l = append $l (upper $x) }}{{ end }}",
            "{{ splitList \"\" (repeat 999999 \"a\") | len }}",
            "{{ wrapWith 1 (repeat 99999 \"b\") (repeat 99999 \"a \") | len }}",
            "{{ $x := list (dict (repeat 99999 \"a\") 1) }}{{ range 20 }}{{ $x = concat $x $x }}{{ end }}{{ toJson $x }}",
            "{{ $x := list (repeat 99999 \"a\") }}{{ range 20 }}{{ $x = concat $x $x }}{{ end }}{{ toToml (dict \"a\" $x) }}",
            "{{ range until 9999 }}{{ $x := fromYaml \"a: &a [1,1,1,1,1]\\nb: &b [*a,*a,*a,*a,*a,*a,*a]\\nc: &c \
             [*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c]\\ne: [*d,*d,*d,*d,*d,*d,*d]\" }}{{ end }}",
            "{{ range until 9999 }}{{ $x := tpl (repeat 9999 \"{{1}}\") . }}{{ end }}",
            "{{ $x := repeat 1000 \"{{ tpl . . }}\" }}{{ range 1000 }}{{ $y := tpl $x \"a\" }}{{ end }}",
            &deep,
            &nested,
        ] {
            // The limit is counted, so that it is the same on every machine.
            let made = bounded(bomb, "", Budget::new(50_000, 8 << 20));
            assert!(made.is_err() || made.is_ok_and(|text| text.len() < 8 << 20));
        }
    });
}

#[test]
fn output_knows_the_action_and_the_value_behind_it() {
    let text = "{{ define \"n\" }}x-{{ .Values.a }}{{ end }}a: {{ include \"n\" . | upper | quote }}\n\
                b: {{ .Values.a | trunc 2 }}\nc:{{ toYaml .Values.m | nindent 2 }}\nd: {{ randAlpha 3 }}\n";
    let values = "a: web\nm: {k: v}\n";
    let mut origins = Origins::default();
    let budget = Budget::new(100_000, 1 << 20);
    let mut set = TemplateSet::default();
    let template = set.add(&"t".into(), &text.into(), Place::File(SourceId(0))).unwrap();
    let data = data(values, &mut origins);
    let rope = Renderer::new(&mut origins, &budget).file(&template, &Rc::new(set), data).unwrap();
    let (made, marks) = rope.into_parts();
    let at = |word: &str| {
        let at = made.find(word).unwrap();
        let mark = marks.iter().rev().find(|mark| mark.start as usize <= at).unwrap();
        let trace = origins.get(mark.origin);
        let outer = origins.outermost(mark.origin).template.unwrap();
        let value = trace.value.map(|span| &values[span.start as usize..span.end as usize]);
        (&text[outer.start as usize..outer.end as usize], value, trace.is_unknown)
    };
    assert_eq!(at("WEB"), ("{{ include \"n\" . | upper | quote }}", Some("web"), false));
    assert_eq!(at("we"), ("{{ .Values.a | trunc 2 }}", Some("web"), false));
    assert_eq!(at("k:"), ("{{ toYaml .Values.m | nindent 2 }}", Some("k"), false));
    assert_eq!(at("v\n"), ("{{ toYaml .Values.m | nindent 2 }}", Some("v"), false));
    assert_eq!(at("xxx"), ("{{ randAlpha 3 }}", None, true));
}

#[test]
fn what_depends_on_something_unknown_is_unknown() {
    for template in [
        "{{ randAlpha 3 | b64enc | quote }}",
        "{{ print (randAlpha 3) | b64enc }}",
        "{{ define \"r\" }}{{ randAlpha 3 }}{{ end }}{{ print \"a\" (include \"r\" .) | sha256sum }}",
        "{{ define \"r\" }}a: {{ randAlpha 3 }}{{ end }}{{ include \"r\" . | sha256sum }}",
        "{{ $d := dict }}{{ $_ := set $d \"p\" (randAlpha 3) }}{{ get $d \"p\" | b64enc }}",
        "{{ $d := dict }}{{ $_ := set $d \"p\" (randAlpha 3) }}{{ tpl ($d.p | toString) . }}",
        "{{ $d := dict }}{{ $_ := set $d \"p\" (randAlpha 3) }}{{ printf \"%v\" (default \"\" $d.p) }}",
        "{{ define \"r\" }}{{ randAlpha 3 }}{{ end }}{{ $p := include \"r\" . }}{{ printf \"%s\" $p | quote }}",
        "{{ now | date \"2006\" }}",
        "{{ (genCA \"a\" 1).Cert | b64enc }}",
        "{{ randAlpha 3 | upper | trunc 2 }}",
        "{{ list (randAlpha 3) | join \"-\" }}",
        "{{ dict \"a\" (randAlpha 3) | toYaml | fromYaml | toJson }}",
        "{{ list (randAlpha 3) | toJson | sha256sum }}",
        "{{ define \"r\" }}data: {p: \"{{ randAlpha 3 }}\"}{{ end }}{{ (include \"r\" . | fromYaml).data \
         | toYaml | sha256sum }}",
        "{{ (dict \"a\" (randAlpha 3) | toJson | fromJson).a }}",
    ] {
        let mut origins = Origins::default();
        let budget = Budget::new(100_000, 1 << 20);
        let mut set = TemplateSet::default();
        let place = Place::File(SourceId(0));
        let parsed = set.add(&"t".into(), &template.into(), place).unwrap();
        let data = data("", &mut origins);
        let rope = Renderer::new(&mut origins, &budget).file(&parsed, &Rc::new(set), data).unwrap();
        let (_, marks) = rope.into_parts();
        let is_unknown = marks.iter().any(|mark| origins.get(mark.origin).is_unknown);
        assert!(is_unknown, "{template}");
    }
}
