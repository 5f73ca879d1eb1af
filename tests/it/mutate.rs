//! Texts, mutated at random, and the same every time.

/// A text with a few lines or bytes changed.
pub fn mutate(text: &[u8], random: &mut Random) -> Vec<u8> {
    let mut lines: Vec<Vec<u8>> =
        text.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
    for _ in 0..=random.below(4) {
        if lines.is_empty() {
            break;
        }
        let at = random.below(lines.len());
        let other = random.below(lines.len());
        match random.below(7) {
            0 => drop(lines.remove(at)),
            1 => lines.swap(at, other),
            2 => lines.insert(other, lines[at].clone()),
            3 => lines[at].splice(0..0, vec![b' '; 1 + random.below(4)]).for_each(drop),
            4 => {
                let cut = lines[at].iter().take_while(|b| **b == b' ').count().min(2);
                lines[at].drain(..cut);
            }
            _ => {
                let line = &mut lines[at];
                if !line.is_empty() {
                    let byte = random.below(line.len());
                    let odd = b"\x00\xff:-{}[]&*!|>'\"#%@`?,~\t 0aZ";
                    line[byte] = odd[random.below(odd.len())];
                }
            }
        }
    }
    lines.concat()
}

/// xorshift64*: the same numbers every time.
pub struct Random(pub u64);

impl Random {
    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % bound
    }
}
