//! The inbox, a folder or a bucket prefix: `SLUG/NAME` is loaded and moved to `SLUG/done/`, or to `SLUG/failed/` with the reason
//! beside it. One code serves both, because a folder is an object store too.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::Context as _;
use futures::TryStreamExt as _;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutPayload, path::Path as Key};
use sources::Spec;
use store::{Mode, RunRequest, Trigger};
use tokio::io::AsyncWriteExt as _;

use super::Incoming;
use crate::{app::App, archive::object_store, observe::error_chain, queue::Stop};

/// Time between two looks. A file is loaded when a second look finds it unchanged: until then, somebody may be writing it.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A file at the last look: its length, and the time of its last change.
type Look = (u64, i64);

/// Watches the inbox until the worker stops.
pub(crate) async fn watch(app: Arc<App>, place: String, stop: Stop) {
    let inbox = match object_store(&place, "inbox") {
        Ok(store) => Inbox { store, app, seen: HashMap::new() },
        Err(error) => {
            tracing::error!(error = error_chain(&error), "the inbox is not watched");
            return;
        }
    };
    let mut inbox = inbox;
    tracing::info!(inbox = place, "watching for files");
    while !stop.is_cancelled() {
        if let Err(error) = inbox.look().await {
            tracing::warn!(error = error_chain(&error), inbox = place, "could not look into the inbox");
        }
        tokio::select! {
            () = stop.cancelled() => (),
            () = tokio::time::sleep(LOOK_EVERY) => (),
        }
    }
}

struct Inbox {
    store: Arc<dyn ObjectStore>,
    app: Arc<App>,
    seen: HashMap<Key, Look>,
}

impl Inbox {
    async fn look(&mut self) -> anyhow::Result<()> {
        let all: Vec<ObjectMeta> = self.store.list(None).try_collect().await?;
        let mut seen = HashMap::new();
        for object in all {
            let parts: Vec<String> = object.location.parts().map(|part| part.as_ref().to_owned()).collect();
            // `done` and `failed` are one level deeper; a name that begins with a dot is somebody's work in progress.
            let [slug, name] = parts.as_slice() else { continue };
            if name.starts_with('.') {
                continue;
            }
            let look = (object.size, object.last_modified.timestamp_millis());
            if self.seen.get(&object.location) == Some(&look) {
                self.take(&object, slug, name).await?;
            } else {
                seen.insert(object.location.clone(), look);
            }
        }
        self.seen = seen;
        Ok(())
    }

    /// Loads one file. If the file is wrong, the reason is stored beside it; an error is a failure of ours.
    async fn take(&self, object: &ObjectMeta, slug: &str, name: &str) -> anyhow::Result<()> {
        let spec = match self.app.spec(slug) {
            Ok(spec) => spec,
            Err(error) => return self.failed(object, slug, name, &error).await,
        };
        let file = tempfile::NamedTempFile::new().context("Failed to copy the file")?;
        let mut copy = tokio::fs::File::from_std(file.reopen().context("Failed to copy the file")?);
        let mut parts = self.store.get(&object.location).await?.into_stream();
        while let Some(part) = parts.try_next().await? {
            copy.write_all(&part).await.context("Failed to copy the file")?;
        }
        copy.flush().await.context("Failed to copy the file")?;
        let incoming = Incoming { path: file.path(), name, stream: None, complete: None };
        if let Err(error) = incoming.stream_of(&spec) {
            return self.failed(object, slug, name, &error).await;
        }
        self.enter(object, (slug, name), &spec, &incoming).await
    }

    async fn enter(
        &self,
        object: &ObjectMeta,
        (slug, name): (&str, &str),
        spec: &Spec,
        incoming: &Incoming<'_>,
    ) -> anyhow::Result<()> {
        // Two workers that see the file at the same time request the same run.
        let key =
            format!("inbox:{}:{}:{}", object.location, object.size, object.last_modified.timestamp_millis());
        let request = RunRequest {
            idempotency_key: Some(key.chars().take(200).collect()),
            ..RunRequest::new(spec.slug.clone(), Trigger::Inbox, "inbox")
        };
        let (entered, file) = incoming.enter((&self.app.store, &self.app.archive), spec, request).await?;
        let run = self.app.store.run(entered.run).await?;
        let is_ours =
            run.mode == Mode::File && run.file.as_ref().is_some_and(|known| known.sha256 == file.sha256);
        if !is_ours {
            tracing::info!(source = slug, file = name, run = %entered.run, "another run of the source is active; the file waits");
            return Ok(());
        }
        tracing::info!(source = slug, file = name, stream = file.stream, run = %entered.run, "a file was taken in");
        let done = Key::from_iter([slug, "done", &self.stamped(name)]);
        self.store.rename(&object.location, &done).await.context("Failed to move the file to done/")
    }

    async fn failed(
        &self,
        object: &ObjectMeta,
        slug: &str,
        name: &str,
        why: &anyhow::Error,
    ) -> anyhow::Result<()> {
        let why = error_chain(why);
        tracing::error!(
            source = slug,
            file = name,
            why,
            "the file cannot be taken in; it lies in failed/ with the reason"
        );
        let stamped = self.stamped(name);
        let reason = Key::from_iter([slug, "failed", &format!("{stamped}.why.txt")]);
        self.store.put(&reason, PutPayload::from(format!("{why}\n").into_bytes())).await?;
        let failed = Key::from_iter([slug, "failed", &stamped]);
        self.store.rename(&object.location, &failed).await.context("Failed to move the file to failed/")
    }

    /// Adds the time to a name, because the same name may come again tomorrow.
    fn stamped(&self, name: &str) -> String {
        format!("{}-{name}", self.app.clock.now().format("%Y%m%dT%H%M%SZ"))
    }
}
