//! Writes what was found as a source file.

use std::fmt::Write as _;

use domain::{Draft, SourceSlug};
use url::Url;

use super::{Answer, Found};

/// Returns the text of a source file.
pub(super) fn text(answer: &Answer<'_>, found: &Found) -> String {
    let mut out = String::new();
    head(&mut out, answer, found);
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("\n[streams.list]");
    line(&format!(
        "kind = {:?}                    # job, training, agr or microfinance",
        kind(answer.url, found)
    ));
    line(&format!("format = {:?}", found.format));
    line(&answer.url.map_or_else(
        || {
            "# request = { path = \"/…\" }     # without it the list comes as a file: oim-etl ingest SLUG --file"
                .to_owned()
        },
        request,
    ));
    match &found.pages {
        Some(pages) => line(pages),
        None if answer.url.is_some() => {
            line("# pages = { kind = \"number\", param = \"page\", first = 1 }   # if the list continues");
        }
        None => (),
    }
    if found.is_partial {
        line(
            "partial = true                  # a feed of the newest records: what falls off it is not closed",
        );
    }
    match &found.records {
        Some(records) => line(&format!("records = {records}")),
        None if matches!(found.format, "json" | "xml" | "html") => {
            line(&format!("# TODO records = {}", sample(found.format)));
        }
        None => (),
    }
    if let Some(condition) = &found.condition {
        line(condition);
    }
    line("\n[streams.list.fields]");
    // The records of a file have no detail pages.
    let detail = found.link.as_ref().filter(|_| answer.url.is_some());
    let told = |field: &str| {
        found.has(field) || detail.is_some() && found.detail.iter().any(|(name, _)| *name == field)
    };
    missing(&mut out, found, told("external_id") && found.has("external_id"), told("title"));
    fields(&mut out, &found.fields);
    if let Some(link) = detail {
        let format = if matches!(found.format, "json" | "ndjson") { "\nformat = \"html\"" } else { "" };
        // Writing to a String cannot fail.
        let _ =
            writeln!(out, "\n[streams.list.detail]\nlink = {link}{format}\n\n[streams.list.detail.fields]");
        fields(&mut out, &found.detail);
    }
    out
}

/// Writes what stands above the streams.
fn head(out: &mut String, answer: &Answer<'_>, found: &Found) {
    let origin = answer
        .url
        .map_or_else(|| "https://partner.example".to_owned(), |url| url.origin().ascii_serialization());
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line("# Proposed from one answer: look at every line, then run");
    line(&match answer.url {
        Some(_) => format!("#   oim-etl sources check {0} && oim-etl sources preview {0}", answer.slug),
        None => format!("#   oim-etl ingest {} --file PATH --dry-run", answer.slug),
    });
    for remark in &found.remarks {
        line(&format!("# {}", remark.replace(['\n', '\r'], " ")));
    }
    line(&format!("name = {:?}", name_of(answer.slug)));
    line(&format!("base_url = {origin:?}"));
    line("rate = \"20/min\"                 # what the partner agrees to, over all workers");
    line("# auth = { kind = \"api_key\", header = \"X-Api-Key\", key = \"NAME_OF_THE_VARIABLE\" }");
}

/// Says where the records of a format may be.
fn sample(format: &str) -> &'static str {
    match format {
        "json" => "\".items[]\"            # the path of the list: each of its items is a record",
        "xml" => "\"offre\"               # the name of the element that repeats",
        _ => {
            "\"article.offre\"        # a CSS selector that matches one element for each record; \"body\" where the page is one"
        }
    }
}

/// Says what is still to be filled in, and how.
fn missing(out: &mut String, found: &Found, has_identity: bool, has_title: bool) {
    let (one, two) = match found.format {
        "table" => ("\"Numéro\"", "\"Ville\""),
        "html" => ("\"h3\"", "\"span.lieu\""),
        _ => (".numero", ".ville"),
    };
    let quoted = |name: &str| if name.starts_with('"') { name.to_owned() } else { format!("{name:?}") };
    let (one, two) = (quoted(one), quoted(two));
    let mut todo = |text: String| {
        let _ = writeln!(out, "{text}");
    };
    if !has_identity {
        todo("# TODO external_id: what identifies a record, the same the next day; it is required. For example".to_owned());
        todo(format!("#   external_id = {one}"));
        todo(format!(
            "#   external_id = {{ parts = [{one}, {two}], with = \"/\" }}   # where no value alone identifies it"
        ));
    }
    if !has_title {
        todo("# TODO title: its heading; it is required. For example".to_owned());
        todo(format!("#   title = {one}"));
    }
    let is_whole = has_identity && has_title;
    if !is_whole && !found.names.is_empty() {
        let names: Vec<String> = found.names.iter().map(|name| name.replace(['\n', '\r'], " ")).collect();
        todo(format!("#   a record has: {}", names.join(", ")));
    }
}

/// Returns the kind that addresses and fields tell: a rate of interest is that of a loan, and a course has a price.
fn kind(url: Option<&Url>, found: &Found) -> &'static str {
    let form = |field: &str| found.fields.iter().chain(&found.detail).find(|(name, _)| *name == field);
    let folded = |text: &str| normalize::text::fold(text);
    let address = url.map(|url| folded(url.as_str())).unwrap_or_default();
    let records = found.records.as_deref().map(folded).unwrap_or_default();
    let says = |words: &[&str]| words.iter().any(|word| address.contains(word) || records.contains(word));
    // "Niveau de formation" is what a job asks for.
    let named = |fields: &[&str], words: &[&str]| {
        fields.iter().filter_map(|field| form(field)).any(|(_, form)| {
            let form = folded(form);
            words.iter().any(|word| form.contains(word))
        })
    };
    let courses = ["formation", "training", "course", "tuition", "scolarite", "stagiaire", "cursus"];
    let about = ["title", "salary", "duration", "organization", "starts_at", "description", "external_id"];
    let is_priced = named(
        &["salary"],
        &["prix", "price", "tarif", "cout", "cost", "frais", "fee", "tuition", "scolarite"],
    );
    // A sheet of programs: who pays, how much, for whom.
    let columns: Vec<String> = found.names.iter().map(|name| folded(name)).collect();
    let of_programs = [
        "bailleur",
        "budget",
        "beneficiaire",
        "appui",
        "subvention",
        "donor",
        "funder",
        "grant",
        "projet",
        "cofinancement",
    ];
    let programs = of_programs.iter().filter(|sign| columns.iter().any(|name| name.contains(*sign))).count();
    let is_work = form("contract").is_some()
        || form("experience").is_some()
        || named(&["salary"], &["salaire", "salary", "wage", "remuneration"]);
    if form("interest").is_some() || says(&["loan", "credit", "saving", "microfinance"]) {
        "microfinance"
    } else if says(&["formation", "training", "course", "cours "]) || named(&about, &courses) && !is_work {
        "training"
    } else if says(&["iati", "projet", "project", "activities", "subvention", "grant"])
        || programs + usize::from(named(&["title"], &["programme", "program", "projet", "project"])) > 1
            && !is_work
    {
        "agr"
    } else if is_priced && !is_work {
        "training"
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
