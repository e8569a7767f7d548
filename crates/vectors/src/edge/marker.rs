//! What an index was made by.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{SHAPE, VectorError};

/// Name of the file beside Qdrant's own.
const FILE: &str = "meta.json";

/// Model, dimensions and shape: where one of them is another, the vectors cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    model: String,
    pub(super) dimensions: usize,
    shape: u32,
}

impl Marker {
    pub(super) fn new(model: &str, dimensions: usize) -> Self {
        Self { model: model.to_owned(), dimensions, shape: SHAPE }
    }

    /// Marks a shard being made. The folder is renamed after it, so the file needs no care of its own.
    pub(super) fn write(&self, shard: &Path) -> Result<(), VectorError> {
        let bytes = serde_json::to_vec(self).map_err(VectorError::doing("mark its folder"))?;
        let failed = |source| VectorError::Folder { folder: shard.display().to_string(), source };
        let file = fs::File::create(shard.join(FILE)).map_err(failed)?;
        std::io::Write::write_all(&mut &file, &bytes).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// Refuses a shard that was made by something else.
    pub(super) fn check(&self, shard: &Path, folder: &Path) -> Result<(), VectorError> {
        let other = |found| {
            let place = format!("in {}", folder.display());
            Err(VectorError::OtherModel { place, found, wanted: self.told() })
        };
        let Ok(bytes) = fs::read(shard.join(FILE)) else { return other("something unknown".to_owned()) };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(found) if &found == self => Ok(()),
            Ok(found) => other(found.told()),
            Err(_) => other("something unknown".to_owned()),
        }
    }

    fn told(&self) -> String {
        format!("{} ({} numbers, shape {})", self.model, self.dimensions, self.shape)
    }
}
