//! How a crawl ended, and whether that proves that it saw the whole list.

use std::fmt;

use domain::StreamName;

/// Why a crawl is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The stream has one page, or one answer held all of it.
    Single,
    /// The page has no records.
    Empty,
    /// The page has fewer records than a full one.
    Short,
    /// As many records as the source promised were asked for.
    Total,
    /// There is no link to a next page, or no cursor.
    NoLink,
    /// All sitemaps of the index were followed.
    Index,
    /// The page shows no record that the crawl has not seen.
    Repeated,
    /// The page breaks off.
    CutShort,
    /// The page cannot be parsed.
    Unreadable,
    /// The list has more pages than a crawl follows.
    Cap,
}

impl End {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Empty => "empty",
            Self::Short => "short",
            Self::Total => "total",
            Self::NoLink => "no_link",
            Self::Index => "index",
            Self::Repeated => "repeated",
            Self::CutShort => "cut_short",
            Self::Unreadable => "unreadable",
            Self::Cap => "cap",
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single => "a single answer",
            Self::Empty => "an empty page",
            Self::Short => "a short page",
            Self::Total => "its total",
            Self::NoLink => "a page without a next link",
            Self::Index => "the end of its index",
            Self::Repeated => "a page that shows nothing new",
            Self::CutShort => "a page that breaks off",
            Self::Unreadable => "a page that cannot be parsed",
            Self::Cap => "its number of pages",
        })
    }
}

/// What a crawl of one stream saw, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Walked {
    /// The stream.
    pub stream: StreamName,
    /// Why it is over.
    pub end: End,
    /// The total that the source promised last.
    pub promised: Option<u64>,
    /// Different records.
    pub distinct: u64,
    /// Records on all pages, repeated ones among them.
    pub listed: u64,
    /// Records that count towards the total: the different ones, or all where the source file says that the total repeats.
    pub records: u64,
    /// Pages that answered.
    pub pages: u32,
    /// Whether its records were counted: those of a single page without a total are not.
    pub counts: bool,
    /// Whether the page before linked to the last one, or the last one to another.
    pub was_promised: bool,
    /// Whether the cursor of the last page leads back to a page that was asked for.
    pub is_round: bool,
    /// Whether the total changed from page to page.
    pub is_moving: bool,
    /// Whether every page with records told the total.
    pub is_told: bool,
}

/// Why an ending does not prove that the crawl saw the whole list. Its text is for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unproven {
    stream: StreamName,
    /// What is wrong.
    pub doubt: Doubt,
}

/// What is wrong with an ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// Another number of records came than was promised.
    Total {
        /// The total that the source promised last.
        promised: u64,
        /// Records that count towards it.
        records: u64,
        /// Records that were shown again.
        again: u64,
    },
    /// A page shows nothing new, and was linked; or it is the second, so that nothing shows that the list has pages.
    Repeated(u32),
    /// A page that was linked has no records, or one without records links to another.
    LinkedEmpty(u32),
    /// A page breaks off.
    CutShort(u32),
    /// A page cannot be parsed.
    Unreadable(u32),
    /// The list has more pages than a crawl follows.
    Cap(u32),
    /// The stream never ended like this before.
    Unusual {
        /// How it ended.
        end: End,
        /// Complete runs that ended otherwise.
        runs: usize,
    },
}

/// How an earlier run ended a stream that it asked for as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastWalk {
    /// The word of [`End::as_str`].
    pub ending: String,
    /// Whether the run was complete.
    pub is_complete: bool,
    /// Whether only the ending itself was doubted, as one that the stream never had before.
    pub is_unusual: bool,
}

/// Complete runs that make a history.
const HISTORY: usize = 3;
/// Runs in a row after which a new ending is believed: the source has changed.
const REPEATED: usize = 3;

impl Walked {
    pub(super) fn begun(stream: &StreamName) -> Self {
        Self {
            stream: stream.clone(),
            end: End::Single,
            promised: None,
            distinct: 0,
            listed: 0,
            records: 0,
            pages: 0,
            counts: true,
            was_promised: false,
            is_round: false,
            is_moving: false,
            is_told: true,
        }
    }

    pub(super) fn add_page(&mut self, records: usize, promised: Option<u64>) {
        self.pages = self.pages.saturating_add(1);
        self.listed = self.listed.saturating_add(records.try_into().unwrap_or(u64::MAX));
        match promised {
            Some(total) => {
                self.is_moving |= self.promised.is_some_and(|before| before != total);
                self.promised = Some(total);
            }
            None => self.is_told &= records == 0,
        }
    }

