//! Each decoder, mapping included, next to its bare library, in one run; and the memory that it takes from 10 MB to 1 GB.
//!
//! Bare means the same bytes through the library alone, with each record read and none kept: `serde_json` to a `Value`,
//! `csv` record by record, `quick-xml` event by event with attributes and text unescaped, `scraper` parsing the document. Run it
//! with `cargo run --release -p benches --bin decoders [MEGABYTES] [FORMAT]`; the default of the largest size is 1000.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::{
    hint::black_box,
    io::{BufReader, Read},
    ops::ControlFlow,
    time::{Duration, Instant},
};

use domain::StreamName;
use sources::{Catalog, Page, Response, Role, Spec, SpecFile};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The number of records in the comparison.
const RECORDS: usize = 50_000;
/// The number of records held at a time.
const BATCH: usize = 500;
/// The number of runs of each. The best one counts, because the machine is shared.
const RUNS: usize = 3;

/// A format: its source file, how an input of it is written, and the library alone.
struct Format {
    name: &'static str,
    library: &'static str,
    spec: &'static str,
    head: &'static str,
    record: fn(usize) -> String,
    between: &'static str,
    tail: &'static str,
    bare: fn(&[u8]) -> usize,
}

const FORMATS: [Format; 4] = [
    Format {
        name: "JSON",
        library: "serde_json::Value",
        spec: "records = '.items[]'\n[streams.list.fields]\nexternal_id = '.id'\ntitle = '.intitule'\norganization = '.entreprise.nom'\ndescription = '.description'\nplace = '.lieu.libelle'\nsalary = '.salaire'\nposted_at = '.date'\ncontract = '.contrat'\n",
        head: "{\"items\":[",
        record: json_record,
        between: ",",
        tail: "]}",
        bare: bare_json,
    },
    Format {
        name: "NDJSON",
        library: "serde_json::Value",
        spec: "format = 'ndjson'\n[streams.list.fields]\nexternal_id = '.id'\ntitle = '.intitule'\norganization = '.entreprise.nom'\ndescription = '.description'\nplace = '.lieu.libelle'\nsalary = '.salaire'\nposted_at = '.date'\ncontract = '.contrat'\n",
        head: "",
        record: json_record,
        between: "\n",
        tail: "\n",
        bare: bare_lines,
    },
    Format {
        name: "CSV",
        library: "csv",
        spec: "format = 'table'\n[streams.list.fields]\nexternal_id = 'id'\ntitle = 'intitule'\norganization = 'entreprise'\ndescription = 'description'\nplace = 'lieu'\nsalary = 'salaire'\nposted_at = 'date'\ncontract = 'contrat'\n",
        head: "id;intitule;entreprise;lieu;contrat;salaire;date;description\n",
        record: csv_record,
        between: "\n",
        tail: "\n",
        bare: bare_csv,
    },
    Format {
        name: "XML",
        library: "quick-xml",
        spec: "format = 'xml'\nrecords = 'item'\n[streams.list.fields]\nexternal_id = '.@id'\ntitle = '.intitule'\norganization = '.entreprise.nom'\ndescription = '.description'\nplace = '.lieu'\nsalary = '.salaire'\nposted_at = '.date'\ncontract = '.contrat'\n",
        head: "<?xml version=\"1.0\"?><items>",
        record: xml_record,
        between: "",
        tail: "</items>",
        bare: bare_xml,
    },
];

const TEXT: &str = "Missions variées, équipe soudée, formation assurée ; lire les plans, tenir le poste propre, rendre compte. ";

fn json_record(n: usize) -> String {
    format!(
        r#"{{"id":"B{n:07}","intitule":"Soudeur n° {n} (H/F)","entreprise":{{"nom":"Établissements {}","siret":"{n:014}"}},"lieu":{{"libelle":"Douala","latitude":4.05,"longitude":9.7}},"contrat":"CDD","salaire":"{} FCFA / mois","date":"2026-11-02T08:30:00Z","description":"{}","vues":{n},"tags":["a","b"]}}"#,
        n % 997,
        90_000 + n % 500,
        TEXT.repeat(8)
    )
}

fn csv_record(n: usize) -> String {
    format!(
        "B{n:07};Soudeur n° {n} (H/F);Établissements {};Douala;CDD;{} FCFA / mois;2026-11-02;\"{}\"",
        n % 997,
        90_000 + n % 500,
        TEXT.repeat(8)
    )
}

fn xml_record(n: usize) -> String {
    format!(
        "<item id=\"B{n:07}\"><intitule>Soudeur n° {n} (H/F)</intitule><entreprise><nom>Établissements {} &amp; fils</nom></entreprise><lieu>Douala</lieu><contrat>CDD</contrat><salaire>{} FCFA / mois</salaire><date>2026-11-02</date><description><![CDATA[{}]]></description><vues>{n}</vues></item>",
        n % 997,
        90_000 + n % 500,
        TEXT.repeat(8)
    )
}

