//! Counts the words of the text on standard input, or of a text of its own making, in as many threads as the machine has
//! processors, and says for what machine it was built:
//!
//! ```console
//! $ rust-app </dev/null
//! linux/aarch64: 100000 words, 1000 different, most often "bene" (135 times)
//! ```

mod count;
mod json;
mod text;

use std::io::Read;
use std::process::ExitCode;

fn main() -> ExitCode {
    let as_json = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--json") => true,
        Some(other) => {
            eprintln!("rust-app: unknown argument {other}: it knows --json");
            return ExitCode::from(2);
        }
    };
    let mut input = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut input) {
        eprintln!("rust-app: cannot read standard input: {error}");
        return ExitCode::FAILURE;
    }
    if input.is_empty() {
        input = text::sample(100_000);
    }

    let words = count::words(&input);
    let total: usize = words.iter().map(|w| w.times).sum();
    if as_json {
        println!("{}", json::report(&platform(), total, &words));
        return ExitCode::SUCCESS;
    }
    match words.first() {
        Some(first) => println!(
            "{}: {total} words, {} different, most often {:?} ({} times)",
            platform(),
            words.len(),
            first.word,
            first.times
        ),
        None => println!("{}: no words", platform()),
    }
    ExitCode::SUCCESS
}

/// The platform that the program was built for, by Rust's names: linux/aarch64.
fn platform() -> String {
    format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH)
}
