//! Tests of single measures.

use super::*;

/// A run of 35 records. `filled` of them have a field, which takes `different` values.
fn shown(filled: f64, different: f64, most: f64) -> Shown {
    let measures = [
        ("audiences filled", filled / 35.0),
        ("different audiences", different / filled),
        ("one audiences", most / filled),
    ];
    let measures = measures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Shown { seen: 35.0, valid: 35.0, measures, ..Shown::default() }
}

#[test]
fn two_values_of_a_rare_field_may_be_alike() {
    let past = vec![shown(2.0, 2.0, 1.0); 8];
    assert_eq!(findings(&shown(2.0, 1.0, 2.0), &past), Vec::<String>::new());
}

#[test]
fn a_run_that_moves_nothing_is_plausible_after_one_that_moved_all() {
    let moved = |by: f64| {
        let measures = [("amount_max shift".to_owned(), by)].into();
        Shown { seen: 40.0, valid: 40.0, known: 40.0, measures, ..Shown::default() }
    };
    let hundredfold = 100_f64.ln();
    assert_eq!(findings(&moved(0.0), &[moved(hundredfold)]), Vec::<String>::new());
    assert_eq!(findings(&moved(0.3), &[moved(hundredfold), moved(0.0)]), Vec::<String>::new());
    assert_eq!(findings(&moved(-hundredfold), &[moved(hundredfold)]).len(), 1);
    assert_eq!(findings(&moved(hundredfold), &[moved(0.0)]).len(), 1);
}

#[test]
fn titles_of_many_records_change_less_than_other_fields_before_they_are_doubted() {
    let changing = |field: &str, share: f64| {
        let measures = [(format!("{field} changed"), share)].into();
        Shown { seen: 300.0, valid: 300.0, known: 300.0, measures, ..Shown::default() }
    };
    let doubts = |field: &str| findings(&changing(field, 0.15), &vec![changing(field, 0.01); 6]).len();
    assert_eq!((doubts("title"), doubts("closes_on")), (1, 0));
}

#[test]
fn known_records_that_are_rejected_now_are_doubted_without_a_past_too() {
    let rejecting = |share: f64| {
        let measures = [("rejected of known".to_owned(), share)].into();
        Shown { seen: 88.0, valid: 40.0, known: 40.0, measures, ..Shown::default() }
    };
    assert_eq!(findings(&rejecting(0.77), &[]).len(), 1);
    assert_eq!(findings(&rejecting(0.2), &[]).len(), 0);
    assert_eq!(findings(&rejecting(0.2), &vec![rejecting(0.0); 5]).len(), 1);
    assert_eq!(findings(&rejecting(0.2), &vec![rejecting(0.2); 5]).len(), 0);
}

#[test]
fn one_value_in_a_field_that_all_have_is_doubted() {
    let past = vec![shown(35.0, 30.0, 3.0); 8];
    let doubts = findings(&shown(35.0, 1.0, 35.0), &past);
    assert!(doubts.iter().any(|doubt| doubt.contains("audiences: one value")), "{doubts:?}");
}

/// The doubts about a run of 100 known records with a share, after six runs with another one.
fn doubts(name: &str, share: f64, usual: f64) -> usize {
    let showing = |share: f64| {
        let measures = [(name.to_owned(), share)].into();
        Shown { seen: 100.0, valid: 100.0, known: 100.0, measures, ..Shown::default() }
    };
    findings(&showing(share), &vec![showing(usual); 6]).len()
}

#[test]
fn the_word_of_the_partner_closes_a_fifth_without_a_doubt_and_no_third() {
    assert_eq!((doubts("withdrawn", 0.18, 0.02), doubts("withdrawn", 0.33, 0.02)), (0, 1));
    assert_eq!(doubts("withdrawn", 0.33, 0.33), 0, "a source that does so each time");
    assert_eq!(doubts("closing", 0.33, 0.02), 0, "days that pass");
}

#[test]
fn small_faults_in_several_fields_add_up() {
    assert_eq!((doubts("organization changed", 0.15, 0.02), doubts("closes_on changed", 0.15, 0.02)), (0, 0));
    assert_eq!((doubts("records changed", 0.22, 0.04), doubts("records changed", 0.4, 0.04)), (0, 1));
}

#[test]
fn a_rare_field_changes_among_the_records_that_have_it() {
    let showing = |share: f64, changed: f64| {
        let measures =
            [("amount_max filled".to_owned(), share), ("amount_max changed".to_owned(), changed)].into();
        Shown { seen: 100.0, valid: 100.0, known: 100.0, measures, ..Shown::default() }
    };
    let found = findings(&showing(0.3, 0.5), &vec![showing(0.3, 0.02); 6]);
    assert!(matches!(found.as_slice(), [one] if one.contains("50 % of 30 known records")), "{found:?}");
    assert_eq!(findings(&showing(0.03, 0.5), &vec![showing(0.03, 0.0); 6]).len(), 0, "two records of three");
}
