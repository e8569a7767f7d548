//! Duplicates are told apart as well as is claimed, on labels by hands that did not write the rules.

#[path = "../../benches/src/duplicates/labelled.rs"]
mod labelled;
#[path = "../../benches/src/duplicates/measure.rs"]
mod measure;

use labelled::{SETS, folder, part, set};
use measure::{Measured, Score};

#[test]
fn the_labelled_pairs_are_told_apart() {
    for name in ["tune", "held"] {
        let pairs = part(name).unwrap();
        assert!(pairs.len() > 200 && pairs.iter().all(|pair| !pair.why.is_empty()));
        let score = Score::of(&pairs);
        assert!(score.precision >= 0.98 && score.f1() >= 0.95 && score.met >= 0.99, "{name}: {score:?}");
    }
}

#[test]
fn the_sets_of_other_hands_are_told_apart() {
    for name in SETS {
        let set = set(&folder().join(name)).unwrap();
        assert!(
            set.rows.len() > 300 && set.mended < 10,
            "{}: {} of {}",
            set.name,
            set.mended,
            set.rows.len()
        );
        let measured = Measured::of(&set);
        let score = measured.score;
        // Enough to be asked, few enough to be answered.
        assert!(score.doubts < set.rows.len() / 8, "{name}: {score:?}");
        assert!(score.precision >= 0.98 && score.f1() >= 0.90 && score.met >= 0.98, "{name}: {score:?}");
        assert_eq!(measured.sketches.len(), set.rows.len());
    }
}
