use std::cmp::Ordering;

use domain::SourceSlug;

use super::*;

fn id(name: &str) -> OpportunityId {
    OpportunityId::of(&SourceSlug::new("fne").unwrap(), name)
}

fn side(candidates: &[(&str, f32)]) -> Vec<Candidate> {
    let candidate = |(name, score): &(&str, f32)| Candidate {
        id: id(name),
        score: *score,
        payload: Payload { title: (*name).to_owned(), ..Payload::default() },
    };
    candidates.iter().map(candidate).collect()
}

fn fused(dense: &[(&str, f32)], words: &[(&str, f32)], share: f32, limit: usize) -> Vec<(String, f32)> {
    let sides = Sides { dense: side(dense), words: side(words), ideal: 20.0, share };
    fuse(sides, limit).into_iter().map(|hit| (hit.payload.title, hit.score)).collect()
}

#[test]
fn each_side_is_measured_by_its_own_scale() {
    let hits = fused(&[("a", 0.88), ("b", 0.86), ("c", 0.78)], &[("b", 15.0), ("d", 5.0)], 0.4, 10);
    let wanted = [("b", 0.77), ("a", 0.4), ("d", 0.15), ("c", 0.0)];
    assert_eq!(hits, wanted.map(|(name, score)| (name.to_owned(), score)));
}

#[test]
fn equal_hits_come_in_the_order_of_their_ids_whatever_the_order_they_were_found_in() {
    let mut names = ["a", "b", "c", "d", "e"];
    let mut wanted = names;
    wanted.sort_by_key(|name| id(name));
    for _ in 0..5 {
        names.rotate_left(1);
        let hits = fused(&names.map(|name| (name, 0.5)), &[], 0.5, 3);
        assert_eq!(hits.iter().map(|hit| hit.0.as_str()).collect::<Vec<_>>(), wanted[..3]);
    }
}

#[test]
fn nearly_equal_is_equal() {
    let hits = fused(&[], &[("a", 5.000_01), ("b", 5.0)], 0.0, 2);
    assert_eq!(hits[0].1.total_cmp(&hits[1].1), Ordering::Equal);
}

#[test]
fn scores_that_are_no_scores_do_no_harm() {
    assert!(fused(&[], &[], 0.5, 5).is_empty());
    assert_eq!(fused(&[], &[("a", 0.0)], 0.0, 5), [("a".to_owned(), 0.0)]);
    assert_eq!(fused(&[], &[("a", 20.000_01)], 0.0, 5), [("a".to_owned(), 1.0)]);
    let nothing = Sides { dense: Vec::new(), words: side(&[("a", 3.0)]), ideal: 0.0, share: 0.0 };
    assert_eq!(fuse(nothing, 5)[0].score.total_cmp(&0.0), Ordering::Equal);
    assert_eq!((candidates(10), candidates(200)), (64, 200));
}

#[test]
fn a_model_has_the_share_it_was_measured_with() {
    for (model, share) in [("bge-m3:latest", SHARE), ("Multilingual-E5-small", 0.1)] {
        assert!((share_of(model) - share).abs() < f32::EPSILON, "{model}");
    }
}
