//! How often each word is in a text.

use regex::Regex;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::thread;

/// A word and how often it is there.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Word {
    pub word: String,
    pub times: usize,
}

/// Counts the words of a text, those that are there most often first, and in the order of the alphabet where that is the same.
pub fn words(text: &str, word: &Regex) -> Vec<Word> {
    let threads = thread::available_parallelism().map_or(1, |n| n.get());
    let lines: Vec<&str> = text.lines().collect();
    let share = lines.len() / threads + 1;
    let mut all: HashMap<String, usize> = HashMap::new();
    thread::scope(|scope| {
        let workers: Vec<_> = lines.chunks(share).map(|part| scope.spawn(move || count(part, word))).collect();
        for worker in workers {
            for (word, times) in worker.join().expect("a worker that only counts") {
                *all.entry(word).or_default() += times;
            }
        }
    });
    let mut sorted: Vec<Word> = all.into_iter().map(|(word, times)| Word { word, times }).collect();
    sorted.sort_by(|a, b| (Reverse(a.times), &a.word).cmp(&(Reverse(b.times), &b.word)));
    sorted
}

fn count(lines: &[&str], word: &Regex) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for line in lines {
        for found in word.find_iter(line) {
            *counts.entry(found.as_str().to_lowercase()).or_default() += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_words_whatever_their_case() {
        let got = words("one two\nTwo, three: TWO\n\none", &Regex::new(r"\w+").unwrap());
        let want = [("two", 3), ("one", 2), ("three", 1)];
        assert_eq!(got.len(), want.len());
        for (got, (word, times)) in got.iter().zip(want) {
            assert_eq!((got.word.as_str(), got.times), (word, times));
        }
    }
}
