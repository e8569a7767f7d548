//! Feeds as strangers write them.

use super::*;

/// A stream of a format, and what its fields are.
fn feed(format: &str, rest: &str) -> Arc<Spec> {
    spec(&format!(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nformat='{format}'\nrequest={{path='/l'}}\n{rest}"
    ))
}

/// The titles of the records of a body, each the same in any encoding.
fn titles(spec: &Spec, body: &[u8], content_type: &str) -> Vec<String> {
    let mut answer = Answer::new("https://a.cm/l", body);
    answer.headers = vec![("content-type".to_owned(), content_type.to_owned())];
    let reading = spec.read(&answer.page(&offres()));
    assert_eq!(reading.alarm, None, "{content_type}");
    reading.drafts.into_iter().filter_map(|draft| draft.title).collect()
}

#[test]
fn bytes_are_believed_before_words_in_every_format() {
    let title = "Préposé à l\u{2019}accueil, côté café";
    let json = feed("json", "records='.[]'\n[streams.offres.fields]\nexternal_id='.id'\ntitle='.t'\n");
    let ndjson = feed("ndjson", "[streams.offres.fields]\nexternal_id='.id'\ntitle='.t'\n");
    let xml = feed("xml", "records='o'\n[streams.offres.fields]\nexternal_id='.id'\ntitle='.t'\n");
    let html = feed("html", "records='li'\n[streams.offres.fields]\nexternal_id='b'\ntitle='i'\n");
    let table = feed("table", "[streams.offres.fields]\nexternal_id='id'\ntitle='t'\n");
    let texts = [
        (&json, format!("[{{\"id\":1,\"t\":\"{title}\"}}]")),
        (&ndjson, format!("{{\"id\":1,\"t\":\"{title}\"}}\n")),
        (&xml, format!("<?xml version='1.0' encoding='UTF-8'?><l><o><id>1</id><t>{title}</t></o></l>")),
        (&xml, format!("<?xml version='1.0' encoding='ISO-8859-1'?><l><o><id>1</id><t>{title}</t></o></l>")),
        (&xml, format!("<?xml version='1.0' encoding='utf-16'?><l><o><id>1</id><t>{title}</t></o></l>")),
        (&html, format!("<meta charset=iso-8859-1><ul><li><b>1</b><i>{title}</i></li></ul>")),
        (&table, format!("id;t\n1;{title}\n")),
    ];
    for (spec, text) in &texts {
        let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (cp1252, _, _) = encoding_rs::WINDOWS_1252.encode(text);
        for bytes in [text.as_bytes(), &utf_16, &cp1252] {
            for header in ["text/plain", "text/plain; charset=utf-8", "text/plain; charset=iso-8859-1"] {
                assert_eq!(titles(spec, bytes, header), [title], "{text} {header} {:?}", bytes.get(..8));
            }
        }
    }
}

#[test]
fn markup_within_xml_is_text_and_markup_where_a_body_is_asked_for() {
    let atom = feed(
        "xml",
        "records='entry'\n[streams.offres.fields]\nexternal_id='.id'\ntitle='.title'\ndescription='.content'\n",
    );
    let body = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title type='xhtml'>Bûcheron <em>&amp; élagueur</em></title>\
        <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>Abattre &lt;10 <b class='x'>arbres</b></p><p>Élaguer<br/>vite</p></div></content></entry></feed>";
    let reading = atom.read(&Answer::new("https://a.cm/l", body).page(&offres()));
    let draft = &reading.drafts[0];
    assert_eq!(draft.title.as_deref(), Some("Bûcheron & élagueur"));
    assert_eq!(
        draft.description.as_deref(),
        Some("<div><p>Abattre &lt;10 <b>arbres</b></p><p>Élaguer<br>vite</p></div>")
    );
}

