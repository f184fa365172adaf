//! The program. Everything it does is in the library.

/// A server on many threads spends a tenth of its time in the system's allocator; this one takes
/// half of that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    guildhall::cli::main()
}
