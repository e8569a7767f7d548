//! The stages that a record goes through, in order. Each stage calls one crate; jobs call the stages.
//!
//! `docs/ARCHITECTURE.md` numbers them the same way.

// 1. Somebody requests a run: the timetable, a command, the API or the inbox.
pub(crate) mod trigger;

// 2. The run crawls its streams, politely, within the rate that all workers share.
pub(crate) mod crawl;
pub(crate) mod fetch;
pub(crate) mod revisit;

// 3. Each answer is archived before anything parses it.
pub(crate) mod archive;

// 4. Pages become drafts: records under our field names, still in the partner's words.
pub(crate) mod parse;

// 5. Drafts become opportunities, or rejections with a reason.
pub(crate) mod normalize;

// 6. What differs from what is served is staged, with rejections and counters.
pub(crate) mod stage;

// 7. The run is audited, and what it staged is published, or held.
pub(crate) mod publish;

// 8. Opportunities that several sources publish become one cluster.
pub(crate) mod dedupe;

// 9. What changed is embedded and indexed; what closed is withdrawn.
pub(crate) mod document;
pub(crate) mod embed;
pub(crate) mod index;

// Beside them, each night: what is no longer needed goes.
pub(crate) mod prune;
