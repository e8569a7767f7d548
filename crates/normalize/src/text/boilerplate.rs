//! Lines that a portal adds to every post.
//!
//! A whole line is cut or stays. The employer's own words on how to apply stay.

use regex::Regex;

use super::{fold, fold::Folded, lowered};
use crate::patterns;

/// Longest such line, in bytes, folded.
const LONGEST: usize = 260;

/// Forms of whole lines, folded: lower case, no accents, single spaces. `@` stands for "this post".
const FORMS: &[&str] = &[
    // Buttons to apply.
    r"(pour postuler |to apply )?(cliquez|cliquer|click|appuyez|clique) (ici|here|sur|on|ci|the button)\b.*",
    r"(je )?(postule[rz]?|candidater|apply|apply now|easy apply|quick apply|candidature (simplifiee|rapide|spontanee))( (a|pour|to|for) (@|job))?( en ligne| online| maintenant| now| ici| here| directement| easily| avec mon cv| sur le site| for job| en un clic)*",
    r"@ (vous interesse|interests? you)\b.*|interesse ?e? par @.*|interested in @.*",
    r"(vous devez|you (must|need to|have to)|veuillez|merci de vous|please) (etre connectee?|vous connecter|be (logged|signed) in|log in|sign in|login|connecter)\b.*",
    r"(soyez|be) (le premier|la premiere|among the first|the first|parmi les premiers) .*",
    r"(connectez vous|inscrivez vous|creez (un|votre) compte|se connecter|login|log in|sign in|sign up|register|create (an|your)( free)? account)( gratuitement| for free)? (pour|to|ou|or|et|and) .*",
    r"(se connecter|connexion|inscription|login|log in|sign in|sign up|register|mot de passe oublie|forgot(ten)? (your )?password|deposer (mon|un|votre) cv|deposez votre cv|upload your (cv|resume)|creer un compte|create (an|your)( free)? account|publier une (annonce|offre)|post a job|(telecharger|download) @|mon compte|my account)( en ligne| gratuitement| en pdf| as pdf| dans notre cvtheque| inscription| connexion| register| login)*",
    // Buttons to share or save.
    r"(partager|partagez|share|tweet|tweeter|envoyer|email|recommander|whatsapp|facebook|linkedin|twitter|telegram|messenger|pinterest|x|copier le lien|copy link|imprimer|print|enregistrer|sauvegarder|save|save job|bookmark|favoris|ajouter a (mes|vos|ses|aux) favoris|ajouter aux favoris|j aime|like|likes)( (\d+|cette|l|cet|this|the|@|a|un|ami|friend|job|offre|annonce|page|article|sur|on|via|par|by|avec|with|vos|your|proches|amis|friends|facebook|linkedin|twitter|whatsapp|telegram|messenger|mail|email|e|to|et|and|x|lien|link|imprimer|print|partager|share|tweet|reseaux|sociaux|les|social|media|autour|de|vous))*",
    // Invitations to follow.
    r"(rejoignez|rejoindre|integrez|suivez|suivre|follow|join|like|likez)( (a|la|le|les|des|une|un|d|de|nous|notre|nos|us|our|the|to|for|now|sur|on|via|in|dans))* (groupe|group|chaine|channel|canal|page|facebook|linkedin|twitter|whatsapp|telegram|community|communaute)( (whatsapp|facebook|telegram|linkedin|twitter|instagram|d|offres?|emplois?|jobs?|pour|to|for|en|sur|on|et|and|cliquant|ce|lien|recevoir|ne|rien|rater|manquer|aucune|offre|get|daily|updates?|alerts?|channel|group|page|group[es]*|de|les|des|nouvelles|annonces|du|cameroun|cameroon|by|clicking|this|link|here|ici|nous|us|our|notre|chaine|more|the|latest|job|pour|etre|informee?s?|quotidiennement|chaque|jour|toutes?|opportunites?|emploi))*",
    r"(abonnez vous|s abonner|subscribe|inscrivez vous|recevez|receive|recevoir|get|activez|creez|creer|create|set up|ne manquez|ne ratez|don t miss)( (a|la|le|les|des|une|un|d|de|par|notre|nos|votre|vos|our|the|to|for|by|new|nouvelles|pour|recevoir|activez|now|daily|more|similar|gratuitement|sur|via|your|email|updates|mail|e|aucune|plus|opportunite|any))* (newsletter|alertes?|alerts?|notifications?|offres?|jobs?|opportunit(y|ies))( .*)?",
    r"(abonnez vous|subscribe)( (a|sur|to|our|notre|nos|page|chaine|channel|facebook|whatsapp|youtube|linkedin|telegram))+",
    r"(telechargez|download|get|installez) (notre|our|the) (application|appli|app|mobile app)( .*)?",
    // Other posts.
    r"(a )?(lire|voir|read|see) (aussi|egalement|also|more)",
    r"(voir|decouvrez|consultez|consulter|see|view|browse)( (aussi|egalement|also|more|plus|toutes?|tous|all|les|the|d|autres?|other|nos|our|l|de|this|company|entreprise|similaires?|similar|related))* (offres?|annonces?|jobs?|emplois?|articles?|posts?|recrutements?|profil|profile|opportunities|vacancies)( .*)?",
    r"(toutes les|all|ces|these) (offres|annonces|jobs|emplois|vacancies) (de ce recruteur|de cette entreprise|from this|by this|peuvent|pourraient|may|might|similaires)\b.*",
    r"vous (aimerez|pourriez) (aussi|aimer|etre)\b.*|you (may|might) (also )?(like|be interested)\b.*|cela peut (aussi )?vous interesser.*",
    r"(offres? d emplois?|offres?|annonces?|emplois?|jobs?|articles?|postes?|vacancies) (similaires?|connexes?|recommandee?s?|suggerees?|associees?|recentes?|liees?|populaires?|similar|related|recommended|sponsorisees?)( .*)?",
    r"(similar|related|recommended|featured|latest|recent|more|other|autres|dernieres) (jobs?|offers?|posts?|offres?|vacancies|annonces?|articles?|emplois?)( .*)?",
    r"(retour|back|revenir)( (a|aux?|to|la|the|liste|list|offres?|resultats?|results?|accueil|home|recherche|search|des|haut|de|page|en|of|jobs?|top|precedente?))*",
    r"(page |offre |annonce )?(precedente?s?|suivante?s?|previous|next|prev)( (page|offre|job|post|annonce|article|precedente?|suivante?|previous|next|et|ou|and|or))*",
    r"(accueil|home) (offres?|jobs?|emplois?|annonces?)\b.{0,80}",
    // Counters and authors.
    r"(nombre de )?(vues?|views?|clics?|clicks?|visites?|lectures?|consultations?|candidatures? recues?|applicants?|hits|vu|viewed|temps de lecture|reading time)( \d+)+( fois| times| minutes?| min)?",
    r"(\d+ )+(vues?|views?|hits|clics?|visites?|lectures?|personnes? (ont|a) (deja )?(consulte|vu|postule).*|candidats? (ont|a) .*|people have\b.*|people (viewed|applied).*|applicants?|times viewed|fois)",
    r"@ (a ete |has been |est |was )?(consultee?|vue|viewed|publiee?|posted|mise en ligne|lue|visitee?)( .{0,60})?",
    r"@ est relayee?\b.*|nous ne sommes pas (le|l) (recruteur|employeur)\b.*",
    r"(publiee?|postee?|posted|published|mise? en ligne|ajoutee?|added|mise? a jour|updated|derniere mise a jour|last updated)( (il y a|le|on|depuis|par|by|since|ce|today|yesterday|aujourd hui|hier|\d+)\b.{0,60})",
    r"(source|via|vu sur|originally posted on|first seen on|cette offre provient de|article original)( (de|de l|l|offre|annonce|information|du|la|the|job|post))* ([a-z0-9 ]{0,30}(com|cm|org|net|fr|info|africa|facebook|linkedin|jobs?|emploi)|(emploi|jobs?|recrutement)[a-z]* [a-z]+)",
    r"(etiquettes?|tags?|mots cles?|keywords?|categories)( tendance| populaires)? .*(emploi|jobs?|recrutement|recruitment|stage|cdi|ngo)\b.*|powered by .{1,40}",
    r"(afficher|montrer|show|voir|reveal) (le |the )?(numero|phone|telephone|contact)s?( .{0,30})?",
    // Warnings of the portal.
    r"(attention|avertissement|important|mise en garde|nb|warning|beware|disclaimer|note)?( (aux?|of|the|les|des|contre|de|d))*( )?(arnaques?|scams?|fraudes?|frauds?|scammers?|escrocs?)\b.*",
    r"(conseils? de securite|safety tips?)\b.*|(mefiez|mefiance|gare) (vous )?(des|aux) (fausses? offres?|faux|arnaques?|escrocs?|fraudes?)\b.*",
    r"disclaimer .*(not the employer|does not charge|third part).*|.{1,30} ne (demande|reclame) jamais (d )?argent.*|.{1,30} never (asks?|charges?) .*(money|fees?|candidates?).*",
    r"(ne|n) (jamais |payez|versez|envoyez|donnez|effectuez)( jamais| pas)?\b.*(argent|paiement|somme|frais|recruteur|coordonnees bancaires|recrutement).*",
    r"(never|do not|don t) (pay|send|give|make)\b.*(money|payment|fee|recruit|job|employer|bank|interview).*",
    r"(signaler|report|denoncer|flag)( (cette|l|this|the|un|une|a|abus|abuse|@|offre|annonce|job|ad|post|listing|probleme|problem|as|comme|frauduleuse|fraude|spam|contenu|content|inappropriate|inapproprie))*",
    // Texts about the page.
    r"copyright\b.*",
    r"(ce site|nous utilisons|we use|this (web)?site uses|en poursuivant|by continuing|accepter (les|tous les)|accept (all )?)\b.*\bcookies?\b.*|(accepter|accept|refuser|reject)( all| les| tous les)* cookies?",
    r"((politique de|privacy|cookie|confidentialite|policy|cookies|conditions (generales )?d utilisation|terms (of use|and conditions)|mentions legales)( contact| faq)?( |$)){1,6}",
    r"besoin d aide pour votre (cv|lettre)\b.*|need help with your (cv|resume)\b.*",
    r"(loading|chargement|chargement en cours|please wait|veuillez patienter|advertisement|publicite|sponsored|offre sponsorisee|sponsorisee?|annonce sponsorisee|afficher (plus|moins|la carte)|show (more|less)|read more|en savoir plus|lire la suite|voir plus|see more|see less|laisser un commentaire|leave a (comment|reply)|commentaires?( \d+)?|comments?( \d+)?|\d+ commentaires?|\d+ comments?|menu|accueil|home)",
];
/// Words that mark any line as the portal's, folded.
const ANYWHERE: [&str; 8] = [
    "tous droits reserves",
    "all rights reserved",
    "decline toute responsabilite",
    "n est pas responsable",
    "not be held responsible",
    "not be held liable",
    "is not responsible",
    "is not liable",
];
/// The same for unfolded lines, by their marks: "Lire aussi : …", "© 2026 …", "Posted 3 days ago · 24 views".
const MARKED: &[&str] = &[
    r"^[^a-z]*(a )?(lire|voir|read|see) (aussi|egalement|also|more)\s?:",
    r"^©",
    r"^[^a-z]*(posted|publie)[^:]{0,30} [·•|] \d+ (views?|vues?)$",
];

