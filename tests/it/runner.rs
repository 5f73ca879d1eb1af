//! Runs a composite action as GitHub's runner does, as far as ours needs it: bash steps, files for
//! outputs and paths, and `${{ … }}` for inputs and outputs. A step that uses another action is not
//! run: its inputs are recorded.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use netpol_lint::text::SourceId;
use netpol_lint::yaml::{self, Node};
use tempfile::TempDir;

/// Values by their names.
pub type Values = BTreeMap<String, String>;

/// A machine with a checked out repository.
pub struct Runner {
    folder: TempDir,
    /// Environment variables of the job.
    pub env: Values,
    /// What is prepended to the PATH.
    pub tools: Vec<PathBuf>,
    /// What the job is for: `github.event.pull_request.number`.
    pub github: Values,
}

/// The result of an action.
#[derive(Debug, Default)]
pub struct Ran {
    /// The steps that ran, in order.
    pub steps: Vec<String>,
    /// The exit code of the step that failed.
    pub failed: Option<i32>,
    /// What the steps printed.
    pub log: String,
    /// The Markdown of the job's summary.
    pub summary: String,
    /// The action's outputs.
    pub outputs: Values,
    /// The inputs of the actions that it uses.
    pub used: Vec<Values>,
}

/// What expressions can refer to.
#[derive(Default)]
struct Context {
    inputs: Values,
    /// `check.sarif`.
    outputs: Values,
    /// `github.token`.
    github: Values,
}

impl Runner {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["workspace", "temp", "files"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { folder, env: Values::new(), tools: Vec::new(), github: Values::new() }
    }

    pub fn workspace(&self) -> PathBuf {
        self.folder.path().join("workspace")
    }

    /// Runs the action in the directory `action`.
    pub fn run(&self, action: &Path, inputs: &[(&str, &str)]) -> Ran {
        let text = fs::read_to_string(action.join("action.yml")).unwrap();
        let limits = yaml::Limits::default();
        let stream = yaml::read(SourceId(0), &text, 0..text.len(), None, &limits);
        assert!(stream.problems.is_empty(), "{:?}", stream.problems);
        let root = &stream.documents[0].root;
        assert_eq!(root.at(&["runs", "using"]).and_then(Node::as_str), Some("composite"));

        let mut context =
            Context { inputs: defaults(root), github: self.github.clone(), ..Context::default() };
        for (name, value) in inputs {
            let known = context.inputs.insert((*name).to_owned(), (*value).to_owned());
            assert!(known.is_some(), "the action has no input `{name}`");
        }
        let mut ran = Ran::default();
        let mut path = self.tools.clone();
        for step in root.at(&["runs", "steps"]).and_then(Node::as_seq).unwrap() {
            let wanted = step.get("if").is_none_or(|test| context.holds(text_of(test)));
            if !wanted || ran.failed.is_some() {
                continue;
            }
            ran.steps.push(text_of(step.get("name").unwrap()).to_owned());
            match step.get("uses") {
                Some(_) => ran.used.push(context.filled(step.get("with"))),
                None => self.bash(step, action, &mut context, &mut path, &mut ran),
            }
        }
        for entry in &root.get("outputs").and_then(Node::as_map).unwrap().entries {
            let value = context.fill(text_of(entry.value.get("value").unwrap()));
            ran.outputs.insert(entry.key.to_string(), value);
        }
        ran
    }

    fn bash(
        &self,
        step: &Node,
        action: &Path,
        context: &mut Context,
        path: &mut Vec<PathBuf>,
        ran: &mut Ran,
    ) {
        let script = text_of(step.get("run").unwrap());
        assert!(!script.contains("${{"), "an expression is part of a command: {script}");
        assert_eq!(step.get("shell").and_then(Node::as_str), Some("bash"));
        let file = |name: &str| self.folder.path().join("files").join(name);
        for name in ["script", "output", "path", "summary"] {
            fs::write(file(name), if name == "script" { script } else { "" }).unwrap();
        }
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]).arg(file("script"));
        command.current_dir(self.workspace()).env_clear().envs(&self.env);
        let system = std::env::var_os("PATH").unwrap();
        let folders = path.iter().cloned().chain(std::env::split_paths(&system));
        command.env("PATH", std::env::join_paths(folders).unwrap());
        command.env("GITHUB_ACTIONS", "true").env("CI", "true");
        command.env("GITHUB_ACTION_PATH", action).env("GITHUB_WORKSPACE", self.workspace());
        command.env("GITHUB_OUTPUT", file("output")).env("GITHUB_PATH", file("path"));
        command.env("GITHUB_STEP_SUMMARY", file("summary"));
        command.env("RUNNER_TEMP", self.folder.path().join("temp"));
        command.env("RUNNER_OS", if cfg!(target_os = "macos") { "macOS" } else { "Linux" });
        command.env("RUNNER_ARCH", if cfg!(target_arch = "aarch64") { "ARM64" } else { "X64" });
        command.envs(context.filled(step.get("env")));
        // The job's own come last, so that a test can simulate another machine.
        command.envs(&self.env);
        let output = command.output().unwrap();
        ran.log += &String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat());
        if !output.status.success() {
            ran.failed = Some(output.status.code().unwrap());
        }
        ran.summary += &fs::read_to_string(file("summary")).unwrap();
        let folders = fs::read_to_string(file("path")).unwrap();
        path.splice(0..0, folders.lines().rev().map(PathBuf::from));
        let id = step.get("id").and_then(Node::as_str).unwrap_or_default();
        for line in fs::read_to_string(file("output")).unwrap().lines() {
            let (name, value) = line.split_once('=').unwrap();
            context.outputs.insert(format!("{id}.{name}"), value.to_owned());
        }
    }
}

impl Context {
    /// The values of a mapping, with their expressions evaluated.
    fn filled(&self, node: Option<&Node>) -> Values {
        let entries = node.and_then(Node::as_map).map(|map| &map.entries[..]).unwrap_or_default();
        entries.iter().map(|e| (e.key.to_string(), self.fill(text_of(&e.value)))).collect()
    }

    fn fill(&self, text: &str) -> String {
        match text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) {
            Some(expression) => self.value(expression),
            None => text.to_owned(),
        }
    }

    /// `a == 'b' && c != 'd'`.
    fn holds(&self, test: &str) -> bool {
        let test = test.trim_start_matches("${{ ").trim_end_matches(" }}");
        test.split(" && ").all(|part| {
            let (left, operator, right) = match part.split_once(" == ") {
                Some((left, right)) => (left, true, right),
                None => part.split_once(" != ").map(|(l, r)| (l, false, r)).unwrap(),
            };
            (self.value(left) == right.trim_matches('\'')) == operator
        })
    }

    fn value(&self, name: &str) -> String {
        let parts: Vec<&str> = name.split('.').collect();
        match parts[..] {
            ["inputs", input] => self.inputs[input].clone(),
            ["github", ..] => self.github.get(name).cloned().unwrap_or_default(),
            ["steps", step, "outputs", output] => {
                self.outputs.get(&format!("{step}.{output}")).cloned().unwrap_or_default()
            }
            _ => panic!("what is `{name}`?"),
        }
    }
}

fn defaults(root: &Node) -> Values {
    let inputs = root.get("inputs").and_then(Node::as_map).unwrap();
    let default = |node: &Node| text_of(node.get("default").unwrap()).to_owned();
    inputs.entries.iter().map(|entry| (entry.key.to_string(), default(&entry.value))).collect()
}

fn text_of(node: &Node) -> &str {
    &node.as_scalar().unwrap().text
}
