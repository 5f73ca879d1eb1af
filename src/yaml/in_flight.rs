//! Large documents, parsed a few at a time: a tree takes many times the memory of its text, and
//! every thread may hold one.

use std::sync::{Condvar, Mutex, PoisonError};

/// The bytes of a document that asks for no permit.
const SMALL: usize = 256 << 10;

/// The bytes of larger documents whose trees exist at the same time. One that is larger by itself
/// is parsed while no other one is.
const MOST: usize = 8 << 20;

static BYTES: Mutex<usize> = Mutex::new(0);
static FREED: Condvar = Condvar::new();

/// Held as long as the tree of a document exists.
#[must_use]
pub(super) struct Permit(usize);

/// Waits until there is room for the tree of a document of so many bytes. Whoever holds a permit
/// neither waits for another nor for another thread, so each is given back.
pub(super) fn admit(bytes: usize) -> Permit {
    if bytes <= SMALL {
        return Permit(0);
    }
    let mine = bytes.min(MOST);
    let taken = BYTES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut taken = FREED
        .wait_while(taken, |taken| *taken + mine > MOST)
        .unwrap_or_else(PoisonError::into_inner);
    *taken += mine;
    Permit(mine)
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.0 > 0 {
            *BYTES.lock().unwrap_or_else(PoisonError::into_inner) -= self.0;
            FREED.notify_all();
        }
    }
}
