//! Vectors that were made before, by model and text: nothing is embedded twice.

use std::collections::HashMap;

use crate::{
    Store, StoreError,
    error::Doing as _,
    failpoint::{Step, step},
};

/// The digest of a text, as [`Store::cached_vectors`] and [`Store::cache_vectors`] know it.
pub type TextDigest = [u8; 16];

/// Days after which a vector goes that no index holds and nobody asked for.
const KEPT_DAYS: i32 = 90;
/// Vectors that are kept at most, 2 kB each at 1,024 numbers.
const MOST: i64 = 1_000_000;

impl Store {
    /// Returns those of these texts that `model` has embedded before, with their vectors.
    pub async fn cached_vectors(
        &self,
        model: &str,
        texts: &[TextDigest],
    ) -> Result<HashMap<TextDigest, Vec<f32>>, StoreError> {
        let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.to_vec()).collect();
        let rows = sqlx::query!(
            "WITH used AS (
               UPDATE ingest.vector_cache SET used_at = now() WHERE model = $1 AND text = ANY ($2) AND used_at < now() - interval '1 day')
             SELECT text, vector FROM ingest.vector_cache WHERE model = $1 AND text = ANY ($2)",
            model,
            &texts
        )
        .fetch_all(&self.pool)
        .await
        .doing("look for vectors that were made before")?;
        Ok(rows
            .into_iter()
            .filter_map(|row| Some((row.text.try_into().ok()?, unpacked(&row.vector)?)))
            .collect())
    }

    /// Keeps vectors that `model` has made.
    pub async fn cache_vectors(
        &self,
        model: &str,
        vectors: &[(TextDigest, &[f32])],
    ) -> Result<(), StoreError> {
        let texts: Vec<Vec<u8>> = vectors.iter().map(|(text, _)| text.to_vec()).collect();
        let packed: Vec<Vec<u8>> = vectors.iter().map(|(_, vector)| packed(vector)).collect();
        let keep = sqlx::query!(
            "INSERT INTO ingest.vector_cache (model, text, vector) SELECT DISTINCT ON (u.text) $1, u.text, u.vector FROM unnest($2::bytea[], $3::bytea[]) u(text, vector)
             ON CONFLICT (model, text) DO UPDATE SET used_at = now()",
            model,
            &texts,
            &packed
        );
        step(Step::KeepVectors, keep.execute(&self.pool)).await.map(drop).doing("keep vectors")
    }

    /// Removes vectors that no index holds and nobody has asked for in 90 days, and the longest unused beyond a million. Returns how
    /// many.
    pub async fn prune_vectors(&self) -> Result<u64, StoreError> {
        let old = sqlx::query!(
            "DELETE FROM ingest.vector_cache c WHERE used_at < now() - make_interval(days => $1)
                AND NOT EXISTS (SELECT FROM ingest.embeddings e WHERE e.seal->>'text' = encode(c.text, 'hex'))",
            KEPT_DAYS
        )
        .execute(&self.pool)
        .await
        .doing(PRUNE)?;
        let beyond = sqlx::query!(
            "DELETE FROM ingest.vector_cache WHERE used_at < (SELECT used_at FROM ingest.vector_cache ORDER BY used_at DESC OFFSET $1 LIMIT 1)",
            MOST
        )
        .execute(&self.pool)
        .await
        .doing(PRUNE)?;
        Ok(old.rows_affected() + beyond.rows_affected())
    }
}

/// The action that failed, for the errors of this file.
const PRUNE: &str = "remove vectors that nobody uses";

/// The greatest number that an entry takes.
const STEPS: f32 = 32_767.0;

/// A vector as it is kept: its greatest number as a float, then each number as a share of that in 16 bits. What is lost is less than
/// a digit that models agree on.
fn packed(vector: &[f32]) -> Vec<u8> {
    let greatest = vector.iter().fold(0.0_f32, |most, number| most.max(number.abs()));
    let mut bytes = greatest.to_le_bytes().to_vec();
    for number in vector {
        let share = if greatest > 0.0 { number / greatest * STEPS } else { 0.0 };
        #[allow(clippy::cast_possible_truncation, reason = "a share is within 16 bits")]
        bytes.extend((share.round() as i16).to_le_bytes());
    }
    bytes
}

/// The vector that was kept. `None`: it is not one that [`packed`] made.
fn unpacked(bytes: &[u8]) -> Option<Vec<f32>> {
    let (greatest, shares) = bytes.split_first_chunk::<4>()?;
    let greatest = f32::from_le_bytes(*greatest);
    let (shares, rest) = shares.as_chunks::<2>();
    (rest.is_empty() && greatest.is_finite()).then(|| {
        shares.iter().map(|share| f32::from(i16::from_le_bytes(*share)) / STEPS * greatest).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_comes_back_as_it_was() {
        let vector: Vec<f32> = (0..1_024_u16).map(|at| (f32::from(at) * 0.7).sin() / 22.6).collect();
        let back = unpacked(&packed(&vector)).unwrap();
        assert_eq!(back.len(), 1_024);
        assert!(vector.iter().zip(&back).all(|(one, other)| (one - other).abs() < 1e-6), "{back:?}");
        let cosine: f32 = vector.iter().zip(&back).map(|(one, other)| one * other).sum();
        let (one, other) =
            (vector.iter().map(|v| v * v).sum::<f32>(), back.iter().map(|v| v * v).sum::<f32>());
        assert!(cosine / (one * other).sqrt() > 0.999_999);
        assert_eq!(unpacked(&packed(&[0.0; 3])), Some(vec![0.0; 3]));
        assert_eq!(unpacked(&packed(&[])), Some(Vec::new()));
    }

    #[test]
    fn what_is_no_vector_is_embedded_again() {
        for bytes in [&b""[..], b"abc", b"abcde", &f32::NAN.to_le_bytes()] {
            assert_eq!(unpacked(bytes), None, "{bytes:?}");
        }
    }
}
