//! The archive of raw answers. They are stored before anything parses them.
//!
//! An answer is at `SOURCE/RUN/NAME.zst`, its request and headers before the body ([`answer`]). The database has the digest of
//! the body, which is checked whenever the body is read.

mod answer;
mod large;

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use bytes::Bytes;
use object_store::{
    GetResultPayload, ObjectStore, ObjectStoreExt as _, PutPayload, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path as Key,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt as _;

pub(crate) use large::Unpacked;

/// Level 3 is zstd's own default: a page of HTML shrinks eightfold at 300 MB/s.
const LEVEL: i32 = 3;
/// Largest body that is read. Fetching has a limit of its own; this one bounds a file that somebody replaced.
const MAX_BODY: usize = 512 << 20;

/// The archive of raw answers: a folder or a bucket.
#[derive(Debug, Clone)]
pub(crate) struct Archive {
    store: Arc<dyn ObjectStore>,
    place: String,
}

/// What is stored with a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    /// The address of the request.
    pub(crate) url: String,
    /// SHA-256 of the body that a POST sent, in hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<String>,
    /// The HTTP status of the answer.
    pub(crate) status: u16,
    /// The headers of the answer.
    pub(crate) headers: Vec<(String, String)>,
    /// The time of the answer, as RFC 3339 writes it.
    pub(crate) fetched_at: String,
    /// SHA-256 of the body, in hexadecimal digits.
    pub(crate) sha256: String,
    /// The length of the body, in bytes.
    pub(crate) bytes: usize,
}

/// Returns the SHA-256 of a body.
pub(crate) fn digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// Decodes a digest from hexadecimal digits. Returns `None` if they are not one.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok().map(|()| digest)
}

impl Archive {
    /// Opens a folder, which is created if it is missing, or `s3://bucket/prefix`, whose credentials come from the usual
    /// `AWS_…` variables.
    pub(crate) fn open(place: &str) -> anyhow::Result<Self> {
        Ok(Self { store: object_store(place, "archive")?, place: place.to_owned() })
    }
}

/// Opens a folder, which is created if it is missing, or `s3://bucket/prefix`. `what` names its purpose in errors.
pub(crate) fn object_store(place: &str, what: &str) -> anyhow::Result<Arc<dyn ObjectStore>> {
    if let Some(rest) = place.strip_prefix("s3://") {
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let bucket = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .build()
            .with_context(|| format!("Failed to open the {what} {place}"))?;
        return Ok(Arc::new(object_store::prefix::PrefixStore::new(bucket, prefix)));
    }
    std::fs::create_dir_all(place).with_context(|| format!("Failed to create the {what} folder {place}"))?;
    let folder = Path::new(place)
        .canonicalize()
        .with_context(|| format!("Failed to open the {what} folder {place}"))?;
    let folder = LocalFileSystem::new_with_prefix(&folder)
        .with_context(|| format!("Failed to open the {what} folder {place}"))?;
    Ok(Arc::new(folder.with_fsync(true)))
}

impl Archive {
    /// Returns the place of the archive, for messages.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Stores a body and its label under `key`, both or neither. Storing the same again changes nothing.
    pub(crate) async fn keep(&self, key: &str, body: &Bytes, label: &Label) -> anyhow::Result<()> {
        let what = || format!("Failed to store {key} in the archive {}; is its disk full?", self.place);
        let packed = pack(body.clone()).await?;
        let file = answer::written(label, &packed).with_context(what)?;
        self.store.put(&file_key(key), PutPayload::from(file)).await.map(drop).with_context(what)
    }

    /// Removes an answer. One that is gone already is not an error.
    pub(crate) async fn remove(&self, key: &str) -> anyhow::Result<()> {
        match self.store.delete(&file_key(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => {
                Err(error).with_context(|| format!("Failed to remove {key} from the archive {}", self.place))
            }
        }
    }

    /// Returns the body and the label under `key`, if they were stored. A damaged file counts as missing: its answer is fetched again.
    pub(crate) async fn kept(&self, key: &str) -> anyhow::Result<Option<(Label, Bytes)>> {
        let what = || format!("Failed to look for {key} in the archive {}", self.place);
        let file = match self.store.get(&file_key(key)).await {
            Ok(found) => found.bytes().await.with_context(what)?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error).with_context(what),
        };
        let (Some(label), _) = answer::split(&file) else { return Ok(None) };
        let Some(sha256) = unhex(&label.sha256) else { return Ok(None) };
        let body = unpack(file).await?.ok().filter(|body| digest(body) == sha256);
        Ok(body.map(|body| (label, Bytes::from(body))))
    }

    /// Stores a file of any size in `folder` under its digest. Returns its key, its digest in hexadecimal digits and its length.
    /// The file is compressed to a temporary file first, because a bucket needs the length.
    pub(crate) async fn keep_file(&self, folder: &str, path: &Path) -> anyhow::Result<(String, String, u64)> {
        let what =
            || format!("Failed to store {} in the archive {}; is its disk full?", path.display(), self.place);
        let from = path.to_owned();
        let (packed, sha256, bytes) = tokio::task::spawn_blocking(move || large::pack(&from))
            .await?
            .with_context(|| path.display().to_string())?;
        let sha256 = hex::encode(sha256);
        let key = format!("{folder}/{sha256}");
        let mut packed = tokio::fs::File::from_std(packed);
        let mut writer = object_store::buffered::BufWriter::new(Arc::clone(&self.store), file_key(&key));
        tokio::io::copy(&mut packed, &mut writer).await.with_context(what)?;
        writer.shutdown().await.with_context(what)?;
        Ok((key, sha256, bytes))
    }