    /// Whether the promised total came. While a total moves, records that it no longer counts may have been seen.
    fn is_total_reached(&self) -> bool {
        self.promised.is_some_and(|total| self.records == total || (self.is_moving && self.records > total))
    }

    /// Whether a page that shows nothing new lies behind the end of the list: its cursor leads in a circle, or nothing linked to
    /// it, and earlier pages differed. Where the second page repeats the first, the server may not know the parameter.
    fn is_past_the_end(&self) -> bool {
        self.pages > 2 && (self.is_round || !self.was_promised)
    }

    /// Whether the crawl saw the whole list.
    ///
    /// # Errors
    /// The ending does not prove it; why.
    pub fn proof(&self) -> Result<(), Unproven> {
        let doubt = match (self.end, self.promised) {
            (End::Cap, _) => Doubt::Cap(self.pages),
            (End::CutShort, _) => Doubt::CutShort(self.pages),
            (End::Unreadable, _) => Doubt::Unreadable(self.pages),
            _ if self.is_total_reached() => return Ok(()),
            (_, Some(promised)) => {
                let again = self.listed.saturating_sub(self.distinct);
                Doubt::Total { promised, records: self.records, again }
            }
            (End::Repeated, None) if !self.is_past_the_end() => Doubt::Repeated(self.pages),
            (End::Empty, None) if self.was_promised => Doubt::LinkedEmpty(self.pages),
            (
                End::Single | End::Empty | End::Short | End::Total | End::NoLink | End::Index | End::Repeated,
                None,
            ) => return Ok(()),
        };
        Err(Unproven { stream: self.stream.clone(), doubt })
    }

    /// Why an ending that proves the list whole is not believed all the same: the stream never had it. `past`: its earlier
    /// walks, newest first. A total that was reached proves itself.
    pub fn unusual(&self, past: &[PastWalk]) -> Option<Unproven> {
        let is_this = |walk: &&PastWalk| walk.ending == self.end.as_str();
        let complete: Vec<&PastWalk> = past.iter().filter(|walk| walk.is_complete).collect();
        let is_known = complete.iter().any(is_this);
        let since = past.iter().take_while(|walk| !walk.is_complete);
        let is_repeated = since.filter(|walk| walk.is_unusual).filter(is_this).count() >= REPEATED;
        if self.is_total_reached() || complete.len() < HISTORY || is_known || is_repeated {
            return None;
        }
        let doubt = Doubt::Unusual { end: self.end, runs: complete.len() };
        Some(Unproven { stream: self.stream.clone(), doubt })
    }