#[test]
fn a_path_through_a_list_gives_all_its_items_of_a_field_that_may_have_several() {
    let json = feed(
        "json",
        "records='.[]'\n[streams.offres.fields]\nexternal_id='.id.v'\ntitle='.t'\nplace='.lieux.ville'\n",
    );
    let body = r#"[{"id": [{"v": 1}, {"v": 2}], "t": "x", "lieux": [{"ville": "Foumban"}, {"ville": null}, {"ville": "Bafoussam"}]}]"#;
    let draft = &json.read(&Answer::new("https://a.cm/l", body).page(&offres())).drafts[0];
    assert_eq!(draft.place.as_deref(), Some("Foumban; Bafoussam"));
    assert_eq!(draft.external_id.as_deref(), Some("1"));
    // One thing where a list is asked for.
    let one = feed("json", "records='.l[]'\n[streams.offres.fields]\nexternal_id='.id'\ntitle='.t'\n");
    let read = |body: &str| one.read(&Answer::new("https://a.cm/l", body).page(&offres()));
    assert_eq!(read(r#"{"l": {"id": 12.0, "t": "x"}}"#).drafts[0].external_id.as_deref(), Some("12"));
    assert_eq!(
        read("cb({\"l\": [{\"id\": 1e3, \"t\": \"a \\ud83d\", \"x\": NaN}]});").drafts[0]
            .external_id
            .as_deref(),
        Some("1000")
    );
}

#[test]
fn links_and_addresses_start_from_the_base_of_a_page() {
    let html = feed(
        "html",
        "records='li'\n[streams.offres.fields]\nexternal_id='b'\ntitle='a'\nurl={css='a',attr='href'}\n",
    );
    let mut answer =
        Answer::new("https://a.cm/liste/toutes", "<base href='/fr/'><li><b>1</b><a href='o/1'>x</a></li>");
    answer.headers = vec![("content-location".to_owned(), "https://a.cm/emplois/".to_owned())];
    let url = |answer: &Answer| html.read(&answer.page(&offres())).drafts[0].url.clone().unwrap();
    assert_eq!(url(&answer), "https://a.cm/fr/o/1");
    answer.body = b"<li><b>1</b><a href='o/1'>x</a></li>".to_vec();
    assert_eq!(url(&answer), "https://a.cm/emplois/o/1");
}

#[test]
fn a_page_that_another_one_answered_for_is_refused_unless_it_is_the_records() {
    let portal = builtin("emploicameroun");
    let read = |address: &str, body: &str, title: &str| {
        let mut answer = Answer::new("https://www.emploicameroun.cm/offre/a-12", body);
        answer.headers = vec![("content-location".to_owned(), address.to_owned())];
        answer.card = Some(json!({"external_id": "12", "title": title}));
        portal.read(&answer.page(&offres()))
    };
    let page = "<main><h1>Soudeur</h1><div class='job-description'><p>Un</p></div></main>";
    for away in [
        "https://www.emploicameroun.cm/",
        "https://www.emploicameroun.cm/offres",
        "https://www.emploicameroun.cm/offre/b-13",
    ] {
        for body in [page, "<p>Bienvenue</p>"] {
            let reading = read(away, body, "Maçon");
            assert_eq!((reading.alarm, reading.drafts.len(), reading.records), (None, 0, 1), "{away}");
            let rejection = &reading.rejected[0];
            assert_eq!(rejection.external_id.as_deref(), Some("12"));
            assert!(
                rejection.reason.to_string().contains(&format!("its page leads to {away}")),
                "{rejection:?}"
            );
        }
    }
    assert_eq!(read("https://www.emploicameroun.cm/fr/offre/a-12/", page, "Maçon").drafts.len(), 1);
    // The page is known by the title that the list gave it.
    assert_eq!(read("https://www.emploicameroun.cm/emploi/soudeur", page, "SOUDEUR").drafts.len(), 1);
}

#[test]
fn a_table_with_a_stray_quote_keeps_its_rows_and_proves_nothing() {
    let table = feed("table", "[streams.offres.fields]\nexternal_id='id'\ntitle='t'\nplace='v'\n");
    let rows = |stray: &[usize]| {
        let row =
            |n: usize| format!("U{n};{}Manœuvre {n};Douala;x\n", if stray.contains(&n) { "\"" } else { "" });
        format!("id;t;v;d\n{}", (1..=20).map(row).collect::<String>())
    };
    for stray in [&[14][..], &[5, 8], &[1], &[20], &[5, 6, 7]] {
        let text = rows(stray);
        let reading = table.read(&Answer::new("https://a.cm/l", text.as_str()).page(&offres()));
        assert_eq!(reading.drafts.len(), 20, "{stray:?}: {reading:?}");
        assert!(
            matches!(&reading.alarm, Some(Alarm::Mended(why)) if why.contains(&format!("line {}", stray[0] + 1))),
            "{:?}",
            reading.alarm
        );
        let first = &reading.drafts[stray[0] - 1];
        assert_eq!(first.place.as_deref(), Some("Douala"));
        let mut batches = Vec::new();
        let answer = Answer::new("https://a.cm/l", "");
        let last = table.read_stream(&answer.page(&offres()), &mut text.as_bytes(), 7, &mut |batch| {
            batches.push(batch.drafts.len());
            ControlFlow::Continue(())
        });
        assert_eq!((batches.iter().sum::<usize>() + last.drafts.len(), last.alarm), (20, reading.alarm));
    }
    assert_eq!(table.read(&Answer::new("https://a.cm/l", rows(&[])).page(&offres())).alarm, None);
}

#[test]
fn a_page_of_records_that_cannot_be_used_is_given_up() {
    let feed = feed("xml", "records='offer'\n[streams.offres.fields]\nexternal_id='.@id'\ntitle='.title'\n");
    let read = |good: usize| {
        let offers: Vec<String> =
            (0..good).map(|n| format!("<offer id='{n}'><title>Soudeur {n}</title></offer>")).collect();
        let text = format!("<offers>{}{}</offers>", offers.concat(), "<offer/>".repeat(60_000));
        let mut rejected = 0;
        let answer = Answer::new("https://a.cm/l", "");
        let last = feed.read_stream(&answer.page(&offres()), &mut text.as_bytes(), 4_000, &mut |batch| {
            rejected += batch.rejected.len();
            ControlFlow::Continue(())
        });
        (rejected, last)
    };
    let (rejected, last) = read(20);
    assert!(rejected <= 50_000, "{rejected}");
    assert_eq!((last.rejected.len(), last.drafts.len()), (0, 0));
    let alarm = Alarm::Unreadable("51980 of its first 52000 records cannot be used".to_owned());
    assert_eq!(last.alarm, Some(alarm));
    // Most of it is good.
    let (rejected, last) = read(70_000);
    assert_eq!((rejected + last.rejected.len(), last.alarm), (60_000, None));
}

#[test]
fn a_table_that_breaks_off_in_a_row_refuses_it_and_proves_nothing() {
    let table = feed("table", "[streams.offres.fields]\nexternal_id='id'\ntitle='t'\n");
    let read = |text: &str| table.read(&Answer::new("https://a.cm/l", text).page(&offres()));
    let whole = "id;t;v;d\n1;Soudeur;Douala;x\n2;Maçon;Buea;y\n3;Caissière;Kribi;z";
    for whole in [whole.to_owned(), format!("{whole}\n"), format!("{whole}\n;Total : 3")] {
        assert_eq!(read(&whole).alarm, None, "{whole}");
    }
    let cut = read("id;t;v;d\n1;Soudeur;Douala;x\n2;Maçon;Buea;y\n3;Caiss");
    assert_eq!((cut.drafts.len(), cut.rejected.len()), (2, 1));
    assert!(
        matches!(&cut.alarm, Some(Alarm::Mended(why)) if why.contains("row 4, after 2 of 4 cells")),
        "{:?}",
        cut.alarm
    );
    // Where rows are short at times, a short one at the end says nothing.
    assert_eq!(read("id;t;v;d\n1;Soudeur\n2;Maçon;Buea;y\n3;Caissière").alarm, None);
}

#[test]
fn a_part_that_nobody_asked_for_proves_nothing() {
    let table = feed("table", "[streams.offres.fields]\nexternal_id='id'\ntitle='t'\n");
    let mut answer = Answer::new("https://a.cm/l", "id;t\n1;Soudeur\n2;Maçon\n");
    assert_eq!(table.read(&answer.page(&offres())).alarm, None);
    answer.status = 206;
    answer.headers.push(("content-range".to_owned(), "bytes 0-999/5000".to_owned()));
    let reading = table.read(&answer.page(&offres()));
    assert_eq!(reading.drafts.len(), 2);
    assert!(
        matches!(&reading.alarm, Some(Alarm::Mended(why)) if why.contains("bytes 0-999/5000")),
        "{:?}",
        reading.alarm
    );
}

/// A workbook of one sheet.
fn workbook(styles: &str, rows: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut book = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let parts = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns='{package}/content-types'><Default Extension='xml' ContentType='application/xml'/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns='{package}/relationships'><Relationship Id='rId1' Type='{office}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns='{main}' xmlns:r='{office}'><sheets><sheet name='Prêts' sheetId='1' r:id='rId1'/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns='{package}/relationships'><Relationship Id='rId1' Type='{office}/worksheet' Target='worksheets/sheet1.xml'/><Relationship Id='rId2' Type='{office}/styles' Target='styles.xml'/></Relationships>"
            ),
        ),
        ("xl/styles.xml", format!("<styleSheet xmlns='{main}'>{styles}</styleSheet>")),
        (
            "xl/worksheets/sheet1.xml",
            format!("<worksheet xmlns='{main}'><sheetData>{rows}</sheetData></worksheet>"),
        ),
    ];
    for (name, text) in parts {
        book.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        book.write_all(text.as_bytes()).unwrap();
    }
    book.finish().unwrap().into_inner()
}

