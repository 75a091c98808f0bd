//! Random bytes from the operating system.

use zeroize::Zeroizing;

/// Returns `N` random bytes.
///
/// # Panics
/// When the operating system has no randomness to give. There is nothing sensible to do then: a token made from anything
/// else could be guessed, so the request must die.
#[expect(clippy::panic, reason = "a guessable secret would be worse than a failed request")]
pub(crate) fn bytes<const N: usize>() -> Zeroizing<[u8; N]> {
    let mut bytes = Zeroizing::new([0; N]);
    if let Err(error) = getrandom::fill(bytes.as_mut_slice()) {
        panic!("the operating system gives no randomness: {error}");
    }
    bytes
}
