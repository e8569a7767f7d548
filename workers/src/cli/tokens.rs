//! `oim-etl tokens`

use clap::{Args, Subcommand};
use serde_json::json;
use store::Scope;

use super::{Context, Outcome, common::current_user};
use crate::{
    app,
    lang::say,
    tokens,
    ui::{self, Column, Table, ago},
};

/// Create, list and revoke tokens of API and console
#[derive(Debug, Args)]
pub(super) struct Tokens {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Create a token, and print it this once
    #[command(
        after_help = "read: look. operate: look and act on sources, runs, dead letters and pairs. admin: also create and revoke tokens."
    )]
    Create {
        /// The person or service that gets it: the record of actions names it
        #[arg(value_parser = name)]
        name: String,
        /// What it allows: read, operate or admin
        #[arg(long, default_value = "read", hide_possible_values = true, value_parser = clap::builder::PossibleValuesParser::new(Scope::ALL.iter().map(|scope| scope.as_str())))]
        scope: String,
    },
    /// List tokens, the valid ones first
    List,
    /// Revoke a token, and end its sessions in the console
    Revoke {
        /// Its name
        name: String,
    },
}

/// The columns of the list.
pub(super) const COLUMNS: [Column; 5] = [
    Column::word("token", 0).fr("jeton"),
    Column::word("scope", 0).fr("droits"),
    Column::text("created", 2).fr("créé"),
    Column::word("used", 1).fr("utilisé"),
    Column::text("revoked", 3).fr("révoqué"),
];

fn name(text: &str) -> Result<String, String> {
    if crate::http::is_token_name(text) {
        Ok(text.to_owned())
    } else {
        Err("use 1 to 40 small letters, digits, dots, dashes and underscores, a letter or digit first"
            .to_owned())
    }
}

impl Tokens {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        match &self.what {
            What::Create { name, scope } => {
                let scope: Scope = scope.parse()?;
                let token = tokens::new_token()?;
                store.create_token(name, scope, &tokens::digest(&token), &current_user()).await?;
                if context.is_json() {
                    ui::json(&json!({ "name": name, "scope": scope, "token": token }))?;
                } else {
                    ui::line(&token);
                    ui::note(&say!(
                        "le jeton de {name}, droits {scope}: il n'est montré que cette fois",
                        "the token of {name}, scope {scope}: it is shown this once"
                    ));
                }
            }
            What::List => {
                let rows = store.tokens().await?;
                if context.is_json() {
                    ui::json(&rows)?;
                    return Ok(Outcome::Good);
                }
                let mut table = Table::new(&COLUMNS);
                for row in rows {
                    table.row([
                        row.name,
                        row.scope.to_string(),
                        say!("{} par {}", "{} by {}", ago(Some(row.created_at)), row.created_by),
                        ago(row.used_at),
                        row.revoked_by.map_or_else(
                            || "-".to_owned(),
                            |by| say!("{} par {by}", "{} by {by}", ago(row.revoked_at)),
                        ),
                    ]);
                }
                table.print();
            }
            What::Revoke { name } => {
                store.revoke_token(name, &current_user()).await?;
                ui::note(&say!(
                    "le jeton de {name} est révoqué: plus rien ne l'accepte",
                    "the token of {name} is revoked: nothing accepts it any more"
                ));
            }
        }
        Ok(Outcome::Good)
    }
}
