//! How far a repository's own configuration may raise its limits. Whoever runs this program may
//! raise them further, by a flag.

/// The keys of limits, and the most that each may be in a configuration.
pub const CEILINGS: [(&str, u64); 7] = [
    ("file-bytes", 256 << 20),
    ("depth", DEEPEST),
    ("nodes", 20_000_000),
    ("documents", 1_000_000),
    ("memory", 768),
    ("time-limit", 60),
    ("output-limit", 256 << 20),
];

/// No document is read deeper than this, whoever asks for it.
pub const DEEPEST: u64 = 255;

/// The most that a configuration may say.
pub fn ceiling(key: &str) -> u64 {
    CEILINGS.iter().find(|(known, _)| *known == key).map_or(u64::from(u32::MAX), |(_, most)| *most)
}

/// The most that a flag may say. Places in a file are counted in 32 bits.
pub fn most(key: &str) -> u64 {
    if key == "depth" { DEEPEST } else { u64::from(u32::MAX) }
}
