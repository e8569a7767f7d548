//! Each kind of evidence on pairs that differ in it alone.

use super::*;

/// Returns the level of a piece of evidence, by its name.
pub(super) fn level(judged: &Judgement, name: &str) -> &'static str {
    let at = EVIDENCE.iter().position(|(other, _)| *other == name).unwrap();
    EVIDENCE[at].1[usize::from(judged.levels()[at])]
}

pub(super) fn post(
    source: &str,
    title: &'static str,
    employer: &'static str,
    text: &'static str,
    more: &Fields,
) -> Opportunity {
    let mut fields = vec![
        ("title", title),
        ("organization", employer),
        ("place", "Douala"),
        ("posted_at", "2026-10-05"),
        ("description", text),
    ];
    fields.retain(|(name, value)| !value.is_empty() && !more.iter().any(|(other, _)| other == name));
    fields.extend(more);
    row(source, &fields)
}

const KITCHEN: &str = "Le restaurant recrute un commis : épluchage des légumes, préparation des garnitures, dressage des assiettes, nettoyage du \
                       matériel et respect des règles. Poste logé, repas fournis, un jour de congé hebdomadaire.";
const WAITER: &str = "Le restaurant recrute un plongeur : épluchage des légumes, préparation des garnitures, dressage des assiettes, nettoyage du \
                      matériel et respect des règles. Poste logé, repas fournis, un jour de congé hebdomadaire.";

#[test]
fn one_text_under_two_names_is_one_post_unless_each_text_has_its_own() {
    let cook = post("fne", "Commis polyvalent", "Chez Wou", KITCHEN, &vec![]);
    let renamed = post("camerjob", "Renfort de brigade", "Chez Wou", KITCHEN, &vec![]);
    let one = judged(&cook, &renamed);
    assert_eq!(level(&one, "template"), "another name for it", "{one}");
    let other = post("camerjob", "Plongeur polyvalent", "Chez Wou", WAITER, &vec![]);
    let two = judged(&cook, &other);
    assert_eq!(
        (level(&two, "template"), level(&two, "title in the text")),
        ("another title", "both in their own")
    );
    assert!(two.score < one.score && two.verdict() != Verdict::Same, "{two}");
}

#[test]
fn one_trade_has_several_names() {
    for (one, other) in [
        ("Technicien de surface", "Agent d'entretien"),
        ("Délégué médical", "Visiteur médical"),
        ("Call center agent", "Téléconseillère"),
    ] {
        let pair = judged(
            &post("fne", one, "Chez Wou", "", &vec![]),
            &post("camerjob", other, "Chez Wou", "", &vec![]),
        );
        assert_eq!(level(&pair, "title"), "same", "{one}: {pair}");
    }
}

#[test]
fn an_employer_has_several_names_or_none() {
    for (one, other, expected) in [
        ("World Food Programme", "PAM (Programme alimentaire mondial)", "same"),
        ("Imprimerie Grand Format", "Grand Format Douala", "same"),
        ("Entreprise agro-industrielle (confidentiel)", "Palmeraies du Moungo", "unknown"),
        ("Banque de la place", "Crédit du Wouri", "unknown"),
        ("Sanaga BTP", "Palmeraies du Moungo", "other"),
    ] {
        let pair = judged(
            &post("fne", "Soudeur", one, "", &vec![]),
            &post("camerjob", "Soudeur", other, "", &vec![]),
        );
        assert_eq!(level(&pair, "employer"), expected, "{one}, {other}");
    }
}

#[test]
fn a_list_of_posts_is_not_one_of_them() {
    let text = "Le chantier recrute pour une école : huit ferrailleurs, quinze maçons et quatre charpentiers avec leurs outils et leurs papiers.";
    let list =
        post("fne", "Chantier : 15 maçons, 8 ferrailleurs, 4 charpentiers", "Sanaga BTP", text, &vec![]);
    let single = "Pour la construction d'une école, le chantier cherche huit ferrailleurs : façonnage, lecture de plan, pose des armatures.";
    let one = post("camerjob", "Chantier : 8 ferrailleurs", "Sanaga BTP", single, &vec![]);
    assert_eq!(judged(&list, &one).verdict(), Verdict::Different("one of several posts"));
    let again =
        post("camerjob", "Chantier : maçons, ferrailleurs, charpentiers", "Sanaga BTP", text, &vec![]);
    assert_eq!(judged(&list, &again).verdict(), Verdict::Same, "{}", judged(&list, &again));
}

#[test]
fn a_number_of_a_vacancy_is_a_code_and_that_of_an_authorization_is_not() {
    for (one, other, expected) in [
        ("Vacancy number 118402.", "Avis de vacance 118402, master exigé.", "same"),
        ("Stage de cinq mois (n° 574210).", "Job no. 574210.", "same"),
        ("Agrément n° 574210/MINEFOP.", "Agrément n° 574210 du ministère.", "unknown"),
    ] {
        let pair = judged(
            &post("fne", "Soudeur", "Chez Wou", one, &vec![]),
            &post("camerjob", "Soudeur", "Chez Wou", other, &vec![]),
        );
        assert_eq!(level(&pair, "code"), expected, "{one}");
    }
}

