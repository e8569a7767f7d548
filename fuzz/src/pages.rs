//! Pages of every format, and the source files of the reference that read them.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

use sources::{Answer, Catalog, Page, Response, Role, Spec, SpecFile};
use url::Url;

/// A source file of the reference, and its page.
struct Example {
    file: String,
    spec: Option<Arc<Spec>>,
    page: Vec<u8>,
}

/// One for each format and feature: `sources/reference`.
static EXAMPLES: LazyLock<Vec<Example>> = LazyLock::new(|| {
    let reference = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sources/reference");
    let mut folders: Vec<_> = entries(&reference);
    folders.sort();
    folders.iter().filter_map(|folder| example(folder)).collect()
});

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn example(folder: &Path) -> Option<Example> {
    let file = std::fs::read_to_string(folder.join("exemple.toml")).ok()?;
    let page =
        entries(folder).into_iter().find(|path| path.file_stem().is_some_and(|name| name == "page"))?;
    Some(Example { spec: spec(&file), file, page: std::fs::read(page).ok()? })
}

fn spec(file: &str) -> Option<Arc<Spec>> {
    let file = SpecFile { name: "exemple.toml".to_owned(), text: file.to_owned() };
    Catalog::load(vec![file]).ok()?.iter().next().cloned()
}

/// The first byte chooses the example, the second what the page is; the rest is the page.
pub(crate) fn page(bytes: &[u8]) {
    let [example, role, body @ ..] = bytes else { return };
    let Some(example) = EXAMPLES.get(usize::from(*example) % EXAMPLES.len().max(1)) else { return };
    let Some(spec) = &example.spec else { return };
    let role =
        [Role::List, Role::File, Role::Detail].into_iter().nth(usize::from(*role) % 3).unwrap_or(Role::List);
    for stream in &spec.streams {
        let Ok(url) = spec.base_url.join("/offres") else { return };
        let reading = spec.read(&Page::new(&stream.name, role, &url, Response::of_body(body)));
        let told = reading.drafts.len() + reading.follow.len() + reading.rejected.len();
        assert_eq!(reading.records, told, "a record was dropped in silence");
        let has_identity = |id: &Option<String>| id.as_ref().is_some_and(|id| !id.trim().is_empty());
        assert!(
            reading.drafts.iter().all(|draft| has_identity(&draft.external_id)),
            "a draft without an identity"
        );
    }
}

/// A page of an unknown partner: a source file is proposed for it.
pub(crate) fn proposal(bytes: &[u8]) {
    let (Ok(slug), Ok(url)) = ("exemple".parse(), Url::parse("https://www.exemple.cm/offres")) else {
        return;
    };
    let answer = Answer { slug: &slug, url: Some(&url), headers: &[], body: bytes, detail: None };
    let file = sources::propose(&answer).unwrap_or_else(|why| sources::sketch(&answer, &why));
    assert!(file.contains("[streams."), "no stream is proposed: {file}");
    drop(sources::first_detail(&answer));
}

/// Returns the page of each example, as [`page`] takes it.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let numbered = EXAMPLES.iter().zip(0_u8..);
    numbered.map(|(example, number)| [&[number, 0][..], &example.page].concat()).collect()
}

/// Returns the page of each example.
pub(crate) fn bodies() -> Vec<Vec<u8>> {
    EXAMPLES.iter().map(|example| example.page.clone()).collect()
}

/// Returns the source file of each example.
pub(crate) fn source_files() -> Vec<Vec<u8>> {
    EXAMPLES.iter().map(|example| example.file.clone().into_bytes()).collect()
}
