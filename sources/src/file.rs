//! Which list a file is.

use crate::{Spec, Stream, grammar::Decoder};

/// How many bytes at the start of a file decide its kind.
pub const LOOK: usize = 4_096;

impl Stream {
    /// Whether a file that begins so could be this list.
    pub fn reads(&self, begin: &[u8]) -> bool {
        let shape = self.file.as_ref().unwrap_or(&self.shape);
        let text = begin.strip_prefix(b"\xef\xbb\xbf").unwrap_or(begin).trim_ascii_start();
        let lower: Vec<u8> = text.iter().take(64).map(u8::to_ascii_lowercase).collect();
        let is_html = lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html");
        let is_json = text.starts_with(b"{") || text.starts_with(b"[");
        let is_packed = begin.starts_with(b"PK\x03\x04");
        match shape.decoder {
            // The content decides the kind of a packed file.
            _ if begin.starts_with(&[0x1f, 0x8b]) => true,
            Decoder::Html(_) => is_html || text.starts_with(b"<"),
            Decoder::Xml(_) => !is_html && text.starts_with(b"<"),
            Decoder::Json(_) => is_json,
            Decoder::Ndjson => text.starts_with(b"{"),
            Decoder::Table(_) => is_packed || (!is_json && !text.starts_with(b"<")),
        }
    }
}

impl Spec {
    /// The list a file is: the one of that name, else the only one that could be read from it. `begin`: its first
    /// [`LOOK`] bytes. An error says what to do.
    pub fn stream_of_file(&self, begin: &[u8], name: Option<&str>) -> Result<&Stream, String> {
        let takes: Vec<&Stream> = self.streams.iter().filter(|stream| stream.takes_files()).collect();
        let names = |streams: &[&Stream]| {
            streams.iter().map(|stream| stream.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        if let Some(name) = name {
            return takes.iter().find(|stream| stream.name.as_str() == name).copied().ok_or_else(|| {
                format!(
                    "{} has no stream {name:?} that can be read from a file (those that can: {})",
                    self.slug,
                    or_none(&names(&takes))
                )
            });
        }
        let fitting: Vec<&Stream> = takes.iter().filter(|stream| stream.reads(begin)).copied().collect();
        match fitting.as_slice() {
            [one] => Ok(one),
            [] => Err(format!(
                "no stream of {} reads a file of this kind (streams that take files: {})",
                self.slug,
                or_none(&names(&takes))
            )),
            several => Err(format!(
                "the file could be several streams of {}: name one of {}",
                self.slug,
                names(several)
            )),
        }
    }
}

fn or_none(names: &str) -> &str {
    if names.is_empty() { "none" } else { names }
}

#[cfg(test)]
mod tests {
    use crate::{Catalog, SpecFile};

    const BUREAU: &str = "name = 'Bureau'\nbase_url = 'https://bureau.cm'\nrate = '1/s'\n\
        [streams.activities]\nkind = 'agr'\nformat = 'xml'\nrecords = 'a'\n[streams.activities.fields]\nexternal_id = '.id'\ntitle = '.t'\n\
        [streams.projets]\nkind = 'agr'\nformat = 'table'\n[streams.projets.fields]\nexternal_id = 'N°'\ntitle = 'Intitulé'\n\
        [streams.offres]\nkind = 'job'\nformat = 'html'\nrequest = { path = '/' }\nrecords = '.c'\n[streams.offres.fields]\nexternal_id = 'a'\n\
        [streams.offres.detail]\nlink = 'a'\n[streams.offres.detail.fields]\ntitle = 'h1'\n";

    #[test]
    fn a_file_is_the_list_it_can_be_read_as() {
        let file = SpecFile { name: "bureau.toml".to_owned(), text: BUREAU.to_owned() };
        let catalog = Catalog::load(vec![file]).unwrap();
        let bureau = catalog.iter().next().unwrap();
        let of =
            |begin: &[u8], name| bureau.stream_of_file(begin, name).map(|stream| stream.name.to_string());
        assert_eq!(of(b"PK\x03\x04", None).unwrap(), "projets");
        assert_eq!(of(b"N\xb0 projet;Intitul\xe9", None).unwrap(), "projets");
        assert_eq!(of(b"\xef\xbb\xbf<?xml version='1.0'?><iati-activities>", None).unwrap(), "activities");
        assert_eq!(of(b"<?xml", Some("projets")).unwrap(), "projets");
        assert!(
            of(b"{\"a\":1}", None).unwrap_err().contains("no stream of bureau reads a file of this kind")
        );
        assert!(of(b"PK", Some("offres")).unwrap_err().contains("those that can: activities, projets"));
        assert!(of(&[0x1f, 0x8b], None).unwrap_err().contains("name one of activities, projets"));
    }
}
