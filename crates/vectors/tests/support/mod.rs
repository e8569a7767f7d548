//! Documents to index, for every kind of index.

use opportunity::{OpportunityId, SourceSlug};
use vectors::{Document, Embedder as _, Filter, Index, Lexical, Payload, Query};

pub(crate) fn document(id: &str, title: &str, place: &str, region: &str, closes_on: Option<i64>) -> Document {
    let source = SourceSlug::new("fne").unwrap();
    Document {
        id: OpportunityId::of(&source, id),
        text: format!("{title}\n{place}"),
        payload: Payload {
            source: "fne".to_owned(),
            stream: "offres".to_owned(),
            kind: "job".to_owned(),
            title: title.to_owned(),
            organization: None,
            place: place.to_owned(),
            regions: vec![region.to_owned()],
            localities: vec![place.to_owned()],
            contracts: vec!["cdi".to_owned()],
            language: None,
            closes_on,
            url: None,
        },
    }
}

pub(crate) fn documents() -> Vec<Document> {
    vec![
        document("1", "Soudeur à l'arc, chantier naval", "Douala", "CM-LT", None),
        document("2", "Comptable OHADA confirmé", "Yaoundé", "CM-CE", Some(739_000)),
        document("3", "Accountant, farm cooperative", "Buea", "CM-SW", None),
        document("4", "Soudeur tuyauteur", "Kribi", "CM-SU", None),
    ]
}

pub(crate) async fn fill(index: &dyn Index, documents: &[Document]) {
    let texts: Vec<String> = documents.iter().map(|document| document.text.clone()).collect();
    index.upsert(documents, Lexical::new().embed(&texts).await.unwrap()).await.unwrap();
}

pub(crate) async fn titles(index: &dyn Index, text: &str, filter: Filter) -> Vec<String> {
    let dense = Lexical::new().embed(&[text.to_owned()]).await.unwrap().remove(0);
    let hits = index.search(Query { text: text.to_owned(), dense, filter, limit: 10 }).await.unwrap();
    for pair in hits.windows(2) {
        assert!(pair[0].score >= pair[1].score && pair[0].score <= 1.0, "{pair:?}");
    }
    hits.into_iter().map(|hit| hit.payload.title).collect()
}

/// What any index must do.
pub(crate) async fn behaves(index: &dyn Index) {
    let all = documents();
    fill(index, &all).await;
    fill(index, &all).await;
    assert_eq!(index.ids().await.unwrap().len(), 4, "a document kept twice is one point");
    assert_eq!(
        titles(index, "soudeurs à Douala", Filter::default()).await[0],
        "Soudeur à l'arc, chantier naval"
    );
    assert_eq!(
        titles(index, "accountant in Buea", Filter::default()).await[0],
        "Accountant, farm cooperative"
    );
    let south = Filter { regions: vec!["CM-SU".to_owned(), "CM-SW".to_owned()], ..Filter::default() };
    assert_eq!(titles(index, "soudeur", south).await[0], "Soudeur tuyauteur");
    let late = Filter { open_on: chrono::NaiveDate::from_num_days_from_ce_opt(739_001), ..Filter::default() };
    let found = titles(index, "comptable", late).await;
    assert!(found.len() == 3 && !found.contains(&"Comptable OHADA confirmé".to_owned()), "{found:?}");
    let none = Filter { kinds: vec!["training".to_owned()], ..Filter::default() };
    assert!(titles(index, "soudeur", none).await.is_empty());
    index.withdraw(&[all[0].id, all[0].id]).await.unwrap();
    assert_eq!(titles(index, "soudeur à Douala", Filter::default()).await[0], "Soudeur tuyauteur");
    assert_eq!(index.ids().await.unwrap().len(), 3);
    index.ready().await.unwrap();
}
