//! Measures search: nDCG@10 of the program beside plain BM25 and plain dense, in one run.
//!
//! 130 questions of five kinds over the 1,003 opportunities of the demo, graded 0 to 3 by two people who had not seen the ranking
//! (`benches/data/search/README.md`). Questions with an odd number are for development; those with an even number are measured with
//! `--shut`, and nobody looks at them one by one. Run it with
//! `cargo run -p benches --bin search [--shut] [--each] [--ollama=URL --model=NAME [--shares]] [--points=1000,20000]`:
//! `--each` prints every question of the development half, `--ollama` measures a model, `--shares` tries its share in scores, and
//! `--points` measures the time of a search over indexes of so many points.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "search/rank.rs"]
mod rank;
#[path = "search/score.rs"]
mod score;
#[path = "search/set.rs"]
mod set;
#[path = "search/speed.rs"]
mod speed;

use std::collections::BTreeMap;

use rank::{Dense, Product, plain};
use score::{kappa, ndcg};
use set::{Question, Set};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let flags: Vec<String> = std::env::args().skip(1).collect();
    let is_set = |name: &str| flags.iter().any(|flag| flag == name);
    let value = |name: &str| flags.iter().find_map(|flag| flag.strip_prefix(name)?.strip_prefix('='));
    let set = Set::read()?;
    let (both, agreement) = kappa(&set);
    println!("agreement of the two people: weighted kappa {agreement:.2} over {both} grades that both gave");
    if let Some(counts) = value("--points") {
        let counts: Vec<usize> = counts.split(',').map(str::parse).collect::<Result<_, _>>()?;
        return speed::run(&set, &counts).await;
    }
    let questions: Vec<&Question> =
        set.questions.iter().filter(|question| question.is_shut() == is_set("--shut")).collect();
    let half = if is_set("--shut") { "shut" } else { "development" };
    println!("{} questions of the {half} half, {} opportunities; nDCG@10\n", questions.len(), set.rows.len());
    let each = is_set("--each") && !is_set("--shut");
    let print = |name: &str, ranked: Vec<Vec<String>>| report(&set, &questions, name, &ranked, each);
    print("plain BM25", plain(&set, &questions));
    print(
        "the program, without a model",
        Product::without_model(&set).await?.ranked(&questions, None).await?,
    );
    let (Some(url), Some(model)) = (value("--ollama"), value("--model")) else { return Ok(()) };
    let dense = Dense::embed(&set, &questions, url, model).await?;
    print(&format!("plain dense, {model}"), dense.ranked(&set));
    let product = Product::with_model(&set, &dense, model).await?;
    print(&format!("the program, with {model}"), product.ranked(&questions, None).await?);
    if is_set("--shares") && half == "development" {
        for share in [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7] {
            print(&format!("share {share}"), product.ranked(&questions, Some(share)).await?);
        }
    }
    Ok(())
}

/// Prints the mean over all questions and over those of each kind.
fn report(set: &Set, questions: &[&Question], name: &str, ranked: &[Vec<String>], each: bool) {
    let mut kinds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut all = Vec::new();
    for (question, ids) in questions.iter().zip(ranked) {
        // A question for which nothing is right measures nothing.
        let Some(score) = ndcg(ids, &set.grades(&question.id)) else { continue };
        if each {
            println!("    {score:.2}  {} {}", question.id, question.text);
        }
        kinds.entry(&question.kind).or_default().push(score);
        all.push(score);
    }
    let kinds: Vec<String> =
        kinds.into_iter().map(|(kind, scores)| format!("{kind} {:.3}", mean(&scores))).collect();
    println!("{name:36} {:.3}   {}", mean(&all), kinds.join("  "));
}

#[allow(clippy::cast_precision_loss, reason = "a set has few hundred questions")]
fn mean(scores: &[f64]) -> f64 {
    scores.iter().sum::<f64>() / scores.len().max(1) as f64
}
