//! Every recorded page, cut and mutated. Whatever a partner sends, parsing it ends soon, in bounded memory, without a panic.
//!
//! This is a binary of its own with one thread, so that the memory it counts is that of parsing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use domain::StreamName;
use fuzz::{Chance, damaged};
use peak_alloc::PeakAlloc;
use sources::{Catalog, Page, Response, Role, Spec};
use url::Url;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Mutations of each page. Pages of posts are many and alike, so only the first few get as many.
const MUTATIONS: usize = 200;
/// Mutations of each later page of a post.
const FEW: usize = 20;
/// Pages of posts of one stream that are mutated as often as lists.
const FIRST: usize = 3;
/// Prefixes that are tried of a page. Of a shorter page, every prefix is tried.
const CUTS: usize = 200;

/// Whether to try every prefix of each page, and as many mutations of all pages. `HOSTILE=all` sets it; it takes hours.
fn is_whole() -> bool {
    std::env::var_os("HOSTILE").is_some_and(|words| words == "all")
}

/// A recorded page, and what it is.
struct Recorded {
    stream: StreamName,
    role: Role,
    file: PathBuf,
    times: usize,
}

fn page<'a>(recorded: &'a Recorded, url: &'a Url, body: &'a [u8]) -> Page<'a> {
    Page::new(&recorded.stream, recorded.role, url, Response::of_body(body))
}

/// Returns the recordings of a partner. Each is parsed as every page of the source file that it may be.
fn recordings(spec: &Spec) -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(spec.slug.as_str());
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending != "toml") {
                files.push(path);
            }
        }
    }
    files.sort();
    let mut found = Vec::new();
    let mut details = 0;
    for file in files {
        let body = std::fs::read(&file).unwrap();
        let mut known = false;
        for stream in &spec.streams {
            for role in [Role::List, Role::File, Role::Detail] {
                let url = spec.base_url.join("/emploi/1-x").unwrap();
                let recorded = Recorded { stream: stream.name.clone(), role, file: file.clone(), times: 0 };
                let reading = spec.read(&page(&recorded, &url, &body));
                let fits = reading.alarm.is_none()
                    && (role != Role::Detail
                        || file.parent().is_some_and(|f| !f.ends_with(spec.slug.as_str())));
                if fits && (reading.records > 0 || role == Role::Detail) {
                    details += usize::from(role == Role::Detail);
                    let times =
                        if role == Role::Detail && details > FIRST && !is_whole() { FEW } else { MUTATIONS };
                    found.push(Recorded { times, ..recorded });
                    known = true;
                    break;
                }
            }
            if known {
                break;
            }
        }
    }
    found
}

/// The most that parsing took.
#[derive(Default)]
struct Worst {
    time: Duration,
    memory: usize,
}

impl Worst {
    fn read(&mut self, spec: &Spec, recorded: &Recorded, url: &Url, body: &[u8]) {
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let begun = Instant::now();
        let reading = spec.read(&page(recorded, url, body));
        self.time = self.time.max(begun.elapsed());
        self.memory = self.memory.max(MEMORY.peak_usage().saturating_sub(before));
        let told = reading.drafts.len() + reading.follow.len() + reading.rejected.len();
        assert_eq!(reading.records, told, "a record was dropped in silence: {}", recorded.file.display());
        for draft in &reading.drafts {
            assert!(
                draft.external_id.as_ref().is_some_and(|id| !id.trim().is_empty()),
                "{}",
                recorded.file.display()
            );
        }
        for follow in &reading.follow {
            assert!(spec.hosts.iter().any(|host| follow.url.host_str() == Some(host)), "{}", follow.url);
        }
    }
}

#[test]
fn every_page_cut_and_mutated_is_read_to_an_end() {
    let catalog = Catalog::builtin().unwrap();
    let (mut pages, mut readings) = (0, 0);
    for spec in catalog.iter() {
        let recordings = recordings(spec);
        assert!(!recordings.is_empty(), "{} has no recordings that can be read", spec.slug);
        for (number, recorded) in recordings.iter().enumerate() {
            let body = std::fs::read(&recorded.file).unwrap();
            let url = spec.base_url.join("/emploi/1-x").unwrap();
            let (mut whole, mut worst) = (Worst::default(), Worst::default());
            for _ in 0..3 {
                whole.read(spec, recorded, &url, &body);
            }
            let cuts = CUTS * recorded.times / MUTATIONS;
            let step = if is_whole() { 1 } else { (body.len() / cuts.max(1)).max(1) };
            for cut in (0..body.len()).step_by(step).chain(body.len().saturating_sub(40)..body.len()) {
                worst.read(spec, recorded, &url, &body[..cut]);
                readings += 1;
            }
            let mut chance = Chance::new(0x9E37_79B9_7F4A_7C15 ^ u64::try_from(number + 1).unwrap());
            for _ in 0..recorded.times {
                worst.read(spec, recorded, &url, &damaged(&body, &mut chance));
                readings += 1;
            }
            pages += 1;
            // Compared with parsing the undamaged page, with a margin for a busy machine.
            let time = whole.time * 40 + Duration::from_millis(250);
            assert!(
                worst.time <= time,
                "{} took {:?}, untouched {:?}",
                recorded.file.display(),
                worst.time,
                whole.time
            );
            let memory = whole.memory * 8 + body.len() * 16 + (4 << 20);
            assert!(
                worst.memory <= memory,
                "{} took {} bytes, untouched {}",
                recorded.file.display(),
                worst.memory,
                whole.memory
            );
        }
    }
    println!("{pages} pages, {readings} readings");
    assert!(pages > 150 && readings > 10_000, "{pages} pages, {readings} readings");
}
