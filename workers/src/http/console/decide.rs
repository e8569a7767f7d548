//! What waits for a decision? Held runs, and pairs that may be one opportunity.

use std::collections::BTreeSet;

use axum::{
    extract::{Query, State},
    response::Response,
};
use maud::{Markup, html};
use serde::Deserialize;
use store::{DoubtedPair, DoubtedSide, Filters, PairCursor, PairDecision, RunOutcome, ServedRow, WhichRuns};

use super::{
    format::{at, number, short, who},
    held::place,
    lang::Lang,
    layout::{Act, answer, button, pages},
    runs,
    session::Visitor,
};
use crate::{
    http::{Problem, Surroundings, extract},
    words::evidence,
};

/// Held runs whose preview is on this page; the others have it on their own.
const PREVIEWS: usize = 3;
/// Largest held run whose preview is on this page, in records.
const LARGEST: i32 = 5_000;
/// Pieces of evidence that are shown at once: the heaviest come first.
const HEAVIEST: usize = 6;
/// Decisions that are listed.
const DECIDED: i64 = 10;
/// Pairs of a page.
const PAIRS: i64 = 10;

/// Where the list of pairs begins.
#[derive(Debug, Deserialize)]
pub(super) struct From {
    after: Option<String>,
}

/// Shows what waits for a decision.
pub(super) async fn page(
    State(here): State<Surroundings>,
    visitor: Visitor,
    Query(from): Query<From>,
) -> Response {
    let title = visitor.lang.say("Qu'est-ce qui attend une décision ?", "What waits for a decision?");
    answer(&visitor, title, body(&here, &visitor, &from).await)
}

async fn body(here: &Surroundings, visitor: &Visitor, from: &From) -> Result<Markup, Problem> {
    let after: Option<PairCursor> = extract::after(from.after.as_deref())?;
    let (lang, store, now) = (visitor.lang, &here.app.store, here.app.clock.now());
    let which = WhichRuns { states: vec![RunOutcome::Held], ..WhichRuns::default() };
    let ((held, total), pairs, all_pairs, decided) = tokio::try_join!(
        store.runs_where(&which, None, 20),
        store.doubted_pairs(after, PAIRS),
        store.doubted_total(),
        store.pair_decisions(DECIDED)
    )?;
    let ids = pairs.iter().flat_map(|pair| pair.rows.iter().map(|row| row.id)).collect();
    let (rows, _) =
        store.served_rows(&Filters { among: Some(ids), ..Filters::default() }, None, 2 * PAIRS).await?;
    let more = pairs.last().filter(|_| i64::try_from(pairs.len()).is_ok_and(|count| count == PAIRS));
    let next = more.map(|last| format!("/decisions?after={}#pairs", last.cursor()));
    let first = after.map(|_| "/decisions#pairs");
    let mut newest = BTreeSet::new();
    // Of several held runs of a source, only the newest shows the list as it is now.
    let is_newest: Vec<bool> = held.iter().map(|run| newest.insert(run.source.clone())).collect();
    let mut previews = Vec::new();
    for (at, run) in held.iter().enumerate() {
        let is_shown = at < PREVIEWS && run.seen <= LARGEST && is_newest.get(at) == Some(&true);
        previews.push(if is_shown { Some(store.preview_run(run.id).await?) } else { None });
    }
    Ok(html! {
        h2 { (lang.say("Collectes retenues", "Held runs")) " (" (number(lang, total)) ")" }
        @if held.is_empty() { p.good { (lang.say("Aucune.", "None.")) } }
        @for ((run, preview), is_newest) in held.iter().zip(&previews).zip(is_newest) { article {
            h3 { a href={ "/runs/" (run.id) } { (run.source) } " – " (at(lang, now, run.created_at)) }
            @if !run.doubts.is_empty() { ul.warn { @for doubt in &run.doubts { li { (lang.phrase(doubt)) } } } }
            @if !is_newest { p.note { (lang.say("Une collecte plus récente de cette source attend aussi: décidez de celle-là, et rejetez celle-ci.",
                                                "A newer run of this source waits too: decide on that one, and discard this one.")) } }
            @if run.rejected > 0 { p.warn { a href={ "/runs/" (run.id) } {
                (lang.text(&format!("refusées: {} sur {}", run.rejected, run.seen), &format!("rejected: {} of {}", run.rejected, run.seen))) } } }
            @match preview {
                Some(preview) => (runs::would_be(lang, preview)),
                None => p { a href={ "/runs/" (run.id) } { (lang.say("Voir ce que publier ferait", "See what publishing would do")) } },
            }
            (runs::buttons(visitor, run, preview.as_ref()))
        } }
        h2 #pairs { (lang.say("Doublons possibles", "Possible duplicates")) " (" (number(lang, all_pairs)) ")" }
        @if pairs.is_empty() { p.good { (lang.say("Aucun.", "None.")) } }
        ul.cards.wide { @for pair in &pairs { li { (doubted(visitor, pair, &rows)) } } }
        (pages(lang, first, next.as_deref()))
        (decisions(here, visitor, &decided))
    })
}

