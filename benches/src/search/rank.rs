//! The rankings that are compared.

use std::collections::HashMap;

use domain::{OpportunityId, term::Term};
use normalize::search::asked;
use tempfile::TempDir;
use vectors::{ByWords, EdgeIndex, Embedder as _, Filter, Index as _, Model, Ollama, Point, Query, Sparse};

use crate::{
    Outcome,
    set::{Question, Set},
};

/// Hits that are ranked.
const HITS: usize = 10;

/// Returns the ranking of BM25 over the words of texts, with nothing besides: stems of French and English, and stop words.
pub(crate) fn plain(set: &Set, questions: &[&Question]) -> Vec<Vec<String>> {
    let texts: Vec<Sparse> = set.rows.iter().map(|row| Sparse::of_text(&row.document().text)).collect();
    let mut having: HashMap<u32, f32> = HashMap::new();
    for number in texts.iter().flat_map(|text| &text.indices) {
        *having.entry(*number).or_default() += 1.0;
    }
    #[allow(clippy::cast_precision_loss, reason = "a set has few thousand rows")]
    let all = texts.len() as f32;
    let rarity = |number: &u32| {
        let having = having.get(number).copied().unwrap_or_default();
        ((all - having + 0.5) / (having + 0.5)).ln_1p()
    };
    let score = |question: &Sparse, text: &Sparse| -> f32 {
        let weight = |number: &u32| {
            let at = text.indices.binary_search(number).ok()?;
            Some(rarity(number) * text.values.get(at)?)
        };
        question.indices.iter().filter_map(weight).sum()
    };
    let rank = |question: &&Question| {
        let question = Sparse::of_text(&question.text);
        ranked(set, texts.iter().map(|text| score(&question, text)))
    };
    questions.iter().map(rank).collect()
}

/// Returns the ids of the rows with the best scores.
fn ranked(set: &Set, scores: impl Iterator<Item = f32>) -> Vec<String> {
    let mut best: Vec<(f32, OpportunityId, &str)> =
        set.rows.iter().zip(scores).map(|(row, score)| (score, row.opportunity(), row.id.as_str())).collect();
    best.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    best.into_iter().take(HITS).map(|(_, _, id)| id.to_owned()).collect()
}

/// The vectors of a model.
pub(crate) struct Dense {
    rows: Vec<Vec<f32>>,
    questions: Vec<Vec<f32>>,
}

impl Dense {
    /// Embeds rows and questions by a model that an Ollama server has.
    pub(crate) async fn embed(set: &Set, questions: &[&Question], url: &str, model: &str) -> Outcome<Self> {
        let embedder = Ollama::new(url.parse()?, model)?;
        let model = Model::named(model, 0);
        let texts: Vec<String> = set.rows.iter().map(|row| model.passage(&row.document().text)).collect();
        let asked: Vec<String> = questions.iter().map(|question| model.question(&question.text)).collect();
        Ok(Self { rows: embedder.embed(&texts).await?, questions: embedder.embed(&asked).await? })
    }

    /// Returns the ranking of the cosine alone.
    pub(crate) fn ranked(&self, set: &Set) -> Vec<Vec<String>> {
        let cosine = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
        self.questions
            .iter()
            .map(|question| ranked(set, self.rows.iter().map(|row| cosine(question, row))))
            .collect()
    }
}

/// The search of the program, over an embedded index.
pub(crate) struct Product<'s> {
    index: EdgeIndex,
    /// Names of the rows.
    names: HashMap<OpportunityId, &'s str>,
    /// Vectors of the questions; none without a model.
    questions: Vec<Vec<f32>>,
    _folder: TempDir,
}

impl<'s> Product<'s> {
    /// Indexes the rows by words and categories.
    pub(crate) async fn without_model(set: &'s Set) -> Outcome<Self> {
        let rows = ByWords.embed(&vec![String::new(); set.rows.len()]).await?;
        Self::of(set, rows, Vec::new(), ByWords::MODEL).await
    }

    /// Indexes the rows with the vectors of a model.
    pub(crate) async fn with_model(set: &'s Set, dense: &Dense, model: &str) -> Outcome<Self> {
        Self::of(set, dense.rows.clone(), dense.questions.clone(), model).await
    }

    async fn of(set: &'s Set, dense: Vec<Vec<f32>>, questions: Vec<Vec<f32>>, model: &str) -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let dimensions = dense.first().map_or(0, Vec::len);
        let index = EdgeIndex::open(folder.path(), model, dimensions).await?;
        let documents: Vec<_> = set.rows.iter().map(crate::set::Row::document).collect();
        index.upsert(Point::all(&documents, dense, 1)?).await?;
        let names = documents.iter().zip(&set.rows).map(|(document, row)| (document.id, row.id.as_str()));
        Ok(Self { index, names: names.collect(), questions, _folder: folder })
    }

    /// Returns the ranking of each question; `share` replaces the share of the model.
    pub(crate) async fn ranked(
        &self,
        questions: &[&Question],
        share: Option<f32>,
    ) -> Outcome<Vec<Vec<String>>> {
        let mut all = Vec::new();
        for (at, question) in questions.iter().enumerate() {
            let terms: Vec<Term> = asked(&question.text);
            let dense = self.questions.get(at).cloned();
            let query = Query { terms, dense, filter: Filter::default(), limit: HITS, share, explain: false };
            let hits = self.index.search(query).await?;
            all.push(
                hits.iter().filter_map(|hit| self.names.get(&hit.id)).map(ToString::to_string).collect(),
            );
        }
        Ok(all)
    }
}
