//! Partners beyond the built-in ones, by source files alone: recorded answers, files that they send, and changes while a worker runs.

use std::{fmt::Write as _, path::Path};

use replay::{Behavior, MockServer, Options};

use crate::support::{Road, count, rows_of, terminate, wait_until, with_partner};

fn recorded(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures")
        .join(name)
        .canonicalize()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned()
}

async fn titles(road: &Road) -> Vec<String> {
    let rows = rows_of(&*road.database.store().await).await;
    rows.iter().map(|row| row["title"].as_str().unwrap().to_owned()).collect()
}

const SEARCH: &str = r#"
name = "Neuf"
base_url = "https://api.neuf.cm"
rate = "5/s"
auth = { kind = "api_key", query = "cle", key = "NEUF_CLE" }

[streams.offres]
kind = "job"
request = { path = "/recherche", json = { pays = "CM", page = 1 } }
pages = { kind = "number", param = "page", first = 1 }
records = ".hits[]"

[streams.offres.fields]
external_id = ".id"
title = ".titre"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_search_by_post_is_paged_until_a_page_repeats_and_its_key_is_nowhere_kept() {
    let answer = |page: u32, file: &str| {
        format!(
            "{{ target = \"/recherche?cle=geheim-123\", sent = '{{\"page\":{page},\"pays\":\"CM\"}}', status = 200, file = \"{file}\" }}"
        )
    };
    let behavior = format!(
        "host = \"api.neuf.cm\"\n[[routes]]\nkind = \"recorded\"\nanswers = [{}, {}, {}]\n",
        answer(1, "1.json"),
        answer(2, "2.json"),
        answer(3, "1.json")
    );
    let answers = [
        ("1.json", r#"{"hits": [{"id": 1, "titre": "Soudeur"}, {"id": 2, "titre": "Maçon"}]}"#),
        ("2.json", r#"{"hits": [{"id": 3, "titre": "Plombier"}]}"#),
    ];
    let (road, replay) = with_partner("neuf", SEARCH, &behavior, &answers).await;
    let ended = road
        .bin(&["ingest", "neuf", "--full", "--output", "json"])
        .env("NEUF_CLE", "geheim-123")
        .run()
        .await
        .expect(0);
    let run = &ended.json()[0];
    assert_eq!((run["state"].as_str(), count(run, "created")), (Some("complete"), 3), "{run}");
    assert_eq!(titles(&road).await, ["Soudeur", "Maçon", "Plombier"]);
    assert_eq!(replay.arrivals().len(), 3, "the page that repeats ends the walk");
    let store = road.database.store().await;
    let kept: String = sqlx::query_scalar("SELECT string_agg(to_jsonb(p)::text, ' ') FROM ingest.pages p")
        .fetch_one(store.pool())
        .await
        .unwrap();
    assert!(!kept.contains("geheim") && !ended.err.contains("geheim"), "{kept} {}", ended.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sheet_a_partner_mails_gives_the_same_products_as_its_api() {
    let road = Road::new().await;
    let by_api = road.bin(&["ingest", "mc2", "--full", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(by_api[0]["state"], "complete", "{by_api}");
    let store = road.database.store().await;
    let withdrawn = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM ingest.opportunities WHERE closed_why = 'partner'")
            .fetch_one(store.pool())
            .await
            .unwrap()
    };
    assert_eq!(withdrawn().await, 2, "the API says so");
    let sheet = recorded("mc2/produits.csv");
    let dry = road.bin(&["ingest", "mc2", "--file", &sheet, "--dry-run"]).run().await.expect(0);
    assert!(dry.out.contains("nothing was written"), "{}", dry.out);
    let run =
        &road.bin(&["ingest", "mc2", "--file", &sheet, "--output", "json"]).run().await.expect(0).json()[0];
    assert_eq!((run["mode"].as_str(), run["state"].as_str()), (Some("file"), Some("complete")), "{run}");
    // The two are in the sheet, so they are open again; the others are known.
    assert_eq!((count(run, "created"), withdrawn().await), (0, 0), "{run}");
    assert!(count(run, "seen") >= 57 && count(run, "rejected") <= 4, "{run}");
    let again =
        &road.bin(&["ingest", "mc2", "--file", &sheet, "--output", "json"]).run().await.expect(0).json()[0];
    assert_eq!((count(again, "created"), count(again, "changed")), (0, 0), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_list_closes_what_it_no_longer_shows_and_a_part_does_not() {
    let road = Road::new().await;
    let spec = "name = 'Liste'\nbase_url = 'https://liste.cm'\nrate = '1/s'\n[streams.postes]\nkind = 'job'\nformat = 'table'\n[streams.postes.fields]\nexternal_id = 'Code'\ntitle = 'Poste'\n";
    road.put("specs/liste.toml", spec);
    let specs = road.data().join("specs").display().to_string();
    let of = async |rows: std::ops::Range<u32>, flags: &[&str]| {
        let mut text = String::from("Code;Poste\n");
        rows.for_each(|n| writeln!(text, "{n};Poste numéro {n}").unwrap());
        let file = road.put("liste.csv", text);
        let args =
            [&["ingest", "liste", "--file", &file, "--sources", &specs, "--output", "json"], flags].concat();
        road.bin(&args).run().await.expect(0).json()[0].clone()
    };
    assert_eq!(count(&of(0..40, &["--complete"]).await, "created"), 40);
    let part = of(0..30, &[]).await;
    assert_eq!((count(&part, "unchanged"), count(&part, "closed")), (30, 0), "{part}");
    let whole = of(0..30, &["--complete"]).await;
    assert_eq!((count(&whole, "unchanged"), count(&whole, "closed")), (30, 10), "{whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_is_committed_in_parts_and_a_repeat_across_parts_is_seen() {
    let road = Road::new().await;
    let spec = "name = 'Liste'\nbase_url = 'https://liste.cm'\nrate = '1/s'\n[streams.postes]\nkind = 'job'\nformat = 'table'\n[streams.postes.fields]\nexternal_id = 'Code'\ntitle = 'Poste'\ndescription = 'Texte'\n";
    road.put("specs/liste.toml", spec);
    let mut text = String::from("Code,Poste,Texte\n");
    let body = "Assurer la soudure des pièces et tenir le poste propre chaque jour ouvré. ".repeat(6);
    (0..11_000).for_each(|n| writeln!(text, "{n},Poste numéro {n},{body}").unwrap());
    writeln!(text, "3,Poste numéro 3,{body}\n4,Un autre titre,{body}\n,Sans code,x").unwrap();
    let file = road.put("liste.csv", text);
    let specs = road.data().join("specs").display().to_string();
    let run = &road
        .bin(&["ingest", "liste", "--file", &file, "--sources", &specs, "--output", "json"])
        .run()
        .await
        .expect(0)
        .json()[0];
    let counts = ["seen", "created", "changed", "unchanged", "rejected"].map(|column| count(run, column));
    assert_eq!(counts, [11_003, 11_000, 0, 1, 2], "{run}");
    let store = road.database.store().await;
    let parts: i32 =
        sqlx::query_scalar("SELECT parts FROM ingest.pages").fetch_one(store.pool()).await.unwrap();
    assert_eq!(parts, 2, "11,003 records in parts of 4,000, and the last");
    let measured: i64 =
        sqlx::query_scalar("SELECT count(*) FROM ingest.run_streams").fetch_one(store.pool()).await.unwrap();
    assert_eq!(measured, 1, "a run that is published in batches leaves its measures to later audits");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_list_of_the_partner_is_refused_with_what_to_do() {
    let road = Road::new().await;
    let page = road.put("page.html", "<!DOCTYPE html><p>maintenance</p>");
    let empty = road.put("vide.csv", "");
    for (args, said) in [
        (
            vec!["ingest", "mc2", "--file", &page],
            "no stream of mc2 reads a file of this kind (streams that take files: produits)",
        ),
        (vec!["ingest", "mc2", "--file", &empty], "is empty"),
        (vec!["ingest", "mc2", "--file", "/nowhere/x.csv"], "Failed to open /nowhere/x.csv"),
        (vec!["ingest", "mc2", "fne", "--file", &page], "a file is of one source: name one"),
        (
            vec!["ingest", "mc2", "--file", &page, "--stream", "offres"],
            "mc2 has no stream \"offres\" that can be read from a file",
        ),
        (vec!["ingest", "mc2", "--stream", "produits"], "--file"),
    ] {
        let ended = road.bin(&args).run().await.expect(2);
        assert!(ended.err.contains(said), "{args:?}: {}", ended.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_takes_files_from_its_inbox_and_partner_files_as_they_change() {
    let road = Road::new().await;
    let spec = "name = 'Liste'\nbase_url = 'https://liste.cm'\nrate = '1/s'\n[streams.postes]\nkind = 'job'\nformat = 'table'\n[streams.postes.fields]\nexternal_id = 'Code'\ntitle = 'Poste'\n";
    road.put("specs/liste.toml", spec);
    let inbox = format!("inbox={}", road.data().join("inbox").display());
    let specs = format!("sources_dir={}", road.data().join("specs").display());
    let mut worker = road
        .bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler", "--set", &inbox, "--set", &specs])
        .env("OIM_ETL_LOG", "info")
        .start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    road.put("inbox/liste/mars.csv", "Code;Poste\n1;Soudeur\n2;Maçon\n");
    road.put("inbox/liste/rapport.html", "<!DOCTYPE html><p>rien</p>");
    wait_until("the file is loaded", async || titles(&road).await.len() == 2).await;
    wait_until("the other file is refused", async || {
        let failed = std::fs::read_dir(road.data().join("inbox/liste/failed"));
        failed.is_ok_and(|entries| entries.count() == 2)
    })
    .await;
    // An invalid set is refused as a whole; a valid one is loaded.
    road.put("specs/fausse.toml", "name = 1");
    road.put(
        "specs/liste.toml",
        spec.replace("title = 'Poste'", "title = { parts = [{ const = 'Poste de' }, 'Poste'], with = ' ' }"),
    );
    std::fs::remove_file(road.data().join("specs/fausse.toml")).unwrap();
    let version = sources::Catalog::load(vec![sources::SpecFile {
        name: "liste.toml".to_owned(),
        text: std::fs::read_to_string(road.data().join("specs/liste.toml")).unwrap(),
    }])
    .unwrap();
    let wanted = version.versions()[0].1.to_owned();
    wait_until("the changed file is taken up", async || {
        let known: Option<String> =
            sqlx::query_scalar("SELECT spec_version FROM ingest.sources WHERE slug = 'liste'")
                .fetch_optional(store.pool())
                .await
                .unwrap();
        known.as_deref() == Some(wanted.as_str())
    })
    .await;
    road.put("inbox/liste/avril.csv", "Code;Poste\n1;Soudeur\n2;Maçon\n");
    wait_until("it is read by the new file", async || {
        titles(&road).await.iter().all(|title| title.starts_with("Poste de"))
    })
    .await;
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_did_not_change_is_not_read_again_unless_the_spec_did() {
    let road = Road::new().await;
    road.bin(&["ingest", "emploicameroun", "--full"]).run().await.expect(0);
    let store = road.database.store().await;
    let before = rows_of(&store).await;
    // Parsing these again would fail, because their bodies are no longer in the archive.
    let keys: Vec<String> =
        sqlx::query_scalar("SELECT archive_key FROM ingest.pages WHERE role = 'detail' AND state = 'read'")
            .fetch_all(store.pool())
            .await
            .unwrap();
    assert!(keys.len() > 40);
    for key in &keys {
        std::fs::remove_file(road.data().join("data/archive").join(format!("{key}.zst"))).unwrap();
    }
    let run =
        &road.bin(&["ingest", "emploicameroun", "--full", "--output", "json"]).run().await.expect(0).json()
            [0];
    assert_eq!(run["state"], "complete", "{run}");
    assert_eq!((count(run, "created"), count(run, "changed"), count(run, "closed")), (0, 0, 0), "{run}");
    assert_eq!(count(run, "unchanged"), i64::try_from(before.len()).unwrap(), "{run}");
    assert_eq!(rows_of(&store).await, before);
}

/// The answer of an eighth partner.
const ANSWER: &str = r#"{"total": 2, "offres": [
        {"id": "A1", "intitule": "Soudeur", "entreprise": {"nom": "Chantier du Wouri"}, "lieu": {"ville": "Douala"}, "date_publication": "2026-11-02", "courriel": "rh@wouri-chantier.cm"},
        {"id": "A2", "intitule": "Maçon", "entreprise": {"nom": "Bâtisseurs du Noun"}, "lieu": {"ville": "Foumban"}, "date_publication": "2026-11-03"}]}"#;

/// Proposes a source file from an answer, and puts the draft among the source files. Returns where it is.
async fn a_draft_becomes_a_source_file(road: &Road, specs: &str) -> std::path::PathBuf {
    let file = road.put("reponse.json", ANSWER);
    let made =
        road.bin(&["sources", "new", "huit", "--from", &file, "--sources", specs]).run().await.expect(0);
    assert!(
        made.out.contains("records = \".offres[]\"") && made.err.contains("written to"),
        "{} {}",
        made.out,
        made.err
    );
    road.bin(&["sources", "new", "huit", "--from", &file, "--sources", specs]).run().await.expect(2);

    // A proposal is a draft; a person puts it live.
    let draft = road.data().join("specs/drafts/huit.toml");
    let path = road.data().join("specs/huit.toml");
    assert!(
        made.err.contains("--file") && made.err.contains("to put it live") && !path.exists(),
        "{}",
        made.err
    );
    std::fs::rename(&draft, &path).unwrap();
    for ask in [
        vec!["sources", "preview", "huit"],
        vec!["sources", "record", "huit"],
        vec!["ingest", "huit"],
        vec!["ingest", "huit", "--dry-run"],
    ] {
        let told = road.bin(&[&ask[..], &["--sources", specs]].concat()).run().await.expect(2);
        assert!(told.err.contains("oim-etl ingest huit --file PATH --dry-run"), "{ask:?} {}", told.err);
    }
    let told = road.bin(&["sources", "check", "huit", "--sources", specs]).run().await.expect(1);
    assert!(told.out.contains("nothing could be tried") && !told.out.contains("fne"), "{}", told.out);
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn an_eighth_partner_is_brought_in_by_the_workbench_alone() {
    let mut road = Road::new().await;
    let specs = road.data().join("specs").display().to_string();
    let path = a_draft_becomes_a_source_file(&road, &specs).await;
    let spec = std::fs::read_to_string(&path).unwrap();
    let spec = spec.replace("https://partner.example", "https://api.huit.cm");
    std::fs::write(
        &path,
        spec.replace("# request = { path = \"/…\" }", "request = { path = \"/offres\" } #"),
    )
    .unwrap();
    road.put(
        "live/huit/behavior.toml",
        "host = \"api.huit.cm\"\n[[routes]]\nkind = \"pages\"\npath = \"/offres\"\nfile = \"offres.json\"\n",
    );
    road.put("live/huit/offres.json", ANSWER);
    let live = Options {
        addr: ([127, 0, 0, 1], 0).into(),
        behavior: Behavior::default(),
        folder: Some(road.data().join("live")),
    };
    let live = MockServer::start(live).await.unwrap();
    road.settings.push(format!("sources.huit.via={}", live.url()));
    road.settings.push(format!("sources_dir={specs}"));

    let preview = road.bin(&["sources", "preview", "huit"]).run().await.expect(0);
    assert!(preview.out.contains("2 would be loaded, 0 rejected"), "{}", preview.out);
    let recorded = road.bin(&["sources", "record", "huit"]).run().await.expect(0);
    assert!(
        recorded.out.contains("1 answers recorded") && recorded.out.contains("1 secrets and contacts masked"),
        "{}",
        recorded.out
    );
    let kept = std::fs::read_to_string(road.data().join("specs/fixtures/huit/0000.json")).unwrap();
    assert!(kept.contains("contact@example.org") && !kept.contains("wouri-chantier"), "{kept}");
    let check = road.bin(&["sources", "check", "huit"]).run().await.expect(0);
    assert!(check.out.contains("place 100") && check.out.contains("posted_at 100"), "{}", check.out);

    road.bin(&["ingest", "huit"]).run().await.expect(0);
    let changed = std::fs::read_to_string(&path)
        .unwrap()
        .replace("title = \".intitule\"", "title = '.intitule | ascii_upcase'");
    std::fs::write(&path, changed).unwrap();
    let diff = road.bin(&["sources", "diff", "huit"]).run().await.expect(0);
    assert!(
        diff.out.contains("0 would be new, 2 changed") && diff.out.contains("title          changes in 2"),
        "{}",
        diff.out
    );
    assert!(diff.out.contains("\"Soudeur\" → \"SOUDEUR\""), "{}", diff.out);
    assert_eq!(titles(&road).await, ["Soudeur", "Maçon"], "a diff writes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_source_file_is_of_no_matter_to_others() {
    let road = Road::new().await;
    road.put("specs/kaputt.toml", "name = 'Kaputt'\n");
    road.put("specs/fne.toml", "name = ");
    let specs = road.data().join("specs").display().to_string();
    let bin = |ask: &[&str]| road.bin(&[ask, &["--sources", &specs]].concat());
    let list = bin(&["sources", "list"]).run().await.expect(0);
    assert!(
        list.out.contains("camerjob") && list.err.contains("kaputt.toml") && list.err.contains("fne.toml"),
        "{}",
        list.err
    );
    assert!(
        !list.out.contains("fne"),
        "the built-in file does not stand in for the broken one: {}",
        list.out
    );
    bin(&["ingest", "emploicameroun", "--limit", "2"]).run().await.expect(0);
    bin(&["replay", "emploicameroun", "--dry-run"]).run().await.expect(0);
    let told = bin(&["replay", "fne"]).run().await.expect(2);
    assert!(told.err.contains("left out: fne.toml"), "{}", told.err);
    let told = bin(&["sources", "check", "kaputt"]).run().await.expect(1);
    assert!(told.out.contains("kaputt.toml:") && !told.out.contains("fne.toml"), "{}", told.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_that_is_not_whole_is_kept_as_a_draft() {
    let road = Road::new().await;
    let file = road.put("neuf.csv", "Poste;Ville;Contrat\nGrutier;Kribi;CDI\nPointeur;Edéa;CDD\n");
    let empty = road.put("neuf.html", "<!DOCTYPE html><html><body><p>rien</p></body></html>");
    let specs = road.data().join("specs").display().to_string();
    for (slug, from) in [("neuf", &file), ("dix", &empty)] {
        let made =
            road.bin(&["sources", "new", slug, "--from", from, "--sources", &specs]).run().await.expect(1);
        assert!(made.err.contains("written to"), "{}", made.err);
        let draft = road.data().join(format!("specs/drafts/{slug}.toml.draft"));
        assert!(std::fs::read_to_string(draft).unwrap().contains("# TODO external_id"), "{}", made.out);
    }
}

/// Returns the posts to which a recorded list page of the portal links.
fn posts(page: &str) -> Vec<String> {
    let text = std::fs::read(recorded(&format!("camerjob/{page}"))).unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let ids =
        text.split("/emploi/").skip(1).map(|rest| rest.chars().take_while(char::is_ascii_digit).collect());
    ids.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_no_longer_shows_is_closed_also_where_a_feed_had_announced_it() {
    let road = Road::new().await;
    road.bin(&["ingest", "camerjob", "--full"]).run().await.expect(0);
    let store = road.database.store().await;
    let by_feed: i64 =
        sqlx::query_scalar("SELECT count(*) FROM ingest.opportunities WHERE stream = 'nouveautes'")
            .fetch_one(store.pool())
            .await
            .unwrap();
    assert!(by_feed > 20, "{by_feed} posts are known by the feed");
    let page = |file: &str, kind: &str| replay::CannedResponse {
        status: 200,
        headers: vec![("content-type".into(), kind.into())],
        body: std::fs::read(recorded(&format!("camerjob/{file}"))).unwrap().into(),
    };
    // The list no longer has the second page, and the feed no longer has its posts.
    let feed = "<rss><channel><item><title>x</title><link>https://www.camerjob.com/emploi/48261-technicien-fibre-optique-douala</link></item></channel></rss>";
    let feed = replay::CannedResponse { body: feed.into(), ..page("rss.xml", "application/rss+xml") };
    road.replay.replace("www.camerjob.com", "/rss/all/", feed);
    // Each page of the list says how many posts are left. Some of its bytes are not UTF-8.
    let list = |file: &str| {
        let mut answer = page(file, "text/html");
        let mut body = answer.body.to_vec();
        let at = body.windows(9).position(|words| words == b"90 offres").unwrap();
        body.splice(at..at + 2, *b"65");
        answer.body = body.into();
        answer
    };
    road.replay.replace("www.camerjob.com", "/jobs/", list("jobs-1.html"));
    road.replay.replace("www.camerjob.com", "/jobs/?p=2", list("jobs-3.html"));
    road.replay.replace("www.camerjob.com", "/jobs/?p=3", list("jobs-4.html"));
    let run =
        &road.bin(&["ingest", "camerjob", "--full", "--output", "json"]).run().await.expect(0).json()[0];
    assert!(count(run, "closed") >= 20, "{run}");
    let kept: Vec<String> =
        ["jobs-1.html", "jobs-3.html", "jobs-4.html"].iter().flat_map(|page| posts(page)).collect();
    let gone: Vec<String> = posts("jobs-2.html").into_iter().filter(|id| !kept.contains(id)).collect();
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT external_id FROM ingest.opportunities WHERE status = 'open' AND external_id = ANY ($1)",
    )
    .bind(&gone)
    .fetch_all(store.pool())
    .await
    .unwrap();
    assert_eq!(open, Vec::<String>::new(), "of {} gone", gone.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_by_mail_adds_to_the_list_on_the_web() {
    let road = Road::new().await;
    let web = &road.bin(&["ingest", "fao", "--full", "--output", "json"]).run().await.expect(0).json()[0];
    assert_eq!(web["state"], "complete", "{web}");
    let book = &road
        .bin(&["ingest", "fao", "--file", &recorded("fao/projets.xlsx"), "--output", "json"])
        .run()
        .await
        .expect(0)
        .json()[0];
    assert_eq!(book["file"]["stream"], "projets");
    assert!(count(book, "created") >= 36 && count(book, "closed") == 0, "{book}");
    let store = road.database.store().await;
    let notes: Vec<String> = sqlx::query_scalar("SELECT unnest(notes) FROM ingest.pages WHERE role = 'file'")
        .fetch_all(store.pool())
        .await
        .unwrap();
    assert!(notes.iter().any(|note| note.contains("title of a section")), "{notes:?}");
}
