//! Hashes that are stored: they are the same in every version and on every machine.

/// Hashes a text with FNV-1a.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns a hash of two hashes. The order counts.
pub(crate) fn joined(a: u64, b: u64) -> u64 {
    let mut mixed = (a.rotate_left(23) ^ b).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^= mixed >> 32;
    mixed
}

/// Returns the upper 32 bits of a hash after mixing it once more. FNV alone mixes short words badly.
pub(crate) fn short(hash: u64) -> u32 {
    u32::try_from(joined(hash, 0) >> 32).unwrap_or(u32::MAX)
}

/// A sample of a set of hashes that keeps containment: of two sets, both samples keep the same part of what both hold.
///
/// It keeps the hashes below 2^32 / 2^`halvings`, with the smallest number of halvings that leaves at most `most` of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sample {
    /// The kept hashes, sorted, without repeats.
    pub(crate) hashes: Vec<u32>,
    /// How often the range was halved.
    pub(crate) halvings: u8,
}

impl Sample {
    /// Samples a set.
    pub(crate) fn of(mut hashes: Vec<u32>, most: usize) -> Self {
        hashes.sort_unstable();
        hashes.dedup();
        let mut halvings = 0;
        while hashes.len() > most && halvings < 31 {
            halvings += 1;
            hashes.truncate(hashes.partition_point(|hash| *hash < u32::MAX >> halvings));
        }
        Self { hashes, halvings }
    }

    /// Takes hashes out. `others` is sorted.
    pub(crate) fn without(&mut self, others: &[u32]) {
        self.hashes.retain(|hash| others.binary_search(hash).is_err());
    }

    /// Returns whether the set has the hash; `None` if the sample does not reach it.
    pub(crate) fn has(&self, hash: u32) -> Option<bool> {
        (hash < u32::MAX >> self.halvings).then(|| self.hashes.binary_search(&hash).is_ok())
    }

    /// Returns how many hashes of each of two samples the other lacks, as far as both reach, as shares of the smaller one; `None` if one has fewer
    /// than `least`.
    pub(crate) fn alone(&self, other: &Self, least: usize) -> Option<[f64; 2]> {
        let limit = u32::MAX >> self.halvings.max(other.halvings);
        let part = |sample: &'_ Self| sample.hashes.partition_point(|hash| *hash < limit);
        let (a, b) = (self.hashes.get(..part(self))?, other.hashes.get(..part(other))?);
        let (fewer, both) = (a.len().min(b.len()), shared(a, b));
        #[allow(clippy::cast_precision_loss, reason = "a sample has few hundred hashes")]
        (fewer >= least.max(1))
            .then(|| [a.len() - both, b.len() - both].map(|alone| alone as f64 / fewer as f64))
    }

    /// Returns how many hashes the smaller of two samples has, and the share of them that the other has; see [`Self::containment`].
    pub(crate) fn counted(&self, other: &Self, least: usize) -> Option<(f64, usize)> {
        let share = self.containment(other, least)?;
        Some((share, self.hashes.len().min(other.hashes.len())))
    }

    /// Returns the share of the smaller set that the other has too; `None` if one has fewer than `least`.
    pub(crate) fn containment(&self, other: &Self, least: usize) -> Option<f64> {
        let limit = u32::MAX >> self.halvings.max(other.halvings);
        let part = |sample: &'_ Self| sample.hashes.partition_point(|hash| *hash < limit);
        let (a, b) = (self.hashes.get(..part(self))?, other.hashes.get(..part(other))?);
        let fewer = a.len().min(b.len());
        #[allow(clippy::cast_precision_loss, reason = "a sample has few hundred hashes")]
        (fewer >= least.max(1)).then(|| shared(a, b) as f64 / fewer as f64)
    }
}

/// Returns how many values two sorted lists share.
pub(crate) fn shared(a: &[u32], b: &[u32]) -> usize {
    let (mut a, mut b) = (a.iter().peekable(), b.iter().peekable());
    let mut count = 0;
    while let (Some(one), Some(other)) = (a.peek(), b.peek()) {
        match one.cmp(other) {
            std::cmp::Ordering::Less => drop(a.next()),
            std::cmp::Ordering::Greater => drop(b.next()),
            std::cmp::Ordering::Equal => {
                count += 1;
                a.next();
                b.next();
            }
        }
    }
    count
}
