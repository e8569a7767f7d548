//! The language of commands and of their help.

mod mistakes;

use std::ffi::OsString;

use clap::{
    Arg, Command,
    builder::{Str, StyledStr},
};

use crate::{
    config::{Language, PREFIX},
    lang::Lang,
    words,
};

pub(super) use mistakes::in_french;

/// The flag that chooses.
const FLAG: &str = "--lang";

/// Returns the language before the command line is parsed, for its help: the flag, `OIM_ETL_LANG`, else that of the machine.
pub(super) fn early(arguments: &[OsString], variable: impl Fn(&str) -> Option<String>) -> Lang {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let behind =
        words.iter().zip(words.iter().skip(1)).find(|(flag, _)| **flag == FLAG).map(|(_, code)| *code);
    let joined = words.iter().find_map(|word| word.strip_prefix(FLAG)?.strip_prefix('='));
    let flag = behind.or(joined).and_then(Lang::of_code);
    let set = || variable(&format!("{PREFIX}LANG")).and_then(|code| Lang::of_code(&code));
    flag.or_else(set).unwrap_or_else(|| Lang::of_locale(variable))
}

/// Returns the language that the configuration asks for.
pub(super) fn of_config(language: Language) -> Lang {
    match language {
        Language::Fr => Lang::Fr,
        Language::En => Lang::En,
        Language::Auto => Lang::of_locale(|name| std::env::var(name).ok()),
    }
}

/// Returns the command line with its help in a language.
pub(super) fn command(english: Command, lang: Lang) -> Command {
    match lang {
        Lang::En => english,
        Lang::Fr => {
            let mut built = english;
            // It adds `help` and its flags, which have texts too.
            built.build();
            translated(built)
        }
    }
}

fn translated(command: Command) -> Command {
    let of = |text: Option<&StyledStr>| text.and_then(|text| words::help_in_french(&text.to_string()));
    let (about, long, after) =
        (of(command.get_about()), of(command.get_long_about()), of(command.get_after_help()));
    let command = command.subcommand_help_heading("Commandes").subcommand_value_name("COMMANDE");
    let command = about.into_iter().fold(command, Command::about);
    let command = long.into_iter().fold(command, Command::long_about);
    let command = after.into_iter().fold(command, Command::after_help);
    command.mut_args(translated_argument).mut_subcommands(translated)
}

fn translated_argument(arg: Arg) -> Arg {
    let of = |text: Option<&StyledStr>| {
        text.map(|text| words::help_in_french(&text.to_string()).unwrap_or_else(|| text.to_string()))
    };
    let (help, long) = (of(arg.get_help()), of(arg.get_long_help()));
    if !arg.get_action().takes_values() {
        let arg = help.into_iter().fold(arg, Arg::help);
        return long.into_iter().fold(arg, Arg::long_help);
    }
    let names = arg.get_value_names().into_iter().flatten();
    let names: Vec<Str> = names
        .map(|name| words::placeholder_in_french(name).map_or_else(|| name.clone(), Str::from))
        .collect();
    // The parser writes these itself, in English.
    let of_default = arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect::<Vec<_>>();
    let default = (!arg.is_hide_default_value_set() && !of_default.is_empty())
        .then(|| format!(" [défaut: {}]", of_default.join(", ")));
    let possible = if arg.is_hide_possible_values_set() { Vec::new() } else { arg.get_possible_values() };
    let values = possible.iter().map(clap::builder::PossibleValue::get_name).collect::<Vec<_>>().join(", ");
    let values = (!possible.is_empty()).then(|| format!(" [valeurs: {values}]"));
    let behind = default.unwrap_or_default() + &values.unwrap_or_default();
    let arg = if names.is_empty() { arg } else { arg.value_names(names) };
    let arg = arg.hide_default_value(true).hide_possible_values(true);
    let arg = long.into_iter().fold(arg, |arg, long| arg.long_help(format!("{long}{behind}")));
    arg.help(help.unwrap_or_default() + &behind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    fn texts(command: &Command, all: &mut BTreeSet<String>) {
        let own = [command.get_about(), command.get_long_about(), command.get_after_help()];
        let of_args = command.get_arguments().flat_map(|arg| [arg.get_help(), arg.get_long_help()]);
        for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
            let names = arg.get_value_names().into_iter().flatten();
            all.extend(names.map(|name| format!("<{name}>")));
        }
        for text in own.into_iter().chain(of_args).flatten() {
            all.insert(text.to_string().trim_end().replace('\n', "\\n"));
        }
        command.get_subcommands().for_each(|inner| texts(inner, all));
    }

    #[test]
    fn every_help_text_stands_in_the_table_and_no_other() {
        let mut built = super::super::Cli::command();
        built.build();
        let mut all = BTreeSet::new();
        texts(&built, &mut all);
        all.extend(crate::config::helps().map(str::to_owned));
        let known: BTreeSet<String> = include_str!("../help.tsv")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_once('\t').map_or(line, |(en, _)| en).to_owned())
            .collect();
        let missing: Vec<&String> = all.difference(&known).collect();
        let unused: Vec<&String> = known.difference(&all).collect();
        assert!(missing.is_empty(), "add these to workers/src/help.tsv, with their French: {missing:#?}");
        assert!(unused.is_empty(), "no command says these of workers/src/help.tsv: {unused:#?}");
        for line in include_str!("../help.tsv").lines().filter(|line| !line.starts_with('#')) {
            let fr = line.split_once('\t').map_or("", |(_, fr)| fr);
            assert!(!fr.trim().is_empty(), "{line}");
        }
    }

    #[test]
    fn the_flag_counts_before_the_variable_and_that_before_the_locale() {
        let arguments = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        let variable = |pairs: &'static [(&str, &str)]| {
            move |name: &str| {
                pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
            }
        };
        let french = || variable(&[("OIM_ETL_LANG", "fr"), ("LANG", "en_US.UTF-8")]);
        assert_eq!(early(&arguments(&["oim-etl", "status"]), french()), Lang::Fr);
        assert_eq!(early(&arguments(&["oim-etl", "--lang", "en", "status"]), french()), Lang::En);
        assert_eq!(early(&arguments(&["oim-etl", "status", "--lang=en"]), french()), Lang::En);
        assert_eq!(early(&arguments(&["oim-etl"]), variable(&[("LANG", "fr_CM.UTF-8")])), Lang::Fr);
        assert_eq!(early(&arguments(&["oim-etl"]), variable(&[])), Lang::En);
    }
}
