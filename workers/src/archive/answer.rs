//! One kept answer: a label, then the packed body.
//!
//! The label is JSON in a *skippable frame* of zstd (RFC 8878, section 3.1.2), so that `zstd -dc FILE` prints the body alone,
//! and one file is written and flushed for each answer.

use super::Label;

/// Marks a skippable frame.
const MAGIC: [u8; 4] = 0x184D_2A50_u32.to_le_bytes();

/// Returns the file of an answer.
pub(super) fn written(label: &Label, packed: &[u8]) -> serde_json::Result<Vec<u8>> {
    let label = serde_json::to_vec(label)?;
    // Headers are capped at some kB where they are fetched; a label of 4 GiB does not exist.
    let length = u32::try_from(label.len()).unwrap_or(u32::MAX);
    let mut file = Vec::with_capacity(MAGIC.len() + 4 + label.len() + packed.len());
    file.extend_from_slice(&MAGIC);
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&label);
    file.extend_from_slice(packed);
    Ok(file)
}

/// Returns the label of a file and its packed body. A file without a label is a body alone: a source file or a spreadsheet of
/// `ingest --file`.
pub(super) fn split(file: &[u8]) -> (Option<Label>, &[u8]) {
    let Some((length, rest)) = file.strip_prefix(&MAGIC).and_then(<[u8]>::split_first_chunk::<4>) else {
        return (None, file);
    };
    match usize::try_from(u32::from_le_bytes(*length)).ok().and_then(|length| rest.split_at_checked(length)) {
        Some((label, packed)) => (serde_json::from_slice(label).ok(), packed),
        None => (None, &[]),
    }
}
