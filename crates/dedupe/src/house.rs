//! What a source adds to its posts: the portal's own words and contacts, which say nothing about a post.

use std::collections::HashMap;

use crate::Sketch;

/// Fewest posts in which the same words count as the portal's own.
const LEAST: usize = 4;
/// They stand in at least one in so many of its posts.
const ONE_IN: usize = 6;

/// What a source adds to its posts, learned from some of them.
#[derive(Debug, Clone, Default)]
pub struct House {
    shingles: Vec<u32>,
    words: Vec<u32>,
    subjects: Vec<u32>,
    names: Vec<u32>,
    numbers: Vec<u32>,
    contacts: Vec<u32>,
    codes: Vec<u32>,
}

impl House {
    /// Learns from some posts of one source. Posts under one title count once, because a post that comes up again repeats its own words
    /// and contacts.
    pub fn of<'a>(posts: impl IntoIterator<Item = &'a Sketch>) -> Self {
        let mut by_title: HashMap<(Option<&str>, &[String]), &Sketch> = HashMap::new();
        for post in posts {
            let name = (post.title.first().map(String::as_str), post.employer.as_slice());
            by_title.entry(name).or_insert(post);
        }
        let posts: Vec<&Sketch> = by_title.into_values().collect();
        let common = |of: &dyn Fn(&Sketch) -> Vec<u32>| {
            let mut counts: HashMap<u32, usize> = HashMap::new();
            for post in &posts {
                let mut values = of(post);
                values.sort_unstable();
                values.dedup();
                for value in values {
                    *counts.entry(value).or_default() += 1;
                }
            }
            let least = LEAST.max(posts.len() / ONE_IN);
            let mut common: Vec<u32> =
                counts.into_iter().filter(|(_, count)| *count >= least).map(|(value, _)| value).collect();
            common.sort_unstable();
            common
        };
        let employers =
            posts.iter().map(|post| &post.employer).collect::<std::collections::HashSet<_>>().len();
        let shingles = common(&|post| post.text.shingles.hashes.clone());
        // Words and numbers are common by themselves; they are the portal's where its runs of words are.
        let is_portal = !shingles.is_empty();
        let only = |part: Vec<u32>| if is_portal { part } else { Vec::new() };
        Self {
            words: only(common(&|post| post.text.words.hashes.clone())),
            subjects: only(common(&|post| post.text.subjects.hashes.clone())),
            names: only(common(&|post| post.text.names.hashes.clone())),
            numbers: only(common(&|post| post.text.numbers.hashes.clone())),
            // A communiqué above many posts is the code of none of them.
            codes: common(&|post| post.codes.iter().map(|code| code.hash).collect()),
            // The number of the one who offers everything here tells his posts from those of others.
            contacts: if employers > 2 {
                common(&|post| [post.phones.clone(), post.mails.clone()].concat())
            } else {
                Vec::new()
            },
            shingles,
        }
    }

    /// Takes what is the source's own out of one of its sketches.
    pub fn leave(&self, sketch: &mut Sketch) {
        sketch.text.shingles.without(&self.shingles);
        sketch.text.words.without(&self.words);
        sketch.text.subjects.without(&self.subjects);
        sketch.text.names.without(&self.names);
        sketch.text.numbers.without(&self.numbers);
        sketch.phones.retain(|contact| self.contacts.binary_search(contact).is_err());
        sketch.codes.retain(|code| self.codes.binary_search(&code.hash).is_err());
        sketch.mails.retain(|contact| self.contacts.binary_search(contact).is_err());
    }
}
