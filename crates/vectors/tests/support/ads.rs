//! Advertisements in both languages, as partners write them.

use chrono::NaiveDate;
use domain::{OpportunityId, SourceSlug, term::Term};
use vectors::{Document, Payload};

/// Heading, town, region, last day (days from year one), body.
type Ad = (&'static str, &'static str, &'static str, Option<i32>, &'static str);

const ADS: [Ad; 22] = [
    (
        "Soudeur à l'arc (H/F)",
        "Douala",
        "CM-LT",
        None,
        "Chantier naval : soudage de tôles et de tuyaux, lecture de plans. Travail en équipe.",
    ),
    (
        "Soudeur tuyauteur",
        "Kribi",
        "CM-SU",
        Some(739_100),
        "Pose de tuyauterie au port en eau profonde, soudure TIG. Habilitation exigée.",
    ),
    (
        "Arc Welder (M/F)",
        "Limbe",
        "CM-SW",
        None,
        "You will weld pipes and frames at the shipyard and read drawings.",
    ),
    (
        "Accountant (M/F)",
        "Buea",
        "CM-SW",
        None,
        "Keep the books of a farm cooperative, prepare payroll and tax returns. OHADA rules.",
    ),
    (
        "Branch Accountant",
        "Bamenda",
        "CM-NW",
        None,
        "Daily cash and bank reconciliations of a credit union branch; monthly accounts.",
    ),
    (
        "Comptable général OHADA",
        "Yaoundé",
        "CM-CE",
        Some(739_000),
        "Tenue des comptes, déclarations fiscales, états financiers. Maîtrise de Sage.",
    ),
    ("Aide-comptable", "Douala", "CM-LT", None, "Saisie des pièces, classement, rapprochements bancaires."),
    (
        "Infirmière / Infirmier de nuit",
        "Yaoundé",
        "CM-CE",
        None,
        "Soins, pansements et surveillance des malades la nuit. Diplôme d'État.",
    ),
    (
        "Registered Nurse",
        "Bamenda",
        "CM-NW",
        None,
        "Nursing care on the ward, vaccination days in the villages around.",
    ),
    (
        "Chauffeur poids lourd",
        "Bafoussam",
        "CM-OU",
        None,
        "Transport de vivres vers Douala et Yaoundé. Permis C, pas d'accident.",
    ),
    (
        "Truck Driver",
        "Kumba",
        "CM-SW",
        None,
        "Haul cocoa to the port of Douala. Clean licence, basic mechanics.",
    ),
    (
        "Électricien bâtiment",
        "Maroua",
        "CM-EN",
        None,
        "Installation électrique de logements, mise à la terre, tableaux.",
    ),
    (
        "Ingénieur agronome",
        "Ngaoundéré",
        "CM-AD",
        None,
        "Conseil aux producteurs de maïs et suivi des parcelles.",
    ),
    (
        "Farm Manager",
        "Tiko",
        "CM-SW",
        None,
        "Run a banana plantation: planning, workers, harvest and quality.",
    ),
    (
        "Cuisinier / Cuisinière",
        "Kribi",
        "CM-SU",
        None,
        "Poisson braisé et plats du pays dans un hôtel de bord de mer.",
    ),
    ("Cook", "Limbe", "CM-SW", None, "Prepare local dishes and keep the kitchen clean in a guest house."),
    ("Développeur web PHP", "Douala", "CM-LT", None, "Sites et boutiques en ligne, Laravel, PostgreSQL."),
    (
        "Software Developer",
        "Buea",
        "CM-SW",
        None,
        "Build web applications in a small team; Python and Django.",
    ),
    ("Maçon coffreur", "Bertoua", "CM-ES", None, "Coffrage et coulage de béton sur un chantier d'école."),
    ("Couturière modéliste", "Garoua", "CM-NO", None, "Patrons, coupe et montage de tenues traditionnelles."),
    ("Mécanicien diesel", "Douala", "CM-LT", None, "Entretien de camions et d'engins de chantier."),
    (
        "Agent de crédit",
        "Ébolowa",
        "CM-SU",
        None,
        "Visite des clients d'une microfinance, dossiers de prêt, recouvrement.",
    ),
];

/// The advertisements; from two partners in turn.
pub(crate) fn ads() -> Vec<Document> {
    ADS.iter().enumerate().map(|(at, ad)| document(at, ad)).collect()
}

fn document(at: usize, (title, town, region, closes_on, body): &Ad) -> Document {
    let closes_on = closes_on.and_then(NaiveDate::from_num_days_from_ce_opt);
    let welds = title.contains("Soudeur") || title.contains("Welder");
    let categories = welds.then(|| Term::category("topic:welding", 1.0)).into_iter().collect();
    let source = if at.is_multiple_of(2) { "fne" } else { "emploicameroun" };
    Document {
        id: OpportunityId::of(&SourceSlug::new(source).unwrap(), title),
        text: format!("{title}\n{town}\n{body}"),
        categories,
        payload: Payload {
            source: source.to_owned(),
            stream: "offres".to_owned(),
            kind: "job".to_owned(),
            title: (*title).to_owned(),
            place: (*town).to_owned(),
            regions: vec![(*region).to_owned()],
            localities: vec![(*town).to_owned()],
            closes_on,
            open_until: closes_on,
            ..Payload::default()
        },
    }
}