fn bare_json(input: &[u8]) -> usize {
    let document: serde_json::Value = serde_json::from_slice(input).unwrap_or_default();
    document.get("items").and_then(serde_json::Value::as_array).map_or(0, Vec::len)
}

fn bare_lines(input: &[u8]) -> usize {
    let lines = input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.filter(|line| serde_json::from_slice::<serde_json::Value>(line).map(black_box).is_ok()).count()
}

fn bare_csv(input: &[u8]) -> usize {
    let mut reader = csv::ReaderBuilder::new().delimiter(b';').from_reader(input);
    let mut record = csv::StringRecord::new();
    let mut count = 0;
    while matches!(reader.read_record(&mut record), Ok(true)) {
        black_box(record.iter().map(str::len).sum::<usize>());
        count += 1;
    }
    count
}

fn bare_xml(input: &[u8]) -> usize {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_reader(input);
    let (mut buffer, mut count) = (Vec::new(), 0);
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => {
                for attribute in start.attributes().flatten() {
                    black_box(attribute.value.len());
                }
                count += usize::from(start.name().0 == "item");
            }
            Ok(Event::Text(text)) => drop(black_box(text.xml10_content())),
            Ok(Event::CData(text)) => drop(black_box(text.xml10_content())),
            Ok(Event::Eof) | Err(_) => return count,
            Ok(_) => (),
        }
    }
}

/// An input that is generated while it is read: `size` bytes of records between head and tail.
struct Written {
    format: &'static Format,
    left: usize,
    next: usize,
    begun: bool,
    done: bool,
    ready: Vec<u8>,
    at: usize,
}

impl Written {
    fn new(format: &'static Format, size: usize) -> Self {
        Self { format, left: size, next: 0, begun: false, done: false, ready: Vec::new(), at: 0 }
    }

    fn more(&mut self) {
        self.ready.clear();
        self.at = 0;
        if !self.begun {
            self.begun = true;
            self.ready.extend_from_slice(self.format.head.as_bytes());
        }
        while self.ready.len() < 64 << 10 && self.left > 0 {
            if self.next > 0 {
                self.ready.extend_from_slice(self.format.between.as_bytes());
            }
            let record = (self.format.record)(self.next);
            self.next += 1;
            self.left = self.left.saturating_sub(record.len());
            self.ready.extend_from_slice(record.as_bytes());
        }
        if self.left == 0 && !self.done {
            self.done = true;
            self.ready.extend_from_slice(self.format.tail.as_bytes());
        }
    }
}

impl Read for Written {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.at == self.ready.len() && !(self.done && self.begun) {
            self.more();
        }
        let rest = self.ready.get(self.at..).unwrap_or_default();
        let length = rest.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..length), rest.get(..length)) {
            to.copy_from_slice(from);
        }
        self.at += length;
        Ok(length)
    }
}

fn spec_of(format: &Format) -> Outcome<Catalog> {
    let text = format!(
        "name = 'b'\nbase_url = 'https://b.cm'\nrate = '1/s'\n[streams.list]\nkind = 'job'\nrequest = {{ path = '/' }}\n{}",
        format.spec
    );
    Ok(Catalog::load(vec![SpecFile { name: "bench.toml".to_owned(), text }])?)
}

/// Reads an input as a stream, maps its records, and drops the drafts. Returns the number of records.
fn ours(spec: &Spec, input: impl Read) -> Outcome<usize> {
    let stream = StreamName::new("list")?;
    let url = "https://b.cm/".parse()?;
    let page = Page::new(&stream, Role::List, &url, Response::of_body(&[]));
    let mut count = 0;
    let mut input = BufReader::with_capacity(256 << 10, input);
    let last = spec.read_stream(&page, &mut input, BATCH, &mut |reading| {
        count += black_box(reading.drafts).len();
        ControlFlow::Continue(())
    });
    match last.alarm {
        Some(alarm) => Err(format!("{alarm:?}").into()),
        None => Ok(count + last.drafts.len()),
    }
}

fn best(mut run: impl FnMut() -> Outcome<usize>) -> Outcome<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let begun = Instant::now();
        let count = run()?;
        if count != RECORDS {
            return Err(format!("{count} records of {RECORDS}").into());
        }
        best = best.min(begun.elapsed());
    }
    Ok(best)
}

