//! JSON whose raw text is harmless: every character that [`visible`] escapes is written as
//! `\uXXXX`. The decoded value is the original one.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter, Serializer};

use crate::text::visible;

/// Writes `value` indented by two spaces, and a line break.
pub fn document(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    let formatter = Inert(PrettyFormatter::default());
    value.serialize(&mut Serializer::with_formatter(&mut *out, formatter))?;
    writeln!(out)
}

/// Writes `value` on one line, and a line break.
pub fn line(out: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Inert(CompactFormatter)))?;
    writeln!(out)
}

/// A JSON formatter that escapes, and leaves the layout to the inner one.
struct Inert<F>(F);

/// Forwards everything that [`Inert`] does not change.
macro_rules! pass_on {
    ($($method:ident($($name:ident: $type:ty),*);)*) => {$(
        fn $method<W: ?Sized + Write>(&mut self, out: &mut W $(, $name: $type)*) -> io::Result<()> {
            self.0.$method(out $(, $name)*)
        }
    )*};
}

impl<F: Formatter> Formatter for Inert<F> {
    pass_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        begin_object_value();
        end_object_value();
        write_char_escape(escape: CharEscape);
    }

    fn write_string_fragment<W: ?Sized + Write>(
        &mut self,
        out: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let inert = visible(fragment);
        if inert.len() == fragment.len() {
            return out.write_all(fragment.as_bytes());
        }
        let mut buffer = [0; 4];
        for (at, c) in fragment.char_indices() {
            let text: &str = c.encode_utf8(&mut buffer);
            let is_command = c == '[' && fragment[..at].ends_with("##");
            if visible(text) == text && !is_command {
                out.write_all(text.as_bytes())?;
                continue;
            }
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
        }
        Ok(())
    }
}
