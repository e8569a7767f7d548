//! Real files of third parties, parsed by source files alone: how many records become valid, and why each other record does not.
//!
//! The files are beside the project, not in it; without them, the tests are skipped. The snapshots have only counts and reasons.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    path::{Path, PathBuf},
};

use domain::{Reason, StreamName};
use normalize::Context;
use sources::{Catalog, Page, Response, Role, SpecFile};

use crate::support::skipped;

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/real")
}

fn specs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("it/real")
}

/// A line of `cases.tsv`.
struct Case {
    spec: String,
    stream: StreamName,
    role: Role,
    sample: String,
    url: url::Url,
}

fn cases() -> Vec<Case> {
    let table = std::fs::read_to_string(specs().join("cases.tsv")).unwrap();
    let case = |line: &str| {
        let cells: Vec<&str> = line.split('\t').collect();
        Case {
            spec: cells[0].to_owned(),
            stream: StreamName::new(cells[1]).unwrap(),
            role: match cells[2] {
                "detail" => Role::Detail,
                "file" => Role::File,
                _ => Role::List,
            },
            sample: cells[3].to_owned(),
            url: cells
                .get(4)
                .filter(|url| !url.is_empty())
                .unwrap_or(&"https://partner.example/")
                .parse()
                .unwrap(),
        }
    };
    table.lines().skip(1).filter(|line| !line.trim().is_empty()).map(case).collect()
}

/// Returns a reason without the partner's words, except for words that name a field of ours.
fn kind(reason: &Reason) -> String {
    let words = reason.detail().unwrap_or_default();
    let field = words.split(':').next().filter(|field| ["posted_at", "closes_at"].contains(field));
    let own = matches!(reason, Reason::MissingField(_)).then_some(words);
    let said = field.or(own).map(|said| format!(" ({said})")).unwrap_or_default();
    format!("{}{said}", reason.code().replace('_', " "))
}

fn told(case: &Case, body: &[u8]) -> String {
    let name = format!("{}.toml", case.spec);
    let text = std::fs::read_to_string(specs().join(&name)).unwrap();
    let catalog = Catalog::load(vec![SpecFile { name, text }]).unwrap_or_else(|errors| panic!("{errors}"));
    let spec = catalog.iter().next().unwrap();
    let page = Page::new(&case.stream, case.role, &case.url, Response::of_body(body));
    let reading = spec.read(&page);
    let context = Context {
        source: spec.slug.clone(),
        stream: case.stream.clone(),
        country: spec.country.clone(),
        hosts: Vec::new(),
        fetched_at: "2026-11-20T18:00:00Z".parse().unwrap(),
    };
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for rejection in &reading.rejected {
        *reasons.entry(kind(&rejection.reason)).or_default() += 1;
    }
    let mut valid = reading.follow.len();
    for draft in reading.drafts {
        match normalize::normalize(draft, &context) {
            Ok(_) => valid += 1,
            Err(rejection) => *reasons.entry(kind(&rejection.reason)).or_default() += 1,
        }
    }
    let mut text = format!("{} by {}: {valid} of {} valid", case.sample, case.spec, reading.records);
    for (reason, count) in reasons {
        let _ = write!(text, "; {count} × {reason}");
    }
    for note in reading.notes {
        let _ = write!(text, "; noted: {note}");
    }
    if let Some(alarm) = reading.alarm {
        let _ = write!(text, "; alarm: {alarm:?}");
    }
    text
}

#[test]
fn real_files_are_read_by_toml_alone() {
    if !samples().is_dir() {
        println!("skipped: {} is not here", samples().display());
        skipped(&["samples__real_files_are_read_by_toml_alone"]);
        return;
    }
    let mut lines = Vec::new();
    for case in cases() {
        let path = samples().join(&case.sample);
        match std::fs::read(&path) {
            Ok(body) => lines.push(told(&case, &body)),
            Err(_) => println!("skipped: {} is not here", path.display()),
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_spec_of_the_samples_is_right() {
    for case in cases() {
        let name = format!("{}.toml", case.spec);
        let text = std::fs::read_to_string(specs().join(&name)).unwrap();
        let catalog =
            Catalog::load(vec![SpecFile { name, text }]).unwrap_or_else(|errors| panic!("{errors}"));
        assert!(catalog.iter().next().unwrap().stream(&case.stream).is_some(), "{}", case.stream);
    }
}