fn main() -> Outcome<()> {
    let largest: usize = std::env::args().nth(1).map_or(Ok(1_000), |n| n.parse())?;
    let only = std::env::args().nth(2);
    let wanted = |name: &str| only.as_ref().is_none_or(|only| only.eq_ignore_ascii_case(name));
    println!("{RECORDS} records of each, best of {RUNS} runs\n");
    println!(
        "{:10} {:20} {:>12} {:>12} {:>10} {:>8}",
        "", "bare decoder", "bare rec/s", "ours rec/s", "MB/s", "× bare"
    );
    for format in FORMATS.iter().filter(|format| wanted(format.name)) {
        let catalog = spec_of(format)?;
        let spec = catalog.iter().next().ok_or("no spec")?;
        let mut input = format.head.as_bytes().to_vec();
        for n in 0..RECORDS {
            if n > 0 {
                input.extend_from_slice(format.between.as_bytes());
            }
            input.extend_from_slice((format.record)(n).as_bytes());
        }
        input.extend_from_slice(format.tail.as_bytes());
        let bare = best(|| Ok((format.bare)(&input)))?;
        let read = best(|| ours(spec, input.as_slice()))?;
        line(format.name, format.library, bare, read, input.len(), RECORDS);
    }
    if wanted("HTML") {
        html()?;
    }
    println!("\npeak memory while reading, in MB ({BATCH} records are held at a time)");
    println!("{:10} {:>10} {:>10} {:>10}", "", "10 MB", "100 MB", format!("{largest} MB"));
    for format in FORMATS.iter().filter(|format| wanted(format.name)) {
        let catalog = spec_of(format)?;
        let spec = catalog.iter().next().ok_or("no spec")?;
        let mut peaks = Vec::new();
        for size in [10, 100, largest] {
            forget_peak();
            ours(spec, Written::new(format, size << 20))?;
            peaks.push(format!("{:>10.0}", peak_mb()));
        }
        println!("{:10} {}", format.name, peaks.join(" "));
    }
    Ok(())
}

fn line(name: &str, library: &str, bare: Duration, read: Duration, bytes: usize, records: usize) {
    println!(
        "{name:10} {library:20} {:>12.0} {:>12.0} {:>10.0} {:>8.2}",
        to_f64(records) / bare.as_secs_f64(),
        to_f64(records) / read.as_secs_f64(),
        to_f64(bytes) / read.as_secs_f64() / 1e6,
        read.as_secs_f64() / bare.as_secs_f64()
    );
}

/// A portal's list of 200 cards, repeatedly. `scraper` parses the document; we also select and map.
fn html() -> Outcome<()> {
    const CARDS: usize = 200;
    const PAGES: usize = 50;
    let card = |n: usize| {
        format!(
            "<div class='card'><h3><a href='/offre/{n}'>Soudeur n° {n}</a></h3><p class='co'>Établissements {n}</p><ul><li>Contrat : <strong>CDD</strong></li><li>Ville : <strong>Douala</strong></li></ul><p class='d'>{}</p></div>",
            TEXT.repeat(3)
        )
    };
    let page: String = (0..CARDS).map(card).collect();
    let page = format!("<!DOCTYPE html><html><head><title>x</title></head><body>{page}</body></html>");
    let text = "name = 'b'\nbase_url = 'https://b.cm'\nrate = '1/s'\n[streams.list]\nkind = 'job'\nformat = 'html'\nrequest = { path = '/' }\nrecords = 'div.card'\n[streams.list.fields]\nexternal_id = { css = 'h3 a', attr = 'href' }\ntitle = 'h3 a'\norganization = '.co'\ndescription = '.d'\ncontract = { css = 'li', label = 'Contrat', value = 'strong' }\nplace = { css = 'li', label = 'Ville', value = 'strong' }\n";
    let catalog = Catalog::load(vec![SpecFile { name: "bench.toml".to_owned(), text: text.to_owned() }])?;
    let spec = catalog.iter().next().ok_or("no spec")?;
    let times = |run: &mut dyn FnMut() -> Outcome<usize>| -> Outcome<Duration> {
        let mut best = Duration::MAX;
        for _ in 0..RUNS {
            let begun = Instant::now();
            for _ in 0..PAGES {
                black_box(run()?);
            }
            best = best.min(begun.elapsed());
        }
        Ok(best)
    };
    let bare = times(&mut || Ok(scraper::Html::parse_document(&page).tree.nodes().count()))?;
    let read = times(&mut || ours(spec, page.as_bytes()))?;
    line("HTML", "scraper, parse alone", bare, read, page.len() * PAGES, CARDS * PAGES);
    Ok(())
}

/// Resets the peak that the kernel counts (`clear_refs`, proc(5)).
fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Returns the largest resident memory since then, in MB.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let kb: String = line.chars().filter(char::is_ascii_digit).collect();
    kb.parse::<f64>().unwrap_or(0.0) / 1024.0
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn to_f64(count: usize) -> f64 {
    count as f64
}
