//! Names that partners use for our fields.

use normalize::text::fold;

/// Names by field, folded, most likely first. A name with a dot is a key within an object.
const NAMES: [(&str, &[&str]); 21] = [
    (
        "external_id",
        &[
            "id",
            "external_id",
            "reference",
            "ref",
            "job_id",
            "identifiant",
            "code",
            "numero",
            "num",
            "n°",
            "guid",
            "uuid",
            "iati-identifier",
            "slug",
            "referencenumber",
            "reference_apec",
            "hash",
        ],
    ),
    (
        "title",
        &[
            "title",
            "titre",
            "intitule",
            "libelle",
            "name",
            "nom",
            "poste",
            "intitule-formation",
            "titlepub",
            "job_title",
            "formation",
            "projet",
        ],
    ),
    ("url", &["url", "link", "lien", "lien_offre", "redirection", "href", "url_offre", "page"]),
    (
        "organization",
        &[
            "organization",
            "organisation",
            "entreprise",
            "company",
            "employeur",
            "employer",
            "organisme",
            "societe",
            "company_name",
            "recruteur",
            "structure",
            "reporting-org",
            "ecole",
            "caisse",
        ],
    ),
    (
        "description",
        &[
            "description",
            "contenu",
            "texte_offre",
            "resume",
            "objectif",
            "info_post",
            "summary",
            "content",
            "mission",
            "missions",
            "body",
            "details",
        ],
    ),
    (
        "place",
        &[
            "place",
            "lieu",
            "ville",
            "city",
            "location",
            "localisation",
            "localite",
            "lieutravail",
            "region",
            "adresse",
            "address",
            "commune",
        ],
    ),
    (
        "salary",
        &[
            "salary",
            "salaire",
            "remuneration",
            "prix",
            "cout",
            "montant",
            "pay",
            "salaire_affiche",
            "frais",
            "tarif",
            "budget",
        ],
    ),
    (
        "interest",
        &[
            "interest",
            "interest_rate",
            "interestrate",
            "taux",
            "taux_interet",
            "taux_mensuel",
            "tauxmensuel",
            "taux_annuel",
            "annualinterestrate",
            "nominalannualinterestrate",
        ],
    ),
    ("fees", &["fees", "frais_dossier", "fraisdossier", "frais_de_dossier", "commission", "charges"]),
    (
        "duration",
        &[
            "duration",
            "duree",
            "duree_mois",
            "dureemois",
            "duree_(mois)",
            "term",
            "tenor",
            "loan_term",
            "loanterm",
        ],
    ),
    (
        "starts_at",
        &["starts_at", "date_debut", "datedebut", "date_de_debut", "debut", "start_date", "rentree"],
    ),
    ("status", &["status", "statut", "etat", "actif", "active", "is_active", "state"]),
    (
        "contract",
        &[
            "contract",
            "contrat",
            "type_contrat",
            "contract_type",
            "jobtype",
            "typecontrat",
            "typecontratlibelle",
            "type_de_contrat",
            "rythme",
        ],
    ),
    (
        "posted_at",
        &[
            "posted_at",
            "datecreation",
            "date_publication",
            "date_posted",
            "published_at",
            "pubdate",
            "date_parution",
            "date",
            "published",
            "publication_date",
            "date_updated",
            "created_at",
            "startdate",
            "majle",
        ],
    ),
    (
        "closes_at",
        &[
            "closes_at",
            "date_limite",
            "datelimite",
            "date_expired",
            "deadline",
            "validthrough",
            "expires_at",
            "cloture",
            "date_limite_candidature",
            "closedate",
            "date_de_cloture",
        ],
    ),
    ("ends_at", &["ends_at", "end_date", "enddate", "date_fin", "date_de_fin", "datefin"]),
    (
        "sector",
        &[
            "sector",
            "secteur",
            "categorie",
            "category",
            "domaine",
            "secteuractivitelibelle",
            "industry",
            "metier_famille",
        ],
    ),
    ("positions", &["positions", "nombrepostes", "nombre_postes", "places", "postes", "openings"]),
    (
        "education",
        &[
            "education",
            "education_level",
            "niveau_etudes",
            "niveau_etude",
            "niveau",
            "formation_requise",
            "diplome",
        ],
    ),
    (
        "experience",
        &["experience", "experience_level", "experiencelibelle", "niveau_experience", "niveau experience"],
    ),
    ("language", &["language", "langue", "lang", "locale"]),
];

/// Returns the key of an object that holds the name of the object.
const WITHIN: [&str; 8] = ["libelle", "label", "nom", "name", "title", "value", "ville", "narrative"];

/// Returns our field for a partner's name, and its rank (0 is best).
pub(super) fn field_of(name: &str) -> Option<(&'static str, usize)> {
    let folded = fold(name).replace([' ', '-'], "_");
    let same = |known: &str| fold(known).replace([' ', '-'], "_") == folded;
    let local = name.rsplit_once(':').map(|(_, local)| local);
    NAMES
        .iter()
        .filter_map(|(field, names)| names.iter().position(|known| same(known)).map(|at| (*field, at)))
        .min_by_key(|(_, at)| *at)
        .or_else(|| local.and_then(field_of))
}

/// Returns the rank of a key as the name of its object.
pub(super) fn within(key: &str) -> Option<usize> {
    let folded = fold(key);
    WITHIN.iter().position(|known| *known == folded)
}

/// Keeps the most likely form of each field.
#[derive(Debug, Default)]
pub(super) struct Best(Vec<(&'static str, usize, String)>);

impl Best {
    pub(super) fn offer(&mut self, field: &'static str, likely: usize, form: String) {
        match self.0.iter_mut().find(|(known, ..)| *known == field) {
            Some(known) if known.1 > likely => (known.1, known.2) = (likely, form),
            Some(_) => (),
            None => self.0.push((field, likely, form)),
        }
    }

    pub(super) fn fields(self) -> Vec<(&'static str, String)> {
        self.0.into_iter().map(|(field, _, form)| (field, form)).collect()
    }
}
