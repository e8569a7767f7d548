//! Duplicates are told apart as well as is claimed.

#[path = "../../benches/src/duplicates/labelled.rs"]
mod labelled;

use labelled::{Score, part};

#[test]
fn the_labelled_set_is_told_apart() {
    for name in ["tune", "held"] {
        let pairs = part(name).unwrap();
        assert!(pairs.len() > 200 && pairs.iter().all(|pair| !pair.why.is_empty()));
        let score = Score::of(&pairs);
        assert!(score.precision >= 0.98 && score.f1() >= 0.95 && score.met >= 0.95, "{name}: {score:?}");
    }
}