    /// Whether all of it is of one moment: one answer, or a total that stayed the same on every page and that the
    /// different records reach exactly.
    pub fn is_snapshot(&self) -> bool {
        let is_steady = self.is_told && !self.is_moving && self.promised == Some(self.distinct);
        self.proof().is_ok() && (self.pages == 1 || is_steady)
    }
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stream {}", self.stream)?;
        match self.doubt {
            Doubt::Total { promised, records, again } => {
                if records > promised {
                    return write!(f, ": {records} records came, and {promised} were promised");
                }
                write!(f, ": {records} of {promised} promised records came")?;
                if again > 0 { write!(f, ", and {again} came again") } else { Ok(()) }
            }
            Doubt::Repeated(page) => write!(f, ": page {page} shows the same as an earlier page"),
            Doubt::LinkedEmpty(page) => write!(f, ": page {page} has no records, and a link promised some"),
            Doubt::CutShort(page) => write!(f, ": page {page} breaks off"),
            Doubt::Unreadable(page) => write!(f, ": page {page} cannot be parsed"),
            Doubt::Cap(pages) => write!(f, " has more than the {pages} pages that were followed"),
            Doubt::Unusual { end, runs } => {
                write!(f, " ended by {end}, which it never did before in {runs} runs; nothing was closed")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(end: End, change: impl FnOnce(&mut Walked)) -> Walked {
        let mut walked = Walked::begun(&StreamName::new("offres").unwrap());
        (walked.end, walked.pages, walked.distinct, walked.listed, walked.records) = (end, 3, 160, 160, 160);
        change(&mut walked);
        walked
    }

    fn said(end: End, change: impl FnOnce(&mut Walked)) -> String {
        walked(end, change).proof().map_or_else(|why| why.to_string(), |()| "proven".to_owned())
    }

    #[test]
    fn only_an_ending_that_shows_the_list_whole_proves_it() {
        for end in [End::Single, End::Empty, End::Short, End::NoLink, End::Index] {
            assert_eq!(said(end, |_| ()), "proven", "{end:?}");
            let missed = said(end, |walked| walked.promised = Some(245));
            assert_eq!(missed, "stream offres: 160 of 245 promised records came", "{end:?}");
        }
        for (end, why) in [
            (End::CutShort, "stream offres: page 3 breaks off"),
            (End::Unreadable, "stream offres: page 3 cannot be parsed"),
            (End::Cap, "stream offres has more than the 3 pages that were followed"),
        ] {
            assert_eq!(said(end, |_| ()), why);
        }
        let why = |page| format!("stream offres: page {page} shows the same as an earlier page");
        assert_eq!(said(End::Repeated, |_| ()), "proven");
        assert_eq!(said(End::Repeated, |walked| walked.pages = 2), why(2));
        assert_eq!(said(End::Repeated, |walked| walked.was_promised = true), why(3));
        assert_eq!(
            said(End::Repeated, |walked| (walked.was_promised, walked.is_round) = (true, true)),
            "proven"
        );
        assert_eq!(
            said(End::Empty, |walked| walked.was_promised = true),
            "stream offres: page 3 has no records, and a link promised some"
        );
    }

    #[test]
    fn a_total_decides_by_the_different_records() {
        let total = |promised: u64, is_moving: bool| {
            said(End::Total, |walked| (walked.promised, walked.is_moving) = (Some(promised), is_moving))
        };
        assert_eq!(total(160, false), "proven");
        assert_eq!(total(159, true), "proven");
        assert_eq!(total(159, false), "stream offres: 160 records came, and 159 were promised");
        assert_eq!(total(161, true), "stream offres: 160 of 161 promised records came");
        let again = |walked: &mut Walked| (walked.listed, walked.promised) = (161, Some(161));
        assert_eq!(
            said(End::Total, again),
            "stream offres: 160 of 161 promised records came, and 1 came again"
        );
        assert_eq!(said(End::Repeated, |walked| walked.promised = Some(160)), "proven");
    }

    #[test]
    fn a_snapshot_is_one_answer_or_a_steady_total_of_different_records() {
        let snapshot = |change: fn(&mut Walked)| walked(End::Total, change).is_snapshot();
        assert!(snapshot(|walked| walked.pages = 1));
        assert!(snapshot(|walked| walked.promised = Some(160)));
        assert!(!snapshot(|_| ()));
        assert!(!snapshot(|walked| (walked.promised, walked.is_moving) = (Some(160), true)));
        assert!(!snapshot(|walked| (walked.promised, walked.is_told) = (Some(160), false)));
        assert!(!snapshot(|walked| (walked.promised, walked.records, walked.listed) = (Some(161), 161, 161)));
    }

    #[test]
    fn an_ending_the_stream_never_had_is_doubted_until_it_repeats() {
        let past = |endings: &[(&str, bool, bool)]| -> Vec<PastWalk> {
            let of = |(ending, is_complete, is_unusual): &(&str, bool, bool)| PastWalk {
                ending: (*ending).to_owned(),
                is_complete: *is_complete,
                is_unusual: *is_unusual,
            };
            endings.iter().map(of).collect()
        };
        let doubt = |past: &[PastWalk]| walked(End::Short, |_| ()).unusual(past).map(|why| why.to_string());
        let (usual, new) = (("no_link", true, false), ("short", false, true));
        let why =
            "stream offres ended by a short page, which it never did before in 3 runs; nothing was closed";
        assert_eq!(doubt(&past(&[usual, usual])), None);
        assert_eq!(doubt(&past(&[usual, usual, usual])).as_deref(), Some(why));
        assert_eq!(doubt(&past(&[usual, ("short", true, false), usual, usual])), None);
        assert_eq!(doubt(&past(&[new, new, usual, usual, usual])).as_deref(), Some(why));
        assert_eq!(doubt(&past(&[new, new, new, usual, usual, usual])), None);
        assert_eq!(doubt(&past(&[new, new, usual, new, usual, usual])).as_deref(), Some(why));
        let reached = walked(End::Total, |walked| walked.promised = Some(160));
        assert_eq!(reached.unusual(&past(&[usual, usual, usual])), None);
    }
}
