//! Large bodies, which are compressed and decompressed as streams and never held whole.

use std::{
    fs::File,
    io::{self, BufReader, Read, Seek as _, Write as _},
    path::Path,
};

use futures::TryStreamExt as _;
use object_store::GetResult;
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt as _;

use super::LEVEL;

/// Compresses a file into an unnamed one. Returns that file, and the digest and the length of the content.
pub(super) fn pack(path: &Path) -> io::Result<(File, [u8; 32], u64)> {
    let mut from = File::open(path)?;
    let mut packer = zstd::Encoder::new(tempfile::tempfile()?, LEVEL)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        digest.update(part);
        packer.write_all(part)?;
        bytes += u64::try_from(read).unwrap_or(0);
    }
    let mut file = packer.finish()?;
    file.rewind()?;
    Ok((file, digest.finalize().into(), bytes))
}

/// Copies what a bucket sends to an unnamed file, so that a slow reader does not keep a connection open for minutes.
pub(super) async fn spooled(found: GetResult) -> anyhow::Result<File> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
    let mut parts = found.into_stream();
    while let Some(part) = parts.try_next().await? {
        file.write_all(&part).await?;
    }
    file.flush().await?;
    let mut file = file.into_std().await;
    file.rewind()?;
    Ok(file)
}

/// A body that is being decompressed.
pub(crate) struct Unpacked {
    input: zstd::Decoder<'static, BufReader<File>>,
    digest: Sha256,
    wanted: Vec<u8>,
    key: String,
}

impl Unpacked {
    pub(super) fn new(packed: File, key: &str, wanted: &[u8]) -> io::Result<Self> {
        let input = zstd::Decoder::new(packed)?;
        Ok(Self { input, digest: Sha256::new(), wanted: wanted.to_vec(), key: key.to_owned() })
    }

    /// Checks that what was read to its end is what was stored.
    pub(crate) fn verified(self) -> anyhow::Result<()> {
        let digest: [u8; 32] = self.digest.finalize().into();
        anyhow::ensure!(
            digest.as_slice() == self.wanted,
            "{} in the archive is not what was kept: its digest is {}",
            self.key,
            hex::encode(digest)
        );
        Ok(())
    }
}

impl Read for Unpacked {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(out)?;
        self.digest.update(out.get(..read).unwrap_or_default());
        Ok(read)
    }
}
