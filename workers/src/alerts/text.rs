//! The words of alerts, in French and English.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use store::{Alert, AlertKind, Message, Notice};

use crate::lang::Lang;

/// Returns what is wrong, in one line.
pub(crate) fn title(language: Lang, alert: &Alert) -> String {
    let source = alert.source.as_deref().unwrap_or("-");
    let subject = alert.subject.as_str();
    let number = |name: &str| alert.facts.get(name).and_then(Value::as_i64).unwrap_or_default();
    match alert.kind {
        AlertKind::Freshness => match alert.facts.get("since").and_then(Value::as_str) {
            Some(since) => language.text(
                &format!("{source} n'a pas eu de collecte complète depuis le {since}"),
                &format!("{source} has had no complete run since {since}"),
            ),
            None => language.text(
                &format!("{source} n'a encore jamais eu de collecte complète"),
                &format!("{source} has never had a complete run"),
            ),
        },
        AlertKind::Yield => {
            let (seen, usual) = (number("seen"), number("usual"));
            language.text(
                &format!("{source} n'a montré que {seen} fiches, d'habitude {usual}"),
                &format!("{source} showed only {seen} records, usually {usual}"),
            )
        }
        AlertKind::Held => language.text(
            &format!("une collecte de {source} est retenue et attend une décision"),
            &format!("a run of {source} is held and waits for a decision"),
        ),
        AlertKind::DeadLetters => {
            let count = number("count");
            language.text(
                &format!("{count} tâche(s) abandonnée(s) pour {source}"),
                &format!("{count} job(s) of {source} were given up"),
            )
        }
        AlertKind::Drift => {
            let count = number("count");
            language.text(
                &format!("l'index {subject} s'écartait de la base en {count} point(s)"),
                &format!("the index {subject} differed from the database in {count} point(s)"),
            )
        }
        AlertKind::Secret => {
            let names = names(&alert.facts);
            language.text(
                &format!("il manque un secret à {source} : {names}"),
                &format!("{source} lacks a secret: {names}"),
            )
        }
        AlertKind::Certificate => {
            let ends = alert.facts.get("ends_at").and_then(Value::as_str).and_then(|at| at.get(..10));
            let ends = ends.unwrap_or("?");
            language.text(
                &format!("le certificat TLS de {subject} ({source}) expire le {ends}"),
                &format!("the TLS certificate of {subject} ({source}) ends on {ends}"),
            )
        }
    }
}

fn names(facts: &Value) -> String {
    let names = facts.get("names").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
}

/// Returns what to do about it.
pub(crate) fn advice(language: Lang, alert: &Alert) -> String {
    let source = alert.source.as_deref().unwrap_or("-");
    let subject = alert.subject.as_str();
    let of_source = alert.source.as_deref().map(|source| format!(" --source {source}")).unwrap_or_default();
    match alert.kind {
        AlertKind::Freshness => language.text(
            &format!("Voir pourquoi : oim-etl runs {source}"),
            &format!("See why: oim-etl runs {source}"),
        ),
        AlertKind::Yield => {
            let run = alert.facts.get("run").and_then(Value::as_str).unwrap_or(source);
            language.text(
                &format!("Comparer : oim-etl runs show {run} ; si le site a changé, corriger le fichier de la source"),
                &format!("Compare: oim-etl runs show {run}; if the site has changed, mend the source file"),
            )
        }
        AlertKind::Held => language.text(
            &format!("Regarder puis décider : oim-etl runs show {subject}, puis runs publish ou runs discard"),
            &format!("Look, then decide: oim-etl runs show {subject}, then runs publish or runs discard"),
        ),
        AlertKind::DeadLetters => language.text(
            &format!("Lire la cause : oim-etl dead list{of_source} ; une fois réparée : oim-etl dead retry{of_source}"),
            &format!("Read the cause: oim-etl dead list{of_source}; once it is mended: oim-etl dead retry{of_source}"),
        ),
        AlertKind::Drift => language.text(
            "La vérification l'a réparé ; si cela revient : oim-etl vectors verify",
            "The verification healed it; if it comes back: oim-etl vectors verify",
        ),
        AlertKind::Secret => {
            let names = names(&alert.facts);
            language.text(
                &format!("Définir {names} (ou NOM_FILE) pour les workers ; ce qui attend continue alors tout seul"),
                &format!("Set {names} (or NAME_FILE) for the workers; what waits then continues by itself"),
            )
        }
        AlertKind::Certificate => language.text(
            "Prévenir le partenaire : sans certificat valable, plus rien n'est collecté chez lui",
            "Tell the partner: without a valid certificate, nothing more is fetched from it",
        ),
    }
}

