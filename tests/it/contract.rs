//! What holds for every source file, over all recorded answers.

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use domain::{Opportunity, Rejection};
use fetch::{Answer, Client, Credentials, LocalBudget, Partner, Request, Settings};
use normalize::Context;
use replay::{Behavior, MockServer};
use serde_json::Value;
use sources::{Auth, Catalog, Page, Reading, Response, Spec, Window};
use url::Url;

use crate::support::replayed;

/// Everything that a source gives.
#[derive(Default)]
struct Given {
    pages: usize,
    opportunities: Vec<Opportunity>,
    rejected: Vec<Rejection>,
}

struct Visitor {
    client: Client,
    partner: Partner,
    spec: Arc<Spec>,
    given: Given,
}

fn partner(spec: &Spec, replay: &MockServer) -> Partner {
    let all = replay::credentials();
    let of = |name: &String| {
        all.iter().find(|(known, _)| known == name).map(|(_, value)| (*value).to_owned()).unwrap()
    };
    let credentials = spec.auth.as_ref().map(|auth| match auth {
        Auth::OAuth2 { token_url, scope, id, secret } => Credentials::OAuth2 {
            token_url: token_url.clone(),
            scope: scope.clone(),
            id: of(id),
            secret: of(secret).into(),
        },
        Auth::ApiKey { header, key } => Credentials::ApiKey { header: header.clone(), key: of(key).into() },
        Auth::QueryKey { param, key } => Credentials::QueryKey { param: param.clone(), key: of(key).into() },
        Auth::Basic { user, password } => {
            Credentials::Basic { user: of(user), password: of(password).into() }
        }
        Auth::Bearer { token } => Credentials::Bearer(of(token).into()),
    });
    Partner {
        slug: spec.slug.clone(),
        base_url: spec.base_url.clone(),
        hosts: spec.hosts.clone(),
        rate: "500/s".parse().unwrap(),
        robots: spec.robots,
        reserves: false,
        credentials,
        via: Some(replay.url().parse().unwrap()),
    }
}

fn response(answer: &Answer) -> Response<'_> {
    Response { status: answer.status, headers: &answer.headers, body: &answer.body }
}

impl Visitor {
    async fn get(&self, url: &Url, headers: &[(String, String)]) -> Result<Answer, fetch::FetchError> {
        let request = Request { url: url.clone(), headers: headers.to_vec(), validators: None, body: None };
        self.client.fetch(&self.partner, &request, &LocalBudget::new()).await
    }

    /// Parses a page twice, and fails if the results differ.
    fn read(&mut self, page: &Page<'_>, answer: &Answer) -> Reading {
        let reading = self.spec.read(page);
        assert_eq!(reading, self.spec.read(page), "{} is read differently each time", page.url);
        assert_eq!(reading.alarm, None, "{}", page.url);
        self.given.pages += 1;
        let context = Context {
            source: self.spec.slug.clone(),
            stream: page.stream.clone(),
            country: self.spec.country.clone(),
            hosts: Vec::new(),
            fetched_at: "2026-11-20T18:00:00Z".parse().unwrap(),
        };
        assert!(answer.status < 300);
        self.given.rejected.extend(reading.rejected.clone());
        for draft in reading.drafts.clone() {
            match normalize::normalize(draft, &context) {
                Ok(row) => self.given.opportunities.push(row),
                Err(rejection) => self.given.rejected.push(rejection),
            }
        }
        reading
    }

    async fn walk(mut self) -> Given {
        let spec = Arc::clone(&self.spec);
        for stream in &spec.streams {
            let Some(mut crawl) = spec.crawl(&stream.name, &Window::default()) else { continue };
            while let Some(request) = crawl.ask() {
                let answer = self.get(&request.url, &request.headers).await.unwrap();
                let page = request.page(response(&answer));
                let reading = self.read(&page, &answer);
                for follow in reading.follow {
                    let Ok(detail) = self.get(&follow.url, &[]).await else { continue };
                    let page = Page::detail(&stream.name, &follow.url, &follow.card, response(&detail));
                    self.read(&page, &detail);
                }
                crawl.answered(&request, &page);
            }
            let walked = crawl.walked().unwrap();
            assert_eq!(walked.proof(), Ok(()), "{}: {walked:?}", spec.slug);
        }
        self.given
    }
}

