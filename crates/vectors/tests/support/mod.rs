//! What any index must do.

mod ads;

use chrono::NaiveDate;
use domain::{OpportunityId, term::Term};
use vectors::{
    Days, Depth, Document, Drift, Filter, Held, Hit, Index, Key, PartOf, Payload, Point, Query, VectorError,
    Written,
};

pub(crate) use ads::ads;

pub(crate) async fn fill(index: &dyn Index, documents: &[Document]) {
    index.upsert(points(documents, 1).await).await.unwrap();
}

/// The points of documents, for the write with this number.
#[allow(clippy::unused_async, reason = "a model would be asked")]
pub(crate) async fn points(documents: &[Document], version: i64) -> Vec<Point> {
    let dense = documents.iter().map(|document| dense(&document.text)).collect();
    Point::all(documents, dense, version).unwrap()
}

/// The names of all points, read in pages of seven.
pub(crate) async fn keys(index: &dyn Index) -> Vec<Key> {
    let (mut keys, mut from) = (Vec::new(), None);
    loop {
        let page = index.page(from, 7, Depth::Payloads).await.unwrap();
        keys.extend(page.points.iter().map(|point| point.key));
        from = page.next;
        if from.is_none() {
            return keys;
        }
    }
}

pub(crate) fn key(document: &Document) -> Key {
    Key::Opportunity(document.id)
}

/// Stands for a model: texts with words that begin alike are near each other.
pub(crate) fn dense(text: &str) -> Vec<f32> {
    let mut slots = vec![0.0_f32; 1_024];
    slots[0] = 0.5;
    for word in text.to_lowercase().split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 3) {
        let begin = word.chars().take(5);
        let number = begin.fold(7_usize, |sum, c| sum.wrapping_mul(31).wrapping_add(c as usize));
        slots[1 + number % 1_023] += 1.0;
    }
    let length = slots.iter().map(|v| v * v).sum::<f32>().sqrt();
    slots.into_iter().map(|v| v / length).collect()
}

pub(crate) fn query(text: &str, filter: Filter) -> Query {
    Query {
        terms: Term::words_of(text),
        dense: Some(dense(text)),
        filter,
        limit: 8,
        share: None,
        explain: false,
    }
}

pub(crate) async fn search(index: &dyn Index, text: &str, filter: Filter) -> Vec<Hit> {
    index.search(query(text, filter)).await.unwrap()
}

pub(crate) async fn titles(index: &dyn Index, text: &str, filter: Filter) -> Vec<String> {
    search(index, text, filter).await.into_iter().map(|hit| hit.payload.title).collect()
}

pub(crate) fn regions(codes: &[&str]) -> Filter {
    Filter { regions: codes.iter().map(ToString::to_string).collect(), ..Filter::default() }
}

pub(crate) fn open_on(day: i32) -> Filter {
    Filter { open_on: NaiveDate::from_num_days_from_ce_opt(day), ..Filter::default() }
}

/// Everything an index does, on an empty one. It ends empty.
pub(crate) async fn behaves(index: &dyn Index) {
    assert!(search(index, "soudeur", Filter::default()).await.is_empty());
    keeps_each_once(index).await;
    finds_what_is_asked_for(index).await;
    scores_can_be_compared(index).await;
    scores_are_the_sum_of_their_parts(index).await;
    filters(index).await;
    filters_on_every_field(index).await;
    refuses_what_is_no_vector(index).await;
    finds_by_words_alone(index).await;
    keeps_the_later_write(index).await;
    tells_how_a_point_differs(index).await;
    withdraws(index).await;
    index.ready().await.unwrap();
}

async fn keeps_each_once(index: &dyn Index) {
    let mut all = ads();
    fill(index, &all).await;
    all[0].payload = full(all[0].payload.clone());
    fill(index, &all).await;
    fill(index, &[]).await;
    let (mut found, mut wanted) = (keys(index).await, all.iter().map(key).collect::<Vec<_>>());
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted, "a document kept twice is one point");
    assert_eq!(index.count().await.unwrap(), 22);
    let hit = search(index, "Soudeur à l'arc", Filter::default()).await.remove(0);
    assert_eq!((hit.id, hit.payload), (all[0].id, all[0].payload.clone()), "the newer one is kept, whole");
}

