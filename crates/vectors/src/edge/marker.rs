//! Which model an index was made by.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::VectorError;

/// Name of the file in the folder of the index.
const FILE: &str = "made-by.json";
/// Grows when the shape of points changes: an index of an older shape is made anew.
const SHAPE: u32 = 1;

/// What an index was made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marker {
    model: String,
    dimensions: usize,
    shape: u32,
}

impl Marker {
    pub(super) fn new(model: &str, dimensions: usize) -> Self {
        Self { model: model.to_owned(), dimensions, shape: SHAPE }
    }

    fn told(&self) -> String {
        format!("{} ({} numbers, shape {})", self.model, self.dimensions, self.shape)
    }

    /// Makes the folder and marks it, or refuses one that another model has marked.
    pub(super) fn check(&self, folder: &Path) -> Result<(), VectorError> {
        let failed = |source| VectorError::Folder { folder: folder.display().to_string(), source };
        fs::create_dir_all(folder).map_err(failed)?;
        let file = folder.join(FILE);
        match fs::read(&file) {
            Ok(bytes) => match serde_json::from_slice::<Self>(&bytes) {
                Ok(found) if &found == self => Ok(()),
                Ok(found) => Err(self.other(folder, found.told())),
                Err(_) => Err(self.other(folder, "something unknown".to_owned())),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let bytes = serde_json::to_vec(self).map_err(VectorError::doing("mark its folder"))?;
                fs::write(&file, bytes).map_err(failed)
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn other(&self, folder: &Path, found: String) -> VectorError {
        VectorError::OtherModel { place: folder.display().to_string(), found, wanted: self.told() }
    }
}
