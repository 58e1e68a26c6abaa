//! Counts the words of the text on standard input, or of a text of its own making, in as many threads as the machine has
//! processors, and says for what machine it was built:
//!
//! ```console
//! $ rust-app </dev/null
//! linux/aarch64: 100000 words, 1000 different, most often "bene" (135 times)
//! ```

mod count;
mod text;

use clap::Parser;
use serde::Serialize;
use std::error::Error;
use std::io::{self, Read};

/// Counts the words of the text on standard input, or of a text of its own making.
#[derive(Parser)]
#[command(name = "rust-app", version)]
struct Arguments {
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,

    /// What a word is, as a regular expression.
    #[arg(long, default_value = r"\w+")]
    word: String,
}

#[derive(Serialize)]
struct Report<'a> {
    platform: String,
    words: usize,
    different: usize,
    top: &'a [count::Word],
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let mut input = String::new();
    io::stdin().read_to_string(&mut input)?;
    if input.is_empty() {
        input = text::sample(100_000);
    }
    let words = count::words(&input, &regex::Regex::new(&arguments.word)?);
    let report = Report {
        platform: platform(),
        words: words.iter().map(|w| w.times).sum(),
        different: words.len(),
        top: &words[..words.len().min(10)],
    };
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    match report.top.first() {
        Some(first) => println!(
            "{}: {} words, {} different, most often {:?} ({} times)",
            report.platform, report.words, report.different, first.word, first.times
        ),
        None => println!("{}: no words", report.platform),
    }
    Ok(())
}

/// The platform that the program was built for, by Rust's names: linux/aarch64.
fn platform() -> String {
    format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH)
}
