use super::*;

const COUNTS: &str = "   4 pages    120 records";
const RATE: &str = " 19.8/20.0 req/s";

#[test]
fn a_wide_terminal_shows_everything() {
    let why = Some("page 3 could not be fetched");
    assert_eq!(
        composed(COUNTS, Some(RATE), "partial", why, 120),
        "   4 pages    120 records   19.8/20.0 req/s  partial: page 3 could not be fetched"
    );
}

#[test]
fn a_message_fits_its_room() {
    for width in [20, 40, 60, 80, 120] {
        for prefix in [3, 14] {
            for why in [None, Some("page 3 of emploicameroun could not be fetched: connection refused")] {
                let room = room(prefix, width);
                let message = composed(COUNTS, Some(RATE), "held", why, room);
                assert!(message.chars().count() <= room, "{width}: {message:?}");
                // A number is whole or not there.
                assert!(message.contains(COUNTS) || !message.contains("pages "), "{message:?}");
            }
        }
    }
}

#[test]
fn the_rate_goes_before_the_counts() {
    assert_eq!(composed(COUNTS, Some(RATE), "done", None, 40), "   4 pages    120 records  done");
    assert_eq!(composed(COUNTS, Some(RATE), "done", None, 20), "done");
}

#[test]
fn a_narrow_terminal_has_no_bar() {
    assert!(template(14, 80).contains("{bar:18}"));
    assert!(!template(14, 60).contains("{bar"));
}