    /// Opens a body of any size, to be read as a stream. After its end, [`Unpacked::verified`] checks that it is the body that
    /// was stored.
    pub(crate) async fn open_body(&self, key: &str, sha256: &[u8]) -> anyhow::Result<Unpacked> {
        let what = || format!("Failed to read {key} from the archive {}", self.place);
        let found = self.store.get(&file_key(key)).await.with_context(what)?;
        let packed = match found.payload {
            GetResultPayload::File(file, _) => file,
            GetResultPayload::Stream(_) => large::spooled(found).await.with_context(what)?,
        };
        Unpacked::new(packed, key, sha256).with_context(what)
    }

    /// Reads a body and checks that it is the one that was stored.
    pub(crate) async fn read(&self, key: &str, sha256: &[u8]) -> anyhow::Result<Bytes> {
        let what = || format!("Failed to read {key} from the archive {}", self.place);
        let file = self.store.get(&file_key(key)).await.with_context(what)?;
        let file = file.bytes().await.with_context(what)?;
        let body = unpack(file).await?.with_context(what)?;
        anyhow::ensure!(
            digest(&body) == sha256,
            "{key} in the archive {} is not what was kept: its digest differs",
            self.place
        );
        Ok(Bytes::from(body))
    }
}

/// Returns where an answer lies.
fn file_key(key: &str) -> Key {
    Key::from(format!("{key}.zst"))
}

/// Unpacks the body of a file off the runtime's threads.
async fn unpack(file: Bytes) -> anyhow::Result<std::io::Result<Vec<u8>>> {
    Ok(tokio::task::spawn_blocking(move || zstd::bulk::decompress(answer::split(&file).1, MAX_BODY)).await?)
}

/// Compresses off the runtime's threads where the body is large enough for it to matter.
async fn pack(body: Bytes) -> anyhow::Result<Vec<u8>> {
    const SMALL: usize = 64 << 10;
    if body.len() <= SMALL {
        return Ok(zstd::bulk::compress(&body, LEVEL)?);
    }
    Ok(tokio::task::spawn_blocking(move || zstd::bulk::compress(&body, LEVEL)).await??)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(body: &[u8]) -> Label {
        Label {
            url: "https://x/".to_owned(),
            sent: None,
            status: 200,
            headers: Vec::new(),
            fetched_at: String::new(),
            sha256: hex::encode(digest(body)),
            bytes: body.len(),
        }
    }

    #[tokio::test]
    async fn a_body_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().to_str().unwrap()).unwrap();
        for body in [Bytes::new(), Bytes::from_static(b"{}"), Bytes::from(vec![7; 3 << 20])] {
            archive.keep("fne/run/list-0", &body, &label(&body)).await.unwrap();
            assert_eq!(archive.read("fne/run/list-0", &digest(&body)).await.unwrap(), body);
        }
    }

    #[tokio::test]
    async fn what_was_kept_whole_is_found_with_its_label() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().to_str().unwrap()).unwrap();
        assert_eq!(archive.kept("k").await.unwrap(), None);
        let body = Bytes::from_static(b"as fetched");
        archive.keep("k", &body, &label(&body)).await.unwrap();
        assert_eq!(archive.kept("k").await.unwrap(), Some((label(&body), body.clone())));
        // A file that is cut, or whose body is not that of its label, is not what was kept.
        let path = folder.path().join("k.zst");
        let whole = std::fs::read(&path).unwrap();
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(archive.kept("k").await.unwrap(), None, "{length}");
        }
        let packed = zstd::bulk::compress(b"as fetched", LEVEL).unwrap();
        std::fs::write(&path, answer::written(&label(b"another"), &packed).unwrap()).unwrap();
        assert_eq!(archive.kept("k").await.unwrap(), None);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(archive.kept("k").await.unwrap(), None);
    }

    #[tokio::test]
    async fn tools_that_know_zstd_print_the_body_alone() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().to_str().unwrap()).unwrap();
        let body = Bytes::from_static(b"as fetched");
        archive.keep("k", &body, &label(&body)).await.unwrap();
        let file = std::fs::File::open(folder.path().join("k.zst")).unwrap();
        assert_eq!(zstd::decode_all(file).unwrap(), b"as fetched");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn a_swapped_body_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().to_str().unwrap()).unwrap();
        let body = Bytes::from_static(b"as fetched");
        archive.keep("k", &body, &label(&body)).await.unwrap();
        let refused = archive.read("k", &digest(b"other")).await.unwrap_err().to_string();
        assert!(refused.contains("its digest differs"), "{refused}");
    }

    #[tokio::test]
    async fn a_missing_body_names_itself() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().to_str().unwrap()).unwrap();
        let refused = archive.read("nowhere", &digest(b"")).await.unwrap_err().to_string();
        assert!(refused.contains("Failed to read nowhere"), "{refused}");
    }
}
