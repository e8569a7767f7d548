use std::{fmt::Write as _, sync::Arc};

use domain::StreamName;
use serde_json::json;

use super::*;
use crate::{Catalog, Response, SpecFile};

fn offres() -> StreamName {
    StreamName::new("offres").unwrap()
}

fn builtin(slug: &str) -> Arc<Spec> {
    Arc::clone(Catalog::builtin().unwrap().get(&slug.parse().unwrap()).unwrap())
}

fn spec(text: &str) -> Arc<Spec> {
    let file = SpecFile { name: "new.toml".to_owned(), text: text.to_owned() };
    Arc::clone(Catalog::load(vec![file]).unwrap().iter().next().unwrap())
}

/// A JSON list that is paged so.
fn paged(pages: &str) -> Arc<Spec> {
    spec(&format!(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nrequest={{path='/'}}\npages={pages}\nrecords='.resultats[]'\n[streams.offres.fields]\nexternal_id='.id'\ntitle='.intitule'\n"
    ))
}

/// An HTML list that is paged so.
fn portal(pages: &str) -> Arc<Spec> {
    spec(&format!(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nformat='html'\nrequest={{path='/'}}\npages={pages}\nrecords='li'\n[streams.offres.fields]\nexternal_id={{css='a',attr='href'}}\ntitle='a'\n"
    ))
}

/// A JSON page with these records, and what else it says.
fn page(ids: std::ops::Range<usize>, rest: serde_json::Value) -> String {
    let mut page = rest;
    page["resultats"] = ids.map(|id| json!({"id": id, "intitule": "x"})).collect();
    page.to_string()
}

fn items(ids: std::ops::Range<usize>) -> (u16, &'static str, String) {
    (200, "", page(ids, json!({})))
}

fn html(ids: std::ops::Range<usize>, rest: &str) -> (u16, &'static str, String) {
    let mut page = String::from("<html><body><ul>");
    ids.for_each(|id| write!(page, "<li><a href=/o/{id}>x</a></li>").unwrap());
    (200, "", format!("{page}</ul>{rest}</body></html>"))
}

/// Takes the answer to a request.
fn answer(crawl: &mut Crawl<'_>, request: &PageRequest, (status, range, body): &(u16, &str, String)) {
    let headers = [("content-range".to_owned(), (*range).to_owned())];
    let response = Response { status: *status, headers: &headers, body: body.as_bytes() };
    crawl.answered(request, &request.page(response));
}

/// Crawls canned answers; gives the queries asked and how it ended.
fn crawled(spec: &Spec, answers: &[(u16, &str, String)]) -> (Vec<String>, Walked) {
    let mut asked = Vec::new();
    let mut crawl = spec.crawl(&offres(), &Window::default()).unwrap();
    while let Some(request) = crawl.ask() {
        let given = answers.get(asked.len()).unwrap_or_else(|| panic!("asked for more: {asked:?}"));
        asked.push(request.url.query().unwrap_or_default().to_owned());
        answer(&mut crawl, &request, given);
    }
    (asked, crawl.walked().unwrap().clone())
}

/// The ending, and what it proves.
fn ended(spec: &Spec, answers: &[(u16, &str, String)]) -> (End, String) {
    let (_, walked) = crawled(spec, answers);
    (walked.end, walked.proof().map_or_else(|why| why.to_string(), |()| "proven".to_owned()))
}

fn proven(end: End) -> (End, String) {
    (end, "proven".to_owned())
}

fn doubted(end: End, why: &str) -> (End, String) {
    (end, format!("stream offres: {why}"))
}

