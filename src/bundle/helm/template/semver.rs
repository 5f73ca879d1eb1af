//! Versions and their ranges, as in Masterminds/semver.

use std::cmp::Ordering;
use std::fmt;

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) major: u64,
    pub(crate) minor: u64,
    pub(crate) patch: u64,
    pub(crate) pre: String,
    pub(crate) build: String,
    pub(crate) original: String,
}

/// Ranges; a version must be in one of them.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    any: Vec<Vec<Bound>>,
}

#[derive(Clone, Debug)]
struct Bound {
    operator: Operator,
    version: Version,
    /// Parts that are absent, or any (`x`).
    is_open: bool,
    is_minor_open: bool,
    is_patch_open: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    AtLeast,
    AtMost,
    Tilde,
    Caret,
}

const OPERATORS: [(&str, Operator); 11] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::AtLeast),
    ("=>", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=<", Operator::AtMost),
    ("~>", Operator::Tilde),
    ("~", Operator::Tilde),
    ("^", Operator::Caret),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("=", Operator::Equal),
];

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.pre.is_empty() {
            write!(f, "-{}", self.pre)?;
        }
        if !self.build.is_empty() {
            write!(f, "+{}", self.build)?;
        }
        Ok(())
    }
}

fn is_identifiers(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

impl Version {
    /// Parses a version; `v` may precede it, and minor and patch may be missing.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let invalid = || "Invalid Semantic Version".to_owned();
        let rest = text.strip_prefix('v').unwrap_or(text);
        let (rest, build) = rest.split_once('+').map_or((rest, None), |(a, b)| (a, Some(b)));
        let (numbers, pre) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
        if !pre.is_none_or(is_identifiers) || !build.is_none_or(is_identifiers) {
            return Err(invalid());
        }
        let mut parts = [0; 3];
        let given: Vec<&str> = numbers.split('.').collect();
        if given.len() > 3 {
            return Err(invalid());
        }
        for (part, text) in parts.iter_mut().zip(given) {
            if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
                return Err(invalid());
            }
            *part = text.parse().map_err(|_| invalid())?;
        }
        let [major, minor, patch] = parts;
        Ok(Self {
            major,
            minor,
            patch,
            pre: pre.unwrap_or_default().to_owned(),
            build: build.unwrap_or_default().to_owned(),
            original: text.to_owned(),
        })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let numbers = |it: &Self| (it.major, it.minor, it.patch);
        numbers(self).cmp(&numbers(other)).then_with(|| compare_pre(&self.pre, &other.pre))
    }
}

fn compare_pre(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let (x, y) = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) => (x, y),
        };
        let order = match (x.parse::<u64>(), y.parse::<u64>()) {
            (Ok(x), Ok(y)) => x.cmp(&y),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => x.cmp(y),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

impl Constraint {
    /// Parses `>=1.2 <2 || ~3.1`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let improper = || format!("improper constraint: {text}");
        let any: Option<Vec<Vec<Bound>>> = text.split("||").map(bounds).collect();
        Ok(Self { any: any.ok_or_else(improper)? })
    }

    pub(crate) fn allows(&self, version: &Version) -> bool {
        self.any.iter().any(|all| all.iter().all(|bound| bound.allows(version)))
    }
}

/// The bounds between two `||`.
fn bounds(text: &str) -> Option<Vec<Bound>> {
    let text = text.trim();
    if let Some((from, to)) = text.split_once(" - ") {
        return Some(vec![
            bound(Operator::AtLeast, from.trim())?,
            bound(Operator::AtMost, to.trim())?,
        ]);
    }
    let mut all = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', ',', '\t']);
        if rest.is_empty() {
            break;
        }
        let found = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign));
        let (sign, operator) = found.copied().unwrap_or(("", Operator::Equal));
        rest = rest.get(sign.len()..)?.trim_start();
        let end = rest.find([' ', ',', '\t']).unwrap_or(rest.len());
        // An operator may follow without a space.
        let end = rest.find(['<', '>', '=', '!', '~', '^']).map_or(end, |at| at.min(end));
        let (version, after) = rest.split_at(end);
        all.push(bound(operator, version)?);
        rest = after;
    }
    (!all.is_empty()).then_some(all)
}

fn bound(operator: Operator, text: &str) -> Option<Bound> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let cut = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, tail) = text.split_at(cut);
    let parts: Vec<&str> = numbers.split('.').collect();
    let is_any = |part: Option<&&str>| part.is_none_or(|part| matches!(*part, "x" | "X" | "*"));
    if parts.len() > 3 || parts.first().is_none_or(|part| part.is_empty()) {
        return None;
    }
    let tail = if tail.starts_with('-') { tail } else { "" };
    let (major, minor, patch) = (parts.first(), parts.get(1), parts.get(2));
    let number = |part: Option<&&str>| part.copied().unwrap_or("0").to_owned();
    let (is_minor_open, is_patch_open, plain) = if is_any(major) {
        (false, false, format!("0.0.0{tail}"))
    } else if is_any(minor) {
        (true, false, format!("{}.0.0{tail}", number(major)))
    } else if is_any(patch) {
        (false, true, format!("{}.{}.0{tail}", number(major), number(minor)))
    } else {
        (false, false, format!("{numbers}{tail}"))
    };
    Some(Bound {
        operator,
        version: Version::parse(&plain).ok()?,
        is_open: is_any(major) || is_minor_open || is_patch_open,
        is_minor_open,
        is_patch_open,
    })
}

impl Bound {
    fn allows(&self, version: &Version) -> bool {
        let own = &self.version;
        let order = version.compare(own);
        // A prerelease is only in ranges that mention one.
        let is_before_release = !version.pre.is_empty() && own.pre.is_empty();
        if is_before_release && (self.operator != Operator::NotEqual || self.is_open) {
            return false;
        }
        match self.operator {
            Operator::Equal if self.is_open => self.tilde(version),
            Operator::Equal => order == Ordering::Equal,
            Operator::NotEqual if self.is_open => {
                let minor_differs = own.minor != version.minor;
                own.major != version.major
                    || (minor_differs && !self.is_minor_open)
                    || (!self.is_minor_open && own.patch != version.patch && !self.is_patch_open)
            }
            Operator::NotEqual => order != Ordering::Equal,
            Operator::Greater if self.is_open => {
                version.major > own.major
                    || (version.major == own.major
                        && !self.is_minor_open
                        && self.is_patch_open
                        && version.minor > own.minor)
            }
            Operator::Greater => order == Ordering::Greater,
            Operator::Less => order == Ordering::Less,
            Operator::AtLeast => order != Ordering::Less,
            Operator::AtMost if self.is_open => {
                let is_above = version.major == own.major && version.minor > own.minor;
                version.major <= own.major && (!is_above || self.is_minor_open)
            }
            Operator::AtMost => order != Ordering::Greater,
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        let is_zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if version.compare(own) == Ordering::Less {
            return false;
        }
        if is_zero && !self.is_minor_open && !self.is_patch_open {
            return true;
        }
        version.major == own.major && (version.minor == own.minor || self.is_minor_open)
    }

    fn caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own) == Ordering::Less {
            return false;
        }
        if own.major > 0 || self.is_minor_open {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.is_patch_open {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}
