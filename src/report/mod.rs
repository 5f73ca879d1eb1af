//! Findings to text: one file per format, each writing only through the writer it is given.
