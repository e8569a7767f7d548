//! Damage that servers, networks and people do to what they send.

/// A random generator with the same numbers in every run (xorshift64*, Vigna 2016).
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// A generator with numbers of its own. Zero is replaced, because it would stay zero.
    pub fn new(seed: u64) -> Self {
        Self(if seed == 0 { 1 } else { seed })
    }

    /// Returns a number below `limit`, or 0.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(drawn).unwrap_or(0) % limit.max(1)
    }
}

/// What is put between other bytes.
const TOKENS: [&[u8]; 14] = [
    b"<",
    b">",
    b"\"",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\0",
    b"\xff\xfe",
    b"&",
    b"<!--",
    b"]]>",
    b"99999999999999999999",
    b"<div><div><div><div>",
];

/// Returns the bytes with one to four damages: a byte changed, a part cut, a part or a token repeated.
pub fn damaged(bytes: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=chance.below(3) {
        let at = chance.below(bytes.len());
        let end = (at + 1 + chance.below(400)).min(bytes.len());
        let token = TOKENS.get(chance.below(TOKENS.len())).copied().unwrap_or_default();
        match chance.below(5) {
            0 => {
                let drawn = u8::try_from(chance.below(256)).unwrap_or(0);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte = drawn);
            }
            1 => drop(bytes.drain(at..end)),
            2 => {
                let part = bytes.get(at..end).unwrap_or_default().to_vec();
                bytes.splice(at..at, part.iter().copied().cycle().take(part.len() * 4));
            }
            3 => drop(bytes.splice(at..at, token.iter().copied())),
            _ => drop(bytes.splice(at..at, token.iter().copied().cycle().take(token.len() * 200))),
        }
    }
    bytes
}
