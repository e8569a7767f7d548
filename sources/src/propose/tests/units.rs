//! Units in the names of columns, sheets of programs, and more names of columns.

use super::shapes::{LIST, check};

#[test]
fn units_in_the_names_of_columns() {
    let text = check(
        None,
        "N° Offre;Produit;Montant;Taux mensuel;Durée (mois);Agences\n1;Crédit campagne;300 000 FCFA;1,5 %;9;Bafia\n2;Crédit école;100 000 FCFA;2 %;6;Obala\n",
        None,
        2,
        &[
            ("external_id", "1"),
            ("title", "Crédit campagne"),
            ("interest", "1,5 % par mois"),
            ("duration", "9 mois"),
            ("place", "Bafia"),
        ],
    );
    assert!(text.contains("kind = \"microfinance\""), "{text}");
    check(
        None,
        "Réf;Poste à pourvoir;Ville;Salaire mensuel (FCFA);Effectif;Délai de dépôt\n1;Grutier;Kribi;120 000;3;12/12/2026\n2;Pointeur;Kribi;90 000;1;13/12/2026\n",
        None,
        2,
        &[
            ("title", "Grutier"),
            ("salary", "120 000 FCFA par mois"),
            ("positions", "3"),
            ("closes_at", "12/12/2026"),
        ],
    );
    // The values have their unit.
    check(
        None,
        "Réf;Intitulé;Salaire mensuel;Durée (mois)\n1;Grutier;120 000 FCFA/mois;6 mois\n2;Pointeur;90 000 FCFA/mois;3 mois\n",
        None,
        2,
        &[("salary", "120 000 FCFA/mois"), ("duration", "6 mois")],
    );
    check(
        Some(LIST),
        r#"[{"id": 1, "title": "Grutier", "duree_mois": 6, "pays": "CM", "profil": {"experience": "2 ans", "niveauEtude": "BEPC"}, "dates": {"publication": "2026-11-04"}},
            {"id": 2, "title": "Pointeur", "duree_mois": 3, "pays": "GA", "profil": {"experience": "1 an", "niveauEtude": "CAP"}, "dates": {"publication": "2026-11-05"}}]"#,
        None,
        2,
        &[
            ("duration", "6 mois"),
            ("country", "CM"),
            ("experience", "2 ans"),
            ("education", "BEPC"),
            ("posted_at", "2026-11-04"),
        ],
    );
    check(
        None,
        "<?xml version='1.0'?><l><stage><id>1</id><titre>Soudure</titre><centre>CFM Édéa</centre><duree unite='mois'>6</duree><fin>2027-06-30</fin></stage><stage><id>2</id><titre>Couture</titre><centre>CFM Édéa</centre><duree unite='mois'>3</duree><fin>2027-03-31</fin></stage></l>",
        None,
        2,
        &[("duration", "6 mois"), ("organization", "CFM Édéa"), ("ends_at", "2027-06-30")],
    );
}

#[test]
fn a_column_of_countries_is_proposed_if_all_of_them_are() {
    for (second, is_proposed) in [("Gabon", true), ("GA", true), ("Wallonie", false)] {
        let table = format!("Réf;Titre;Pays\n1;Grutier;Cameroun\n2;Pointeur;{second}\n");
        let text = check(None, &table, None, 2, &[("title", "Grutier")]);
        assert_eq!(text.contains("\ncountry ="), is_proposed, "{text}");
    }
}

#[test]
fn a_name_that_means_the_sector_elsewhere_is_the_title_at_need() {
    let text = check(
        None,
        "N° projet;Métier;Salaire/jour;Rythme;Nb\n1;Grutier;5 000;Temps plein;3\n2;Maçon;4 000;Temps partiel;5\n",
        None,
        2,
        &[("external_id", "1"), ("title", "Grutier"), ("working_time", "Temps plein"), ("positions", "3")],
    );
    assert!(text.contains("par jour"), "{text}");
    let text =
        check(None, "Réf;Intitulé;Métier\n1;Grutier;BTP\n2;Maçon;BTP\n", None, 2, &[("title", "Grutier")]);
    assert!(text.contains("sector = \"Métier\""), "{text}");
}

#[test]
fn a_sheet_of_programs_is_not_one_of_jobs() {
    for table in [
        "Code;Intitulé;Région;Bailleur;Montant de l'appui;Bénéficiaires;Période Début;Période Fin\n1;Volaille;Centre;PAM;500 000;Femmes;02/2027;12/2027\n2;Maraîchage;Est;FAO;300 000;Jeunes;02/2027;12/2027\n",
        "ID projet;Projet;Bailleur;Budget (FCFA)\n1;Volaille;PAM;50 000 000\n2;Maraîchage;FAO;20 000 000\n",
    ] {
        let text = check(None, table, None, 2, &[("external_id", "1")]);
        assert!(text.contains("kind = \"agr\""), "{text}");
    }
}
