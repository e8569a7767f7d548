//! The stages a record goes through, in the order of the flow.

// 2. The answer is fetched: politely, within the rate of the whole pool.
pub(crate) mod fetch;

// 3. It is archived before anybody reads it.
pub(crate) mod archive;

// 4. It is parsed: records become drafts, the partner's words in our fields.
pub(crate) mod parse;

// 5. Drafts are normalized: opportunities, or refusals with a reason.
pub(crate) mod normalize;

// 7. Rows, history, counters and embed work commit together (one statement of the store); here they are counted.
pub(crate) mod upsert;

// 8. What changed is embedded and indexed.
pub(crate) mod embed;

// 4 and 5 over the archive: what `replay --dry-run` and `sources diff` show.
pub(crate) mod rehearse;

// 2, 4 and 5 alone: what `sources preview` and `--dry-run` show.
pub(crate) mod preview;
