//! Files from partners: given to `oim-etl ingest SLUG --file`, or dropped into the inbox.

mod inbox;

use std::{fs::File, io::Read as _, path::Path};

use anyhow::Context as _;
use sources::{Spec, Stream};
use store::{Entered, FileRef, Mode, RunRequest, Store};

use crate::{archive::Archive, pipeline::trigger};

pub(crate) use inbox::watch;

/// A file to take in.
#[derive(Debug)]
pub(crate) struct Incoming<'a> {
    /// The path of the file.
    pub(crate) path: &'a Path,
    /// The name that the partner gave it.
    pub(crate) name: &'a str,
    /// The stream whose records it contains, if the caller names it.
    pub(crate) stream: Option<&'a str>,
    /// Whether it is the whole list. `None`: as the source file says.
    pub(crate) complete: Option<bool>,
}

impl Incoming<'_> {
    /// Returns the stream whose records the file contains.
    pub(crate) fn stream_of<'s>(&self, spec: &'s Spec) -> anyhow::Result<&'s Stream> {
        let mut begin = Vec::new();
        let file =
            File::open(self.path).with_context(|| format!("Failed to open {}", self.path.display()))?;
        file.take(u64::try_from(sources::LOOK).unwrap_or(4_096))
            .read_to_end(&mut begin)
            .with_context(|| format!("Failed to read {}", self.path.display()))?;
        anyhow::ensure!(!begin.is_empty(), "{} is empty", self.path.display());
        spec.stream_of_file(&begin, self.stream).map_err(anyhow::Error::msg)
    }

    /// Archives the file and requests a run of it.
    pub(crate) async fn enter(
        &self,
        (store, archive): (&Store, &Archive),
        spec: &Spec,
        request: RunRequest,
    ) -> anyhow::Result<(Entered, FileRef)> {
        let stream = self.stream_of(spec)?;
        let (key, sha256, bytes) = archive.keep_file(&format!("{}/files", spec.slug), self.path).await?;
        let file = FileRef {
            stream: stream.name.to_string(),
            name: self.name.to_owned(),
            key,
            sha256,
            bytes,
            complete: self.complete.unwrap_or(stream.file_is_complete),
        };
        let request = RunRequest { mode: Mode::File, file: Some(file.clone()), ..request };
        Ok((trigger::request(store, &request).await?, file))
    }
}
