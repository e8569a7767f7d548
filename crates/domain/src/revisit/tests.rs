use super::*;

#[test]
fn the_time_doubles_and_halves_within_its_bounds() {
    let bounds = Revisit::default();
    let mut interval = bounds.next(None, Found::Changed);
    assert_eq!(interval, DAY);
    for expected in [2, 4, 4] {
        interval = bounds.next(Some(interval), Found::Same);
        assert_eq!(interval, expected * DAY);
    }
    for expected in [48, 24, 12, 6] {
        interval = bounds.next(Some(interval), Found::Changed);
        assert_eq!(interval.as_secs() / 3_600, expected);
    }
    for _ in 0..9 {
        interval = bounds.next(Some(interval), Found::Changed);
    }
    assert_eq!(interval, bounds.least());
    let narrow = Revisit::new(HOUR, 2 * HOUR).unwrap();
    assert_eq!(narrow.next(None, Found::Same), 2 * HOUR, "the first time lies within the bounds too");
    assert_eq!(narrow.next(Some(Duration::MAX), Found::Same), 2 * HOUR);
}

#[test]
fn a_page_is_due_before_its_time_is_over_and_not_much_before() {
    for mark in [0, 1, 128, 255] {
        let due = Revisit::due_after(DAY, mark);
        assert!(due < DAY && due > 17 * HOUR, "{due:?}");
    }
    assert!(Revisit::due_after(DAY, 200) < Revisit::due_after(DAY, 3));
}

#[test]
fn bounds_must_make_sense() {
    for (least, most) in [(Duration::ZERO, DAY), (2 * DAY, DAY), (DAY, 366 * DAY)] {
        assert_eq!(Revisit::new(least, most), None, "{least:?} {most:?}");
    }
    assert!(Revisit::new(DAY, DAY).is_some());
    assert_eq!(Revisit::default().to_string(), "6h to 4d");
}
