//! Two processes, one promise: at the partner's end the rate holds in every window, and nearly all of it is used.

use std::time::{Duration, Instant};

use fixtures::Manners;

use crate::support::{Road, terminate, wait_until};

/// The promise under test. A window of 4 s leaves 80 ms for a request to be late on a busy machine.
const RATE: &str = "80/4s";
const COUNT: usize = 80;
const WINDOW: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_a_rate_never_exceed_it_and_use_it() {
    let road =
        Road::with(Manners { throttle_every: None, crawl_delay: 0.0, ..Manners::default() }, RATE).await;
    let mut workers: Vec<_> =
        (0..2).map(|_| road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start()).collect();
    let store = road.database.store().await;
    wait_until("both workers are there", async || store.workers().await.unwrap().len() == 2).await;
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
    let arrivals: Vec<Instant> = road
        .replay
        .arrivals()
        .iter()
        .filter(|arrival| arrival.host == "www.emploicameroun.cm")
        .map(|arrival| arrival.at)
        .collect();
    assert!(arrivals.len() > 200, "{}", arrivals.len());
    let fullest = (0..arrivals.len()).map(|from| in_window(&arrivals, from)).max().unwrap();
    assert!(fullest <= COUNT, "{fullest} requests in {WINDOW:?}, {COUNT} are allowed");
    let busiest = busy_spans(&arrivals);
    let (requests, seconds) = busiest;
    let used = requests / seconds / (f64::from(80) / 4.0);
    assert!(used >= 0.95, "{:.1} % of the rate was used", used * 100.0);
}

fn in_window(arrivals: &[Instant], from: usize) -> usize {
    arrivals[from..].iter().take_while(|at| at.duration_since(arrivals[from]) < WINDOW).count()
}

/// Requests and seconds of the time in which there was work: between two rounds nobody wants anything.
fn busy_spans(arrivals: &[Instant]) -> (f64, f64) {
    const PAUSE: Duration = Duration::from_millis(300);
    let (mut requests, mut seconds) = (0.0, 0.0);
    for pair in arrivals.windows(2) {
        let gap = pair[1].duration_since(pair[0]);
        if gap < PAUSE {
            requests += 1.0;
            seconds += gap.as_secs_f64();
        }
    }
    (requests, seconds)
}
