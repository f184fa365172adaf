//! The program. Everything it does is in the library.

/// Many threads make and drop many small things: the system's allocator took a tenth of the time of
/// taking activities in. Its settings are in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> std::process::ExitCode {
    guildhall::cli::main()
}