#[test]
fn a_range_is_followed_to_its_total() {
    let fne = builtin("fne");
    let part = |status, range, ids| (status, range, page(ids, json!({})));
    let whole = [
        part(206, "offres 0-149/310", 0..150),
        part(206, "offres 150-299/310", 150..300),
        part(206, "offres 300-309/310", 300..310),
    ];
    let (asked, walked) = crawled(&fne, &whole);
    assert_eq!(asked, ["range=0-149", "range=150-299", "range=300-449"]);
    assert_eq!((walked.end, walked.proof(), walked.is_snapshot()), (End::Total, Ok(()), true));
    assert_eq!(ended(&fne, &[(204, "", String::new())]), proven(End::Empty));
    assert_eq!(ended(&fne, &[part(200, "", 0..150)]), proven(End::Single));
    // Less than was asked for is followed without a gap.
    let short = [part(206, "offres 0-99/250", 0..100), part(206, "offres 100-249/250", 100..250)];
    assert_eq!(crawled(&fne, &short).0, ["range=0-149", "range=100-249"]);
    // One was inserted on top while the list was crawled.
    let moved = [part(206, "offres 0-149/160", 0..150), part(206, "offres 150-160/161", 149..160)];
    let (_, walked) = crawled(&fne, &moved);
    let why = walked.proof().unwrap_err().to_string();
    assert_eq!(why, "stream offres: 160 of 161 promised records came, and 1 came again");
}

#[test]
fn counted_pages_end_by_a_short_one_an_empty_one_or_their_total() {
    let sized = paged("{kind='number',param='p',first=1,size=2}");
    let (asked, walked) = crawled(&sized, &[items(0..2), items(2..3)]);
    assert_eq!((asked, walked.end), (vec!["p=1".into(), "p=2".into()], End::Short));
    assert!(walked.proof().is_ok() && !walked.is_snapshot());
    let bare = paged("{kind='number',param='p'}");
    assert_eq!(ended(&bare, &[items(0..2), items(2..2)]), proven(End::Empty));
    assert_eq!(
        ended(&bare, &[items(0..2), items(0..2)]),
        doubted(End::Repeated, "page 2 shows the same as an earlier page")
    );
    let total = |ids, total: u64| (200, "", page(ids, json!({"total": total})));
    let counted = paged("{kind='number',param='p',size=100,total='.total'}");
    assert_eq!(
        ended(&counted, &[total(0..100, 245), total(100..160, 245), total(0..0, 245)]),
        doubted(End::Empty, "160 of 245 promised records came")
    );
    assert_eq!(ended(&counted, &[total(0..100, 160), total(100..160, 160)]), proven(End::Total));
    assert_eq!(
        ended(&counted, &[total(0..100, 160), total(99..159, 160)]),
        doubted(End::Total, "159 of 160 promised records came, and 1 came again")
    );
    assert_eq!(
        ended(&counted, &[total(0..100, 90)]),
        doubted(End::Total, "100 records came, and 90 were promised")
    );
    let twice = paged("{kind='number',param='p',size=100,total='.total',repeats=true}");
    assert_eq!(ended(&twice, &[total(0..100, 160), total(99..159, 160)]), proven(End::Total));
}

#[test]
fn an_offset_ends_where_its_total_is_or_a_page_is_short() {
    let bare = paged("{kind='offset',offset='o',limit='l',size=2}");
    let (asked, walked) = crawled(&bare, &[items(0..2), items(2..2)]);
    assert_eq!((asked, walked.end), (vec!["l=2&o=0".into(), "l=2&o=2".into()], End::Empty));
    let counted = paged("{kind='offset',offset='o',limit='l',size=2,total='.n'}");
    let total = |ids| (200, "", page(ids, json!({"n": 3})));
    assert_eq!(ended(&counted, &[total(0..2), total(2..3)]), proven(End::Total));
    assert_eq!(
        ended(&counted, &[total(0..1), total(2..3), total(2..2)]),
        doubted(End::Empty, "2 of 3 promised records came")
    );
    // A server that gives two at a time whatever it is asked for.
    let capped = paged("{kind='offset',offset='o',limit='l',size=3}");
    let (asked, walked) = crawled(&capped, &[items(0..2), items(2..4), items(4..5)]);
    assert_eq!((asked.len(), walked.end, walked.proof()), (3, End::Short, Ok(())));
    assert_eq!(ended(&capped, &[items(0..2), items(2..2)]), proven(End::Empty));
    let numbered = paged("{kind='number',param='p',size=3}");
    assert_eq!(crawled(&numbered, &[items(0..2), items(2..3)]).0, ["p=0", "p=1"]);
    // What is asked for next is what follows on what came, not on what was asked for.
    let (asked, walked) = crawled(&counted, &[total(0..1), total(1..3)]);
    assert_eq!((asked, walked.proof()), (vec!["l=2&o=0".into(), "l=2&o=1".into()], Ok(())));
}

