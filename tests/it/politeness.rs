//! Two processes keep one promise: the partner sees the rate hold in every window, and nearly all of it is used.

use std::time::{Duration, Instant};

use replay::Behavior;

use crate::support::{Database, Road, terminate, wait_until};

/// The rate under test. In a window of 4 s, a request may be 80 ms late on a busy machine.
const RATE: &str = "80/4s";
const COUNT: usize = 80;
const WINDOW: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_a_rate_never_exceed_it_and_use_it() {
    let behavior = Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() };
    let road = Road::on(Database::alone().await, behavior, RATE).await;
    let mut workers: Vec<_> =
        (0..2).map(|_| road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start()).collect();
    let store = road.database.store().await;
    wait_until("both workers are there", async || store.queue().workers().await.unwrap().len() == 2).await;
    // Four rounds of the portal: about 240 requests, twelve seconds at the promised rate.
    for round in 0..4 {
        road.bin(&["ingest", "emploicameroun", "--full", "--no-wait"]).run().await.expect(0);
        let ended = async || {
            store.runs(None, 9).await.unwrap().iter().filter(|run| run.state.ended()).count() == round + 1
        };
        wait_until("the round has ended", ended).await;
    }
    for worker in &mut workers {
        terminate(worker).await;
    }
    let asked: Vec<_> = road
        .replay
        .arrivals()
        .into_iter()
        .filter(|arrival| arrival.host == "www.emploicameroun.cm")
        .collect();
    let arrivals: Vec<Instant> = asked.iter().map(|arrival| arrival.at).collect();
    let begins: Vec<usize> =
        (0..asked.len()).filter(|at| asked[*at].path.starts_with("/offres?page=0")).collect();
    assert!(arrivals.len() > 200, "{}", arrivals.len());
    let fullest = (0..arrivals.len()).map(|from| in_window(&arrivals, from)).max().unwrap();
    assert!(fullest <= COUNT, "{fullest} requests in {WINDOW:?}, {COUNT} are allowed");
    let (requests, seconds) = busy(&arrivals, &begins);
    let used = requests / seconds / (f64::from(80) / 4.0);
    assert!(used >= 0.95, "{:.1} % of the rate was used", used * 100.0);
}

fn in_window(arrivals: &[Instant], from: usize) -> usize {
    arrivals[from..].iter().take_while(|at| at.duration_since(arrivals[from]) < WINDOW).count()
}

/// Returns the requests and seconds of the time in which several requests were possible. A round begins with one list after
/// the other and ends with the last pages, so both ends are left out.
fn busy(arrivals: &[Instant], begins: &[usize]) -> (f64, f64) {
    const BEGIN: usize = 12;
    const END: usize = 4;
    let (mut requests, mut seconds) = (0.0, 0.0);
    for (at, begin) in begins.iter().enumerate() {
        let end = begins.get(at + 1).copied().unwrap_or(arrivals.len());
        let round = &arrivals[begin + BEGIN..end - END];
        requests += f64::from(u32::try_from(round.len() - 1).unwrap());
        seconds += round[round.len() - 1].duration_since(round[0]).as_secs_f64();
    }
    (requests, seconds)
}
