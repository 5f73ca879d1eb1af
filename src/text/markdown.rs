//! Fenced YAML in Markdown.
