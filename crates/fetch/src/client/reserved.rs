//! Reservations of text and data mining, read and obeyed.

use std::sync::Arc;

use url::Url;

use super::{exchange::Exchange, send::Raw};
use crate::{
    FetchError,
    address::named,
    body::Cap,
    redirect,
    tdm::{self, Learnt, Reservations},
};

impl Exchange<'_> {
    /// Refuses a page that the site's file reserves. Asked where robots.txt is: an API has terms of its own.
    pub(super) async fn unreserved(&mut self, url: &Url) -> Result<(), FetchError> {
        if !self.partner.reserves || !self.partner.robots {
            return Ok(());
        }
        if self.reservations(url).await?.reserve(url) {
            return Err(self.reserved(url, tdm::FILE));
        }
        Ok(())
    }

    /// Refuses an answer whose header reserves it.
    pub(super) fn unreserved_answer(&self, url: &Url, raw: &Raw) -> Result<(), FetchError> {
        let lines = raw.headers.get_all(tdm::HEADER).iter().filter_map(|line| line.to_str().ok());
        if self.partner.reserves && tdm::is_reserved(lines) {
            return Err(self.reserved(url, "its header TDM-Reservation"));
        }
        Ok(())
    }

    fn reserved(&self, url: &Url, by: &'static str) -> FetchError {
        FetchError::Reserved { url: named(url), source_slug: self.partner.slug.to_string(), by }
    }

    async fn reservations(&mut self, url: &Url) -> Result<Arc<Reservations>, FetchError> {
        let slot = self.shared.tdm.slot(url, self.partner.via.as_ref());
        let mut known = slot.lock().await;
        if let Some(learnt) = known.as_ref().filter(|learnt| learnt.holds()) {
            return Ok(Arc::clone(&learnt.reservations));
        }
        let asked = self.ask_reservations(url).await?;
        Ok(Arc::clone(&known.insert(Learnt::now(asked)).reservations))
    }

    /// A partner that cannot be reached is an error. A file that is not there, or is not one, reserves nothing.
    async fn ask_reservations(&mut self, url: &Url) -> Result<Reservations, FetchError> {
        let mut address = url.clone();
        address.set_path(tdm::FILE);
        address.set_query(None);
        for _ in 0..=redirect::HOPS {
            let raw = self.send(&address, Cap::Cut(tdm::MAX), reqwest::Client::get).await?;
            if redirect::leads_on(raw.status) {
                let Ok(to) = redirect::target(self.partner, &address, raw.status, raw.header("location"))
                else {
                    break;
                };
                address = to;
                continue;
            }
            let file = (200..300).contains(&raw.status).then(|| Reservations::parse(&raw.body)).flatten();
            let rules = file.is_some();
            tracing::debug!(source = %self.partner.slug, status = raw.status, rules, "reservations were asked");
            return Ok(file.unwrap_or_default());
        }
        Ok(Reservations::default())
    }
}
