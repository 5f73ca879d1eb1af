//! May this talk to that?
