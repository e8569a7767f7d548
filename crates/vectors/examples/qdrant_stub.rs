//! A Qdrant server with faults, for tests of the whole program and for trying by hand: the stub of `tests/server` behind a port.
//!
//! ```text
//! cargo run -p vectors --example qdrant_stub [KEY]
//! QDRANT_URL=http://127.0.0.1:PORT oim-etl worker        # the first line that it prints is its address
//! ```
//!
//! It reads a command a line, and prints a line of JSON after each:
//!
//! | command | what it does from then on |
//! |---|---|
//! | `nothing`, `beginnings`, `all` | answers nothing, headers alone, or everything again |
//! | `fails CODE` | fails with this code of gRPC, such as 14 (unavailable); 0 ends it |
//! | `status NUMBER` | answers updates with this status: 1 acknowledged, 2 completed |
//! | `most POINTS` | refuses messages of more points |
//! | `old` | ignores conditions of updates, as servers before 1.16 do |
//! | `spoil COLLECTION KIND COUNT FROM` | spoils points, or adds some (see `tests/server/spoil.rs`) |
//! | `names`, `alias NAME`, `count NAME` | says the names of its collections, what an alias names, or the points of either |

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    dead_code,
    reason = "it is a part of tests, and shares code with others"
)]

#[path = "../tests/server/engine.rs"]
mod engine;
#[path = "../tests/server/fake.rs"]
mod fake;
#[path = "../tests/server/spoil.rs"]
mod spoil;
#[path = "../tests/server/wire.rs"]
mod wire;

use fake::Fake;
use qdrant_client::qdrant::UpdateStatus;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use wire::{Passes, Wire};

#[tokio::main]
async fn main() {
    let key: Option<&'static str> = std::env::args().nth(1).map(|key| &*key.leak());
    let (fake, url) = Fake::start(key).await;
    let (wire, url) = Wire::before(&url).await;
    println!("{}", url.as_str().trim_end_matches('/'));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        println!("{}", obeyed(&fake, &wire, &line.split_whitespace().collect::<Vec<_>>()));
    }
}

fn obeyed(fake: &Fake, wire: &Wire, words: &[&str]) -> Value {
    match words {
        ["all"] => wire.lets(Passes::All),
        ["nothing"] => wire.lets(Passes::Nothing),
        ["beginnings"] => wire.lets(Passes::Beginnings),
        ["fails", "0"] => fake.fails_with(None),
        ["fails", code] => fake.fails_with(Some(tonic::Code::from(code.parse::<i32>().unwrap()))),
        ["status", number] => {
            fake.answer_updates_with(UpdateStatus::try_from(number.parse::<i32>().unwrap()).unwrap());
        }
        ["most", points] => fake.takes_at_most(points.parse().unwrap()),
        ["old"] => fake.is_old(),
        ["spoil", collection, kind, count, from] => fake.with_points(collection, |collection| {
            spoil::spoil(collection, kind, count.parse().unwrap(), from.parse().unwrap());
        }),
        ["names"] => return json!(fake.names()),
        ["alias", name] => return json!(fake.alias(name)),
        ["count", name] => {
            let (mut count, name) = (0, fake.alias(name).unwrap_or_else(|| (*name).to_owned()));
            fake.with_points(&name, |collection| count = collection.count().unwrap());
            return json!(count);
        }
        other => panic!("{other:?}"),
    }
    json!("done")
}
