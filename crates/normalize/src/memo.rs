//! What was read from short words before.
//!
//! The fields of a partner say the same few things: its towns, its contracts, its pay. Each thread remembers what it read last, in a
//! table of fixed size. A rule that is asked here depends on its words alone, so what is remembered is what it would read.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

/// Values remembered of one rule.
const SLOTS: usize = 512;
/// Longest words that are remembered, in bytes. Longer ones hardly repeat.
const LONGEST: usize = 96;

/// The values of one rule by the words that they were read from. A new value replaces the one in its slot.
pub(crate) struct Memo<V> {
    slots: Vec<Option<(Box<str>, V)>>,
}

impl<V: Clone> Memo<V> {
    pub(crate) const fn new() -> Self {
        Self { slots: Vec::new() }
    }

    /// Returns what `read` makes of the words.
    pub(crate) fn get(&mut self, words: &str, read: impl FnOnce(&str) -> V) -> V {
        if words.len() > LONGEST {
            return read(words);
        }
        if self.slots.is_empty() {
            self.slots.resize_with(SLOTS, || None);
        }
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(words);
        let at = usize::try_from(hash % SLOTS as u64).unwrap_or(0);
        let Some(slot) = self.slots.get_mut(at) else { return read(words) };
        match slot {
            Some((known, value)) if **known == *words => value.clone(),
            _ => slot.insert((words.into(), read(words))).1.clone(),
        }
    }
}

/// Remembers what a rule reads from words: `remembered!(Option<u16>, words, read_experience)`. Each use has a table of its own.
macro_rules! remembered {
    ($value:ty, $words:expr, $read:expr) => {{
        thread_local! {
            static MEMO: std::cell::RefCell<$crate::memo::Memo<$value>> =
                const { std::cell::RefCell::new($crate::memo::Memo::new()) };
        }
        MEMO.with_borrow_mut(|memo| memo.get($words, $read))
    }};
}
pub(crate) use remembered;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    #[test]
    fn what_was_read_is_not_read_again() {
        let mut memo = super::Memo::new();
        let mut reads = 0;
        for words in ["Douala", "Buea", "Douala", "Buea", "Douala"] {
            let long = memo.get(words, |words| {
                reads += 1;
                words.len()
            });
            assert_eq!(long, words.len());
        }
        assert_eq!(reads, 2);
    }

    proptest! {
        #[test]
        fn each_words_keep_their_own_value(all in prop::collection::vec("[a-c]{0,3}|[a-z]{0,120}", 0..2_000)) {
            let mut memo = super::Memo::new();
            for words in &all {
                prop_assert_eq!(&memo.get(words, str::to_owned), words);
            }
            prop_assert!(memo.slots.len() <= super::SLOTS);
        }
    }
}
