//! Which environment variables a source file may name for its credentials.
//!
//! A source file says where requests go and which variable is sent there. One that names a variable of the program itself, or
//! of another tool, would send that secret to a partner.

use std::collections::BTreeSet;

use sources::{Catalog, Spec};

use crate::{
    config::{ALIASES, PREFIX},
    partner::credential_names,
};

/// Variables of other tools on the same machine, by their beginning.
const OTHERS: [&str; 7] = ["AWS_", "PG", "POSTGRES", "QDRANT_", "OLLAMA_", "OTEL_", "KUBERNETES_"];

/// Refuses sources whose files name variables that are not theirs: those that begin with the name of the source, those that
/// built-in source files name, and those that `allowed` lists, separated by commas (`SHARED_*` stands for all that begin so).
pub(crate) fn check(catalog: &Catalog, builtin: &Catalog, allowed: &str) -> anyhow::Result<()> {
    let known: BTreeSet<String> = builtin.iter().flat_map(|spec| credential_names(spec)).collect();
    for spec in catalog.iter() {
        for name in credential_names(spec) {
            if !is_listed(&name, allowed)
                && (is_ours(&name) || !(known.contains(&name) || is_its_own(&name, spec)))
            {
                anyhow::bail!(
                    "{}.toml: `auth` names the environment variable {name}, which is not one of this source: let its name begin \
                     with {}, or list it in `source_variables`",
                    spec.slug,
                    prefix(spec)
                );
            }
        }
    }
    Ok(())
}

fn prefix(spec: &Spec) -> String {
    format!("{}_", spec.slug.as_str().to_uppercase().replace('-', "_"))
}

fn is_its_own(name: &str, spec: &Spec) -> bool {
    name.starts_with(&prefix(spec))
}

/// Whether a variable configures this program or a tool beside it, whatever the source is called.
fn is_ours(name: &str) -> bool {
    name.starts_with(PREFIX)
        || ALIASES.iter().any(|(alias, _)| *alias == name)
        || OTHERS.iter().any(|other| name.starts_with(other))
}

fn is_listed(name: &str, allowed: &str) -> bool {
    allowed.split(',').map(str::trim).any(|entry| match entry.strip_suffix('*') {
        Some(begin) => !begin.is_empty() && name.starts_with(begin),
        None => entry == name,
    })
}

#[cfg(test)]
mod tests {
    use sources::SpecFile;

    use super::*;

    fn checked(slug: &str, key: &str, allowed: &str) -> Result<(), String> {
        let text = format!(
            "name = 'A'\nbase_url = 'https://a.cm'\nrate = '1/s'\nrobots = false\nauth = {{ kind = 'bearer', token = '{key}' }}\n\
             [streams.offres]\nkind = 'job'\nrequest = {{ path = '/' }}\nrecords = '.hits[]'\n\
             [streams.offres.fields]\nexternal_id = '.id'\ntitle = '.t'\n"
        );
        let builtin = Catalog::builtin().unwrap();
        let catalog = Catalog::builtin()
            .unwrap()
            .overlay(vec![SpecFile { name: format!("{slug}.toml"), text }])
            .unwrap();
        check(&catalog, &builtin, allowed).map_err(|error| error.to_string())
    }

    #[test]
    fn a_source_names_its_own_variables_those_of_built_in_files_and_listed_ones() {
        for (slug, key, allowed) in [
            ("agrojob", "AGROJOB_KEY", ""),
            ("agro-job", "AGRO_JOB_KEY", ""),
            ("ajout", "FNE_CLIENT_SECRET", ""),
            ("agrojob", "SHARED_KEY", "OTHER, SHARED_KEY"),
            ("agrojob", "SHARED_KEY", "SHARED_*"),
            ("aws", "AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN"),
        ] {
            assert_eq!(checked(slug, key, allowed), Ok(()), "{slug} {key}");
        }
    }

    #[test]
    fn the_secrets_of_the_program_and_of_others_are_refused_whatever_the_source_is_called() {
        for (slug, key, allowed) in [
            ("agrojob", "DATABASE_URL", ""),
            ("database", "DATABASE_URL", ""),
            ("oim-etl", "OIM_ETL_API_TOKEN", ""),
            ("aws", "AWS_SECRET_ACCESS_KEY", ""),
            ("agrojob", "HOME", "*"),
            ("agrojob", "AGROJOBKEY", ""),
            ("agrojob", "SHARED_KEY", "SHARED"),
        ] {
            let why = checked(slug, key, allowed).unwrap_err();
            assert!(
                why.contains(&format!("{slug}.toml: `auth` names the environment variable {key}")),
                "{why}"
            );
        }
    }
}
