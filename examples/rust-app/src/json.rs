//! The report as JSON.

use crate::count::Word;
use std::fmt::{self, Write};

/// Returns the report with the ten words that are there most often.
pub fn report(platform: &str, total: usize, words: &[Word]) -> String {
    let mut out = String::new();
    write(&mut out, platform, total, words).expect("a string takes everything");
    out
}

fn write(out: &mut impl Write, platform: &str, total: usize, words: &[Word]) -> fmt::Result {
    write!(out, "{{\"platform\":{},\"words\":{total},\"top\":[", quoted(platform))?;
    for (i, w) in words.iter().take(10).enumerate() {
        let comma = if i == 0 { "" } else { "," };
        write!(out, "{comma}{{\"word\":{},\"times\":{}}}", quoted(&w.word), w.times)?;
    }
    out.write_str("]}")
}

/// A string as JSON has it.
fn quoted(s: &str) -> String {
    let mut out = String::from('"');
    for c in s.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_must_be() {
        assert_eq!(quoted("a\"b\\c\n"), "\"a\\\"b\\\\c\\u000a\"");
    }
}
