use domain::{Draft, Kind, Opportunity};
use normalize::{Context, normalize};

use super::*;

mod kinds;
mod relays;

type Fields = Vec<(&'static str, &'static str)>;

fn row(source: &str, fields: &[(&str, &str)]) -> Opportunity {
    row_of(Kind::Job, source, fields)
}

fn row_of(kind: Kind, source: &str, fields: &[(&str, &str)]) -> Opportunity {
    let mut draft = Draft::new(kind, serde_json::Value::Null);
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

const WELDER: [(&str, &str); 8] = [
    ("title", "Soudeur à l'arc (H/F)"),
    ("organization", "Chantier Naval du Wouri SA"),
    ("place", "Douala"),
    ("contract", "CDI"),
    ("posted_at", "2026-11-10"),
    ("closes_at", "2026-12-12"),
    ("education", "CAP"),
    (
        "description",
        "Le chantier recrute un soudeur pour la réparation de coques en acier et de citernes. Douze mois d'essai, 30 ouvriers, horaires \
         de 7 h 30 à 16 h, prime de rendement de 15 000 FCFA. Lecture de plans, soudure à l'électrode enrobée. CV au siège, quai Célestin.",
    ),
];

fn with(changes: &[(&'static str, &'static str)]) -> Fields {
    let kept = WELDER.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    kept.chain(changes).copied().collect()
}

fn judged(one: &Opportunity, other: &Opportunity) -> Judgement {
    let (a, b) = (Sketch::of(one), Sketch::of(other));
    assert_eq!(judge(&a, &b).verdict(), judge(&b, &a).verdict(), "the order decides");
    if judge(&a, &b).verdict() == Verdict::Same {
        assert!(a.keys().iter().any(|key| b.keys().contains(key)), "the same, and never compared");
    }
    explain(&a, &b)
}

fn beside(changes: &[(&'static str, &'static str)]) -> Judgement {
    judged(&row("fne", &WELDER), &row("camerjob", &with(changes)))
}

#[test]
fn the_same_post_in_other_words_is_one() {
    for changes in [
        &[][..],
        &[("title", "SOUDEURS A L'ARC - URGENT"), ("organization", "CNW")],
        &[("organization", "Confidentiel")],
        &[("place", "Littoral"), ("closes_at", "2026-12-14")],
    ] {
        let judged = beside(changes);
        assert_eq!(judged.verdict(), Verdict::Same, "{changes:?}: {judged}");
    }
}

#[test]
fn one_contradiction_is_enough() {
    for (changes, why) in [
        (&[("place", "Kribi")][..], "another place"),
        (&[("closes_at", "2027-02-12")], "another closing day"),
        (&[("contract", "CDD")], "another contract"),
        (&[("posted_at", "2026-08-10"), ("closes_at", "")], NEW),
        (
            &[("title", "Chef soudeur à l'arc"), ("description", "Vous dirigez huit ouvriers.")],
            "another rank",
        ),
        (
            &[("organization", "Sanaga BTP"), ("description", "Soudures de charpentes sur nos ponts.")],
            "another employer",
        ),
    ] {
        let judged = beside(changes);
        assert_eq!(judged.verdict(), Verdict::Different(why), "{changes:?}: {judged}");
    }
}

const NEW: &str = against::NEW_CAMPAIGN;

/// Posts that differ in the words of one part alone.
fn cashier(source: &str, contact: &str, changes: &[(&'static str, &'static str)]) -> Opportunity {
    let text = format!(
        "Boutique de la place recrute une caissière sérieuse et dynamique, 20 à 30 ans, bonne présentation. Contact : {contact}"
    );
    let mut fields: Vec<(&str, &str)> =
        vec![("title", "Caissière"), ("place", "Yaoundé"), ("posted_at", "2026-11-10")];
    fields.push(("description", &text));
    fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    fields.extend(changes);
    row(source, &fields)
}

#[test]
fn a_phone_in_another_spelling_relays_a_post_and_another_phone_is_another_shop() {
    let first = cashier("fne", "6 99 00 11 22", &[]);
    let relay = cashier("camerjob", "+237 699001122", &[("title", "URGENT: CAISSIERE (H/F)")]);
    assert_eq!(judged(&first, &relay).verdict(), Verdict::Same, "{}", judged(&first, &relay));
    let other = cashier("camerjob", "677 45 12 90", &[]);
    assert_eq!(judged(&first, &other).verdict(), Verdict::Different("another phone"));
}

#[test]
fn codes_after_their_words_tell_posts_of_one_issuer_apart() {
    let with_code = |source, code: &str| {
        let text = format!("{} {code}", WELDER[7].1);
        let mut fields = with(&[]);
        fields.retain(|(name, _)| *name != "description");
        let mut fields: Vec<(&str, &str)> = fields;
        fields.push(("description", &text));
        row(source, &fields)
    };
    for (one, other, same) in [
        ("Réf. 013/DRH/2026", "Référence : 013 / DRH / 2026", true),
        ("Réf. 013/DRH/2026", "Réf. 012/DRH/2026", false),
        ("AO n° 021/FAO-CMR/2026", "AO n° 022/FAO-CMR/2026", false),
        ("N/Réf : WR-LOG-0926", "objet WR-LOG-0926", true),
        ("N/Réf : WR-LOG-0926", "Réf WR-CPT-0927", false),
        // Each portal numbers its posts.
        ("Réf. CJ-2026-1123", "Réf. FNE-2026-70176", true),
    ] {
        let judged = judged(&with_code("camerjob", one), &with_code("fne", other));
        assert_eq!(judged.verdict() == Verdict::Same, same, "{one} and {other}: {judged}");
    }
}

#[test]
fn the_client_of_an_agency_is_the_employer() {
    let post = |client: &str| {
        let text = format!(
            "Le cabinet recrute pour son client, {client}, un soudeur. Lecture de plans, réparation de coques, 12 mois, dossier au siège."
        );
        let mut fields: Vec<(&str, &str)> = with(&[("organization", "Wouri Recrutement")]);
        fields.retain(|(name, _)| *name != "description");
        fields.push(("description", &text));
        row("camerjob", &fields)
    };
    let (oil, beer) = (post("une huilerie de coton basée à Garoua"), post("une brasserie artisanale"));
    assert_eq!(judged(&oil, &beer).contradiction, Some("another client"), "{}", judged(&oil, &beer));
    assert_eq!(
        judged(&oil, &row("fne", &with(&[("organization", "Wouri Recrutement")]))).contradiction,
        None
    );
}

fn on(day: &'static str, closes: &'static str) -> Opportunity {
    row("fne", &with(&[("posted_at", day), ("closes_at", closes)]))
}

#[test]
fn a_post_that_comes_up_again_within_three_weeks_is_prolonged_and_later_it_is_a_campaign() {
    let first = on("2026-09-01", "2026-09-15");
    for (day, closes, same) in [
        ("2026-09-16", "2026-10-15", true),
        ("2026-09-20", "2026-10-20", true),
        ("2026-10-20", "2026-11-20", false),
    ] {
        let judged = judged(&first, &on(day, closes));
        assert_eq!(judged.verdict() == Verdict::Same, same, "{day}: {judged}");
    }
}

fn member(id: u128, row: &Opportunity) -> Member {
    Member { id: uuid::Uuid::from_u128(id).into(), weight: 100, sketch: Sketch::of(row) }
}

fn names(clusters: &Clusters) -> Vec<Vec<u128>> {
    clusters.clusters.iter().map(|ids| ids.iter().map(|id| id.uuid().as_u128()).collect()).collect()
}

fn all_pairs(members: &[Member]) -> Vec<(usize, usize)> {
    (0..members.len()).flat_map(|a| (a + 1..members.len()).map(move |b| (a, b))).collect()
}

#[test]
fn a_cluster_has_no_contradicted_pair_and_its_heaviest_stands_for_it() {
    let here = |changes: &[(&'static str, &'static str)]| row("camerjob", &with(changes));
    let all = vec![
        member(1, &row("fne", &WELDER)),
        Member { weight: 200, ..member(2, &here(&[("organization", "CNW")])) },
        member(3, &here(&[("place", "Kribi")])),
        member(4, &row("minefop", &with(&[("place", "Douala ; Kribi")]))),
    ];
    let mut pairs = all_pairs(&all);
    let clusters = cluster(&all, &pairs, &Decisions::default());
    assert_eq!(names(&clusters), [vec![2, 1, 4]], "4 is like 3 too, which is in another place than 1");
    // Whatever the order of the pairs and rows.
    pairs.reverse();
    assert_eq!(cluster(&all, &pairs, &Decisions::default()).clusters, clusters.clusters);
    let turned: Vec<Member> = all.into_iter().rev().collect();
    assert_eq!(cluster(&turned, &pairs, &Decisions::default()).clusters, clusters.clusters);
}

#[test]
fn posts_follow_each_other_to_one_campaign_and_a_gap_begins_another() {
    let days = ["2026-07-01", "2026-07-16", "2026-08-01", "2026-09-20"];
    let all: Vec<Member> = days
        .iter()
        .zip(1..)
        .map(|(day, id)| member(id, &row("fne", &with(&[("posted_at", day), ("closes_at", "")]))))
        .collect();
    let clusters = cluster(&all, &all_pairs(&all), &Decisions::default());
    assert_eq!(names(&clusters), [vec![1, 2, 3]]);
}

#[test]
fn what_a_person_decided_counts_before_the_rules() {
    let all = [
        member(1, &row("fne", &WELDER)),
        member(2, &row("camerjob", &WELDER)),
        member(3, &row("camerjob", &with(&[("place", "Kribi")]))),
    ];
    let [one, two, three] = all.each_ref().map(|member| member.id);
    let mut decisions = Decisions::default();
    decisions.add(two, one, false);
    decisions.add(three, one, true);
    let clusters = cluster(&all, &all_pairs(&all), &decisions);
    assert_eq!(names(&clusters), [vec![1, 3]]);
}

#[test]
fn a_stored_sketch_is_the_one_that_was_made() {
    for row in
        [row("fne", &WELDER), cashier("camerjob", "699 00 11 22", &[("salary", "75 000 FCFA par mois")])]
    {
        let sketch = Sketch::of(&row);
        let bytes = sketch.to_bytes();
        assert_eq!(Sketch::from_bytes(&bytes).as_ref(), Some(&sketch));
        assert!(bytes.len() < 2_000, "{} bytes", bytes.len());
        for cut in 0..bytes.len() {
            assert_eq!(Sketch::from_bytes(&bytes[..cut]), None, "cut at {cut}");
        }
    }
}

#[test]
fn what_a_portal_adds_to_every_post_says_nothing() {
    let footer = "Ce portail n'est pas le recruteur et ne demande jamais d'argent. Signalez toute offre suspecte à notre équipe par téléphone : \
                  6 55 00 00 01.";
    let trades =
        ["Maçon", "Infirmière", "Chauffeur", "Comptable", "Cuisinier", "Gardien", "Couturière", "Pâtissier"];
    let posts: Vec<Sketch> = trades
        .iter()
        .map(|trade| {
            let text = format!("{trade} demandé, écrire avec références et prétentions. {footer}");
            Sketch::of(&row(
                "camerjob",
                &[("title", trade), ("organization", trade), ("place", "Douala"), ("description", &text)],
            ))
        })
        .collect();
    let house = House::of(&posts);
    for mut post in posts {
        let before = post.text.shingles.hashes.len();
        house.leave(&mut post);
        assert!(post.phones.is_empty(), "the portal's number");
        assert!(
            post.text.shingles.hashes.len() + 15 < before,
            "{} of {before}",
            post.text.shingles.hashes.len()
        );
    }
}
