//! What any index must do.

mod ads;

use chrono::NaiveDate;
use vectors::{Document, Embedder as _, Filter, Hit, Index, Lexical, Query, VectorError};

pub(crate) use ads::ads;

pub(crate) async fn fill(index: &dyn Index, documents: &[Document]) {
    let texts: Vec<String> = documents.iter().map(|document| document.text.clone()).collect();
    index.upsert(documents, Lexical::new().embed(&texts).await.unwrap()).await.unwrap();
}

pub(crate) async fn search(index: &dyn Index, text: &str, filter: Filter) -> Vec<Hit> {
    let dense = Lexical::new().embed(&[text.to_owned()]).await.unwrap().remove(0);
    index.search(Query { text: text.to_owned(), dense, filter, limit: 8 }).await.unwrap()
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
    filters(index).await;
    refuses_what_is_no_vector(index).await;
    withdraws(index).await;
    index.ready().await.unwrap();
}

async fn keeps_each_once(index: &dyn Index) {
    let mut all = ads();
    fill(index, &all).await;
    all[0].payload.organization = Some("Chantier naval du Wouri".to_owned());
    fill(index, &all).await;
    fill(index, &[]).await;
    let (mut found, mut wanted) =
        (index.ids().await.unwrap(), all.iter().map(|ad| ad.id).collect::<Vec<_>>());
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted, "a document kept twice is one point");
    assert_eq!(index.count().await.unwrap(), 22);
    let hit = search(index, "Soudeur à l'arc", Filter::default()).await.remove(0);
    assert_eq!((hit.id, hit.payload), (all[0].id, all[0].payload.clone()), "the newer one is kept, whole");
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
    assert!(hits[7].score < 0.2, "what does not: {}", hits[7].score);
    assert_eq!(hits, search(index, "soudeur à Douala", Filter::default()).await, "the same again");
    let nothing = search(index, "?!", Filter::default()).await;
    assert!(nothing.iter().all(|hit| hit.score < 0.1), "{nothing:?}");
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
    let mismatch = index.upsert(one, Vec::new()).await.unwrap_err();
    assert_eq!(mismatch.to_string(), "1 documents came with 0 vectors");
    for wrong in [vec![1.0; 3], vec![f32::NAN; 1_024]] {
        let refused = index.upsert(one, vec![wrong.clone()]).await.unwrap_err();
        assert!(matches!(refused, VectorError::NotAVector { wanted: 1_024, .. }), "{refused:?}");
        let query = Query { text: "soudeur".to_owned(), dense: wrong, filter: Filter::default(), limit: 1 };
        assert!(matches!(index.search(query).await, Err(VectorError::NotAVector { .. })));
    }
}

async fn withdraws(index: &dyn Index) {
    let all = ads();
    index.withdraw(&[all[0].id, all[0].id]).await.unwrap();
    index.withdraw(&[]).await.unwrap();
    assert_eq!(index.count().await.unwrap(), 21);
    let left = titles(index, "soudeur à l'arc Douala", Filter::default()).await;
    assert!(!left.contains(&"Soudeur à l'arc (H/F)".to_owned()), "{left:?}");
    index.withdraw(&all.iter().map(|ad| ad.id).collect::<Vec<_>>()).await.unwrap();
    assert!(index.ids().await.unwrap().is_empty());
}
