//! Each cluster is shown once.

use domain::SourceSlug;
use vectors::Payload;

use super::*;

fn id(name: &str) -> OpportunityId {
    OpportunityId::of(&SourceSlug::new("fne").unwrap(), name)
}

fn hit(name: &str, score: f32) -> Hit {
    Hit {
        id: id(name),
        score,
        payload: Payload { title: name.to_owned(), ..Payload::default() },
        parts: None,
    }
}

/// Returns the standing of members of clusters, each with its canonical member.
fn clusters(members: &[(&str, &str, Option<&str>)]) -> HashMap<OpportunityId, Standing> {
    let of = |cluster: &str, canonical: Option<&str>| Standing {
        cluster: id(cluster).uuid(),
        canonical: canonical.map(id),
    };
    members.iter().map(|(name, cluster, canonical)| (id(name), of(cluster, *canonical))).collect()
}

fn shown(hits: Vec<Hit>, standing: &HashMap<OpportunityId, Standing>) -> Vec<String> {
    once(hits, standing, 3).into_iter().map(|hit| hit.payload.title).collect()
}

#[test]
fn the_canonical_member_stands_for_its_cluster() {
    let standing =
        clusters(&[("copy", "c", Some("best")), ("best", "c", Some("best")), ("alone", "a", Some("alone"))]);
    assert!(absent(&standing).is_empty());
    assert_eq!(
        shown(vec![hit("copy", 0.9), hit("best", 0.8), hit("alone", 0.85)], &standing),
        ["alone", "best"]
    );
}

#[test]
fn a_canonical_member_that_was_not_found_is_asked_for() {
    let standing = clusters(&[("copy", "c", Some("best")), ("alone", "a", Some("alone"))]);
    assert_eq!(absent(&standing), [id("best")]);
    // It came with the second search.
    assert_eq!(
        shown(vec![hit("copy", 0.9), hit("alone", 0.5), hit("best", 0.7)], &standing),
        ["best", "alone"]
    );
    // It does not fit the filter, or is closed: the best of the others is shown, once.
    let two = clusters(&[("copy", "c", Some("best")), ("other", "c", Some("best"))]);
    assert_eq!(shown(vec![hit("other", 0.6), hit("copy", 0.9)], &two), ["copy"]);
    let closed = clusters(&[("copy", "c", None), ("other", "c", None)]);
    assert!(absent(&closed).is_empty());
    assert_eq!(shown(vec![hit("copy", 0.9), hit("other", 0.6)], &closed), ["copy"]);
}

#[test]
fn no_more_than_the_limit_is_shown() {
    let hits = ["a", "b", "c", "d"].map(|name| hit(name, 0.5)).to_vec();
    assert_eq!(once(hits, &HashMap::new(), 3).len(), 3);
}
