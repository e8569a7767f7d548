//! What is held, counted at once for all of its pages.

use std::collections::BTreeMap;

use crate::{Filters, Status, Store, StoreError, error::Doing as _};

/// How many open opportunities there are, each cluster once, in groups. The key of each is what they have in common.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the name says it")]
pub struct Holdings {
    pub total: i64,
    pub kinds: BTreeMap<String, i64>,
    pub sources: BTreeMap<String, i64>,
    pub regions: BTreeMap<String, i64>,
    pub languages: BTreeMap<String, i64>,
    /// `none`, or `week`, `month` or `later`: when they close.
    pub closing: BTreeMap<String, i64>,
    groups: Vec<Group>,
}

/// Opportunities that have all of this in common.
#[derive(Debug, Clone)]
struct Group {
    kind: String,
    source: String,
    regions: Vec<String>,
    languages: Vec<String>,
    closing: String,
    count: i64,
}

impl Holdings {
    /// Returns how many pass the filters and close then, if this is asked for, by a key of `closing`; `None` if the filters ask for more than an
    /// open state, kinds, sources, regions and languages.
    pub fn passing(&self, filters: &Filters, closing: Option<&str>) -> Option<i64> {
        let is_counted =
            filters.status == Some(Status::Open) && filters.canonical == Some(true) && filters.is_listed();
        let one = |wanted: &[String], has: &String| wanted.is_empty() || wanted.contains(has);
        let any = |wanted: &[String], has: &[String]| {
            wanted.is_empty() || has.iter().any(|value| wanted.contains(value))
        };
        let passes = |group: &&Group| {
            closing.is_none_or(|closing| closing == group.closing)
                && one(&filters.kinds, &group.kind)
                && one(&filters.sources, &group.source)
                && any(&filters.regions, &group.regions)
                && any(&filters.languages, &group.languages)
        };
        is_counted.then(|| self.groups.iter().filter(passes).map(|group| group.count).sum())
    }

    fn add(&mut self, group: Group) {
        let count = group.count;
        self.total += count;
        *self.kinds.entry(group.kind.clone()).or_default() += count;
        *self.sources.entry(group.source.clone()).or_default() += count;
        *self.closing.entry(group.closing.clone()).or_default() += count;
        for region in &group.regions {
            *self.regions.entry(region.clone()).or_default() += count;
        }
        for language in &group.languages {
            *self.languages.entry(language.clone()).or_default() += count;
        }
        self.groups.push(group);
    }
}

impl Store {
    /// Counts the open opportunities. It reads all of them: of 100,000 that takes about a tenth of a second.
    pub async fn holdings(&self) -> Result<Holdings, StoreError> {
        let groups = sqlx::query_as!(
            Group,
            r#"SELECT kind AS "kind!", source AS "source!", regions AS "regions!", languages AS "languages!",
                      CASE WHEN closes_on IS NULL THEN 'none' WHEN closes_on < t.today + 7 THEN 'week'
                           WHEN closes_on < t.today + 31 THEN 'month' ELSE 'later' END AS "closing!", count(*) AS "count!"
                 FROM api.opportunities, (SELECT (now() AT TIME ZONE 'Africa/Douala')::date AS today) t
                WHERE status = 'open' AND canonical GROUP BY 1, 2, 3, 4, 5"#
        )
        .fetch_all(&self.pool)
        .await
        .doing("count what is held")?;
        let mut held = Holdings::default();
        for group in groups {
            held.add(group);
        }
        Ok(held)
    }
}
