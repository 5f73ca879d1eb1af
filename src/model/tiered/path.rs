//! The path of a field, put into words only where something is said of it.

use std::fmt;

/// A field's path from the object's root.
#[derive(Clone, Copy, Debug)]
pub enum Path<'a> {
    /// The object.
    Root,
    /// A field of what the other path leads to.
    Field(&'a Path<'a>, &'a str),
    /// An item of it.
    Item(&'a Path<'a>, usize),
}

impl<'a> Path<'a> {
    /// A field of what it leads to.
    pub fn field(&'a self, name: &'a str) -> Self {
        Self::Field(self, name)
    }

    /// An item of it.
    pub fn item(&'a self, index: usize) -> Self {
        Self::Item(self, index)
    }

    /// The name of the innermost field.
    pub fn last_field(&self) -> &'a str {
        match *self {
            Path::Root => "",
            Path::Field(_, name) => name,
            Path::Item(outer, _) => outer.last_field(),
        }
    }

    /// Whether a field of that name is on the way.
    pub fn has(&self, name: &str) -> bool {
        match *self {
            Path::Root => false,
            Path::Field(outer, own) => own == name || outer.has(name),
            Path::Item(outer, _) => outer.has(name),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => f.write_str(name),
            Path::Field(outer, name) => write!(f, "{outer}.{name}"),
            Path::Item(outer, index) => write!(f, "{outer}[{index}]"),
        }
    }
}