/// A payload with every field.
fn full(payload: Payload) -> Payload {
    let one = |text: &str| vec![text.to_owned()];
    Payload {
        organization: Some("Chantier naval du Wouri".to_owned()),
        contracts: one("permanent"),
        languages: one("en"),
        sector: Some("manufacturing".to_owned()),
        occupation: Some("7212".to_owned()),
        audiences: one("women"),
        education: Some("vocational".to_owned()),
        working_time: one("part_time"),
        amount_kind: Some("wage".to_owned()),
        cluster: "7d".to_owned(),
        canonical: true,
        ends_on: NaiveDate::from_num_days_from_ce_opt(739_200),
        ..payload
    }
}

async fn finds_what_is_asked_for(index: &dyn Index) {
    for (asked, first) in [
        ("soudeur à Douala", "Soudeur à l'arc (H/F)"),
        ("SOUDEURS DOUALA", "Soudeur à l'arc (H/F)"),
        ("accountant in Buea", "Accountant (M/F)"),
        ("accounting job, Bamenda", "Branch Accountant"),
        ("comptables yaounde", "Comptable général OHADA"),
        ("infirmiere de nuit", "Infirmière / Infirmier de nuit"),
        ("nurses", "Registered Nurse"),
        ("electricien batiment", "Électricien bâtiment"),
        ("ingénieure agronome", "Ingénieur agronome"),
        ("drivers of trucks", "Truck Driver"),
        ("welding", "Arc Welder (M/F)"),
        ("software development in Buea", "Software Developer"),
        ("microfinance crédit", "Agent de crédit"),
    ] {
        assert_eq!(titles(index, asked, Filter::default()).await[0], first, "{asked}");
    }
}

async fn scores_can_be_compared(index: &dyn Index) {
    let hits = search(index, "soudeur à Douala", Filter::default()).await;
    assert_eq!(hits.len(), 8, "the limit");
    assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)), "{hits:?}");
    assert!(hits.is_sorted_by(|left, right| left.score >= right.score));
    assert!(hits[0].score > 0.6, "what fits: {}", hits[0].score);
    assert!(hits[7].score < 0.5, "what does not: {}", hits[7].score);
    assert_eq!(hits, search(index, "soudeur à Douala", Filter::default()).await, "the same again");
    let nothing = index.search(Query { dense: None, ..query("?!", Filter::default()) }).await.unwrap();
    assert!(nothing.is_empty(), "{nothing:?}");
    let words = Query { dense: None, ..query("soudeur à Douala", Filter::default()) };
    let first = index.search(words).await.unwrap().remove(0);
    assert_eq!(
        (first.payload.title.as_str(), first.score > 0.9),
        ("Soudeur à l'arc (H/F)", true),
        "all was met"
    );
}

async fn scores_are_the_sum_of_their_parts(index: &dyn Index) {
    let mut asked = query("soudeur Douala", Filter::default());
    asked.terms.push(Term::category("topic:welding", 1.5));
    asked.explain = true;
    let hits = index.search(asked.clone()).await.unwrap();
    for hit in &hits {
        let parts = hit.parts.as_ref().unwrap();
        let sum: f32 = parts.iter().map(|part| part.score).sum();
        assert!((sum - hit.score).abs() < 0.002, "{hit:?}");
        assert!(parts.is_sorted_by(|left, right| left.score >= right.score));
    }
    let first = hits[0].parts.as_ref().unwrap();
    for wanted in
        [(PartOf::Word, "soudeur"), (PartOf::Category, "topic:welding"), (PartOf::Meaning, "meaning")]
    {
        assert!(first.iter().any(|part| (part.of, part.name.as_str()) == wanted), "{wanted:?}: {first:?}");
    }
    let plain = index.search(Query { explain: false, ..asked }).await.unwrap();
    let scores = |hits: &[Hit]| hits.iter().map(|hit| (hit.id, hit.score)).collect::<Vec<_>>();
    assert_eq!(scores(&plain), scores(&hits), "to explain changes nothing");
}

