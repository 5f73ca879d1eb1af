//! The report formats, and the syntax for writing one to a file.

use std::path::PathBuf;

use clap::ValueEnum;

/// Values of `--output-format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// With the lines of the manifest, for people
    #[default]
    Text,
    /// One line per finding
    Concise,
    /// One document, for programs
    Json,
    /// One JSON object per finding and line
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations on GitHub, and a summary of the job
    Github,
    /// GitLab's Code Quality report
    Gitlab,
    /// JUnit's XML, for build servers
    Junit,
    /// Checkstyle's XML, for build servers and editors
    Checkstyle,
    /// For a comment on a pull request
    Markdown,
}

impl Format {
    /// Whether colors and links are useful in it.
    pub(super) fn is_for_people(self) -> bool {
        matches!(self, Self::Text | Self::Concise)
    }

    /// Whether closing lines may follow it; a document contains its own figures.
    pub(super) fn has_closing(self) -> bool {
        matches!(self, Self::Text | Self::Concise | Self::Github)
    }
}

/// A report to a file.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) file: PathBuf,
}

impl Output {
    /// Reads `FORMAT=FILE`.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let names: Vec<String> = Format::value_variants()
            .iter()
            .filter_map(ValueEnum::to_possible_value)
            .map(|value| value.get_name().to_owned())
            .collect();
        let Some((name, file)) = text.split_once('=') else {
            return Err("write it as FORMAT=FILE, such as sarif=results.sarif".to_owned());
        };
        let format = Format::from_str(name, false).map_err(|_| {
            let near = names.iter().find(|known| strsim::damerau_levenshtein(known, name) <= 2);
            let suggestion =
                near.map(|near| format!(" Did you mean `{near}`?")).unwrap_or_default();
            format!("there is no format `{name}`.{suggestion} Formats: {}", names.join(", "))
        })?;
        match file {
            "" => Err(format!("missing file: write {name}=FILE")),
            "-" => {
                Err(format!("`-` is not a file: use `--output-format {name}` for standard output"))
            }
            file => Ok(Self { format, file: PathBuf::from(file) }),
        }
    }
}