/// Returns the message about an alert.
pub(crate) fn message(language: Lang, alert: &Alert, notice: Notice, now: DateTime<Utc>) -> Message {
    let head = match notice {
        Notice::Begun => language.text("Problème", "Problem"),
        Notice::Reminder => language.text("Rappel", "Reminder"),
        Notice::Resolved => language.text("Résolu", "Resolved"),
        Notice::Digest => String::new(),
    };
    let what = title(language, alert);
    let colon = language.text(" : ", ": ");
    let title = format!("oim-etl – {head}{colon}{what}");
    let until = alert.ended_at.unwrap_or(now);
    let lasted = spoken(language, until - alert.began_at);
    let text = match notice {
        Notice::Resolved => {
            language.text(&format!("C'est réglé, après {lasted}."), &format!("It is over, after {lasted}."))
        }
        Notice::Reminder => format!(
            "{}\n{}",
            language.text(&format!("Cela dure depuis {lasted}."), &format!("It has lasted for {lasted}.")),
            advice(language, alert)
        ),
        Notice::Begun | Notice::Digest => advice(language, alert),
    };
    let why = alert.facts.get("why").and_then(Value::as_str).filter(|_| notice != Notice::Resolved);
    let why = why.map(|why| format!("{why}\n")).unwrap_or_default();
    Message { title, text: format!("{why}{text}"), html: None }
}

/// Returns a duration as people say it.
pub(crate) fn spoken(language: Lang, duration: TimeDelta) -> String {
    let (days, hours, minutes) = (duration.num_days(), duration.num_hours(), duration.num_minutes());
    match () {
        () if days >= 2 => language.text(&format!("{days} jours"), &format!("{days} days")),
        () if hours >= 2 => language.text(&format!("{hours} heures"), &format!("{hours} hours")),
        () => format!("{minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn alert(kind: AlertKind, facts: Value) -> Alert {
        let at = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
        Alert {
            id: 1,
            kind,
            subject: "fne".to_owned(),
            source: Some("fne".to_owned()),
            facts,
            began_at: at,
            ended_at: Some(at + TimeDelta::hours(5)),
            notified_at: None,
            is_silenced: false,
        }
    }

    #[test]
    fn each_kind_says_what_is_wrong_and_what_to_do_in_both_languages() {
        for kind in AlertKind::ALL {
            let alert = alert(*kind, json!({ "count": 3, "seen": 4, "usual": 40, "names": ["FNE_KEY"] }));
            for language in [Lang::Fr, Lang::En] {
                let (what, advice) = (title(language, &alert), advice(language, &alert));
                assert!(what.contains("fne") && !advice.is_empty(), "{what} {advice}");
            }
            assert_ne!(title(Lang::Fr, &alert), title(Lang::En, &alert));
        }
    }

    #[test]
    fn a_message_says_whether_it_begins_lasts_or_is_over() {
        let alert = alert(AlertKind::Yield, json!({ "seen": 4, "usual": 40, "run": "0198" }));
        let of = |notice| message(Lang::Fr, &alert, notice, alert.began_at + TimeDelta::days(3));
        assert_eq!(
            of(Notice::Begun).title,
            "oim-etl – Problème : fne n'a montré que 4 fiches, d'habitude 40"
        );
        assert_eq!(of(Notice::Resolved).text, "C'est réglé, après 5 heures.");
        assert!(of(Notice::Reminder).text.starts_with("Cela dure depuis 5 heures.\nComparer"));
    }
}
