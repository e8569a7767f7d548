//! Writes what was found as a source file.

use std::fmt::Write as _;

use domain::{Draft, SourceSlug};
use url::Url;

use super::{Answer, Found};

/// Returns the text of a source file.
pub(super) fn text(answer: &Answer<'_>, url: &Url, found: &Found) -> String {
    let mut out = String::new();
    let line = |out: &mut String, text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&mut out, "# Proposed from one answer: look at every line, then run");
    line(&mut out, &format!("#   oim-etl sources check && oim-etl sources preview {}", answer.slug));
    for remark in &found.remarks {
        line(&mut out, &format!("# {remark}"));
    }
    line(&mut out, &format!("name = {:?}", name_of(answer.slug)));
    line(&mut out, &format!("base_url = {:?}", url.origin().ascii_serialization()));
    line(&mut out, "rate = \"20/min\"                 # what the partner agrees to, over all workers");
    line(&mut out, "# auth = { kind = \"api_key\", header = \"X-Api-Key\", key = \"NAME_OF_THE_VARIABLE\" }");
    line(&mut out, "\n[streams.list]");
    line(
        &mut out,
        &format!("kind = {:?}                    # job, training, agr or microfinance", kind(url, found)),
    );
    line(&mut out, &format!("format = {:?}", found.format));
    if answer.url.is_some() {
        line(&mut out, &request(url));
    } else {
        line(
            &mut out,
            "# request = { path = \"/…\" }     # without it the list comes as a file: oim-etl ingest SLUG --file",
        );
    }
    if let Some(pages) = &found.pages {
        line(&mut out, pages);
    } else if answer.url.is_some() {
        line(
            &mut out,
            "# pages = { kind = \"number\", param = \"page\", first = 1 }   # if the list continues",
        );
    }
    if let Some(records) = &found.records {
        line(&mut out, &format!("records = {records}"));
    }
    if let Some(condition) = &found.condition {
        line(&mut out, condition);
    }
    line(&mut out, "\n[streams.list.fields]");
    fields(&mut out, &found.fields);
    // The records of a file have no detail pages.
    if let Some(link) = found.link.as_ref().filter(|_| answer.url.is_some()) {
        line(&mut out, "\n[streams.list.detail]");
        line(&mut out, &format!("link = {link}"));
        if matches!(found.format, "json" | "ndjson") {
            line(&mut out, "format = \"html\"");
        }
        line(&mut out, "\n[streams.list.detail.fields]");
        fields(&mut out, &found.detail);
    }
    out
}

/// Returns the kind that addresses and fields tell: a rate of interest is that of a loan.
fn kind(url: &Url, found: &Found) -> &'static str {
    let has = |field: &str| found.fields.iter().any(|(name, _)| *name == field);
    let says = |words: &[&str]| {
        let address = url.as_str().to_lowercase();
        words.iter().any(|word| address.contains(word))
            || found
                .records
                .as_deref()
                .is_some_and(|records| words.iter().any(|word| records.to_lowercase().contains(word)))
    };
    if has("interest") || says(&["loan", "credit", "saving", "microfinance"]) {
        "microfinance"
    } else if says(&["formation", "training", "course", "cours"]) {
        "training"
    } else if says(&["iati", "projet", "project", "activities", "subvention", "grant"]) {
        "agr"
    } else {
        "job"
    }
}

fn fields(out: &mut String, found: &[(&'static str, String)]) {
    for field in Draft::FIELDS {
        if let Some((_, form)) = found.iter().find(|(name, _)| *name == field) {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{field} = {form}");
        }
    }
    let missing: Vec<&str> =
        Draft::FIELDS.into_iter().filter(|field| !found.iter().any(|(name, _)| name == field)).collect();
    if !missing.is_empty() {
        let _ = writeln!(out, "# not found: {}", missing.join(", "));
    }
}

fn request(url: &Url) -> String {
    let query: Vec<String> =
        url.query_pairs().map(|(name, value)| format!("{:?} = {value:?}", &*name)).collect();
    if query.is_empty() {
        format!("request = {{ path = {:?} }}", url.path())
    } else {
        format!("request = {{ path = {:?}, query = {{ {} }} }}", url.path(), query.join(", "))
    }
}

fn name_of(slug: &SourceSlug) -> String {
    let mut letters = slug.as_str().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
