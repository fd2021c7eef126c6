//! A source of randomness that has none.
//!
//! Crates that verify signatures often can sign as well, and so depend on `getrandom`, which does
//! not build for a component: there is no source that it knows. This one fails whenever it is
//! asked, which a verification never does. Whoever asks gets an error: no trap, and above all no
//! number that somebody could foretell.
//!
//! `getrandom` 0.2 asks by way of its own macro. 0.3 and 0.4 ask a function of a fixed name, if
//! they were compiled with `--cfg getrandom_backend="custom"`, as `plugins/build` does.

/// What 0.2 asks.
fn none(_: &mut [u8]) -> Result<(), getrandom_02::Error> {
    Err(getrandom_02::Error::UNSUPPORTED)
}

getrandom_02::register_custom_getrandom!(none);

/// What 0.3 and 0.4 ask. Both declare it like this, with an error of the same form.
// SAFETY: the name is theirs to give away, and no other crate of a plugin defines it. The buffer
// is never touched, so nothing is asked of the pointer or the length.
#[expect(unsafe_code, reason = "getrandom finds its custom source by a symbol")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    _buffer: *mut u8,
    _len: usize,
) -> Result<(), getrandom_03::Error> {
    Err(getrandom_03::Error::UNSUPPORTED)
}
