//! The functions of helm's templates: Go's own, sprig's, and helm's.

mod compare;
mod cryptic;
mod dates;
mod dicts;
mod encodings;
mod helm;
mod lists;
mod logic;
mod numbers;
mod paths;
mod regexes;
mod strings;
mod types;
mod versions;

use std::collections::HashMap;
use std::sync::OnceLock;

use super::call::{Call, Error, Function, FunctionId, Outcome, Special};
use super::text::Text;
use super::value::{Exhausted, Value};

/// One line of a table of functions.
const fn function(
    name: &'static str,
    parameters: &'static str,
    run: fn(&mut Call<'_>) -> Outcome,
) -> Function {
    Function { name, parameters, run, special: None }
}

/// A function that the evaluator does itself.
const fn special(name: &'static str, parameters: &'static str, which: Special) -> Function {
    Function { name, parameters, run: |_| Ok(Value::nil()), special: Some(which) }
}

const TABLES: [&[Function]; 14] = [
    compare::FUNCTIONS,
    cryptic::FUNCTIONS,
    dates::FUNCTIONS,
    dicts::FUNCTIONS,
    encodings::FUNCTIONS,
    helm::FUNCTIONS,
    lists::FUNCTIONS,
    logic::FUNCTIONS,
    numbers::FUNCTIONS,
    paths::FUNCTIONS,
    regexes::FUNCTIONS,
    strings::FUNCTIONS,
    types::FUNCTIONS,
    versions::FUNCTIONS,
];

fn all() -> &'static (Vec<&'static Function>, HashMap<&'static str, FunctionId>) {
    static ALL: OnceLock<(Vec<&'static Function>, HashMap<&'static str, FunctionId>)> =
        OnceLock::new();
    ALL.get_or_init(|| {
        let all: Vec<&'static Function> = TABLES.into_iter().flatten().collect();
        let names = all.iter().zip(0u16..).map(|(function, nth)| (function.name, FunctionId(nth)));
        let names = names.collect();
        (all, names)
    })
}

/// The function with that name.
pub(crate) fn find(name: &str) -> Option<FunctionId> {
    all().1.get(name).copied()
}

/// The names of all, and the types of their parameters.
#[cfg(test)]
pub(crate) fn signatures() -> Vec<(&'static str, &'static str)> {
    all().0.iter().map(|function| (function.name, function.parameters)).collect()
}

/// The function with that number.
pub(crate) fn get(id: FunctionId) -> &'static Function {
    let all = &all().0;
    all.get(id.0 as usize).copied().unwrap_or(&EMPTY)
}

static EMPTY: Function = function("", "", |_| Ok(Value::nil()));
