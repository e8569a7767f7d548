use domain::{Draft, Kind, Opportunity};
use normalize::{Context, normalize};

use super::*;

fn row(source: &str, fields: &[(&str, &str)]) -> Opportunity {
    let mut draft = Draft::new(Kind::Job, serde_json::Value::Null);
    for (name, value) in [("external_id", "1")].iter().chain(fields) {
        *draft.field_mut(name).unwrap() = Some((*value).to_owned());
    }
    let context = Context {
        source: source.parse().unwrap(),
        stream: "offres".parse().unwrap(),
        country: "CM".to_owned(),
        hosts: Vec::new(),
        fetched_at: "2026-11-20T10:00:00Z".parse().unwrap(),
    };
    normalize(draft, &context).unwrap()
}

const WELDER: [(&str, &str); 6] = [
    ("title", "Soudeur à l'arc (H/F)"),
    ("organization", "Chantier Naval du Wouri SA"),
    ("place", "Douala"),
    ("closes_at", "2026-12-12"),
    ("education", "CAP"),
    (
        "description",
        "Le chantier recrute un soudeur pour la réparation de coques. 12 mois, 3 postes, horaires de 7 h 30 à 16 h. CV au siège.",
    ),
];

fn with(changes: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let kept = WELDER.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes).copied().collect()
}

fn verdict(changes: &[(&'static str, &'static str)]) -> Verdict {
    let (a, b) = (row("fne", &WELDER), row("camerjob", &with(changes)));
    let (a, b) = (Sketch::of(&a), Sketch::of(&b));
    assert_eq!(compare(&a, &b), compare(&b, &a), "the order decides");
    if compare(&a, &b).is_same() {
        assert!(a.keys().iter().any(|key| b.keys().contains(key)), "the same, and never compared");
    }
    compare(&a, &b)
}

#[test]
fn the_same_post_told_otherwise_is_one() {
    for changes in [
        &[][..],
        &[("title", "SOUDEURS A L'ARC - URGENT"), ("organization", "CNW")],
        &[("organization", "Confidentiel")],
        &[("place", "Littoral"), ("closes_at", "2026-12-14")],
        &[("description", "")],
    ] {
        assert!(verdict(changes).is_same(), "{changes:?}: {:?}", verdict(changes));
    }
}

#[test]
fn one_thing_that_speaks_against_it_is_enough() {
    for (changes, why) in [
        (&[("place", "Kribi")][..], "another place"),
        (&[("closes_at", "2027-02-12")], "another closing day"),
        (
            &[("organization", "Sanaga BTP"), ("description", "Soudures de charpentes sur nos chantiers.")],
            "another employer",
        ),
        (&[("education", "BAC+5"), ("description", "Vous dirigez le bureau d'études.")], "another level"),
    ] {
        assert_eq!(verdict(changes), Verdict::Different(why), "{changes:?}");
    }
    let numbered = |n: &'static str, of: &'static str| [("title", n), ("organization", of)];
    let (a, b) = (
        row("fne", &with(&numbered("Soudeur n° 3", "Atelier 3"))),
        row("fne", &with(&numbered("Soudeur n° 7", "Atelier 7"))),
    );
    assert!(!compare(&Sketch::of(&a), &Sketch::of(&b)).is_same());
    let other = [("title", "Chef d'équipe chaudronnerie"), ("description", "Vous encadrez six ouvriers.")];
    assert_eq!(verdict(&other), Verdict::Unclear);
}

fn member(id: u128, changes: &[(&'static str, &'static str)]) -> Member {
    let row = row("fne", &with(changes));
    Member { id: uuid::Uuid::from_u128(id).into(), weight: 100, sketch: Sketch::of(&row) }
}

#[test]
fn a_cluster_holds_what_nothing_speaks_against_and_its_best_stands_for_it() {
    let all = vec![
        member(1, &[]),
        Member { weight: 200, ..member(2, &[("organization", "CNW")]) },
        member(3, &[("place", "Kribi")]),
        // Like the first two, but with a closing day between theirs: it joins only those it agrees with.
        member(4, &[("closes_at", "2026-12-18")]),
        member(5, &[("closes_at", "2026-12-24")]),
    ];
    let pairs: Vec<(usize, usize)> = (0..5).flat_map(|a| (a + 1..5).map(move |b| (a, b))).collect();
    let clusters: Vec<Vec<u128>> = cluster(&all, &pairs)
        .into_iter()
        .map(|ids| ids.into_iter().map(|id| id.uuid().as_u128()).collect())
        .collect();
    assert_eq!(clusters, [vec![2, 1, 4]], "the heaviest first; 5 closes 12 days after 1");
}
