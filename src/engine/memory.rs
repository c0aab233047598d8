//! Giving memory back to the system that the allocator keeps for itself.

/// Returns free pages to the system; the C library of GNU keeps them otherwise.
///
/// Takes some milliseconds, in which other threads that allocate wait.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "no safe wrapper of malloc_trim exists")]
pub fn give_back() {
    // SAFETY: malloc_trim takes no pointers and may be called at any time from any thread.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators give memory back by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn give_back() {}