/// All names of "this post".
const POST: &str = r"(?:cette offre|cette annonce|l offre|l annonce|ce poste|ce job|cet emploi|cette offre d emploi|l offre d emploi|this job|this offer|this post|this ad|this position|this vacancy|the job|annonce|offre)";

patterns! {
    static ANY: Regex = {
        let forms: Vec<String> = FORMS.iter().map(|form| format!("(?:{})", form.replace('@', POST))).collect();
        format!("^(?:{})$", forms.join("|"))
    };

    static AS_WRITTEN: Regex = MARKED.join("|");
}

/// Returns whether a whole line is the portal's.
pub fn is_boilerplate(line: &str) -> bool {
    is_it(line, &fold(line))
}

fn is_it(line: &str, folded: &str) -> bool {
    if folded.is_empty() || folded.len() > LONGEST {
        return false;
    }
    ANY.is_match(folded)
        || (may_be_anywhere(folded) && ANYWHERE.iter().any(|words| folded.contains(words)))
        || (folded.len() < 80
            && line.contains([':', '©', '·', '•', '|'])
            && AS_WRITTEN.is_match(&lowered(line)))
}

/// Returns whether a line has the beginning of a word that each of [`ANYWHERE`] has.
fn may_be_anywhere(folded: &str) -> bool {
    folded.as_bytes().windows(4).any(|four| matches!(four, b"rese" | b"resp" | b"liab"))
}

