//! Text in XML 1.0, which can't contain most control characters, not even escaped.

use std::borrow::Cow;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};

use crate::text::visible;

/// Writes the XML declaration, and returns a writer that indents by two spaces.
pub fn start(out: &mut dyn Write) -> io::Result<Writer<&mut dyn Write>> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    Ok(writer)
}

/// `text`, escaped, including the two characters that are neither control characters nor allowed in
/// XML (<https://www.w3.org/TR/xml/#charsets>). The writer escapes the rest.
pub fn inert(text: &str) -> Cow<'_, str> {
    let seen = visible(text);
    match seen.contains(['\u{fffe}', '\u{ffff}']) {
        false => seen,
        true => {
            let seen = seen.replace('\u{fffe}', "\\u{fffe}").replace('\u{ffff}', "\\u{ffff}");
            Cow::Owned(seen)
        }
    }
}
