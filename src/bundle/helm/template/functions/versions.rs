//! sprig's functions on versions.

use std::rc::Rc;

use super::super::semver::{Constraint, Version};
use super::super::value::Data;
use super::super::value::Object;
use super::{Function, function};

pub(super) const FUNCTIONS: &[Function] = &[
    function("semver", "s", |call| {
        let version = Version::parse(call.str(0))?;
        Ok(Data::Object(Object::Version(Rc::new(version))).into())
    }),
    function("semverCompare", "ss", |call| {
        let constraint = Constraint::parse(call.str(0))?;
        let version = Version::parse(call.str(1))?;
        Ok(constraint.allows(&version).into())
    }),
];
