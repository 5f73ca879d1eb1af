//! Charts, rendered by the real helm.

#![allow(clippy::unwrap_used)]

mod shared;

#[test]
fn tmp() {
    use netpol_lint::{bundle::helm, repo, text::*, yaml};
    let root = std::path::PathBuf::from(std::env::var("CH").unwrap());
    let scope = repo::Scope { paths: vec![root.clone()], ..Default::default() };
    let repo = repo::find(&scope, &root).unwrap();
    let mut sources = Sources::default();
    for file in &repo.files {
        sources.add(Source::file(file.path.clone(), file.open.clone()));
    }
    let charts = helm::charts(&repo);
    let rendered = helm::render(&charts, &repo, &mut sources, &helm::Helm::default(), &yaml::Limits::default());
    for b in &rendered.built {
        println!("{} {} manifests, faults {:#?} open {:?}", b.name, b.manifests.len(), b.faults, b.openings);
        for f in &b.faults { println!("{:?} {} {}", sources.start(f.place), sources.get(f.place.source).path, f.message); }
        for m in &b.manifests {
            println!("== {} {} {:?}", m.head.kind, m.head.name, sources.get(m.head.source).path);
            show(&m.tree, &sources, 0);
        }
    }
}

fn show(node: &netpol_lint::yaml::Node, sources: &netpol_lint::text::Sources, depth: usize) {
    use netpol_lint::yaml::Value;
    match &node.value {
        Value::Scalar(s) => println!("{}{} <- {}: {}", " ".repeat(depth), s.text, sources.start(node.span).line, sources.slice(node.span)),
        Value::Seq(items) => for i in items.iter() { println!("{}-", " ".repeat(depth)); show(i, sources, depth + 2); },
        Value::Map(m) => for e in &m.entries { println!("{}{}: <- {}: {}", " ".repeat(depth), e.key, sources.start(e.key_span).line, sources.slice(e.key_span)); show(&e.value, sources, depth + 2); },
    }
}
