//! Tries a source file without writing anything: the pipeline up to `normalize`, and no further.

// Fetch, parse and normalize: for `sources preview`, `sources record`, `sources check` and `ingest --dry-run`.
pub(crate) mod preview;

// Parse and normalize, over the archive of a source: for `sources diff` and `replay --dry-run`.
pub(crate) mod reread;

// What a source file would lose of the archive: for `sources apply`, the API and the console.
pub(crate) mod losses;

// One page of the archive: for `explain`, and the page of an opportunity in the console.
pub(crate) mod words;
