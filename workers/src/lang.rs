//! The language of what people read: French or English.
//!
//! Both stand side by side where a text is made, so none can be forgotten: [`say!`] for commands, [`Lang::say`] for the console.
//! Words that are stored, help texts, and sentences that other crates write are in the tables of [`crate::words`].

use std::sync::OnceLock;

use crate::words;

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Lang {
    /// French.
    Fr,
    /// English.
    En,
}

/// The language of this process's commands, once it is chosen.
static CHOSEN: OnceLock<Lang> = OnceLock::new();

/// Variables that say the language of a person, in the order in which they count.
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// Returns the language of commands. Default: English.
pub(crate) fn chosen() -> Lang {
    CHOSEN.get().copied().unwrap_or(Lang::En)
}

/// Chooses the language of commands. The first choice counts.
pub(crate) fn choose(lang: Lang) {
    let _ = CHOSEN.set(lang);
}

impl Lang {
    /// Returns the language of an ISO 639-1 code.
    pub(crate) fn of_code(code: &str) -> Option<Self> {
        match code {
            "fr" => Some(Self::Fr),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    /// Returns the language of a machine, as other programs do: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set.
    /// Default: English.
    pub(crate) fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = LOCALE.into_iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
        let code = set.and_then(|value| value.get(..2).map(str::to_ascii_lowercase));
        code.and_then(|code| Self::of_code(&code)).unwrap_or(Self::En)
    }

    /// Returns its ISO 639-1 code.
    pub(crate) fn code(self) -> &'static str {
        self.say("fr", "en")
    }

    /// Returns the one of two texts that is in this language.
    pub(crate) fn say<'a>(self, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }

    /// The same for texts that are made for it.
    pub(crate) fn text(self, fr: &str, en: &str) -> String {
        self.say(fr, en).to_owned()
    }

    /// Returns what a word of a vocabulary means; the word itself if no vocabulary has it.
    pub(crate) fn word<'a>(self, list: &str, code: &'a str) -> &'a str {
        words::find(list, code).map_or(code, |word| self.say(word.fr, word.en))
    }

    /// Returns a sentence of a crate below, or one that is stored. One that the table of phrases does not have stays English.
    pub(crate) fn phrase(self, english: &str) -> String {
        match self {
            Self::En => english.to_owned(),
            Self::Fr => words::in_french(english),
        }
    }
}

/// Returns the ending of the French plural: none for 0 and 1.
pub(crate) fn s(count: impl Into<i64>) -> &'static str {
    if count.into() > 1 { "s" } else { "" }
}

/// Formats the French or the English text, in the language of commands. Both take the same values.
macro_rules! say {
    ($fr:literal, $en:literal $(, $value:expr)* $(,)?) => {
        match $crate::lang::chosen() {
            $crate::lang::Lang::Fr => format!($fr $(, $value)*),
            $crate::lang::Lang::En => format!($en $(, $value)*),
        }
    };
}
pub(crate) use say;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Lang {
        Lang::of_locale(|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_locale_counts_as_for_other_programs() {
        assert_eq!(of(&[("LANG", "fr_CM.UTF-8")]), Lang::Fr);
        assert_eq!(of(&[("LANG", "fr_CM.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(of(&[("LC_ALL", ""), ("LC_MESSAGES", "fr_FR"), ("LANG", "en_US.UTF-8")]), Lang::Fr);
        assert_eq!(of(&[("LANG", "é")]), Lang::En);
        assert_eq!(of(&[]), Lang::En);
    }
}
