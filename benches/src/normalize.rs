//! The cost of normalizing a record, in CPU time of one thread: records of a CSV file, of FNE's API, and posts with HTML bodies.
//!
//! The records are invented, in formats that partners send. Run it with `cargo run --release -p benches --bin normalize`.
//! `normalize count KIND` normalizes some records once after a first time; `benches/tests/instructions.rs` counts its instructions.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use domain::{Draft, Kind};
use normalize::{Context, normalize};
use serde_json::Value;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The number of records of each kind.
const RECORDS: usize = 2_000;
/// The number of records whose instructions are counted.
const COUNTED: usize = 50;
/// How often all records are normalized. The first time fills the caches of a worker and does not count.
const ROUNDS: usize = 10;

/// A kind of record: its name, and the function that makes the nth.
type Shape = (&'static str, fn(usize) -> Draft);

const SHAPES: [Shape; 3] = [("csv", csv), ("fne", fne), ("html", html)];

fn main() -> Outcome<()> {
    let context = Context {
        source: "liste".parse()?,
        stream: "offres".parse()?,
        country: "CM".to_owned(),
        fetched_at: "2026-11-22T10:00:00Z".parse()?,
        hosts: Vec::new(),
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [count, kind] = arguments.as_slice()
        && count == "count"
    {
        let (_, make) = SHAPES.iter().find(|(name, _)| name == kind).ok_or("csv, fne or html")?;
        let drafts: Vec<Draft> = (0..COUNTED).map(make).collect();
        drafts.clone().into_iter().for_each(|draft| drop(normalize(draft, &context)));
        measured(drafts, &context);
        return Ok(());
    }
    println!("{:6} {:>12} {:>14} {:>14}", "", "bytes", "µs, best", "µs, median");
    for (name, make) in SHAPES {
        let drafts: Vec<Draft> = (0..RECORDS).map(make).collect();
        let bytes: usize = drafts.iter().filter_map(|draft| draft.description.as_deref()).map(str::len).sum();
        let mut took = Vec::new();
        for _ in 0..=ROUNDS {
            let drafts = drafts.clone();
            let begun = cpu()?;
            measured(drafts, &context);
            took.push((cpu()? - begun) / to_f64(RECORDS));
        }
        took.remove(0);
        took.sort_by(f64::total_cmp);
        let at = |at: usize| took.get(at).copied().unwrap_or_default();
        println!("{name:6} {:>12} {:>14.1} {:>14.1}", bytes / RECORDS, at(0), at(ROUNDS / 2));
    }
    Ok(())
}

#[inline(never)]
fn measured(drafts: Vec<Draft>, context: &Context) {
    for draft in drafts {
        std::hint::black_box(normalize(draft, context).ok());
    }
}

/// Returns the CPU time of this thread, in µs (from the first number of `schedstat`, in ns).
fn cpu() -> Outcome<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(text.split(' ').next().unwrap_or_default().parse::<f64>()? / 1_000.0)
}

fn draft(fields: &[(&str, String)]) -> Draft {
    let mut draft = Draft::new(Kind::Job, Value::Null);
    for (name, value) in fields {
        if let Some(field) = draft.field_mut(name) {
            *field = Some(value.clone());
        }
    }
    draft
}

const TOWNS: [&str; 8] =
    ["Douala", "Yaoundé", "Bafoussam", "BUEA", "Garoua (Nord)", "Kribi", "Limbé", "Bertoua (Est)"];
const TRADES: [&str; 8] = [
    "Soudeur",
    "Comptable",
    "Chauffeur poids lourd",
    "Couturière",
    "Maçon",
    "Infirmier de nuit",
    "Hotel Receptionist",
    "Agent de terrain - Maroua",
];
/// Sentences of posts. Some contain what a rule looks for, most do not.
const SENTENCES: [&str; 24] = [
    "Missions variées au sein d'une équipe soudée",
    "Vous assurez le suivi des travaux et rendez compte chaque semaine",
    "Formation assurée à l'arrivée",
    "You will check guests in and out, answer reservations and keep the cash register",
    "Préparer les leçons, corriger les copies et remplir les bulletins",
    "Expérience de deux ans au moins sur un poste similaire",
    "CAP ou Bac technique, permis B exigé",
    "Le chantier dure jusqu'en mars et le logement est fourni sur place",
    "Tenir la caisse, accueillir la clientèle et veiller à la propreté du magasin",
    "Weekends are worked in turn and transport is paid",
    "Une bonne connaissance de la ville serait un plus",
    "Contrat renouvelable selon les résultats",
    "Poste basé à Ngaoundéré, déplacements fréquents dans la région",
    "Déposer le dossier complet à l'agence avant la date limite",
    "Conduire les engins, contrôler les niveaux et signaler toute panne au chef de parc",
    "Experience in the trade, or a good school certificate",
    "Candidatures féminines vivement encouragées",
    "Travail de nuit et en équipe, temps plein",
    "Établir les devis, relancer les fournisseurs et classer les factures",
    "Aucun frais n'est demandé aux candidats",
    "Salaire selon la grille, prime de rendement en fin d'année",
    "Peser, emballer et étiqueter les produits de la récolte",
    "Rigueur, ponctualité et sens du service",
    "Vous formez trois apprentis et répondez de leur travail",
];

fn of(list: &[&'static str], n: usize) -> &'static str {
    list.get(n % list.len()).copied().unwrap_or_default()
}

/// Returns the sentences of the nth post.
fn sentences(n: usize, many: usize) -> Vec<String> {
    (0..many)
        .map(|at| format!("{} {}", of(&SENTENCES, n * 7 + at * (5 + n % 3)), 1 + (n + at) % 40))
        .collect()
}

fn common(n: usize) -> Vec<(&'static str, String)> {
    vec![
        ("external_id", format!("R{n:07}")),
        ("title", format!("{} n° {n} (H/F)", of(&TRADES, n))),
        ("organization", format!("Établissements {}", n % 997)),
        ("place", of(&TOWNS, n).to_owned()),
        ("posted_at", "2026-11-02".to_owned()),
    ]
}

/// Returns a row of a table: few fields, and a body in plain text.
fn csv(n: usize) -> Draft {
    let mut fields = common(n);
    fields.extend([
        ("contract", "CDD".to_owned()),
        ("salary", format!("{} FCFA / mois", 90_000 + n % 500)),
        ("closes_at", "2027-03-31".to_owned()),
        ("description", sentences(n, 7).join(". ")),
    ]);
    draft(&fields)
}

/// Returns a record of FNE's API: many fields, and a body of a few lines.
fn fne(n: usize) -> Draft {
    let mut fields = common(n);
    fields.extend([
        ("url", format!("https://www.fnecm.org/offres/B{n:07}")),
        ("contract", of(&["CDI", "CDD - 12 Mois", "Intérim - 3 Mois"], n).to_owned()),
        (
            "salary",
            format!("Mensuel de {}.0 FCFA à {}.0 FCFA sur 12.0 mois", 90_000 + n % 500, 180_000 + n % 500),
        ),
        ("experience", of(&["2 An(s)", "6 Mois", "Débutant accepté"], n).to_owned()),
        ("education", of(&["Bac+2 ou équivalents", "CAP, BEP et équivalents"], n).to_owned()),
        ("positions", (1 + n % 3).to_string()),
        ("sector", of(&["Enseignement", "Hôtellerie", "Construction"], n).to_owned()),
        ("description", sentences(n, 6).join(".\n")),
    ]);
    draft(&fields)
}

/// Returns a post of a portal, whose body is HTML as an editor writes it.
fn html(n: usize) -> Draft {
    let mut fields = common(n);
    let all = sentences(n, 10);
    let (head, tasks) = all.split_at(4);
    let items: Vec<String> =
        tasks.iter().map(|task| format!("<li>{}</li>", task.replace('é', "&eacute;"))).collect();
    let body = format!(
        "<p><strong>{} recrute</strong></p>\r\n<p>{}.&nbsp;{}</p><h3>Missions</h3><ul>{}</ul><p>CV &agrave; rh{n}@exemple.cm &amp; tél. 699 00 11 22</p><p>Partager sur Facebook</p>",
        of(&TOWNS, n),
        head.join(". "),
        of(&SENTENCES, n),
        items.concat()
    );
    fields.extend([
        ("contract", "FULL_TIME".to_owned()),
        ("closes_at", "2027-03-31".to_owned()),
        ("description", body),
    ]);
    draft(&fields)
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn to_f64(count: usize) -> f64 {
    count as f64
}