/// A text without the lines of portals, and the same folded.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// The text.
    pub(crate) text: String,
    /// The text folded, for rules that look up words.
    pub(crate) folded: String,
    /// Where its sentences end, in order.
    pub(crate) stops: Vec<Stop>,
}

/// The end of a sentence: `.`, `;`, `!`, `•`, the end of a line, or the end of the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// Where the sentence ends in the text, in bytes.
    pub(crate) end: usize,
    /// Where the next one begins.
    pub(crate) next: usize,
    /// How long the folded text is up to here.
    pub(crate) folded: usize,
    /// Whether the line ends here.
    pub(crate) is_line: bool,
}

/// Returns a text without such lines, folded beside it.
pub(crate) fn cut(text: &str) -> Body {
    let mut kept = String::with_capacity(text.len());
    let mut folded = Folded::with_capacity(text.len());
    let mut stops: Vec<Stop> = Vec::new();
    let mut blank = false;
    for line in text.lines() {
        if line.is_empty() {
            blank = !kept.is_empty();
            continue;
        }
        let (before, many) = (folded.len(), stops.len());
        let gap = if kept.is_empty() {
            ""
        } else if blank {
            "\n\n"
        } else {
            "\n"
        };
        let begin = kept.len() + gap.len();
        if !gap.is_empty() {
            stops.push(Stop { end: kept.len(), next: begin, folded: before, is_line: true });
        }
        folded.end_word();
        folded.push_text(line, |at, long, folded| {
            let end = begin + at;
            stops.push(Stop { end, next: end + long, folded, is_line: false });
        });
        if is_it(line, folded.since(before).trim_start()) {
            folded.truncate(before);
            stops.truncate(many);
            continue;
        }
        kept.push_str(gap);
        kept.push_str(line);
        blank = false;
    }
    stops.push(Stop { end: kept.len(), next: kept.len(), folded: folded.len(), is_line: true });
    Body { text: kept, folded: folded.end(), stops }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{cases::check, text::clean_text};

    proptest! {
        #[test]
        fn a_text_is_folded_with_its_sentences(text in "([A-Za-zéœ ,:.;!•…-]{0,30}|Imprimer|\n){0,8}") {
            let body = cut(&clean_text(&text));
            prop_assert_eq!(&fold(&body.text), &body.folded);
            let sentences: Vec<&str> = body.text.split(['.', ';', '\n', '!', '•']).filter(|text| !text.is_empty()).collect();
            let (mut begin, mut from, mut found) = (0, 0, Vec::new());
            for stop in &body.stops {
                let sentence = body.text.get(begin..stop.end).unwrap();
                let folded = body.folded.get(from..stop.folded).unwrap();
                prop_assert_eq!(fold(sentence), folded.trim_start());
                found.extend(Some(sentence).filter(|text| !text.is_empty()));
                (begin, from) = (stop.next, stop.folded);
            }
            prop_assert_eq!(found, sentences);
        }
    }

    #[test]
    fn lines_of_portals_go_and_those_of_employers_stay() {
        check(include_str!("boilerplate.tsv"), 390, |case| {
            if is_boilerplate(&case[0]) { "cut" } else { "keep" }.to_owned()
        });
    }

    #[test]
    fn what_is_left_keeps_its_paragraphs() {
        let text = "Un soudeur.\n\nPartager sur Facebook\nVues : 512\n\nÀ Kribi.\nLire aussi : Chauffeur";
        let both = |text: &str| {
            let body = cut(text);
            (body.text, body.folded)
        };
        assert_eq!(both(text), ("Un soudeur.\n\nÀ Kribi.".to_owned(), "un soudeur a kribi".to_owned()));
        assert_eq!(both("Imprimer"), (String::new(), String::new()));
    }
}
