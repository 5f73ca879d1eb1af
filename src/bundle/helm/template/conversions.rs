//! What becomes a value as it is.

use super::origin::Origin;
use super::text::Text;
use super::value::{Data, Map, Value};

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        Self { data, origin: Origin::NONE }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Data::Bool(value).into()
    }
}

impl From<Text> for Value {
    fn from(text: Text) -> Self {
        Data::Str(text).into()
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Data::Str(text.into()).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Data::Str(text.into()).into()
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Data::Map(map).into()
    }
}