async fn filters_on_every_field(index: &dyn Index) {
    let day = |number| NaiveDate::from_num_days_from_ce_opt(number);
    let all = ads();
    let one = |text: &str| vec![text.to_owned()];
    for (filter, wanted) in [
        (Filter { localities: one("Kribi"), ..Filter::default() }, 2),
        (Filter { streams: one("offres"), sources: one("fne"), ..Filter::default() }, 8),
        (Filter { streams: one("stages"), ..Filter::default() }, 0),
        (Filter { contracts: one("permanent"), ..Filter::default() }, 1),
        (Filter { languages: one("en"), ..Filter::default() }, 1),
        (Filter { sectors: one("manufacturing"), occupations: one("7212"), ..Filter::default() }, 1),
        (Filter { audiences: one("women"), education: one("vocational"), ..Filter::default() }, 1),
        (Filter { working_time: one("part_time"), amount_kinds: one("wage"), ..Filter::default() }, 1),
        (Filter { clusters: one("7d"), canonical: Some(true), ..Filter::default() }, 1),
        (Filter { clusters: one("7d"), canonical: Some(false), ..Filter::default() }, 0),
        (Filter { canonical: Some(false), ..Filter::default() }, 8),
        (Filter { organizations: one("CHANTIER naval du wouri"), ..Filter::default() }, 1),
        (Filter { organizations: one("chantier naval"), ..Filter::default() }, 0),
        (Filter { closes: Days { from: day(739_001), to: day(739_100) }, ..Filter::default() }, 1),
        (Filter { closes: Days { from: None, to: day(739_000) }, ..Filter::default() }, 1),
        (Filter { ends: Days { from: day(739_200), to: None }, ..Filter::default() }, 1),
        (Filter { among: vec![all[3].id, all[4].id], ..Filter::default() }, 2),
        (Filter { among: vec![all[3].id, all[4].id], but: vec![all[4].id], ..Filter::default() }, 1),
    ] {
        let hits = search(index, "soudeur Douala", filter.clone()).await;
        assert_eq!(hits.len(), wanted, "{filter:?}");
    }
}

async fn filters(index: &dyn Index) {
    let south = titles(index, "soudeur", regions(&["CM-SU", "CM-SW"])).await;
    assert_eq!(south[0], "Soudeur tuyauteur");
    assert!(!south.contains(&"Soudeur à l'arc (H/F)".to_owned()), "{south:?}");
    let comptable = "Comptable général OHADA".to_owned();
    for (day, open) in [(738_999, true), (739_000, true), (739_001, false)] {
        assert_eq!(titles(index, "comptable", open_on(day)).await.contains(&comptable), open, "{day}");
    }
    let only = |kind: &str, source: &str| Filter {
        kinds: vec![kind.to_owned()],
        sources: vec![source.to_owned()],
        ..open_on(739_050)
    };
    let hits = search(index, "Douala", only("job", "fne")).await;
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit.payload.source == "fne"), "{hits:?}");
    assert!(search(index, "Douala", only("training", "fne")).await.is_empty());
    let two = Filter { kinds: vec!["training".to_owned(), "job".to_owned()], ..Filter::default() };
    assert_eq!(search(index, "Douala", two).await.len(), 8, "one of the kinds suffices");
}

async fn refuses_what_is_no_vector(index: &dyn Index) {
    let one = &ads()[..1];
    let mismatch = Point::all(one, Vec::new(), 1).unwrap_err();
    assert_eq!(mismatch.to_string(), "1 documents came with 0 vectors");
    for wrong in [vec![1.0; 3], vec![f32::NAN; 1_024]] {
        let refused = index.upsert(Point::all(one, vec![wrong.clone()], 1).unwrap()).await.unwrap_err();
        assert!(matches!(refused, VectorError::NotAVector { wanted: 1_024, .. }), "{refused:?}");
        let query = Query { dense: Some(wrong), ..query("soudeur", Filter::default()) };
        assert!(matches!(index.search(query).await, Err(VectorError::NotAVector { .. })));
    }
}

