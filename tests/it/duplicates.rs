//! Duplicate detection is as good as claimed, on labels by people who did not write the rules.

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
        assert!(set.rows.len() > 250 && set.mended < 10, "{name}: {} of {}", set.mended, set.rows.len());
        let score = Measured::of(&set).score;
        assert!(score.precision >= 0.98 && score.f1() >= 0.95 && score.met >= 0.99, "{name}: {score:?}");
        // Enough to be asked, few enough to be answered.
        assert!(score.doubts < set.rows.len() / 6, "{name}: {score:?}");
    }
}
