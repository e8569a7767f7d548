use super::*;

fn stems(text: &str) -> Vec<u64> {
    Words::new().stems(telling(&folded(text)))
}

#[test]
fn words_of_one_family_meet() {
    for (left, right) in [
        ("Soudeurs", "soudeur"),
        ("Accountants", "accounting"),
        ("ingénieure", "INGENIEUR"),
        ("Comptables confirmés", "comptable confirme"),
        ("nurses", "nurse"),
        ("cooking", "cooks"),
        ("maîtres d’œuvre", "maitre oeuvre"),
        ("à l'École de la ville", "ecole ville"),
        ("camerounaises", "camerounais"),
        ("added", "adds"),
    ] {
        assert_eq!(stems(left), stems(right), "{left:?} {right:?}");
    }
    for (left, right) in [("soudeur", "comptable"), ("evening", "événement"), ("international", "interne")]
    {
        assert_ne!(stems(left), stems(right), "{left:?} {right:?}");
    }
}

#[test]
fn words_that_tell_nothing_are_left_out() {
    assert!(STOP.is_sorted(), "they are searched by halves");
    assert!(STOP.iter().all(|word| word.len() <= LONGEST_STOP));
    assert!(stems("de la et the, with -- !").is_empty());
    assert!(stems(&"x".repeat(41)).is_empty());
    assert_eq!(stems("日本語").len(), 1);
}

#[test]
fn the_memory_is_bounded_and_does_not_change_answers() {
    let many = (0..60_000).map(|n| format!("mot{n}")).collect::<Vec<_>>().join(" ");
    let mut words = Words::new();
    let first = words.stems(telling(&many));
    assert!(words.known.len() <= KNOWN);
    assert_eq!(words.stems(telling(&many)), first);
}

#[test]
fn the_hash_is_the_published_one() {
    assert_eq!(hash(*b""), 0xcbf2_9ce4_8422_2325);
    assert_eq!(hash(*b"a"), 0xaf63_dc4c_8601_ec8c);
    assert_eq!(hash(*b"foobar"), 0x8594_4171_f739_67e8);
}

#[test]
fn counting() {
    assert_eq!(counted(vec![7, 3, 7, 7]), [(3, 1.0), (7, 3.0)]);
    assert!(counted(Vec::new()).is_empty());
}
