//! Byte offsets to lines and columns.

use memchr::memchr_iter;

/// A place as shown to people: both numbers start at 1; the column counts Unicode scalar values,
/// not bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// 1-based line.
    pub line: usize,
    /// 1-based column in Unicode scalar values.
    pub column: usize,
}

/// The byte offsets at which lines begin.
#[derive(Debug, Clone)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// How many characters begin before each block of a text that is not ASCII, so that no column
    /// counts more than one block: minified JSON is one long line.
    chars: Vec<u32>,
}

/// Bytes of a block.
const BLOCK: usize = 256;

impl LineIndex {
    /// Indexes `text`; lines end with `\n` (a `\r` before it belongs to the line).
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        let mut chars = Vec::new();
        if !text.is_ascii() {
            let mut before = 0;
            for block in text.as_bytes().chunks(BLOCK) {
                chars.push(before);
                before += beginnings(block);
            }
        }
        Self { starts, chars }
    }

    /// The line that contains byte `offset`, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start as usize <= offset).max(1)
    }

    /// The byte at which `line` (counted from 1) begins; the last line's for larger numbers.
    pub fn line_start(&self, line: usize) -> usize {
        let at = line.saturating_sub(1).min(self.starts.len() - 1);
        self.starts[at] as usize
    }

    /// How many lines there are; a text that ends with `\n` has an empty last one.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Never true: an empty text has one empty line.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The line and column of byte `offset` of `text`, the text that this index was built from.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let offset = offset.min(text.len());
        let line = self.line(offset);
        let start = self.line_start(line).min(offset);
        let before = match text.is_char_boundary(offset) {
            true => self.chars_before(text, offset) - self.chars_before(text, start),
            false => 0,
        };
        Position { line, column: before as usize + 1 }
    }

    /// How many characters begin before byte `offset`.
    fn chars_before(&self, text: &str, offset: usize) -> u32 {
        let block = offset / BLOCK;
        match self.chars.get(block).or(self.chars.last()) {
            None => offset as u32,
            Some(before) => {
                let from = block.min(self.chars.len() - 1) * BLOCK;
                before + beginnings(text.as_bytes().get(from..offset).unwrap_or_default())
            }
        }
    }
}

/// How many characters begin in some bytes of UTF-8.
fn beginnings(bytes: &[u8]) -> u32 {
    bytes.iter().map(|byte| u32::from(byte & 0xC0 != 0x80)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_column_is_what_counting_the_line_gives(
            text in "([a-cé€😀]|\n){0,900}",
            at in any::<prop::sample::Index>(),
        ) {
            let index = LineIndex::new(&text);
            let offset = at.index(text.len() + 1);
            let before = text.get(..offset).and_then(|before| before.rsplit('\n').next());
            let column = before.map_or(0, |line| line.chars().count()) + 1;
            prop_assert_eq!(index.position(&text, offset).column, column);
        }
    }

    #[test]
    fn columns_count_characters_and_not_bytes() {
        let text = "a: ä€b\r\nnext";
        let index = LineIndex::new(text);
        let b = text.find('b').unwrap();
        assert_eq!(index.position(text, b), Position { line: 1, column: 6 });
        assert_eq!(
            index.position(text, text.find("next").unwrap()),
            Position { line: 2, column: 1 }
        );
        assert_eq!(index.position(text, 999).line, 2);
    }
}
