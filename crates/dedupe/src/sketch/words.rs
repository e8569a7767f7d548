//! Words of titles and names, as stems.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use normalize::patterns;
use regex::Regex;

use super::hash::{hash, short};

patterns! {
    static POINTS: Regex = r"\b(?:\p{Lu}\.){2,}(?:\p{Lu}\b)?";
}

/// Words of titles that say nothing about the post.
pub(crate) static PLAIN: Words = Words::of(|| {
    " h f m hf fh mf fm un une des de du d la le les l et a au aux en pour par sur avec dans the of for and in to \
    an at on recrute recrutement recrutements recruits recruitment recruiting recherche recherchee recherchons recherches recherchees cherche \
    cherchons avis offre offres emploi emplois poste postes position positions urgent urgence urgemment nouveau nouvelle new appel candidature \
    candidatures delai date limite report reporte reportee repousse repoussee relancee additif erratum corrigendum hiring wanted job jobs vacancy vacancies e ne se trice euse ere cameroun cameroon cdi cdd we besoin prorogation prolongation \
    proroge prolonge relance rappel rectificatif extended extension reminder n no numero ref reference annonce communique ".split_ascii_whitespace().collect()
});

/// Words of employers' names that say nothing about them.
pub(crate) static FORMS: Words = Words::of(|| {
    " sarl sarlu sa sas ltd plc gie gic ets etablissement etablissements societe company cameroun cameroon groupe \
    group the de du des d la le les l et and of ong association asbl scoop coop ste inc cie a au en for limited cabinet entreprise cm ".split_ascii_whitespace().collect()
});

/// Words for what an employer is: alone they name nobody, and two employers that share no other word are two.
const GENERIC: &str = " station service services clinique clinic hotel hopital hospital college lycee ecole school scolaire complexe complex centre \
    center formation training professionnel professionnelle vocational metier metiers institut institute universite university \
    pharmacie pharmacy cooperative cooperatives credit union mutuelle caisse epargne microfinance camccul mc2 mufid ccul boutique magasin \
    supermarche hypermarche supermarket restaurant bar boulangerie garage transport transports logistique ong ngo fondation foundation \
    projet project programme program commune mairie ville council city district delegation ministere ministry direction general \
    generale national nationale international internationale saint sainte st ste ex prive privee place bureau agence agency consulting \
    conseil solutions technologies technology industrie industries usine immobilier assurance assurances banque bank securite security \
    construction btp medical medicale pharmaceutique humanitaire agro agricole agroalimentaire alimentaire batiment batiments bat miniere industriel industrielle imprimerie laboratoire laboratory entretien nom communique confidentiel confidential anonyme bilingue bilingual nouveau nouvelle nouveaux grand grande petit petite plantation plantations ferme \
    farm restauration communication distribution commerce commercial import export production travaux publics ";

/// Returns whether a stem of an employer's name says only what it is.
pub(crate) fn is_generic(stem_of_name: &str) -> bool {
    static STEMS: LazyLock<HashSet<String>> =
        LazyLock::new(|| GENERIC.split(' ').filter(|word| !word.is_empty()).map(stem).collect());
    STEMS.contains(stem_of_name)
}

/// Words of texts that most posts have.
static COMMON: Words = Words::of(|| {
    " recrute recherche poste candidat candidats candidature candidatures dossier dossiers experience entreprise societe profil \
    mission missions contact contacter envoyer travail telephone mail mails avec dans pour votre vous notre nous etre avoir sont sera \
    cette leur leurs plus tous tout toute toutes avant chez ainsi niveau moins minimum annees annee offre offres emploi site publiee \
    fcfa mois annonce annonces jour jours chaque demande aucun frais inscription cherche recruteur argent whatsapp employeur jusqu \
    candidatures heure heures semaine semaines base seuls seul depot groupe postulez depuis dont sous carte places personne personnes \
    suivi rejoignez reference references gratuit gratuite gratuits lettre aupres apres jamais facebook equipe objet recevoir presenter \
    pieces piece selection duree remuneration salaire prime appel appelez droit obligatoire munis proche encouragees delegation exige \
    exigee responsable accueil souhaite conditions bord jobs avoir titulaire fixe commandes office connaissance bonne maitrise forme \
    permis licence master diplome diplomes bachelor adresse lundi mardi mercredi jeudi vendredi samedi matin midi soir bureau agence \
    service services direction place limite date cloture delai contrat exigees requis requise souhaitee attestation certificat photo \
    interesses interessees pris prise sera seront faire doit doivent peut peuvent aussi entre vers sans selon comme autres autre \
    only shortlisted contacted from public year month months week weeks days office deadline required must least full time part \
    salary free open seeks seeking hiring hires need needs based their through other being been also well good strong \
    this that with from your will have must shall their they applicants application apply candidate candidates send years year company job \
    work please cameroun cameroon ".split_ascii_whitespace().collect()
});