#[test]
fn a_numbered_list_ends_where_a_page_shows_nothing_new() {
    let bare = paged("{kind='number',param='p',first=1}");
    let of = |ids: &[usize]| {
        let records: Vec<_> = ids.iter().map(|id| json!({"id": id, "intitule": "x"})).collect();
        (200, "", json!({"resultats": records}).to_string())
    };
    // The last page again, as it was or in another order.
    assert_eq!(ended(&bare, &[of(&[1, 2]), of(&[3, 4]), of(&[3, 4])]), proven(End::Repeated));
    assert_eq!(ended(&bare, &[of(&[1, 2]), of(&[3, 4]), of(&[4, 3])]), proven(End::Repeated));
    assert_eq!(ended(&bare, &[of(&[1, 2]), of(&[3, 4]), of(&[4, 3, 4])]), proven(End::Repeated));
    // Featured posts rotate: one page without news may have news behind it, two have not.
    let rotating = [of(&[9, 1, 2]), of(&[1, 3, 9]), of(&[2, 1, 3]), of(&[9, 2, 3])];
    assert_eq!(ended(&bare, &rotating), proven(End::Repeated));
    let later = [of(&[9, 1, 2]), of(&[2, 1]), of(&[1, 4]), of(&[])];
    assert_eq!(ended(&bare, &later), proven(End::Empty));
}

#[test]
fn cursors_end_where_they_stay_or_go_round() {
    let cursor = paged("{kind='cursor',param='c',cursor='.next'}");
    let with = |ids, to: &str| (200, "", page(ids, json!({"next": to})));
    let stays = [with(0..2, "2"), with(2..3, "3"), with(0..0, "3")];
    assert_eq!(ended(&cursor, &stays), proven(End::NoLink));
    let round = [with(0..2, "b"), with(2..4, "a"), with(0..2, "b"), with(2..4, "a")];
    assert_eq!(ended(&cursor, &round), proven(End::Repeated));
    // One handle for the whole walk: the server remembers where it is.
    let handle = [with(0..2, "h"), with(2..4, "h"), with(4..5, "")];
    assert_eq!(ended(&cursor, &handle), proven(End::NoLink));
    let lost = [with(0..2, "b"), with(0..0, "c")];
    assert_eq!(ended(&cursor, &lost), doubted(End::Empty, "page 2 has no records, and a link promised some"));
}

#[test]
fn a_link_to_a_page_that_was_asked_for_is_none() {
    let link = paged("{kind='next_link',link='.next'}");
    let with = |ids, to: &str| (200, "", page(ids, json!({"next": to})));
    let (asked, walked) = crawled(&link, &[with(0..1, "?c=2"), with(1..2, "/?c=3"), with(2..3, "/?c=2")]);
    assert_eq!((asked.len(), walked.end, walked.proof()), (3, End::NoLink, Ok(())));
}

#[test]
fn each_line_of_a_link_header_counts() {
    let link = paged("{kind='link_header'}");
    let mut crawl = link.crawl(&offres(), &Window::default()).unwrap();
    let first = crawl.ask().unwrap();
    let header = |value: &str| ("link".to_owned(), value.to_owned());
    let headers = [header("</?p=1>; rel=\"first\""), header("</?p=2>; rel=\"next\"")];
    let body = page(0..2, json!({}));
    let response = Response { status: 200, headers: &headers, body: body.as_bytes() };
    crawl.answered(&first, &first.page(response));
    assert_eq!(crawl.ask().unwrap().url.as_str(), "https://a.cm/?p=2");
}

