//! How a collection is made: what an operator may want of it. One that is there stays as it is.

use qdrant_client::qdrant::{
    BinaryQuantizationBuilder, CreateCollectionBuilder, ScalarQuantizationBuilder, StrictModeConfigBuilder,
};

/// Hits and points that a request may ask for in strict mode: twenty times what this program does.
const MOST: u32 = 20_000;

/// How a collection is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Parts that it is split into. Default: the server's.
    pub shards: Option<u32>,
    /// Nodes that have each part. Default: the server's.
    pub replicas: Option<u32>,
    /// Whether vectors and their graph stay on the disk: slower, and with little memory.
    pub on_disk: bool,
    /// Smaller copies of the vectors, which are looked at first.
    pub quantization: Quantization,
    /// Whether the server refuses what is expensive: filters without an index, and requests for very many points.
    pub strict: bool,
}

/// Smaller copies of vectors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Quantization {
    /// None.
    #[default]
    None,
    /// A byte a number.
    Scalar,
    /// A bit a number: for models of 1,024 numbers and more.
    Binary,
}

impl Options {
    /// Asks for a collection with these options.
    pub(super) fn of(&self, mut create: CreateCollectionBuilder) -> CreateCollectionBuilder {
        if let Some(shards) = self.shards {
            create = create.shard_number(shards);
        }
        if let Some(replicas) = self.replicas {
            create = create.replication_factor(replicas);
        }
        create = match self.quantization {
            Quantization::None => create,
            Quantization::Scalar => create
                .quantization_config(ScalarQuantizationBuilder::default().quantile(0.99).always_ram(true)),
            Quantization::Binary => create.quantization_config(BinaryQuantizationBuilder::new(true)),
        };
        if self.strict {
            let strict = StrictModeConfigBuilder::default()
                .enabled(true)
                .max_query_limit(MOST)
                .unindexed_filtering_retrieve(false)
                .unindexed_filtering_update(false);
            create = create.strict_mode_config(strict);
        }
        create
    }
}
