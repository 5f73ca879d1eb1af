//! The pictures in the README are what a terminal shows, on a dark and on a light background.
//!
//! `UPDATE_DOCS=1 cargo test screenshots::` regenerates those in `docs/images/`.

use crate::pages;
use std::path::{Path, PathBuf};

use anstyle::{Color, RgbColor};
use anstyle_svg::{Palette, Term};
use netpol_lint::bundle::helm::{Helm, When};
use netpol_lint::report::{Look, by_rule, closing, text};
use netpol_lint::{Outcome, Request, check, repo};

/// The colors of a terminal.
struct Theme {
    name: &'static str,
    background: RgbColor,
    foreground: RgbColor,
    /// Black, red, green, yellow, blue, magenta, cyan and white.
    colors: [RgbColor; 8],
}

const fn rgb(hex: u32) -> RgbColor {
    RgbColor((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

const THEMES: [Theme; 2] = [
    Theme {
        name: "dark",
        background: rgb(0x0d_11_17),
        foreground: rgb(0xe6_ed_f3),
        colors: [
            rgb(0x48_4f_58),
            rgb(0xff_7b_72),
            rgb(0x3f_b9_50),
            rgb(0xd2_99_22),
            rgb(0x58_a6_ff),
            rgb(0xbc_8c_ff),
            rgb(0x39_c5_cf),
            rgb(0xb1_ba_c4),
        ],
    },
    Theme {
        name: "light",
        background: rgb(0xf6_f8_fa),
        foreground: rgb(0x1f_23_28),
        colors: [
            rgb(0x24_29_2f),
            rgb(0xcf_22_2e),
            rgb(0x11_63_29),
            rgb(0x9a_67_00),
            rgb(0x09_69_da),
            rgb(0x82_50_df),
            rgb(0x1b_7c_83),
            rgb(0x6e_77_81),
        ],
    },
];

#[test]
fn a_shop_with_mistakes() {
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/shop");
    let folder = tempfile::tempdir().unwrap();
    let files = walkdir::WalkDir::new(&shop).into_iter().map(Result::unwrap);
    for file in files.filter(|file| file.file_type().is_file()) {
        let copy = folder.path().join(file.path().strip_prefix(&shop).unwrap());
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(file.path(), copy).unwrap();
    }
    std::fs::create_dir(folder.path().join(".git")).unwrap();
    let paths = ["policies/catalogue.yaml", "policies/frontend.yaml"];
    let request = Request {
        cwd: folder.path().canonicalize().unwrap(),
        scope: repo::Scope { paths: paths.map(PathBuf::from).to_vec(), ..Default::default() },
        helm: Helm { when: When::Never, ..Helm::default() },
        ..Request::default()
    };
    hold("shop", &format!("netpol-lint {}", paths.join(" ")), check(&request, &()).unwrap());
}

#[test]
fn an_overlay_that_breaks_what_its_base_does_right() {
    let story = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/overlays/labels-with-selectors-break-dns.yaml");
    let (_folder, outcome) = pages::run_by_default(&std::fs::read_to_string(story).unwrap());
    hold("overlay", "netpol-lint", outcome);
}

/// Compares a terminal's picture of a run with the pictures in `docs/images/`.
fn hold(name: &str, command: &str, mut outcome: Outcome) {
    outcome.summary.time = std::time::Duration::from_millis(10);
    let cwd = outcome.root.clone();
    let look = Look { color: true, width: 96, wrap: true, unicode: true, cwd, links: false };
    let mut shown = format!("$ {command}\n").into_bytes();
    for write in [text::write, by_rule::write, closing::write] {
        write(&mut shown, &outcome, &look).unwrap();
    }
    let shown = String::from_utf8(shown).unwrap();
    assert!(!outcome.findings.is_empty());
    for theme in &THEMES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("docs/images/{name}-{}.svg", theme.name));
        let picture = theme.terminal().render_svg(&shown);
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &picture).unwrap();
        }
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(held == picture, "UPDATE_DOCS=1 cargo test screenshots:: updates it");
    }
}

impl Theme {
    fn terminal(&self) -> Term {
        let colors: [RgbColor; 16] = std::array::from_fn(|at| self.colors[at % 8]);
        Term::new()
            .palette(Palette(colors))
            .fg_color(Color::Rgb(self.foreground))
            .bg_color(Color::Rgb(self.background))
    }
}