#[test]
fn links_start_from_the_base_of_a_page_else_from_the_address_that_answered() {
    let next = portal("{kind='next_link',link='a.s'}");
    let asked_next = |body: &str, answered: Option<&str>| {
        let mut crawl = next.crawl(&offres(), &Window::default()).unwrap();
        let first = crawl.ask().unwrap();
        let headers: Vec<_> =
            answered.map(|url| ("content-location".to_owned(), url.to_owned())).into_iter().collect();
        let response = Response { status: 200, headers: &headers, body: body.as_bytes() };
        crawl.answered(&first, &first.page(response));
        crawl.ask().unwrap().url.to_string()
    };
    let list = "<li><a href=o/1>x</a></li><a class=s href=suite>suite</a></body></html>";
    assert_eq!(asked_next(list, None), "https://a.cm/suite");
    assert_eq!(asked_next(list, Some("https://a.cm/fr/emplois/")), "https://a.cm/fr/emplois/suite");
    let based = format!("<head><base target=x><base href='/portail/'></head>{list}");
    assert_eq!(asked_next(&based, Some("https://a.cm/fr/emplois/")), "https://a.cm/portail/suite");
}

#[test]
fn links_and_cursors_end_where_there_is_none() {
    let linked = |ids, to: &str| (200, "", page(ids, json!({"next": to, "total": 3})));
    let link = paged("{kind='next_link',link='.next'}");
    let (asked, walked) = crawled(&link, &[linked(0..1, "/?c=2"), linked(1..2, "")]);
    assert_eq!((asked, walked.end, walked.proof()), (vec![String::new(), "c=2".into()], End::NoLink, Ok(())));
    assert_eq!(
        ended(&link, &[linked(0..1, "/?c=2"), linked(0..0, "")]),
        doubted(End::Empty, "page 2 has no records, and a link promised some")
    );
    assert_eq!(
        ended(&link, &[linked(0..0, "/?c=2")]),
        doubted(End::Empty, "page 1 has no records, and a link promised some")
    );
    let counted = paged("{kind='next_link',link='.next',total='.total'}");
    assert_eq!(
        ended(&counted, &[linked(0..1, "/?c=2"), linked(1..2, "")]),
        doubted(End::NoLink, "2 of 3 promised records came")
    );
    let cursor = paged("{kind='cursor',param='c',cursor='.next',total='.total'}");
    // A scroll gives a cursor with each page: the total proves that the empty one is its end.
    assert_eq!(ended(&cursor, &[linked(0..3, "a"), linked(0..0, "b")]), proven(End::Empty));
}

#[test]
fn a_single_answer_is_whole_unless_it_promises_more() {
    let (_, walked) = crawled(&paged("{kind='single'}"), &[items(0..1)]);
    assert_eq!((walked.end, walked.proof(), walked.is_snapshot()), (End::Single, Ok(()), true));
    let counted = paged("{kind='single',total='.total'}");
    let promised = [(200, "", page(0..160, json!({"total": "245 offres"})))];
    assert_eq!(ended(&counted, &promised), doubted(End::Single, "160 of 245 promised records came"));
}

#[test]
fn a_portal_page_that_repeats_breaks_off_or_says_another_total_proves_nothing() {
    let more = "<a class=s href=/?page=2>suivant</a>";
    let next = portal("{kind='number',param='page',next='a.s'}");
    assert_eq!(ended(&next, &[html(0..2, more), html(2..3, "")]), proven(End::NoLink));
    assert_eq!(
        ended(&next, &[html(0..2, more), html(0..2, "")]),
        doubted(End::Repeated, "page 2 shows the same as an earlier page")
    );
    let mut cut = html(2..9, more);
    cut.2.truncate(120);
    assert_eq!(ended(&next, &[html(0..2, more), cut]), doubted(End::CutShort, "page 2 breaks off"));
    let total = portal("{kind='number',param='page',total='h3'}");
    let heading = "<h3>4 offres</h3>";
    assert_eq!(ended(&total, &[html(0..2, heading), html(2..4, heading)]), proven(End::Total));
}

#[test]
fn a_page_that_cannot_be_parsed_proves_nothing() {
    let mut cut = items(2..4);
    cut.2.truncate(30);
    let bare = paged("{kind='number',param='p'}");
    assert_eq!(ended(&bare, &[items(0..2), cut]), doubted(End::Unreadable, "page 2 cannot be parsed"));
}