#[test]
fn a_cell_is_what_the_workbook_shows() {
    let table = feed(
        "table",
        "[streams.offres.fields]\nexternal_id='Code'\ntitle='Nom'\ninterest='Taux'\nduration='Mois'\n",
    );
    let styles = "<numFmts count='2'><numFmt numFmtId='164' formatCode='00000'/><numFmt numFmtId='165' formatCode='0.0%'/></numFmts>\
        <cellStyleXfs><xf numFmtId='9'/></cellStyleXfs><cellXfs><xf numFmtId='0'/><xf numFmtId='164'/><xf numFmtId='165'/><xf numFmtId='9'/></cellXfs>";
    let text = |at: &str, words: &str| format!("<c r='{at}' t='inlineStr'><is><t>{words}</t></is></c>");
    let rows = format!(
        "<row r='1'>{}{}{}{}</row><row r='2'><c r='A2' s='1'><v>237</v></c>{}<c r='C2' s='2'><v>0.125</v></c><c r='D2'><v>12</v></c></row>\
         <row r='3'><c r='A3' s='1'><v>123456</v></c>{}<c r='C3' s='3'><v>0.05</v></c><c r='D3' s='0'><v>6.5</v></c></row>",
        text("A1", "Code"),
        text("B1", "Nom"),
        text("C1", "Taux"),
        text("D1", "Mois"),
        text("B2", "Prêt A"),
        text("B3", "Prêt B")
    );
    let reading = table.read(&Answer::new("https://a.cm/l", workbook(styles, &rows)).page(&offres()));
    let shown: Vec<_> = reading
        .drafts
        .iter()
        .map(|draft| {
            [&draft.external_id, &draft.interest, &draft.duration]
                .map(|words| words.as_deref().unwrap_or("-"))
        })
        .collect();
    assert_eq!(shown, [["00237", "12.5%", "12"], ["123456", "5%", "6.5"]], "{reading:?}");
}
