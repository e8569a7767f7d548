//! The language of commands and of their help.

use std::ffi::OsString;

use clap::{Command, builder::StyledStr};

use crate::{
    config::{Language, PREFIX},
    lang::Lang,
    words,
};

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
    let command = command.subcommand_help_heading("Commandes");
    let command = about.into_iter().fold(command, Command::about);
    let command = long.into_iter().fold(command, Command::long_about);
    let command = after.into_iter().fold(command, Command::after_help);
    let command = command.mut_args(|arg| {
        let (help, long) = (of(arg.get_help()), of(arg.get_long_help()));
        let arg = help.into_iter().fold(arg, clap::Arg::help);
        long.into_iter().fold(arg, clap::Arg::long_help)
    });
    command.mut_subcommands(translated)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;

    fn texts(command: &Command, all: &mut BTreeSet<String>) {
        let own = [command.get_about(), command.get_long_about(), command.get_after_help()];
        let of_args = command.get_arguments().flat_map(|arg| [arg.get_help(), arg.get_long_help()]);
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