/// A list of words, written as one line.
pub(crate) struct Words(LazyLock<HashSet<&'static str>>);

impl Words {
    pub(crate) const fn of(words: fn() -> HashSet<&'static str>) -> Self {
        Self(LazyLock::new(words))
    }

    /// Returns whether the list has the word.
    pub(crate) fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

/// Returns the value of each word of some lines: "2 deux two".
fn values<T: Copy>(lines: &[(T, &'static str)]) -> HashMap<&'static str, T> {
    lines
        .iter()
        .flat_map(|(value, words)| words.split_ascii_whitespace().map(|word| (word, *value)))
        .collect()
}

/// Returns the significant words of a folded line, without the endings of gender and number.
pub(crate) fn stems(folded: &str, plain: &Words) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for word in folded.split(' ').filter(|word| !word.is_empty() && !plain.has(word)) {
        let stem = stem(word);
        if !stem.is_empty() && !all.contains(&stem) {
            all.push(stem);
        }
    }
    all
}

/// Returns whether a word of a text may tell two texts apart.
pub(crate) fn is_content(word: &str) -> bool {
    word.len() >= 4 && !word.bytes().any(|byte| byte.is_ascii_digit()) && !COMMON.has(word)
}

/// Returns a folded word without its endings of gender and number; of a number, its digits without leading zeros.
pub(crate) fn stem(word: &str) -> String {
    const GENDER: [(&str, &str); 8] = [
        ("trices", "teur"),
        ("trice", "teur"),
        ("euses", "eur"),
        ("euse", "eur"),
        ("ieres", "ier"),
        ("iere", "ier"),
        ("ennes", "en"),
        ("enne", "en"),
    ];
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.trim_start_matches('0').to_owned();
    }
    let mut stem = word.to_owned();
    if let Some((head, ending)) = GENDER
        .iter()
        .find_map(|(from, to)| Some((word.strip_suffix(from).filter(|head| head.len() > 2)?, to)))
    {
        stem = format!("{head}{ending}");
    }
    for ending in ["es", "s", "e", "x"] {
        if let Some(head) = stem.strip_suffix(ending).filter(|head| head.len() >= 3) {
            return head.to_owned();
        }
    }
    stem
}

/// Returns a name in which an acronym with points is one word: "C.P.D." is "CPD".
pub(crate) fn acronyms(name: &str) -> String {
    POINTS
        .replace_all(name, |hit: &regex::Captures<'_>| {
            hit.get(0).map_or("", |all| all.as_str()).replace(['.', ' '], "") + " "
        })
        .into_owned()
}

/// Returns the hash of a stem as texts hold it: of its first letter and the consonants that it has. A letter that is swapped, doubled or a vowel
/// that is lost does not change it, unlike another word.
pub(crate) fn hash_in_text(stem: &str) -> u32 {
    let mut consonants: Vec<char> = stem.chars().filter(|c| !"aeiouy".contains(*c)).collect();
    consonants.sort_unstable();
    consonants.dedup();
    if consonants.len() < 2 {
        return short(hash(stem));
    }
    short(hash(&stem.chars().take(1).chain(consonants).collect::<String>()))
}

/// Words before or after a number that numbers a part of something: "lot 2", "3e promotion".
static PARTS: Words = Words::of(|| {
    " lot lots n no numero phase session promotion promo groupe group niveau level classe class grade tranche vague volet \
    edition zone batch section cohorte cohort atelier village campus annexe agence equipe team line ligne yaounde douala mairie arrondissement ".split_ascii_whitespace().collect()
});

/// Returns the number of a part that a word of a title names, such as "2" of "lot 2", "g6" or "vii"; `None` for a count of places, a day or
/// a year.
pub(crate) fn part_of(before: Option<&str>, word: &str, after: Option<&str>) -> Option<String> {
    const ROMAN: [&str; 12] = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii"];
    const ORDINALS: [(&str, &str); 3] =
        [("1", " premier premiere first "), ("2", " deuxieme second seconde "), ("3", " troisieme third ")];
    let is_part = |word: Option<&str>| word.is_some_and(|word| PARTS.has(word));
    if let Some(at) = ROMAN.iter().position(|roman| *roman == word).filter(|_| before.is_some()) {
        return Some((at + 1).to_string());
    }
    let ordinal = ORDINALS
        .iter()
        .find(|(_, names)| names.split(' ').any(|name| name == word))
        .map(|(number, _)| (*number).to_owned());
    let digits = word.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if digits.is_empty() {
        return ordinal.filter(|_| is_part(after) || is_part(before));
    }
    let begins = word.starts_with(|c: char| c.is_ascii_digit());
    if !begins {
        return (word.len() <= 4).then(|| word.to_owned());
    }
    (is_part(before) || is_part(after)).then(|| digits.trim_start_matches('0').to_owned())
}

/// Returns the lot that a folded text names, if it names one alone.
pub(crate) fn only_lot(folded: &str) -> Option<String> {
    let words: Vec<&str> = folded.split(' ').collect();
    let mut lots: Vec<&str> = Vec::new();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "lot") {
        let number =
            words.iter().skip(at + 1).take(2).find(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
        lots.extend(number.map(|number| number.trim_start_matches('0')));
    }
    lots.sort_unstable();
    lots.dedup();
    if let [lot] = lots.as_slice() { Some((*lot).to_owned()) } else { None }
}

/// Returns the value of a small number in words, in French or English.
pub(crate) fn number_of(word: &str) -> Option<u64> {
    const WORDS: [(u64, &str); 22] = [
        (2, " deux two "),
        (3, " trois three "),
        (4, " quatre four "),
        (5, " cinq five "),
        (6, " six "),
        (7, " sept seven "),
        (8, " huit eight "),
        (9, " neuf nine "),
        (10, " dix ten "),
        (11, " onze eleven "),
        (12, " douze twelve "),
        (13, " treize thirteen "),
        (14, " quatorze fourteen "),
        (15, " quinze fifteen "),
        (16, " seize sixteen "),
        (20, " vingt twenty "),
        (30, " trente thirty "),
        (40, " quarante forty "),
        (50, " cinquante fifty "),
        (60, " soixante sixty "),
        (100, " cent hundred "),
        (1000, " mille thousand "),
    ];
    static VALUES: LazyLock<HashMap<&str, u64>> = LazyLock::new(|| values(&WORDS));
    VALUES.get(word).copied()
}

/// Returns the number of a month, in French or English.
pub(crate) fn month_of(word: &str) -> Option<u16> {
    const MONTHS: [&str; 12] = [
        " janvier january jan janv ",
        " fevrier february feb fevr ",
        " mars march ",
        " avril april apr ",
        " mai may ",
        " juin june jun ",
        " juillet july jul juil ",
        " aout august aug ",
        " septembre september sept sep ",
        " octobre october oct ",
        " novembre november nov ",
        " decembre december dec ",
    ];
    static NUMBERS: LazyLock<HashMap<&str, u16>> =
        LazyLock::new(|| values(&(1..).zip(MONTHS).collect::<Vec<_>>()));
    NUMBERS.get(word).copied()
}

/// Ranks that titles name: beginners, the experienced, those who lead, those who help, those who learn.
const RANKS: [&str; 5] = [
    " junior jr debutant debutante debutants ",
    " senior sr confirme confirmee experimente experimentee experte ",
    " chef cheffe chefs chief head superviseur superviseuse superviseurs supervisor supervisors responsable responsables manager managers \
     directeur directrice director coordinateur coordinatrice coordonnateur coordonnatrice coordinator daf raf rrh drh gerant gerante ",
    " adjoint adjointe deputy vice assistant assistante assistants assistantes aide aides auxiliaire helper helpers commis associate ",
    " stagiaire stagiaires stage stages intern internship internships interns apprenti apprentie apprentis trainee trainees alternance \
     alternant alternante ",
];

/// Returns the ranks of a folded title, a bit each.
pub(crate) fn ranks(folded: &str) -> u8 {
    static BITS: LazyLock<HashMap<&str, u8>> =
        LazyLock::new(|| values(&[1, 2, 4, 8, 16].into_iter().zip(RANKS).collect::<Vec<_>>()));
    folded.split(' ').filter_map(|word| BITS.get(word)).fold(0, |ranks, bit| ranks | bit)
}

/// Returns whether a folded word names a rank.
pub(crate) fn is_rank(word: &str) -> bool {
    ranks(word) != 0
}

/// Returns the ranks that a folded text names next to one of the stems, a bit each.
pub(crate) fn ranks_beside(folded: &str, title: &[String]) -> u8 {
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let mut found = 0;
    for (at, word) in words.iter().enumerate() {
        let rank = if word.len() > 1 { ranks(word) } else { 0 };
        if rank != 0 {
            let near = words.iter().take(at + 4).skip(at.saturating_sub(2));
            if near.filter(|other| *other != word).any(|other| title.contains(&stem(other))) {
                found |= rank;
            }
        }
    }
    found
}
