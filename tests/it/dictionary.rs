//! The data dictionary is generated from the comments in the database.

use std::{collections::BTreeMap, fmt::Write as _};

use domain::{
    Kind,
    money::{AmountKind, Basis, Period, RatePeriod},
    quality::{Doubt, Part},
    vocabulary::{Audience, Contract, Education, Language, WorkingTime},
};
use sqlx::Row as _;

use crate::support::Road;

/// Returns the origin of a column: a field of the source file with the rules that parse it, or something else.
fn origin(column: &str) -> String {
    if let Some((_, field)) = store::fields_of_columns().find(|(name, _)| *name == column) {
        return format!("field `{}` ({})", field.as_str(), normalize::rule(field));
    }
    let other = match column {
        "id" => "source and external_id (`domain::OpportunityId`)",
        "source" => "name of the source file",
        "stream" => "name of the stream in the source file",
        "kind" => "field `kind`, else `kind` of the stream",
        "quality" | "quality_parts" => "the row itself (`quality`)",
        "cluster" | "canonical" => "all rows (`duplicates`)",
        "status" | "closed_why" => {
            "closes_on, ends_on; field `status`; absence from a published run that proves its list whole"
        }
        _ => "oim-etl",
    };
    other.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_dictionary_is_what_the_database_says() {
    let road = Road::new().await;
    for source in ["fne", "minefop", "camccul", "emploicameroun"] {
        road.bin(&["ingest", source]).run().await.expect(0);
    }
    let store = road.database.store().await;
    let mut page = String::from(
        "# Data dictionary\n\n<!-- Written by the test `dictionary`: the words are those of the database's own comments. -->\n\n\
         What other services read: the views of schema `api`. Each column, what it is, where it comes from, and one value of the\n\
         recorded partners. Reasons for refusals and the other tables: `migrations/`.\n",
    );
    let columns = sqlx::query(
        "SELECT c.relname AS view, obj_description(c.oid) AS about, a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type,
                col_description(c.oid, a.attnum) AS what
           FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
          WHERE c.relnamespace = 'api'::regnamespace AND c.relkind = 'v' AND a.attnum > 0 AND NOT a.attisdropped
          ORDER BY c.relname <> 'opportunities', c.relname, a.attnum",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    let mut last = String::new();
    for column in columns {
        let (view, name): (String, String) = (column.get("view"), column.get("name"));
        if view != last {
            let about: String = column.get("about");
            write!(page, "\n## api.{view}\n\n{about}\n\n| column | type | what it is | from | example |\n|---|---|---|---|---|\n").unwrap();
            last.clone_from(&view);
        }
        let what: Option<String> = column.get("what");
        let what = what.unwrap_or_else(|| panic!("api.{view}.{name} has no comment"));
        let example = example(store.pool(), &view, &name).await;
        let from =
            if view == "opportunities" || view == "contacts" { origin(&name) } else { "oim-etl".to_owned() };
        let kind: String = column.get("type");
        writeln!(page, "| `{name}` | {kind} | {what} | {from} | {example} |").unwrap();
    }
    page.push_str(&vocabularies());
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/DATA_DICTIONARY.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/DATA_DICTIONARY.md is not what the database says: run this test with UPDATE_REFERENCE=1"
    );
}

/// Returns an example value, or none if it differs from run to run.
async fn example(pool: &sqlx::PgPool, view: &str, name: &str) -> String {
    let changes = ["created_at", "updated_at", "started_at", "finished_at", "complete_at"].contains(&name);
    if changes || (view == "runs" && name == "id") || view == "contacts" {
        return String::new();
    }
    let sql = format!(
        "SELECT left(regexp_replace(v.\"{name}\"::text, '\\s+', ' ', 'g'), 60) FROM api.{view} v
          WHERE v.\"{name}\" IS NOT NULL AND v.\"{name}\"::text NOT IN ('{{}}', '[]', '') ORDER BY v.\"{name}\"::text DESC, 1 LIMIT 1"
    );
    let value: Option<String> =
        sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_optional(pool).await.unwrap();
    value.map(|value| format!("`{}`", value.replace('|', "\\|"))).unwrap_or_default()
}

/// Values with their meaning in French and English, by the column that holds them.
const MEANINGS: &str = include_str!("dictionary/meanings.tsv");
/// Titles of occupations in English.
const ISCO: &str = include_str!("dictionary/isco.tsv");

/// Returns the values of each column of words, as the program has them.
fn values() -> Vec<(&'static str, Vec<&'static str>)> {
    macro_rules! all {
        ($type:ty) => {
            <$type>::ALL.iter().map(|value| value.as_str()).collect::<Vec<_>>()
        };
    }
    vec![
        ("kind", all!(Kind)),
        ("amount_kind", all!(AmountKind)),
        ("amount_period", all!(Period)),
        ("amount_basis", all!(Basis)),
        ("interest_period", all!(RatePeriod)),
        ("contracts", all!(Contract)),
        ("working_time", all!(WorkingTime)),
        ("education", all!(Education)),
        ("audiences", all!(Audience)),
        ("languages", all!(Language)),
        ("sector", normalize::vocabulary::sectors()),
        ("quality_parts.missing", all!(Part)),
        ("quality_parts.doubts", all!(Doubt)),
        // Words of the database.
        ("status", vec!["open", "closed"]),
        ("closed_why", vec!["date", "ended", "absent", "partner", "reverted"]),
    ]
}

/// Returns the rows of a table.
fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect())
}

/// Writes each value of each vocabulary with its meaning in French and English.
fn vocabularies() -> String {
    let mut page = String::from(
        "\n## Vocabularies\n\nEvery value of the columns that hold words of ours, with its meaning in French and English.\n\n\
         | column | value | français | English |\n|---|---|---|---|\n",
    );
    for row in rows(MEANINGS) {
        let [column, value, french, english] = row.as_slice() else { panic!("{row:?}") };
        writeln!(page, "| `{column}` | `{value}` | {french} | {english} |").unwrap();
    }
    page.push_str(
        "\n### Occupations\n\nUnit groups of ISCO-08 (ILO, 2012) that `occupation` can hold. The French name is ours, the English one that of the ILO.\n\n\
         | value | français | English |\n|---|---|---|\n",
    );
    let english: BTreeMap<&str, &str> = rows(ISCO).map(|row| (row[0], row[1])).collect();
    for (code, french) in normalize::vocabulary::occupations() {
        writeln!(page, "| `{code}` | {french} | {} |", english[code]).unwrap();
    }
    page
}

#[test]
fn every_value_has_its_meaning_in_both_languages() {
    for (column, mut values) in values() {
        let listed = rows(MEANINGS).filter(|row| row[0] == column);
        let mut listed: Vec<&str> = listed
            .map(|row| {
                assert!(row.len() == 4 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
                row[1]
            })
            .collect();
        listed.sort_unstable();
        values.sort_unstable();
        assert_eq!(listed, values, "{column}");
    }
    let mut codes: Vec<&str> = normalize::vocabulary::occupations().iter().map(|(code, _)| *code).collect();
    let mut named: Vec<&str> = rows(ISCO).map(|row| row[0]).collect();
    codes.sort_unstable();
    named.sort_unstable();
    assert_eq!(codes, named);
}
