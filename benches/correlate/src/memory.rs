//! The allocator that the product ships, for both sides, with a counter that runs only in the round that is not timed.

use mimalloc::MiMalloc;
use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

/// mimalloc, counting while it is told to.
pub struct Counted;

static COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE: AtomicI64 = AtomicI64::new(0);

/// From now on, from zero.
pub fn start() {
    LIVE.store(0, Relaxed);
    COUNTING.store(true, Relaxed);
}

/// No longer.
pub fn stop() {
    COUNTING.store(false, Relaxed);
}

/// Megabytes allocated since and not given back.
pub fn megabytes() -> f64 {
    LIVE.load(Relaxed) as f64 / 1e6
}

fn count(bytes: i64) {
    if COUNTING.load(Relaxed) {
        LIVE.fetch_add(bytes, Relaxed);
    }
}

// SAFETY: every call is handed on to mimalloc as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(-(layout.size() as i64));
        // SAFETY: the caller's promise.
        unsafe { MiMalloc.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as i64 - layout.size() as i64);
        // SAFETY: the caller's promise.
        unsafe { MiMalloc.realloc(at, layout, size) }
    }
}
