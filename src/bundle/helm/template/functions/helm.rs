//! The functions that helm adds.

use super::super::json;
use super::super::toml;
use super::super::value::{ItemKind, Map, MapKind, Value};
use super::super::yaml;
use super::{Call, Error, Function, Outcome, Special, function, special};

pub(super) const FUNCTIONS: &[Function] = &[
    special("include", "sa", Special::Include),
    special("tpl", "sa", Special::Tpl),
    function("required", "sa", required),
    function("fail", "s", |call| match call.makes_up {
        true => Ok("".into()),
        false => Err(Error::Asked(call.str(0).to_owned())),
    }),
    function("lookup", "ssss", |_| Ok(Map::new(MapKind::Any).into())),
    function("getHostByName", "s", |_| Ok("".into())),
    function("toYaml", "a", |call| Ok(yaml::to_yaml(&call.arg(0), call.budget)?.into())),
    function("toToml", "a", |call| Ok(toml::to_toml(&call.arg(0), call.budget)?.into())),
    function("fromYaml", "s", |call| {
        let read = yaml::read(&call.traced(0), call.origins, call.budget)?;
        Ok(a_map(read, UNMARSHALING))
    }),
    function("fromYamlArray", "s", |call| {
        let read = yaml::read(&call.traced(0), call.origins, call.budget)?;
        a_list(call, read, UNMARSHALING)
    }),
    function("fromJson", "s", |call| {
        Ok(a_map(json::read(&call.traced(0), call.origins, call.budget)?, ""))
    }),
    function("fromJsonArray", "s", |call| {
        let read = json::read(&call.traced(0), call.origins, call.budget)?;
        a_list(call, read, "")
    }),
];

/// The prefix of errors in JSON that comes from YAML.
const UNMARSHALING: &str = "error unmarshaling JSON: while decoding JSON: ";

fn required(call: &mut Call<'_>) -> Outcome {
    let value = call.arg(1);
    if value.is_nil() || value.as_text().is_some_and(|text| text.is_empty()) {
        if call.makes_up {
            return Ok(Value::from("required").with_origin(call.origins.unknown()));
        }
        return Err(Error::Asked(call.str(0).to_owned()));
    }
    Ok(value)
}

/// A map, or one with the error.
fn a_map(read: Result<Value, String>, context: &str) -> Value {
    let said = match read {
        Ok(value) if value.as_map().is_some() => return value,
        Ok(value) if value.is_nil() => return Map::new(MapKind::Any).into(),
        Ok(value) => {
            let of = json::type_name(&value);
            format!(
                "{context}json: cannot unmarshal {of} into Go \
                 value of type map[string]interface {{}}"
            )
        }
        Err(why) => why,
    };
    let map = Map::new(MapKind::Any);
    map.set("Error", said.into());
    map.into()
}

fn a_list(call: &Call<'_>, read: Result<Value, String>, context: &str) -> Outcome {
    match read {
        Ok(value) if value.as_list().is_some() => Ok(value),
        Ok(value) if value.is_nil() => call.list(Vec::new(), ItemKind::Any),
        Ok(value) => {
            let of = json::type_name(&value);
            let said = format!(
                "{context}json: cannot unmarshal {of} into Go \
                 value of type []interface {{}}"
            );
            call.list(vec![said.into()], ItemKind::Any)
        }
        Err(why) => call.list(vec![why.into()], ItemKind::Any),
    }
}
