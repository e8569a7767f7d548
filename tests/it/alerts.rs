//! What is wrong is reported once when it begins and once when it is over, whichever worker lives; and a digest reports a day.

use store::Store;

use crate::support::{
    Road, Running,
    smtp::{Hook, Smtp},
    terminate, wait_until,
};

/// A pipeline whose messages go to a webhook and by e-mail, in French.
struct Told {
    road: Road,
    hook: Hook,
    smtp: Smtp,
}

impl Told {
    async fn new() -> Self {
        let (mut road, hook, smtp) = (Road::new().await, Hook::start().await, Smtp::start().await);
        for setting in [
            "alerts.look_seconds=1".to_owned(),
            "alerts.language=fr".to_owned(),
            format!("alerts.smtp_port={}", smtp.port),
        ] {
            road.settings.push(setting);
        }
        for setting in [
            "alerts.smtp_host=127.0.0.1",
            "alerts.smtp_tls=none",
            "alerts.smtp_user=oim",
            "alerts.from=oim-etl <oim@example.cm>",
            "alerts.to=awa@example.cm, ngono@example.cm",
        ] {
            road.settings.push(setting.to_owned());
        }
        road.put("password", "pa55word\n");
        road.put("hook", &hook.url);
        Self { road, hook, smtp }
    }

    /// The binary with both secrets in files.
    fn bin(&self, args: &[&str]) -> crate::support::Bin {
        let path = |name: &str| self.road.data().join(name).to_str().unwrap().to_owned();
        self.road
            .bin(args)
            .env("OIM_ETL_ALERTS__WEBHOOK_FILE", &path("hook"))
            .env("OIM_ETL_ALERTS__SMTP_PASSWORD_FILE", &path("password"))
    }

    fn worker(&self) -> Running {
        // The secret of FNE is in a file that is not there at first.
        let file = self.road.data().join("fne-secret");
        self.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"])
            .without("FNE_CLIENT_SECRET")
            .env("FNE_CLIENT_SECRET_FILE", file.to_str().unwrap())
            .start()
    }

    fn give_secret(&self) {
        std::fs::write(self.road.data().join("fne-secret"), "x").unwrap();
    }
}

async fn sql(store: &Store, statement: &'static str) {
    sqlx::raw_sql(statement).execute(store.pool()).await.unwrap();
}

/// One thing wrong of each kind, besides the missing secret.
const WRONG: &str = "
    INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at)
    SELECT n, 'fetch_source', 'fetch:camccul', '{}', 6, 'broken', now() FROM generate_series(900001, 900003) n;
    UPDATE ingest.source_files SET at = at - interval '90 days' WHERE source = 'minefop';
    INSERT INTO ingest.runs (source, mode, trigger, state, seen, created, finished_at, created_at, doubts)
    SELECT 'fao', 'full', 'cron', CASE WHEN n = 4 THEN 'partial' ELSE 'complete' END, CASE WHEN n = 4 THEN 5 ELSE 100 END,
           CASE WHEN n = 4 THEN 5 ELSE 100 END, now() - make_interval(hours => 5 - n), now() - make_interval(hours => 5 - n), '{}'
      FROM generate_series(1, 4) n;
    INSERT INTO ingest.runs (source, mode, trigger, state, message, finished_at) VALUES ('mc2', 'full', 'cron', 'held', 'la moitié manque', now());
    INSERT INTO ingest.certificates (host, source, ends_at) VALUES ('www.camerjob.com', 'camerjob', now() + interval '3 days');
    INSERT INTO ingest.verifications (target, repairs, finished_at, report)
    SELECT id, true, now(), '{\"points\": 9, \"rows\": 9, \"pending\": 0, \"drift\": {\"missing\": {\"count\": 2, \"examples\": []}}}' FROM ingest.targets WHERE name IS NOT NULL";
