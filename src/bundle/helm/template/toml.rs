//! TOML as BurntSushi/toml writes it.

use super::format;
use super::literal;
use super::value::{Budget, Data, Exhausted, Value};

/// A map as TOML.
pub(crate) fn to_toml(value: &Value, budget: &Budget) -> Result<String, Exhausted> {
    let mut out = String::new();
    table(value, &mut Vec::new(), budget, &mut out)?;
    Ok(out)
}

fn is_table(value: &Value) -> bool {
    matches!(&value.data, Data::Map(_))
}

fn is_table_list(value: &Value) -> bool {
    value.as_list().is_some_and(|items| !items.is_empty() && items.iter().all(is_table))
}

fn table(
    value: &Value,
    path: &mut Vec<String>,
    budget: &Budget,
    out: &mut String,
) -> Result<(), Exhausted> {
    budget.walk(path.len())?;
    let Some(map) = value.as_map() else { return Ok(()) };
    let indent = "  ".repeat(path.len());
    for (key, slot) in map.entries() {
        let value = &slot.value;
        if value.is_nil() || is_table(value) || is_table_list(value) {
            continue;
        }
        out.push_str(&format!("{indent}{} = ", bare(&key)));
        inline(value, budget, path.len(), out)?;
        out.push('\n');
    }
    for (key, slot) in map.entries() {
        let value = &slot.value;
        path.push(bare(&key));
        let name = path.join(".");
        budget.room(name.len())?;
        let indent = "  ".repeat(path.len() - 1);
        if is_table(value) {
            if path.len() == 1 && !out.is_empty() {
                out.push('\n');
            }
            out.push_str(&format!("{indent}[{name}]\n"));
            table(value, path, budget, out)?;
        } else if is_table_list(value) {
            for item in value.as_list().unwrap_or_default() {
                if !out.is_empty() {
                    out.push('\n');
                }
                out.push_str(&format!("{indent}[[{name}]]\n"));
                table(item, path, budget, out)?;
            }
        }
        path.pop();
    }
    budget.room(out.len() / 8)
}

fn bare(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    match !key.is_empty() && key.chars().all(is_bare) {
        true => key.to_owned(),
        false => literal::quoted(key),
    }
}

fn inline(value: &Value, budget: &Budget, depth: usize, out: &mut String) -> Result<(), Exhausted> {
    budget.walk(depth)?;
    match &value.data {
        Data::Float(float) => {
            let text = format::float(*float, 'f', None);
            out.push_str(&text);
            if !text.contains('.') {
                out.push_str(".0");
            }
        }
        Data::Str(text) => {
            budget.room(text.len().saturating_mul(2))?;
            out.push_str(&literal::quoted(text));
        }
        Data::List(list) => {
            out.push('[');
            for (nth, item) in list.items.iter().enumerate() {
                if nth > 0 {
                    out.push_str(", ");
                }
                inline(item, budget, depth + 1, out)?;
            }
            out.push(']');
        }
        Data::Map(map) => {
            out.push('{');
            for (nth, (key, slot)) in map.entries().iter().enumerate() {
                if nth > 0 {
                    out.push_str(", ");
                }
                budget.room(key.len())?;
                out.push_str(&format!("{} = ", bare(key)));
                inline(&slot.value, budget, depth + 1, out)?;
            }
            out.push('}');
        }
        _ => out.push_str(&format::plain(value, budget)?),
    }
    Ok(())
}
