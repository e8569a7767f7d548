//! A small deterministic world: what partners really offer, day by day.

use std::fmt::Write as _;

use chrono::{NaiveDate, TimeDelta, Utc};
use fastrand::Rng;

/// The format in which a source publishes its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    Html,
    Json,
    Csv,
    Xml,
}

impl Format {
    pub(crate) const ALL: [Self; 4] = [Self::Html, Self::Json, Self::Csv, Self::Xml];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Html => "html",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xml => "xml",
        }
    }
}

/// The properties of a source.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) slug: String,
    pub(crate) format: Format,
    /// The number of records on an ordinary day.
    pub(crate) size: usize,
    /// The number of records on one page of the list. A table is one page.
    pub(crate) per_page: usize,
    /// Whether each record has its own employer, with four contracts instead of two.
    pub(crate) is_varied: bool,
    /// Whether salary, interest and description are on the record's own page (HTML only).
    pub(crate) has_details: bool,
    /// The prefix of the identifiers, and the seed of what happens.
    pub(crate) number: u32,
}

impl Shape {
    pub(crate) fn new(format: Format, size: usize, is_varied: bool, number: u32) -> Self {
        let variety = if is_varied { "varied" } else { "even" };
        Self {
            slug: format!("{}-{size}-{variety}", format.name()),
            format,
            size,
            per_page: if size < 40 { 5 } else { 40 },
            is_varied,
            has_details: format == Format::Html && size < 40,
            number,
        }
    }

    pub(crate) fn host(&self) -> String {
        format!("www.{}.cm", self.slug)
    }
}

/// A record in the partner's words. An empty text is a field that the partner leaves out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) employer: String,
    pub(crate) place: String,
    pub(crate) contract: String,
    pub(crate) salary: String,
    pub(crate) interest: String,
    pub(crate) text: String,
    pub(crate) posted: NaiveDate,
    pub(crate) closes: Option<NaiveDate>,
    /// The day on which it came.
    pub(crate) born: u32,
    /// The salary in francs a month, and the interest in tenths of a percent a year.
    pub(crate) amounts: (u64, u64),
}

const TRADES: [&str; 16] = [
    "Mécanicien",
    "Électricien",
    "Soudeur",
    "Comptable",
    "Infirmière",
    "Chauffeur",
    "Maçon",
    "Cuisinière",
    "Menuisier",
    "Technicienne",
    "Couturière",
    "Ingénieur",
    "Secrétaire",
    "Magasinier",
    "Pâtissier",
    "Carreleur",
];
const SKILLS: [&str; 18] = [
    "confirmé",
    "de précision",
    "d'entretien",
    "polyvalent",
    "en bâtiment",
    "de chantier",
    "débutant accepté",
    "d'atelier",
    "de nuit",
    "itinérant",
    "en équipe",
    "de maintenance",
    "diplômé d'État",
    "de relève",
    "d'exploitation",
    "en énergie",
    "de qualité",
    "à temps plein",
];
const TASKS: [&str; 14] = [
    "préparer le matériel",
    "contrôler la qualité des pièces",
    "tenir le registre des entrées",
    "accueillir les clients à l'agence",
    "réparer les équipements en panne",
    "rédiger un rapport hebdomadaire",
    "encadrer deux apprentis",
    "respecter les règles de sécurité",
    "gérer les commandes des fournisseurs",
    "relever les compteurs",
    "planifier les tournées",
    "vérifier les factures",
    "nettoyer l'atelier après usage",
    "former les nouveaux arrivés",
];
const TOWNS: [&str; 8] = ["Douala", "Yaoundé", "Bafoussam", "Garoua", "Maroua", "Bamenda", "Kribi", "Limbé"];
const FIRMS: [&str; 6] = ["Ateliers", "Société", "Groupe", "Coopérative", "Comptoir", "Établissements"];
const SYLLABLES: [&str; 16] =
    ["ba", "ndo", "mé", "ki", "so", "wa", "tché", "lou", "fa", "nga", "bi", "do", "yé", "ko", "mou", "sa"];

/// The truth about one source.
pub(crate) struct World {
    shape: Shape,
    rng: Rng,
    serial: u32,
    day: u32,
    rows: Vec<Row>,
}

