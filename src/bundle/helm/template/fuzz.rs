//! Templates that nobody would write: each ends, and none panics. `NETPOL_LINT_FUZZ` says how many.

use super::tests::bounded;
use super::{Budget, functions};

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % most as u64) as usize
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of[self.below(of.len())]
    }
}

const OPERANDS: &[&str] = &[
    ".",
    "$",
    "nil",
    "true",
    "0",
    "-1",
    "3",
    "1.5",
    "9223372036854775807",
    "-9223372036854775808",
    "1e300",
    "'x'",
    "\"\"",
    "\"a\"",
    "\"\u{e4}\u{1f600}b\"",
    "\"%v %5.3f %-9q %x %*d %[1]d %99999999d\"",
    "\"a.*(b|c)+[^d]{2,3}$\"",
    "\"2006-01-02T15:04:05Z07:00\"",
    "\"{{ . }}{{ tpl .x . }}\"",
    "\"a: [1, {b: &x c}, *x]\"",
    "`{\"a\": [1, null]}`",
    "\">=1.2 <2 || ~3.x\"",
    "\"https://u@h:1/p?q#f\"",
    "\"10h5m-3s\"",
    "`\\`",
    ".Values",
    ".Values.l",
    ".Values.m.a",
    ".Values.s",
    ".Values.n",
    ".Files",
    ".Capabilities.APIVersions",
    ".Chart",
    "$x",
    "(list 1 \"a\" nil)",
    "(dict \"a\" 1 \"b\" (list))",
    "(now)",
    "(semver \"1.2.3-a.1\")",
    "(until 5)",
    "(repeat 50 \"ab \")",
];
const NUMBERS: &[&str] =
    &["0", "1", "-1", "3", "100", "70000", "9223372036854775807", "-9223372036854775808"];
const TEXTS: &[&str] = &[
    "\"\"",
    "\"a b-c_d E.f\"",
    "\"\u{e4}\u{1f600}b\"",
    "\"%v %5.3f %-9q %x %*d %+T %.70000f %t\"",
    "\"a.*(b|c)+[^d]{2,3}$\"",
    "\"[[:alpha:]]\\\\d{,3}{{\"",
    "\"2006-01-02T15:04:05Z07:00\"",
    "\"1999-12-31T23:59:60Z\"",
    "\"{{ . }}{{ tpl .x . }}\"",
    "\"a: [1, {b: &x c}, *x]\"",
    "`{\"a\": [1, null]}`",
    "\">=1.2 <2 || ~3.x\"",
    "\"1.2.3-a.1+b\"",
    "\"https://u@h:1/p?q#f\"",
    "\"10h5m-3s\"",
    "\"**/[!a]{b,c}?\"",
    "\"d\"",
    "(repeat 50 \"ab \")",
    "(toYaml .Values)",
    "$.Values.s",
];
const VALUES: &str = "l: [1, b, [2]]\nm: {a: {b: c}}\ns: text\nn: 1.5\nx: '{{ .x }}'\n";

fn expression(random: &mut Random, depth: usize) -> String {
    if depth == 0 || random.below(3) == 0 {
        return random.one(OPERANDS).to_owned();
    }
    let all = functions::signatures();
    let (name, parameters) = all[random.below(all.len())];
    let mut call = format!("({name}");
    let more = if parameters.ends_with('*') { random.below(4) } else { 0 };
    let mut wanted: Vec<u8> = parameters.trim_end_matches('*').bytes().collect();
    wanted.extend(std::iter::repeat_n(wanted.last().copied().unwrap_or(b'a'), more));
    for wanted in wanted {
        let fitting: &[&str] = match wanted {
            _ if random.below(8) == 0 => OPERANDS,
            b's' => TEXTS,
            b'i' | b'u' => NUMBERS,
            b'm' => &["(dict \"a\" (dict \"b\" 1) \"c\" (list))", "$.Values", "(deepCopy .Values)"],
            b'l' => &["(list)", "(list 1 \"a\" nil)", "(list (list 1) (dict))"],
            b't' => &["(now)", "(toDate \"2006\" \"1999\")"],
            b'b' => &["true", "false"],
            b'f' => &["0.5", "1e9"],
            _ => &[],
        };
        call += " ";
        call += &match fitting {
            [] => expression(random, depth - 1),
            fitting => random.one(fitting).to_owned(),
        };
    }
    call + ")"
}

fn template(random: &mut Random, depth: usize) -> String {
    let mut out = String::new();
    for _ in 0..1 + random.below(3) {
        let value = expression(random, 3);
        let other = expression(random, 1);
        let inner = if depth > 0 { template(random, depth - 1) } else { "t".to_owned() };
        out += &match random.below(9) {
            0 => format!("{{{{- {value} -}}}}\n"),
            1 => format!("{{{{ if {value} }}}}{inner}{{{{ else if {other} }}}}x{{{{ end }}}}"),
            2 => format!("{{{{ range $k, $x := {value} }}}}{inner}{{{{ else }}}}y{{{{ end }}}}"),
            3 => format!("{{{{ with $x := {value} }}}}{inner}{{{{ end }}}}"),
            4 => format!("{{{{ $x = {value} }}}}{inner}"),
            5 => format!("{{{{ $_ := set $.Values {other} {value} }}}}"),
            6 => format!("{{{{ {value} | {} }}}}", expression(random, 1).trim_matches(['(', ')'])),
            7 => format!("{{{{ include \"d\" {value} }}}}"),
            _ => format!("{{{{ {value} }}}}"),
        };
    }
    out
}

/// Breaks a text at random bytes.
fn broken(random: &mut Random, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len().max(1)).min(bytes.len());
        match random.below(3) {
            0 if at < bytes.len() => drop(bytes.remove(at)),
            1 => bytes.insert(at, b"{}()|.$\"`-%\\\n\xff"[random.below(14)]),
            _ => {
                let end = (at + random.below(20)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn templates_that_nobody_would_write_end_and_do_not_panic() {
    let count = std::env::var("NETPOL_LINT_FUZZ").ok().and_then(|count| count.parse().ok());
    let (count, seed) = (count.unwrap_or(300), std::env::var("NETPOL_LINT_FUZZ_SEED").ok());
    let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(0x9e37_79b9_7f4a_7c15);
    let run = move || {
        let mut random = Random(seed);
        for nth in 0..count {
            let made = template(&mut random, 2);
            let text = format!(
                "{{{{ define \"d\" }}}}{{{{ . }}}}{{{{ end }}}}{{{{ $x := list 1 }}}}{made}"
            );
            let text = if nth % 4 == 0 { broken(&mut random, &text) } else { text };
            let started = std::time::Instant::now();
            let _ = bounded(&text, VALUES, Budget::new(100_000, 16 << 20));
            let took = started.elapsed();
            assert!(took.as_secs() < 5, "{took:?}: {text}");
            if std::env::var_os("NETPOL_LINT_FUZZ").is_some() && took.as_millis() > 300 {
                println!("{took:?}: {text}");
            }
        }
    };
    let thread = std::thread::Builder::new().stack_size(256 << 20).spawn(run).unwrap();
    thread.join().unwrap();
}
