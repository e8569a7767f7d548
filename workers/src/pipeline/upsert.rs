//! Stage 7: what became of the records, counted for Prometheus.

use store::Tally;

/// Counts the records of a page by their outcome.
pub(crate) fn count(source: &str, tally: Tally) {
    let outcomes = [
        ("created", tally.created),
        ("changed", tally.changed),
        ("unchanged", tally.unchanged),
        ("rejected", tally.rejected),
    ];
    for (outcome, count) in outcomes {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        metrics::counter!("oim_records_total", "source" => source.to_owned(), "outcome" => outcome)
            .increment(count);
    }
}