/// Returns the last decisions on pairs, each with the way to take it back.
fn decisions(here: &Surroundings, visitor: &Visitor, decided: &[PairDecision]) -> Markup {
    let (lang, now) = (visitor.lang, here.app.clock.now());
    html! { @if !decided.is_empty() {
        h2 #decided { (lang.say("Décidées dernièrement", "Decided lately")) }
        ul { @for decision in decided {
            @let [(one, title), (other, other_title)] = &decision.rows;
            @let subject = format!("{one} {other}");
            li {
                a href={ "/opportunities/" (one) } { (short(title, 80)) } " · " a href={ "/opportunities/" (other) } { (short(other_title, 80)) } ": "
                (if decision.same { lang.say("les mêmes", "the same") } else { lang.say("différentes", "different") }) ", "
                (lang.say("par", "by")) " " (who(lang, &decision.by)) ", " (at(lang, now, decision.at)) " "
                (button(visitor, &Act { what: "undecide", subject: &subject, label: lang.say("Reprendre la décision", "Take it back"), of: title }))
            }
        } }
    } }
}

fn doubted(visitor: &Visitor, pair: &DoubtedPair, rows: &[ServedRow]) -> Markup {
    let lang = visitor.lang;
    let [one, other] = &pair.rows;
    let subject = format!("{} {}", one.id, other.id);
    let of = short(&one.title, 60);
    let evidence = evidence(lang, &pair.why);
    html! { article {
        div.pair { (side(lang, one, rows)) (side(lang, other, rows)) }
        p { (lang.say("Indices, plus de 0: plutôt la même", "Evidence, above 0: rather the same")) ": " (evidence.iter().take(HEAVIEST).cloned().collect::<Vec<_>>().join(", ")) }
        @if evidence.len() > HEAVIEST {
            details { summary { (lang.say("Tous les indices", "All evidence")) } p { (evidence.join(", ")) } }
        }
        div.acts {
            (button(visitor, &Act { what: "same", subject: &subject, label: lang.say("Les mêmes", "The same"), of: &of }))
            (button(visitor, &Act { what: "different", subject: &subject, label: lang.say("Différentes", "Different"), of: &of }))
        }
    } }
}

fn side(lang: Lang, row: &DoubtedSide, rows: &[ServedRow]) -> Markup {
    let served = rows.iter().find(|served| served.id == row.id);
    html! { div {
        strong { a href={ "/opportunities/" (row.id) } { (row.title) } }
        p { (row.organization.as_deref().unwrap_or(lang.say("sans organisation", "no organization"))) " · " (row.source) "/" (row.external_id) }
        @if let Some(served) = served {
            dl {
                dt { (lang.say("Lieu", "Place")) } dd { (place(lang, served)) }
                dt { (lang.say("Montant", "Amount")) } dd { (served.amount_text.as_deref().unwrap_or("–")) }
                dt { (lang.say("Publiée", "Posted")) } dd { @if let Some(posted) = served.posted_at { (posted.with_timezone(&chrono_tz::Africa::Douala).date_naive()) } @else { "–" } }
                dt { (lang.say("Ferme le", "Closes")) } dd { @if let Some(day) = served.closes_on { (day) } @else { "–" } }
            }
        }
        @if let Some(url) = &row.url { p { a href=(url) rel="noreferrer nofollow" { (short(url, 60)) } } }
    } }
}
