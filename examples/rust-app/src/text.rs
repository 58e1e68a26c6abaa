//! A text to count where there is none: words of four letters, in a fixed order that looks like chance.

/// Returns a text of so many words, ten on a line.
pub fn sample(words: usize) -> String {
    let mut text = String::with_capacity(words * 5);
    let mut state = 1u64;
    for i in 0..words {
        // Knuth's linear congruential generator, of which the upper bits are good.
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        text.push_str(&word((state >> 33) as usize % 1000));
        text.push(if i % 10 == 9 { '\n' } else { ' ' });
    }
    text
}

/// Returns the word of that number, below 1600.
fn word(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..2 {
        word.push(b"bdfgklmn"[number % 8] as char);
        number /= 8;
        word.push(b"aeiou"[number % 5] as char);
        number /= 5;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn each_number_has_its_word() {
        let words: HashSet<String> = (0..1600).map(word).collect();
        assert_eq!(words.len(), 1600);
    }

    #[test]
    fn the_sample_is_always_the_same() {
        assert_eq!(sample(100), sample(100));
        assert_eq!(sample(100).split_whitespace().count(), 100);
    }
}
