//! The wire to a Qdrant server, on which answers can be held back: all of them, or all but their beginnings.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};
use url::Url;

/// Bytes before each frame of HTTP/2 (RFC 9113, 4.1): three of its length, then its type.
const HEAD: usize = 9;
/// The types of frames with the content of an answer, and with its headers or its end.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
/// What is set where a frame ends an answer.
const END: u8 = 1;

/// What of an answer reaches the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passes {
    All,
    /// The server seems to accept questions, and to answer none.
    Nothing,
    /// The headers of an answer, and no content.
    Beginnings,
}

/// The wire. A clone is the same one.
#[derive(Clone)]
pub(crate) struct Wire {
    /// With the number of times that it was mended: whoever was cut off connects anew.
    state: watch::Sender<(Passes, usize)>,
}

impl Wire {
    /// Lays it before the server at `url`. Returns the address that it is reached at now.
    pub(crate) async fn before(url: &Url) -> (Self, Url) {
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let (state, _) = watch::channel((Passes::All, 0));
        let wire = Self { state };
        let kept = wire.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&server).await.unwrap();
                tokio::spawn(joined(client, server, kept.state.subscribe()));
            }
        });
        (wire, here)
    }

    /// Lets this pass from now on, also on connections that are open.
    pub(crate) fn lets(&self, passes: Passes) {
        self.state.send_modify(|state| {
            let is_mended = passes == Passes::All && state.0 != Passes::All;
            *state = (passes, state.1 + usize::from(is_mended));
        });
    }
}

async fn joined(client: TcpStream, server: TcpStream, mut state: watch::Receiver<(Passes, usize)>) {
    let (mut asks, answered) = client.into_split();
    let (answers, mut asked) = server.into_split();
    let begun = state.borrow().1;
    let held = state.clone();
    tokio::select! {
        _ = tokio::io::copy(&mut asks, &mut asked) => (),
        _ = answering(answers, answered, held) => (),
        _ = state.wait_for(|(_, mended)| *mended != begun) => (),
    }
}

/// Passes frame by frame, so that what passes can be read.
async fn answering(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    state: watch::Receiver<(Passes, usize)>,
) -> std::io::Result<()> {
    let mut frame = vec![0; HEAD];
    loop {
        frame.resize(HEAD, 0);
        from.read_exact(&mut frame).await?;
        let length = frame.iter().take(3).fold(0, |length, byte| length << 8 | usize::from(*byte));
        frame.resize(HEAD + length, 0);
        from.read_exact(&mut frame[HEAD..]).await?;
        let passes = match state.borrow().0 {
            Passes::All => true,
            Passes::Nothing => false,
            Passes::Beginnings => match frame[3] {
                DATA => false,
                HEADERS => frame[4] & END == 0,
                _ => true,
            },
        };
        if passes {
            to.write_all(&frame).await?;
        }
    }
}