impl World {
    /// Returns its first day.
    pub(crate) fn new(shape: &Shape, seed: u64) -> Self {
        let rng = Rng::with_seed(seed ^ (u64::from(shape.number) << 32));
        let mut world = Self { shape: shape.clone(), rng, serial: 0, day: 1, rows: Vec::new() };
        for _ in 0..shape.size {
            let row = world.record();
            world.rows.push(row);
        }
        world
    }

    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Continues with an ordinary day: up to 6 % of the records go, and as many come.
    pub(crate) fn next_day(&mut self) {
        let gone = self.gone();
        self.pass(gone, gone);
    }

    /// Returns how many records go on an ordinary day: 0 to 6 %, or one now and then in a small list.
    pub(crate) fn gone(&mut self) -> usize {
        let six_percent = self.shape.size * 6;
        self.rng.usize(0..=six_percent) / 100
    }

    /// Continues with a day on which `gone` records go and `come` records come. Those that came the day before stay.
    pub(crate) fn pass(&mut self, gone: usize, come: usize) {
        self.day += 1;
        for _ in 0..gone {
            let old: Vec<usize> =
                (0..self.rows.len()).filter(|&at| self.rows[at].born + 2 < self.day).collect();
            let old = if old.is_empty() { (0..self.rows.len()).collect() } else { old };
            let at = old[self.rng.usize(0..old.len())];
            self.rows.remove(at);
        }
        for _ in 0..come {
            let row = self.record();
            self.rows.insert(0, row);
        }
    }

    /// The partner corrects the title and the salary of one record.
    pub(crate) fn edit(&mut self) {
        let at = self.rng.usize(0..self.rows.len());
        self.rows[at].title.push_str(" (poste urgent)");
        self.rows[at].amounts.0 += 10_000;
        self.rows[at].salary = salary(self.rows[at].amounts.0);
    }

    /// One record gets a value of a field that no record had.
    pub(crate) fn new_value(&mut self) {
        let at = self.rng.usize(0..self.rows.len());
        "Freelance".clone_into(&mut self.rows[at].contract);
        "Ebolowa".clone_into(&mut self.rows[at].place);
    }

    fn record(&mut self) -> Row {
        self.serial += 1;
        let (serial, rng) = (self.serial, &mut self.rng);
        let today = Utc::now().date_naive();
        let posted = today - TimeDelta::days(rng.i64(1..40));
        let closes = today + TimeDelta::days(rng.i64(30..200));
        let amounts = (rng.u64(16..120) * 5_000, rng.u64(60..180));
        let contracts: &[&str] = if self.shape.is_varied {
            &["CDI", "CDI", "CDD", "CDD", "Stage", "Intérim"]
        } else {
            &["CDI", "CDD"]
        };
        let employer = if self.shape.is_varied { serial } else { serial % 3 };
        Row {
            id: format!("{}{serial:05}", self.shape.number),
            title: format!("{} {}", pick(rng, &TRADES), pick(rng, &SKILLS)),
            employer: firm(self.shape.number, employer),
            place: pick(rng, &TOWNS).to_owned(),
            contract: pick(rng, contracts).to_owned(),
            salary: salary(amounts.0),
            interest: interest(amounts.1, "an"),
            text: text(rng),
            posted,
            closes: Some(closes),
            born: self.day,
            amounts,
        }
    }
}

fn pick<'a>(rng: &mut Rng, words: &[&'a str]) -> &'a str {
    words[rng.usize(0..words.len())]
}

/// Returns the employer of this number, which no other number has.
fn firm(source: u32, number: u32) -> String {
    let mut rng = Rng::with_seed(u64::from(source) << 20 | u64::from(number));
    let mut name = String::new();
    for _ in 0..4 {
        name.push_str(pick(&mut rng, &SYLLABLES));
    }
    let first = name.remove(0).to_uppercase();
    format!("{} {first}{name}", pick(&mut rng, &FIRMS))
}

fn text(rng: &mut Rng) -> String {
    let mut words = String::from("La personne retenue devra notamment");
    let mut tasks = TASKS.to_vec();
    rng.shuffle(&mut tasks);
    for task in &tasks[..3] {
        let _ = write!(words, " {task},");
    }
    let _ = write!(words, " au sein d'une équipe de {} agents expérimentés.", rng.u32(3..40));
    words
}

/// Returns a text such as "150 000 FCFA / mois".
pub(crate) fn salary(francs: u64) -> String {
    let digits = francs.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(' ');
        }
        grouped.push(digit);
    }
    grouped + " FCFA / mois"
}

/// Returns a text such as "9,5 % par an".
pub(crate) fn interest(tenths: u64, period: &str) -> String {
    format!("{},{} % par {period}", tenths / 10, tenths % 10)
}
