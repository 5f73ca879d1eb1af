//! sprig's functions on types.

use super::{Function, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("typeOf", "a", |call| Ok(type_of(&call.arg(0)).into())),
    function("kindOf", "a", |call| Ok(call.arg(0).kind_name().into())),
    function("typeIs", "sa", |call| Ok((call.str(0) == type_of(&call.arg(1))).into())),
    function("typeIsLike", "sa", |call| {
        let (wanted, of) = (call.str(0), type_of(&call.arg(1)));
        Ok((wanted == of || format!("*{wanted}") == of).into())
    }),
    function("kindIs", "sa", |call| Ok((call.str(0) == call.arg(1).kind_name()).into())),
];

fn type_of(value: &super::Value) -> &'static str {
    if value.is_nil() { "<nil>" } else { value.type_name() }
}
