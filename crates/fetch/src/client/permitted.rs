//! robots.txt, asked before the first visit.

use std::time::Duration;

use url::Url;

use super::exchange::Exchange;
use crate::{
    FetchError, Why,
    body::Cap,
    redirect::{self, HOPS},
    robots::{self, Learnt, Rules},
};

impl Exchange<'_> {
    /// Asks robots.txt where the partner wants it asked, and keeps its pause. Then asks what the site reserves.
    pub(super) async fn permitted(&mut self, url: &Url) -> Result<(), FetchError> {
        if !self.partner.robots {
            return Ok(());
        }
        let (rules, left) = self.rules(url).await?;
        self.delay = self.delay.max(rules.delay());
        if rules.allow(url) {
            return self.unreserved(url).await;
        }
        if matches!(rules, Rules::Unreachable) {
            return Err(self.later(left, Why::Robots));
        }
        Err(FetchError::RobotsDenied {
            host: url.host_str().unwrap_or_default().to_owned(),
            path: url.path().to_owned(),
        })
    }

    /// The rules of an origin and how long they hold: known, or asked for while others wait for them.
    async fn rules(&mut self, url: &Url) -> Result<(Rules, Duration), FetchError> {
        let slot = self.shared.robots.slot(url, self.partner.via.as_ref());
        let mut known = slot.lock().await;
        if let Some(learnt) = known.as_ref().filter(|learnt| !learnt.left().is_zero()) {
            return Ok((learnt.rules.clone(), learnt.left()));
        }
        let rules = self.ask(url).await?;
        let host = url.host_str().unwrap_or_default();
        let delay_s = rules.delay().unwrap_or_default().as_secs_f64();
        let unreachable = matches!(rules, Rules::Unreachable);
        tracing::info!(source = %self.partner.slug, host, delay_s, unreachable, "robots.txt was asked");
        let learnt = known.insert(Learnt::now(rules));
        Ok((learnt.rules.clone(), learnt.left()))
    }

    /// Reports a partner that cannot be reached, and keeps nothing: the next try asks again.
    async fn ask(&mut self, url: &Url) -> Result<Rules, FetchError> {
        let mut address = url.clone();
        address.set_path("/robots.txt");
        address.set_query(None);
        for _ in 0..=HOPS {
            let raw = self.send(&address, Cap::Cut(robots::MAX), reqwest::Client::get).await?;
            if !redirect::leads_on(raw.status) {
                return Ok(Rules::of(raw.status, &self.shared.settings.user_agent, &raw.body));
            }
            address = redirect::target(self.partner, &address, raw.status, raw.header("location"))?;
        }
        // RFC 9309, 2.3.1.2: after five redirects there is no file.
        Ok(Rules::All)
    }
}