/// And nothing any more.
const MENDED: &str = "
    DELETE FROM queue.dead_letters;
    UPDATE ingest.source_files SET at = now() WHERE source = 'minefop';
    INSERT INTO ingest.runs (source, mode, trigger, state, seen, created, finished_at) VALUES ('fao', 'full', 'cron', 'complete', 90, 90, now());
    UPDATE ingest.runs SET decision = 'discarded', decided_by = 'awa' WHERE state = 'held';
    UPDATE ingest.certificates SET ends_at = now() + interval '90 days';
    INSERT INTO ingest.verifications (target, repairs, finished_at, report)
    SELECT id, true, now(), '{\"points\": 9, \"rows\": 9, \"pending\": 0, \"drift\": {}}' FROM ingest.targets WHERE name IS NOT NULL";

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_reported_once_by_two_workers_and_once_when_it_is_over() {
    let told = Told::new().await;
    let mut workers = [told.worker(), told.worker()];
    let store = told.road.database.store().await;
    wait_until("both workers are there", async || store.queue().workers().await.unwrap().len() == 2).await;
    let target = "SELECT count(*) FROM ingest.targets WHERE name IS NOT NULL";
    let kept = async || sqlx::query_scalar::<_, i64>(target).fetch_one(store.pool()).await.unwrap() == 1;
    wait_until("an index is kept", kept).await;
    sql(&store, WRONG).await;
    let begin = "*oim-etl – Problème";
    wait_until("everything is reported", async || {
        told.hook.count(begin) >= 7 && told.smtp.mails().len() >= 7
    })
    .await;
    let texts = told.hook.texts().join("\n");
    for says in [
        "3 tâche(s) abandonnée(s) pour camccul",
        "minefop n'a encore jamais eu de collecte complète",
        "fao n'a montré que 5 fiches, d'habitude 100",
        "une collecte de mc2 est retenue",
        "la moitié manque",
        "le certificat TLS de www.camerjob.com (camerjob) expire le",
        "s'écartait de la base en 2 point(s)",
        "il manque un secret à fne : FNE_CLIENT_SECRET",
    ] {
        assert!(texts.contains(says), "{says} is not in {texts}");
    }
    let mail = told.smtp.mails().remove(0);
    assert_eq!(mail.to.len(), 2, "{mail:?}");
    assert!(mail.auth.is_some_and(|auth| auth.starts_with("PLAIN ")), "it logs in");
    assert!(
        mail.data.contains("Subject:") && mail.data.contains("From: oim-etl <oim@example.cm>"),
        "{}",
        mail.data
    );
    let listed = told.bin(&["alerts", "list", "-o", "json"]).run().await.expect(0).json();
    assert_eq!(listed["alerts"].as_array().unwrap().len(), 7, "{listed}");
    let status = told.bin(&["status"]).run().await.expect(0).out;
    assert!(status.contains("alert          a run of mc2 is held"), "{status}");

    told.give_secret();
    sql(&store, MENDED).await;
    wait_until("everything is over", async || {
        told.hook.count("*oim-etl – Résolu") >= 7 && told.smtp.mails().len() >= 14
    })
    .await;
    // Each once, by both workers together. That a mail was sent is noted after the server has it.
    let sent = "SELECT count(*) FROM ingest.notifications WHERE sent_at IS NOT NULL";
    let noted = async || sqlx::query_scalar::<_, i64>(sent).fetch_one(store.pool()).await.unwrap() == 28;
    wait_until("all is noted as sent", noted).await;
    assert_eq!((told.hook.texts().len(), told.smtp.mails().len()), (14, 14), "{:?}", told.hook.texts());
    assert!(told.bin(&["alerts", "list"]).run().await.expect(0).out.contains("nothing is wrong"));
    for worker in &mut workers {
        terminate(worker).await;
    }
}

const DEAD: &str = "INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at)
    VALUES (900001, 'fetch_source', 'fetch:camccul', '{}', 6, 'broken', now())";

