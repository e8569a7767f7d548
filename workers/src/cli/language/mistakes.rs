//! What the argument parser says of a mistake, in French.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::lang::Lang;

/// Returns the mistake in French; `None` for what is not one, such as a help text, and for what stays English.
pub(in crate::cli) fn in_french(error: &clap::Error) -> Option<String> {
    let said = said(error)?;
    let near = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue]
        .into_iter()
        .find_map(|kind| text(error, kind))
        .map(|near| format!("\n\n  vouliez-vous dire {near}?"));
    let usage = text(error, ContextKind::Usage).map(|usage| format!("\n\n{}", usage.trim()));
    Some(format!(
        "erreur: {said}{}{}\n\nPour en savoir plus, essayez '--help'.",
        near.unwrap_or_default(),
        usage.unwrap_or_default()
    ))
}

fn said(error: &clap::Error) -> Option<String> {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let valid = |kind| text(error, kind).map(|valid| format!("\n  [valeurs: {valid}]")).unwrap_or_default();
    Some(match error.kind() {
        ErrorKind::InvalidValue if value.as_deref().is_none_or(str::is_empty) => {
            format!("'{}' demande une valeur{}", argument?, valid(ContextKind::ValidValue))
        }
        ErrorKind::InvalidValue => {
            format!("'{}' n'est pas une valeur de '{}'{}", value?, argument?, valid(ContextKind::ValidValue))
        }
        ErrorKind::ValueValidation => {
            let why = error.source().map(|why| format!(": {}", cause(&why.to_string())));
            format!("'{}' n'est pas une valeur de '{}'{}", value?, argument?, why.unwrap_or_default())
        }
        ErrorKind::UnknownArgument => format!("l'argument '{}' n'existe pas ici", argument?),
        ErrorKind::InvalidSubcommand => {
            format!("la commande '{}' n'existe pas", text(error, ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::MissingSubcommand => format!(
            "'{}' demande une commande{}",
            text(error, ContextKind::InvalidSubcommand)?,
            valid(ContextKind::ValidSubcommand)
        ),
        ErrorKind::MissingRequiredArgument => format!("il manque {}", argument?),
        ErrorKind::ArgumentConflict => match text(error, ContextKind::PriorArg) {
            Some(other) if Some(&other) != argument.as_ref() => {
                format!("l'argument '{}' ne va pas avec {other}", argument?)
            }
            _ => format!("l'argument '{}' n'est donné qu'une fois", argument?),
        },
        ErrorKind::TooManyValues => format!("'{}' est de trop pour '{}'", value?, argument?),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("'{}' n'a pas le bon nombre de valeurs", argument?)
        }
        _ => return None,
    })
}

/// Returns why a value is refused: what our own parsers say, or those of clap and the standard library.
fn cause(english: &str) -> String {
    let numbers = ["invalid digit found in string", "number too large to fit in target type"];
    if numbers.contains(&english) {
        return "ce n'est pas un nombre qui convient".to_owned();
    }
    match english.split_once(" is not in ") {
        Some((given, range)) => format!("{given} n'est pas dans {range}"),
        None => Lang::Fr.phrase(english),
    }
}

/// Returns what the parser noted of this kind, as plain text.
fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(one) => Some(one.clone()),
        ContextValue::Strings(several) => Some(several.join(", ")),
        ContextValue::StyledStr(styled) => Some(styled.to_string()),
        ContextValue::StyledStrs(several) => {
            Some(several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
    .filter(|text| !text.is_empty() || kind == ContextKind::InvalidValue)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::{super::command, *};

    fn said(args: &[&str]) -> String {
        let french = command(crate::cli::Cli::command(), Lang::Fr);
        let error = french.try_get_matches_from([&["oim-etl"], args].concat()).unwrap_err();
        in_french(&crate::cli::tips::tidy(error)).unwrap()
    }

    #[test]
    fn mistakes_are_told_in_french() {
        for (args, words) in [
            (&["search", "--closes-to", "31/11/2026"][..], "est pas un jour: écrivez par exemple 2026-12-31"),
            (&["runs", "--limit", "0"], "'0' n'est pas une valeur de '--limit <NOMBRE>': 0 n'est pas dans"),
            (&["runs", "--limit", "deux"], "ce n'est pas un nombre"),
            (&["statu"], "la commande 'statu' n'existe pas\n\n  vouliez-vous dire status?"),
            (&["ingest"], "il manque <SOURCE|SOURCE/ID|URL>"),
            (
                &["ingest", "fne", "--ful"],
                "l'argument '--ful' n'existe pas ici\n\n  vouliez-vous dire --full?",
            ),
            (&["ingest", "fne", "--full", "--since", "2026-01-01"], "ne va pas avec"),
            (&["runs", "--output", "xml"], "[valeurs: table, json]"),
            (&["tokens", "create", "x", "--scope", "lire"], "[valeurs: read, operate, admin]"),
            (&["sources", "rate", "fne", "vite"], "n'est pas un débit"),
        ] {
            let told = said(args);
            assert!(told.contains(words), "{args:?}: {told}");
            assert!(told.contains("essayez '--help'"), "{told}");
        }
    }
}