#[test]
fn an_amount_in_the_text_is_the_amount() {
    let paid = post("fne", "Soudeur", "Chez Wou", "", &vec![("salary", "85 000 FCFA par mois")]);
    let told = post("camerjob", "Soudeur", "Chez Wou", "Salaire de 85.000 F et prime.", &vec![]);
    assert_eq!(level(&judged(&paid, &told), "amount"), "in the text");
}

#[test]
fn a_relaunch_that_keeps_the_candidates_is_the_same_call() {
    let first = "Dossier n° AR-RH-12. Accueil des migrants de retour. Test le 22 mai à Douala.";
    let call =
        post("fne", "Chargé de réintégration", "Ailes du Retour", first, &vec![("closes_at", "2026-10-20")]);
    for (again, expected) in [
        (
            "L'avis AR-RH-12 est relancé ; les candidats de la première fois restent en lice. Test le 29 mai.",
            true,
        ),
        ("Nouvel avis AR-RH-12 pour un second poste. Test le 29 mai.", false),
    ] {
        let again = post(
            "fne",
            "Chargé de réintégration",
            "Ailes du Retour",
            again,
            &vec![("posted_at", "2026-11-15"), ("closes_at", "2026-12-01")],
        );
        let pair = judged(&call, &again);
        assert_eq!(pair.contradiction.is_none(), expected, "{pair}");
    }
}

#[test]
fn two_loans_of_one_institution_differ_by_a_word_of_their_title() {
    let loan = |source, title, text| {
        let fields =
            [("title", title), ("organization", "MC2 de Bafang"), ("place", "Bafang"), ("description", text)];
        row_of(Kind::Microfinance, source, &fields)
    };
    let school = loan(
        "fne",
        "Crédit rentrée scolaire",
        "La mutuelle prête aux parents de 50 000 à 300 000 FCFA sur 9 mois pour la rentrée scolaire.",
    );
    let field = loan(
        "camerjob",
        "Crédit campagne cacao",
        "La mutuelle prête aux planteurs de 100 000 à 800 000 FCFA sur 12 mois pour la campagne cacao.",
    );
    assert_eq!(judged(&school, &field).verdict(), Verdict::Different("another product"));
}

#[test]
fn a_question_mark_that_stands_for_a_letter_is_one() {
    let whole = post(
        "fne",
        "Réceptionniste bilingue",
        "Hôtel Wou",
        "L'établissement recherche une réceptionniste expérimentée.",
        &vec![],
    );
    let lost = post(
        "camerjob",
        "R?ceptionniste bilingue",
        "H?tel Wou",
        "L'?tablissement recherche une r?ceptionniste exp?riment?e.",
        &vec![],
    );
    assert_eq!(level(&judged(&whole, &lost), "title"), "same");
}

const SHOP: &str = "La boulangerie de Makepe recrute deux vendeuses : vente du pain et des pâtisseries, tenue de la caisse, réassort des vitrines, ménage \
                    de la boutique, livraison aux restaurants voisins. Équipe en alternance, sourire et ponctualité exigés. 699 00 11 22";

#[test]
fn words_in_the_place_of_others_tell_two_posts_and_what_is_mistyped_or_left_out_does_not() {
    let shop = post("fne", "Vendeuse", "La Mie Dorée", SHOP, &vec![]);
    for (text, expected) in [
        (
            "La boulangrie de Makepe recurte deux vendeuses : vente du pain et des pâtisseries, tenue de la caisse, réassort des vitrines, méénage \
          de la boutique, livraison aux restaurants voisins. 677 45 12 90",
            "few",
        ),
        (
            "La boulangerie de Logbessou recrute deux vendeuses : vente du pain et des gâteaux, tenue de la caisse, réassort des rayons, ménage \
          de la boutique, livraison aux hôtels voisins. Équipe en alternance, sourire et ponctualité exigés. 677 45 12 90",
            "many",
        ),
    ] {
        let other = post("camerjob", "Vendeuse", "La Mie Dorée", text, &vec![]);
        let pair = judged(&shop, &other);
        assert_eq!(level(&pair, "words swapped"), expected, "{pair}");
        assert_eq!(pair.contradiction, (expected == "many").then_some("another phone"), "{pair}");
    }
}

#[test]
fn an_act_above_many_posts_is_not_the_code_of_one() {
    let under = |source, act: &'static str| post(source, "Plomberie", "Jeunes Bâtisseurs", act, &vec![]);
    let pair = judged(
        &under("fne", "Arrêté n° 00218/MINEFOP/SG."),
        &under("camerjob", "Selon l'arrêté 00218/MINEFOP/SG."),
    );
    assert_eq!(level(&pair, "code"), "unknown");
}
