//! What reading a page takes in memory, whatever the page is.
//!
//! A binary of its own and one test: the memory that is counted is that of the reading.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it measured"
)]

use std::{
    io::{Cursor, Write as _},
    ops::ControlFlow,
};

use domain::StreamName;
use peak_alloc::PeakAlloc;
use sources::{Catalog, Page, Response, Role, Spec, SpecFile, Window};
use url::Url;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Most bytes that reading a page may take, beside the page itself.
const MOST: usize = 224 << 20;

fn spec(records: &str, pages: &str) -> Spec {
    let text = format!(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nrequest={{path='/'}}\n{records}\n{pages}\n\
         [streams.offres.fields]\nexternal_id='id'\ntitle='t'\n"
    );
    let text = if records.contains("table") || records.contains("html") {
        text
    } else {
        text.replace("'id'", "'.id'").replace("'t'", "'.t'")
    };
    let file = SpecFile { name: "new.toml".to_owned(), text };
    Spec::clone(Catalog::load(vec![file]).unwrap().iter().next().unwrap())
}

/// A workbook whose first sheet and strings are these.
fn workbook(sheet: &str, strings: &str) -> Vec<u8> {
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut file = |name: &str, text: String| {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    };
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let root =
        format!("<Relationship Id=\"r0\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/>");
    file("_rels/.rels", format!("<Relationships xmlns=\"{package}\">{root}</Relationships>"));
    file(
        "xl/workbook.xml",
        format!(
            "<workbook {main} xmlns:r=\"{office}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
        ),
    );
    file(
        "xl/_rels/workbook.xml.rels",
        format!(
            "<Relationships xmlns=\"{package}\">\
             <Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/>\
             <Relationship Id=\"r2\" Type=\"{office}/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>"
        ),
    );
    file("xl/worksheets/sheet1.xml", format!("<worksheet {main}><sheetData>{sheet}</sheetData></worksheet>"));
    file("xl/sharedStrings.xml", format!("<sst {main}>{strings}</sst>"));
    zip.finish().unwrap().into_inner()
}

fn numbered(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// The pages: name, source file, body.
#[allow(clippy::too_many_lines, reason = "one line for each page")]
fn pages() -> Vec<(&'static str, Spec, Vec<u8>)> {
    let json = || spec("records='.items[]'", "");
    let total = || spec("records='.items[]'", "pages={kind='single', total='.total'}");
    let xml = || spec("format='xml'\nrecords='item'", "");
    let table = || spec("format='table'", "");
    let text = |kind: &'static str, spec: Spec, body: String| (kind, spec, body.into_bytes());
    let records = numbered(200_000, |n| format!("{{\"id\":{n},\"t\":\"{}\"}},", "x".repeat(120)));
    let large = format!("{{\"total\":200000,\"items\":[{records}{{\"id\":1}}]}}");
    let header = "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>id</v></c><c r=\"B1\" t=\"str\"><v>t</v></c></row>";
    let far = numbered(90_000, |n| format!("<row r=\"{0}\"><c r=\"BXV{0}\"><v>1</v></c></row>", n + 2));
    let strings = "<si><t/></si>".repeat(4_000_000);
    vec![
        text("a large JSON document", json(), large.clone()),
        text("a large JSON document with a total", total(), large),
        text("lists in lists", json(), format!("{{\"items\":[{}]}}", "[[],[]],".repeat(3_000_000) + "1")),
        text(
            "one record of all",
            json(),
            format!("{{\"items\":[{{\"a\":[{}0]}}]}}", "{},".repeat(6_000_000)),
        ),
        text(
            "many keys",
            json(),
            format!("{{\"items\":[{{{}\"z\":0}}]}}", numbered(2_000_000, |n| format!("\"{n}\":0,"))),
        ),
        text("a document of numbers", total(), format!("[{}0]", "0,".repeat(8_000_000))),
        text("small elements", xml(), format!("<r><item>{}</item></r>", "<a/>".repeat(4_000_000))),
        text(
            "many names",
            xml(),
            format!("<r><item>{}</item></r>", numbered(2_000_000, |n| format!("<a{n}/>"))),
        ),
        text(
            "many attributes",
            xml(),
            format!("<r><item {}/></r>", numbered(1_000_000, |n| format!("a{n}=\"\" "))),
        ),
        text("commas", table(), format!("id,t\n{}", ",".repeat(10_000_000))),
        text("rows", table(), format!("id,t\n{}", "1,a\n".repeat(2_000_000))),
        (
            "a workbook",
            table(),
            workbook(
                &format!(
                    "{header}<row r=\"2\"><c r=\"A2\"><v>1</v></c><c r=\"B2\" t=\"s\"><v>0</v></c></row>"
                ),
                "<si><t>x</t></si>",
            ),
        ),
        ("cells far to the right", table(), workbook(&format!("{header}{far}"), "")),
        ("many strings", table(), workbook(header, &strings)),
        text("elements", spec("format='html'\nrecords='.card'", ""), "<b>x</b>".repeat(900_000)),
        text(
            "formats",
            spec("format='html'\nrecords='.card'", ""),
            numbered(100_000, |n| format!("<p><b a={n}>")),
        ),
        text(
            "attributes",
            spec("format='html'\nrecords='.card'", ""),
            format!("<p {}>", numbered(600_000, |n| format!("a{n} "))),
        ),
    ]
}

/// What `work` takes at most, in bytes.
fn taken(work: impl FnOnce()) -> usize {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    work();
    MEMORY.peak_usage().saturating_sub(before)
}

#[test]
fn reading_takes_bounded_memory() {
    let stream = StreamName::new("offres").unwrap();
    let url: Url = "https://a.cm/".parse().unwrap();
    for (kind, spec, body) in pages() {
        let page = Page::new(&stream, Role::List, &url, Response::of_body(&body));
        let mut alarm = None;
        let whole = taken(|| alarm = spec.read(&page).alarm);
        let streamed = taken(|| {
            drop(spec.read_stream(&page, &mut &*body, 4_000, &mut |_| ControlFlow::Continue(())));
        });
        let crawled = taken(|| {
            let window = Window { since: None };
            let mut crawl = spec.crawl(&stream, &window).unwrap();
            let request = crawl.ask().unwrap();
            drop(crawl.answered(&request, &page));
        });
        let mib = |bytes: usize| bytes >> 20;
        println!(
            "{kind}: {} MiB; whole {}, streamed {}, crawled {} MiB; {alarm:?}",
            mib(body.len()),
            mib(whole),
            mib(streamed),
            mib(crawled)
        );
        assert!(whole.max(streamed).max(crawled) < MOST, "{kind}");
    }
}