async fn finds_by_words_alone(index: &dyn Index) {
    let by_words = |text: &str| Query { dense: None, ..query(text, Filter::default()) };
    let hits = index.search(by_words("soudeur à Douala")).await.unwrap();
    assert_eq!(hits[0].payload.title, "Soudeur à l'arc (H/F)");
    assert!(hits[0].score > 0.9, "all that was asked for was met: {hits:?}");
    assert!(index.search(by_words("de la")).await.unwrap().is_empty());
}

async fn held(index: &dyn Index, id: OpportunityId) -> Held {
    index.held(&[id], Depth::Vectors).await.unwrap().remove(0)
}

/// A worker that wakes up late writes what it had read long ago.
async fn keeps_the_later_write(index: &dyn Index) {
    let old = ads().remove(0);
    let mut new = old.clone();
    "Soudeur TIG".clone_into(&mut new.payload.title);
    index.upsert(points(std::slice::from_ref(&new), 9).await).await.unwrap();
    index.upsert(points(std::slice::from_ref(&old), 8).await).await.unwrap();
    index.withdraw(&[key(&old)], 8).await.unwrap();
    let kept = held(index, old.id).await;
    assert_eq!(kept.version, Some(9), "an older write replaced a newer one");
    index.upsert(points(std::slice::from_ref(&old), 9).await).await.unwrap();
    assert_eq!(held(index, old.id).await.version, Some(9), "the same write may be repeated");
    index.withdraw(&[key(&old)], 9).await.unwrap();
    assert!(index.held(&[old.id], Depth::Payloads).await.unwrap().is_empty());
    fill(index, &[old]).await;
}

async fn tells_how_a_point_differs(index: &dyn Index) {
    let ad = ads().remove(0);
    let point = points(std::slice::from_ref(&ad), 12).await.remove(0);
    let written = Written { version: 12, seal: point.seal.clone() };
    let newest = 20;
    index.upsert(vec![point]).await.unwrap();
    let same = held(index, ad.id).await;
    assert_eq!(same.drift(&ad, Some(&written), newest).unwrap(), None, "{same:?}");
    let mut renamed = ad.clone();
    renamed.payload.url = Some("https://elsewhere.example".to_owned());
    let mut retold = ad.clone();
    retold.text.push_str(" de nuit");
    for other in [&renamed, &retold] {
        assert_eq!(same.drift(other, Some(&written), newest).unwrap(), Some(Drift::Stale));
    }
    for (version, drift) in [(11, Drift::Newer), (13, Drift::Stale)] {
        let written = Written { version, ..written.clone() };
        assert_eq!(same.drift(&ad, Some(&written), newest).unwrap(), Some(drift));
    }
    assert_eq!(same.drift(&ad, None, newest).unwrap(), Some(Drift::Stale), "nobody wrote it");
    assert_eq!(same.drift(&ad, None, 11).unwrap(), Some(Drift::Newer));
    // What somebody else wrote over it: the payload of one point, the vector of another.
    let (mut other, vector) = (ads().remove(1), vec![dense("comptable")]);
    other.id = ad.id;
    index.upsert(points(std::slice::from_ref(&other), 12).await).await.unwrap();
    assert_eq!(held(index, ad.id).await.drift(&ad, Some(&written), newest).unwrap(), Some(Drift::Payload));
    index.upsert(Point::all(std::slice::from_ref(&ad), vector, 12).unwrap()).await.unwrap();
    let seen = held(index, ad.id).await.drift(&ad, Some(&written), newest).unwrap();
    assert_eq!(seen, Some(Drift::Payload), "its own seal betrays it");
    fill(index, &[ad]).await;
}

async fn withdraws(index: &dyn Index) {
    let all = ads();
    index.withdraw(&[key(&all[0]), key(&all[0]), Key::Number(7)], 99).await.unwrap();
    index.withdraw(&[], 99).await.unwrap();
    assert_eq!(index.count().await.unwrap(), 21);
    let left = titles(index, "soudeur à l'arc Douala", Filter::default()).await;
    assert!(!left.contains(&"Soudeur à l'arc (H/F)".to_owned()), "{left:?}");
    index.withdraw(&all.iter().map(key).collect::<Vec<_>>(), 99).await.unwrap();
    assert!(keys(index).await.is_empty());
}
