//! The pool adapts to how a source answers: it halves its rate when the source is overloaded or slow, and grows it back in steps.
//! Time is logical: each step names the seconds since the last cut.

use std::time::Duration;

use replay::CannedResponse;
use store::{AnswerNoted, Slot, Store};

use crate::support::{html, opportunities::fresh, with_partner};

/// The share of the rate, and what is known of the latency.
#[derive(Debug, Clone, Copy, Default)]
struct Adapted {
    share: f64,
    latency: Option<f64>,
    usual: Option<f64>,
    /// Seconds since the last cut.
    since: Option<f64>,
}

impl Adapted {
    fn new() -> Self {
        Self { share: 1.0, ..Self::default() }
    }

    /// One answer, `after` seconds after the one before.
    async fn answer(self, store: &Store, after: f64, seconds: f64, is_overload: bool) -> Self {
        let since = self.since.map(|since| since + after);
        let (share, latency, usual, is_cut): (f64, f64, f64, bool) = sqlx::query_as(
            "SELECT new_share, new_latency, new_usual, is_cut FROM ingest.adapted($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.share)
        .bind(self.latency)
        .bind(self.usual)
        .bind(seconds)
        .bind(is_overload)
        .bind(since)
        .fetch_one(store.pool())
        .await
        .unwrap();
        let since = if is_cut { Some(0.0) } else { since };
        Self { share, latency: Some(latency), usual: Some(usual), since }
    }
}

#[tokio::test]
async fn an_overload_halves_the_rate_once_and_answers_grow_it_back_in_equal_steps() {
    let store = fresh().await;
    let mut now = Adapted::new();
    for _ in 0..20 {
        now = now.answer(&store, 2.0, 0.2, false).await;
    }
    assert!((now.share - 1.0).abs() < 1e-9);
    // Four requests were on their way: one cut answers for all.
    for after in [2.0, 0.1, 0.1, 0.1] {
        now = now.answer(&store, after, 0.2, true).await;
    }
    assert!((now.share - 0.5).abs() < 1e-9, "{now:?}");
    now = now.answer(&store, 2.0, 0.2, true).await;
    assert!((now.share - 0.25).abs() < 1e-9, "{now:?}");
    let mut answers = 0;
    while now.share < 1.0 {
        let before = now.share;
        now = now.answer(&store, 2.0, 0.2, false).await;
        answers += 1;
        assert!((now.share - before - 1.0 / 32.0).abs() < 1e-9, "{now:?}");
    }
    assert_eq!(answers, 24);
    // However long it lasts, a little is left: the source is asked whether it is better.
    for _ in 0..20 {
        now = now.answer(&store, 10.0, 0.2, true).await;
    }
    assert!((now.share - 1.0 / 16.0).abs() < 1e-9, "{now:?}");
}

#[tokio::test]
async fn a_latency_that_rises_slows_the_pool_and_one_slow_answer_does_not() {
    let store = fresh().await;
    let mut now = Adapted::new();
    for _ in 0..50 {
        now = now.answer(&store, 2.0, 0.3, false).await;
    }
    now = now.answer(&store, 2.0, 3.0, false).await;
    assert!((now.share - 1.0).abs() < 1e-9, "one slow answer is nothing: {now:?}");
    for _ in 0..50 {
        now = now.answer(&store, 2.0, 0.3, false).await;
    }
    // The source takes longer with each answer.
    let mut seconds = 0.3;
    while now.share > 0.99 {
        seconds *= 1.3;
        now = now.answer(&store, 2.0, seconds, false).await;
        assert!(seconds < 10.0, "nobody noticed: {now:?}");
    }
    assert!(seconds > 1.3, "{seconds}");
    // It recovers.
    for _ in 0..60 {
        now = now.answer(&store, 2.0, 0.3, false).await;
    }
    assert!((now.share - 1.0).abs() < 1e-9, "{now:?}");
    // A source that has always been slow is not slowed further.
    let mut slow = Adapted::new();
    for _ in 0..100 {
        slow = slow.answer(&store, 5.0, 8.0, false).await;
    }
    assert!((slow.share - 1.0).abs() < 1e-9, "{slow:?}");
}

/// An answer that begins after a fifth of a second.
fn answer(is_overload: bool) -> AnswerNoted {
    AnswerNoted { key: "fne".to_owned(), latency: Duration::from_millis(200), is_overload }
}

#[tokio::test]
async fn slots_lie_further_apart_while_the_source_is_overloaded() {
    let store = fresh().await;
    let ask = async || {
        let slot = store
            .reserve_slot("fne", (Duration::from_secs(10), Duration::ZERO), Duration::from_hours(1))
            .await;
        let Slot::Reserved { interval, .. } = slot.unwrap() else { panic!("the slot is near") };
        interval
    };
    assert_eq!(ask().await, Duration::from_secs(10));
    store.note_answers(&[answer(true)]).await.unwrap();
    assert_eq!(ask().await, Duration::from_secs(20));
    store.note_answers(&[answer(false)]).await.unwrap();
    let interval = ask().await.as_secs_f64();
    assert!((interval - 10.0 / (0.5 + 1.0 / 32.0)).abs() < 1e-6, "{interval}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_429_without_a_time_rests_the_pool_and_the_status_says_what_is_held() {
    const HOST: &str = "www.portail.cm";
    let spec = format!(
        "name = 'Portail'\nbase_url = 'https://{HOST}'\nrate = '200/s'\nrobots = false\n[streams.offres]\nkind = 'job'\nformat = 'html'\n\
         request = {{ path = '/offres' }}\nrecords = 'li'\n[streams.offres.fields]\nexternal_id = {{ css = 'a', attr = 'href' }}\ntitle = 'a'\n"
    );
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    let (road, replay) = with_partner("portail", &spec, &behavior, &[]).await;
    let overloaded = CannedResponse { status: 429, headers: Vec::new(), body: Vec::new().into() };
    replay.replace(HOST, "/offres", overloaded);
    let store = road.database.store().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    road.bin(&["ingest", "portail", "--no-wait"]).run().await.expect(0);
    let tries = async || replay.arrivals().len() >= 3;
    crate::support::wait_until("it was asked three times", tries).await;
    let arrivals = replay.arrivals();
    for pair in arrivals.windows(2) {
        let apart = pair[1].at.duration_since(pair[0].at);
        assert!(apart >= Duration::from_millis(990), "{apart:?} after a 429");
    }
    let said = road.bin(&["status"]).run().await.expect(0).out;
    assert!(said.contains("slowed         portail: "), "{said}");
    let said = road.bin(&["sources", "rate", "portail"]).run().await.expect(0).out;
    assert!(said.contains("; slowed to ") && said.contains("/min by how it answers"), "{said}");
    replay.replace(HOST, "/offres", html("<li><a href=/1>Soudeur</a></li>"));
    crate::support::wait_until("the run ends", async || {
        store.runs(None, 1).await.unwrap()[0].state.to_string() == "complete"
    })
    .await;
    crate::support::terminate(&mut worker).await;
}
