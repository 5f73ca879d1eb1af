//! sprig's functions on paths and URLs.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::value::{Map, MapKind, Value};
use super::{Call, Function, Outcome, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("base", "s", |call| Ok(base(call.str(0)).into())),
    function("osBase", "s", |call| Ok(base(call.str(0)).into())),
    function("dir", "s", |call| Ok(dir(call.str(0)).into())),
    function("osDir", "s", |call| Ok(dir(call.str(0)).into())),
    function("clean", "s", |call| Ok(clean(call.str(0)).into())),
    function("osClean", "s", |call| Ok(clean(call.str(0)).into())),
    function("ext", "s", |call| Ok(ext(call.str(0)).into())),
    function("osExt", "s", |call| Ok(ext(call.str(0)).into())),
    function("isAbs", "s", |call| Ok(call.str(0).starts_with('/').into())),
    function("osIsAbs", "s", |call| Ok(call.str(0).starts_with('/').into())),
    function("urlParse", "s", url_parse),
    function("urlJoin", "m", url_join),
];

fn base(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" if path.is_empty() => ".",
        "" => "/",
        path => path.rsplit('/').next().unwrap_or(path),
    }
}

fn dir(path: &str) -> String {
    clean(path.rfind('/').and_then(|at| path.get(..=at)).unwrap_or(""))
}

fn ext(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').and_then(|at| name.get(at..)).unwrap_or("")
}

/// Go's `path.Clean`.
pub(super) fn clean(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if is_rooted => {}
            part => parts.push(part),
        }
    }
    match (is_rooted, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_owned(),
        (false, rest) => rest,
    }
}

/// Go's `url.QueryEscape`.
pub(super) fn query_escaped(text: &str) -> String {
    const KEPT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b' ');
    utf8_percent_encode(text, KEPT).to_string().replace(' ', "+")
}

fn url_parse(call: &mut Call<'_>) -> Outcome {
    let url = call.str(0);
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let scheme = rest.split_once(':').filter(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    });
    let (scheme, rest) = scheme.unwrap_or(("", rest));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let is_opaque = !scheme.is_empty() && !rest.starts_with('/');
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None if is_opaque => ("", ""),
        None => ("", rest),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hostname = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let map = Map::new(MapKind::Any);
    for (key, value) in [
        ("scheme", scheme.to_ascii_lowercase().as_str()),
        ("host", host),
        ("hostname", hostname),
        ("path", path),
        ("query", query),
        ("opaque", if is_opaque { rest } else { "" }),
        ("fragment", fragment),
        ("userinfo", user),
    ] {
        map.set(key, value.into());
    }
    Ok(map.into())
}

fn url_join(call: &mut Call<'_>) -> Outcome {
    let map = call.map(0)?;
    let part = |key: &str| {
        let value: Option<Value> = map.get(key);
        value.and_then(|value| value.as_text().map(ToString::to_string)).unwrap_or_default()
    };
    let mut url = String::new();
    let (scheme, host, user, path) = (part("scheme"), part("host"), part("userinfo"), part("path"));
    if !scheme.is_empty() {
        url += &format!("{scheme}:");
    }
    let opaque = part("opaque");
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !user.is_empty() {
            url += "//";
            if !user.is_empty() {
                url += &format!("{user}@");
            }
            url += &host;
        }
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            url.push('/');
        }
        url += &path;
    } else {
        url += &opaque;
    }
    for (mark, part) in [('?', part("query")), ('#', part("fragment"))] {
        if !part.is_empty() {
            url.push(mark);
            url += &part;
        }
    }
    Ok(url.into())
}

impl std::fmt::Display for super::Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self)
    }
}