#[tokio::test(flavor = "multi_thread")]
async fn a_silence_keeps_back_what_is_reported_when_it_ends_and_what_lasts_is_reported_again() {
    let told = Told::new().await;
    told.give_secret();
    let mut worker = told.worker();
    let store = told.road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    let run = async |args: &[&str], code| told.bin(args).run().await.expect(code);
    let near = run(&["alerts", "silence", "camcul", "--for", "2h", "--reason", "x"], 2).await.err;
    assert!(near.contains("did you mean camccul?"), "{near}");
    run(&["alerts", "silence", "camccul", "--for", "0h", "--reason", "x"], 2).await;
    let said =
        run(&["alerts", "silence", "camccul", "--for", "2h", "--reason", "maintenance du site"], 0).await.out;
    assert!(said.contains("silence  camccul until") && said.contains("alerts unsilence camccul"), "{said}");
    sql(&store, DEAD).await;
    let noted = async || store.alerts(false, 9).await.unwrap().iter().any(|alert| alert.is_silenced);
    wait_until("it is noted", noted).await;
    let list = run(&["alerts", "list"], 0).await.out;
    assert!(list.contains("silenced") && list.contains("maintenance du site"), "{list}");
    // A second look, and still nothing is sent.
    let look =
        "UPDATE ingest.ticks SET last = last - interval '1 hour' WHERE entry = 'alerts:look' RETURNING last";
    sql(&store, look).await;
    let looked = "SELECT count(*) FROM ingest.ticks WHERE entry = 'alerts:look' AND last > now() - interval '1 minute'";
    let again = async || sqlx::query_scalar::<_, i64>(looked).fetch_one(store.pool()).await.unwrap() == 1;
    wait_until("the worker has looked again", again).await;
    assert!(told.hook.texts().is_empty(), "{:?}", told.hook.texts());

    run(&["alerts", "unsilence", "camccul"], 0).await;
    wait_until("it is reported", async || told.hook.texts().len() == 1).await;
    let over = run(&["alerts", "unsilence", "camccul"], 0).await.out;
    assert!(over.contains("is not silenced"), "{over}");
    sql(&store, "UPDATE ingest.alerts SET notified_at = notified_at - interval '25 hours', began_at = began_at - interval '25 hours'").await;
    wait_until("it is reported again", async || told.hook.count("*oim-etl – Rappel") == 1).await;
    assert!(told.hook.texts()[1].contains("Cela dure depuis 25 heures."), "{:?}", told.hook.texts());
    terminate(&mut worker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_webhook_is_tried_again_and_reported_without_its_address() {
    let told = Told::new().await;
    told.give_secret();
    told.hook.answer(500);
    let mut worker = told.worker();
    let store = told.road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    sql(&store, DEAD).await;
    // E-mail arrives, whatever the webhook does.
    wait_until("the mail came", async || told.smtp.mails().len() == 1).await;
    let failed = async || store.channel_states().await.unwrap().iter().any(|state| state.error.is_some());
    wait_until("the failure is noted", failed).await;
    let status = told.bin(&["status"]).run().await.expect(0).out;
    assert!(
        status.contains("messages       webhook: 1 wait, 0 were given up: the webhook answered 500"),
        "{status}"
    );
    let test = told.bin(&["alerts", "test"]).run().await.expect(1);
    assert!(test.out.contains("webhook  the message was not sent: the webhook answered 500"), "{}", test.out);
    assert!(test.out.contains("email  the message was sent"), "{}", test.out);
    assert!(!(status + &test.out + &test.err).contains("s3cret"), "the address is a secret");

    told.hook.answer(200);
    let asked = told.hook.asked();
    sql(&store, "UPDATE ingest.notifications SET next_try = now() WHERE sent_at IS NULL").await;
    wait_until("it is tried again", async || told.hook.texts().len() == 1).await;
    assert_eq!(told.hook.asked(), asked + 1);
    told.bin(&["alerts", "test"]).run().await.expect(0);
    let config = told.bin(&["config"]).run().await.expect(0).out;
    assert!(!config.contains("s3cret") && !config.contains("pa55word"), "{config}");
    terminate(&mut worker).await;
}

#[tokio::test]
async fn what_is_not_configured_whole_is_said_at_once() {
    let mut road = Road::new().await;
    road.bin(&["migrate"]).run().await.expect(0);
    let none = road.bin(&["alerts", "test"]).run().await.expect(2).err;
    assert!(none.contains("no channel is configured: set `alerts.webhook`"), "{none}");
    road.settings.push("alerts.smtp_host=127.0.0.1".to_owned());
    let from = road.bin(&["worker", "--http", "127.0.0.1:0"]).run().await.expect(2).err;
    assert!(from.contains("set `alerts.from`"), "{from}");
    road.settings.push("alerts.from=no address".to_owned());
    assert!(road.bin(&["alerts", "test"]).run().await.expect(2).err.contains("which is not an address"));
    road.settings.push("retention.feed_days=3".to_owned());
    assert!(road.bin(&["status"]).run().await.expect(2).err.contains("kept for 7 days at least"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_told_in_both_languages_and_sent_once() {
    let told = Told::new().await;
    told.give_secret();
    let store = told.road.database.store().await;
    told.road.bin(&["ingest", "fne", "--full"]).run().await.expect(0);
    let open = store.overview(0).await.unwrap().open;
    let digest = async |lang| told.bin(&["digest", "--lang", lang]).run().await.expect(0).out;
    let (french, english) = (digest("fr").await, digest("en").await);
    assert!(
        french.contains("tout va bien") && french.contains(&format!("Nouvelles : {open}\n  emploi {open} (")),
        "{french}"
    );
    assert!(
        english.contains("all is well") && english.contains(&format!("New: {open}\n  job {open} (")),
        "{english}"
    );
    let at = |text: &str, word: &str| text.find(word).unwrap_or_else(|| panic!("no {word} in {text}"));
    assert!(
        at(&french, "Problèmes") < at(&french, "Nouvelles")
            && at(&french, "Nouvelles") < at(&french, "À venir")
    );
    let figures = told.bin(&["digest", "--since", "1h", "-o", "json"]).run().await.expect(0).json();
    assert_eq!(figures["figures"]["moved"]["new"]["job"]["total"], open, "{figures}");

    told.bin(&["digest", "--send"]).run().await.expect(0);
    let mail = told.smtp.mails().remove(0).data;
    assert!(
        mail.contains("text/plain") && mail.contains("text/html") && mail.contains("multipart/alternative"),
        "{mail}"
    );
    assert_eq!(told.hook.texts().len(), 1);
    // The tick of the morning, seen by two workers.
    sql(&store, "INSERT INTO ingest.ticks (entry, last) VALUES ('alerts:digest', now() - interval '2 days')")
        .await;
    let mut workers = [told.worker(), told.worker()];
    wait_until("the digest came", async || told.hook.texts().len() >= 2 && told.smtp.mails().len() >= 2)
        .await;
    let written = "SELECT count(*) FROM ingest.notifications WHERE event = 'digest'";
    assert_eq!(sqlx::query_scalar::<_, i64>(written).fetch_one(store.pool()).await.unwrap(), 4);
    for worker in &mut workers {
        terminate(worker).await;
    }
}