/// Describes what a source gives, as a person would check it.
fn shown(spec: &Spec, given: &Given) -> String {
    let mut text = String::new();
    let ids: std::collections::HashSet<_> = given.opportunities.iter().map(|row| row.id).collect();
    let _ = writeln!(
        text,
        "{}: {} pages, {} opportunities, {} distinct, {} rejected",
        spec.slug,
        given.pages,
        given.opportunities.len(),
        ids.len(),
        given.rejected.len()
    );
    let with = |has: fn(&Opportunity) -> bool| given.opportunities.iter().filter(|row| has(row)).count();
    let _ = writeln!(
        text,
        "filled: url {}, organization {}, description {}, places {}, amount {}, contracts {}, posted_at {}, closes_on {}, positions {}, education {}, experience {}, interest {}, fees {}, duration {}, starts_on {}, ends_on {}, is_closed {}",
        with(|r| r.url.is_some()),
        with(|r| r.organization.is_some()),
        with(|r| r.description.is_some()),
        with(|r| !r.places.is_empty()),
        with(|r| r.amount.is_some()),
        with(|r| !r.contracts.is_empty()),
        with(|r| r.posted_at.is_some()),
        with(|r| r.closes_on.is_some()),
        with(|r| r.positions.is_some()),
        with(|r| r.education.is_some()),
        with(|r| r.experience.is_some()),
        with(|r| r.interest.is_some()),
        with(|r| r.fees.is_some()),
        with(|r| r.duration.is_some()),
        with(|r| r.starts_on.is_some()),
        with(|r| r.ends_on.is_some()),
        with(|r| r.is_closed)
    );
    let mut reasons: Vec<String> = given
        .rejected
        .iter()
        .map(|rejection| format!("{} {}", rejection.external_id.as_deref().unwrap_or("-"), rejection.reason))
        .collect();
    reasons.sort();
    let _ = writeln!(text, "{}\n", reasons.join("\n"));
    for row in given.opportunities.iter().step_by(given.opportunities.len() / 6 + 1) {
        let value: BTreeMap<String, Value> =
            serde_json::from_value(serde_json::to_value(row).unwrap()).unwrap();
        for (name, value) in value {
            let shown = match name.as_str() {
                "description" => format!(
                    "{:?}",
                    row.description.as_ref().map(|body| body.chars().take(160).collect::<String>())
                ),
                "places" => row.places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
                _ => value.to_string(),
            };
            let _ = writeln!(text, "{name}: {shown}");
        }
        text.push('\n');
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn every_partner_gives_what_its_recordings_hold() {
    let replay = replayed(Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() }).await;
    let catalog = Catalog::builtin().unwrap();
    for spec in catalog.iter() {
        assert!(
            replay::partners().iter().any(|partner| partner.slug == spec.slug.as_str()),
            "{} has no recordings",
            spec.slug
        );
        let client = Client::new(Settings::default()).unwrap();
        let visitor = Visitor {
            client,
            partner: partner(spec, &replay),
            spec: Arc::clone(spec),
            given: Given::default(),
        };
        let given = visitor.walk().await;
        for row in &given.opportunities {
            assert!(row.url.as_ref().is_none_or(|url| url.starts_with("https://")), "{:?}", row.url);
        }
        insta::assert_snapshot!(spec.slug.to_string(), shown(spec, &given));
    }
}

#[test]
fn every_scheduled_source_has_a_partner_file() {
    let catalog = Catalog::builtin().unwrap();
    for entry in schedules::Timetable::builtin().unwrap().entries {
        assert!(catalog.get(&entry.source).is_some(), "{} names {}", entry.name, entry.source);
    }
}

/// Returns all files of a folder and its subfolders.
fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn no_recording_holds_a_secret_or_a_way_to_reach_somebody() {
    for spec in Catalog::builtin().unwrap().iter() {
        let folder =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures").join(spec.slug.as_str());
        let recordings = files(&folder)
            .into_iter()
            .filter(|file| file.file_name().is_some_and(|name| name != "behavior.toml"));
        for file in recordings {
            let body = std::fs::read(&file).unwrap();
            let own =
                |mail: &str| spec.hosts.iter().any(|host| mail.ends_with(host.trim_start_matches("www.")));
            assert_eq!(sources::contacts(&body, &own), Vec::<String>::new(), "{}", file.display());
            let text = String::from_utf8_lossy(&body);
            for (name, value) in replay::credentials() {
                assert!(
                    value == "demo" || !text.contains(value),
                    "{} holds the value of {name}",
                    file.display()
                );
            }
        }
    }
}
