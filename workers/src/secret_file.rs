//! Secrets in files: `NAME_FILE` names a file that holds the value of `NAME`, as Docker and Kubernetes mount them.

use std::{
    fs::File,
    io::{Error, ErrorKind, Read as _},
    path::Path,
};

/// What the name of a variable ends with if its value is the path of a file.
pub(crate) const SUFFIX: &str = "_FILE";
/// The largest secret. A path to something else must not fill the memory.
const LARGEST: u64 = 64 << 10;

/// Returns the secret in a file, without the line break at its end.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let mut text = String::new();
    File::open(path)?.take(LARGEST + 1).read_to_string(&mut text)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > LARGEST) {
        return Err(Error::new(ErrorKind::FileTooLarge, "it is too large for a secret"));
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Returns the secret of that name: the variable itself, else what is in the file that its `…_FILE` names. A file that cannot be
/// read is logged, and counts as missing: it may be mounted later.
pub(crate) fn of(name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
        return Some(value);
    }
    let path = variable(&format!("{name}{SUFFIX}")).filter(|path| !path.is_empty())?;
    match read(Path::new(&path)) {
        Ok(secret) => Some(secret).filter(|secret| !secret.is_empty()),
        Err(error) => {
            tracing::warn!(
                path,
                error = &error as &dyn std::error::Error,
                "could not read the file of a secret"
            );
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_counts_where_the_variable_is_not_set_and_is_read_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let path_text = path.to_str().unwrap().to_owned();
        let variable = |name: &str| (name == "FNE_KEY_FILE").then(|| path_text.clone());
        assert_eq!(of("FNE_KEY", &variable), None, "it is not there yet");
        std::fs::write(&path, "first\n").unwrap();
        assert_eq!(of("FNE_KEY", &variable).as_deref(), Some("first"));
        std::fs::write(&path, "a\nb\r\n").unwrap();
        assert_eq!(of("FNE_KEY", &variable).as_deref(), Some("a\nb"));
        let both = |name: &str| Some(if name == "FNE_KEY" { "own".to_owned() } else { path_text.clone() });
        assert_eq!(of("FNE_KEY", &both).as_deref(), Some("own"));
        std::fs::write(&path, vec![b'x'; 70_000]).unwrap();
        assert_eq!(of("FNE_KEY", &variable), None, "what is too large is not a secret");
    }
}
