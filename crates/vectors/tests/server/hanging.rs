//! A server that accepts questions and answers none, or begins an answer and does not end it.

use std::time::Duration;

use vectors::{Depth, Index as _, VectorError};

use crate::{
    connect,
    fake::Fake,
    support::{ads, fill, key, points, query},
    wire::{Passes, Wire},
};

/// The bound of each call of this test: that of the program is a minute.
const BOUND: Duration = Duration::from_millis(300);

/// Each call ends by its bound, and as what it is: a server that does not answer. Then the server is back, and nothing is left over.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_waited_for_within_a_bound() {
    let (_, url) = Fake::start(None).await;
    let (wire, url) = Wire::before(&url).await;
    let index = connect(&url).await.answering_within(BOUND);
    fill(&index, &ads()).await;
    for held_back in [Passes::Nothing, Passes::Beginnings] {
        wire.lets(held_back);
        let errors = [
            index.upsert(points(&ads(), 2).await).await.unwrap_err(),
            index.withdraw(&[key(&ads()[0])], 0).await.unwrap_err(),
            index.search(query("soudeur", vectors::Filter::default())).await.unwrap_err(),
            index.page(None, 9, Depth::Payloads).await.map(drop).unwrap_err(),
            index.held(&[ads()[0].id], Depth::Vectors).await.map(drop).unwrap_err(),
            index.count().await.map(drop).unwrap_err(),
            index.ready().await.unwrap_err(),
            index.restore().await.map(drop).unwrap_err(),
            index.serve("opportunities").await.unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, VectorError::Unreachable { .. }), "{held_back:?}: {error:?}");
            assert!(error.is_passing() && error.to_string().contains("does not answer"), "{error}");
        }
        wire.lets(Passes::All);
        let mut tries = 0;
        // Some calls meet connections that were cut.
        while let Err(error) = index.ready().await {
            tries += 1;
            assert!(tries < 100, "{held_back:?}: {error:?}");
            tokio::time::sleep(BOUND / 10).await;
        }
    }
    fill(&index, &ads()).await;
    assert_eq!(index.count().await.unwrap(), 22);
}