#[test]
fn elements_are_counted_as_the_source_counts_them() {
    let spec = spec(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nrequest={path='/'}\nrecords='.l[]'\nwhere='.pays == \"CM\"'\n\
         pages={kind='number',param='p',size=3,total='.n'}\nexpand=[{path='.postes[]',as='poste'}]\n\
         [streams.offres.fields]\nexternal_id={parts=['.id','.poste.n'],with='/'}\ntitle='.t'\n",
    );
    let body = json!({"n": 3, "l": [
        {"id": 1, "pays": "CM", "postes": [{"n": 1}, {"n": 2}]}, {"id": 2, "pays": "GA"}, {"id": 3, "pays": "CM"}
    ]});
    let (_, walked) = crawled(&spec, &[(200, "", body.to_string())]);
    assert_eq!((walked.end, walked.records, walked.proof()), (End::Total, 3, Ok(())));
}

#[test]
fn a_sitemap_index_is_followed_to_its_end() {
    let spec = spec(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nformat='sitemap'\nrequest={path='/s.xml'}\n\
         [streams.offres.fields]\nexternal_id='.loc'\n[streams.offres.detail]\nlink='.loc'\n[streams.offres.detail.fields]\ntitle='h1'\n",
    );
    let index = |count: usize| {
        let mut text = String::from("<sitemapindex>");
        (0..count).for_each(|n| write!(text, "<sitemap><loc>https://a.cm/{n}.xml</loc></sitemap>").unwrap());
        (200, "", text + "</sitemapindex>")
    };
    let urls = |n: usize| (200, "", format!("<urlset><url><loc>https://a.cm/o/{n}</loc></url></urlset>"));
    assert_eq!(ended(&spec, &[index(2), urls(1), urls(2)]), proven(End::Index));
    // An index that names itself, and a part twice.
    let own = |names: &[&str]| {
        let part = |name: &&str| format!("<sitemap><loc>https://a.cm/{name}.xml</loc></sitemap>");
        (200, "", format!("<sitemapindex>{}</sitemapindex>", names.iter().map(part).collect::<String>()))
    };
    let round = [own(&["1", "s", "2", "1"]), urls(1), urls(2)];
    assert_eq!(ended(&spec, &round), proven(End::Index));
    // A part that shows what another one showed ends nothing.
    assert_eq!(ended(&spec, &[index(3), urls(1), urls(1), urls(2)]), proven(End::Index));
    let many: Vec<_> = std::iter::once(index(1_001)).chain((0..1_000).map(urls)).collect();
    assert_eq!(ended(&spec, &many).0, End::Cap);
}

#[test]
fn an_interrupted_crawl_proves_what_a_whole_one_does() {
    let counted = paged("{kind='number',param='p',size=2,total='.total'}");
    let total = |ids| (200, "", page(ids, json!({"total": 5})));
    let answers = [total(0..2), total(2..4), total(4..5)];
    let whole = crawled(&counted, &answers).1;
    let mut crawl = counted.crawl(&offres(), &Window::default()).unwrap();
    let first = crawl.ask().unwrap();
    answer(&mut crawl, &first, &answers[0]);
    let second = crawl.ask().unwrap();
    let headers = [];
    let of = |body: &str| {
        let mut crawl = counted.crawl(&offres(), &Window::default()).unwrap();
        let response = Response { status: 200, headers: &headers, body: body.as_bytes() };
        crawl.answered(&first, &first.page(response))
    };
    let kept = of(&answers[0].2);
    let mut again = counted.crawl(&offres(), &Window::default()).unwrap();
    again.recall(&kept.shown, kept.promised);
    answer(&mut again, &second, &answers[1]);
    let third = again.ask().unwrap();
    assert_eq!(third.ordinal, 2);
    answer(&mut again, &third, &answers[2]);
    assert_eq!(again.walked(), Some(&whole));
    assert_eq!((whole.proof(), whole.is_snapshot()), (Ok(()), true));
}

#[test]
fn since_is_asked_for_where_it_is_known() {
    let window = Window { since: Some("2026-09-01T00:00:00Z".parse().unwrap()) };
    let request = builtin("fne").first(&offres(), &window).unwrap();
    assert_eq!(request.url.query(), Some("minCreationDate=2026-09-01T00%3A00%3A00Z&range=0-149"));
}
