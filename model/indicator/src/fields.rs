//! One field of an event: every value in it looked up in the way its column asks for.

use crate::index::seconds;
use crate::{Index, Kind, Probe, Record, address, digest, mail, url};
use wardwatch_ident::Timestamp;
use wardwatch_limits::INDICATOR_VALUES_PER_FIELD;

impl Index {
    /// Calls `hit` with each indicator that a field's text names, and the part of the text that names it.
    ///
    /// At most sixteen values of a field are looked at. `at` is when the line was received.
    #[inline]
    pub fn probe<'i, 't>(
        &'i self,
        probe: Probe,
        text: &'t str,
        at: Timestamp,
        hit: &mut dyn FnMut(Record<'i>, &'t str),
    ) {
        let at = seconds(at);
        match probe {
            Probe::Address => self.address(text, at).into_iter().for_each(|r| hit(r, text)),
            Probe::Host => self.host(text, at).into_iter().for_each(|r| hit(r, text)),
            Probe::Digest => self.digest(text, at).into_iter().for_each(|r| hit(r, text)),
            Probe::Url => self.url_and_host(text, at, hit),
            Probe::Digests => {
                for part in text.split([',', ';', ' ']).take(INDICATOR_VALUES_PER_FIELD) {
                    let bare = part.rsplit_once(['=', ':']).map_or(part, |(_, bare)| bare);
                    self.digest(bare, at).into_iter().for_each(|r| hit(r, bare));
                }
            }
            Probe::Hosts => {
                let parts = text.split([',', ';', ' ', '|']).filter(|p| !p.is_empty());
                for part in parts.take(INDICATOR_VALUES_PER_FIELD) {
                    self.host(part, at).into_iter().for_each(|r| hit(r, part));
                }
            }
            Probe::Mail => {
                for part in mail::each(text).take(INDICATOR_VALUES_PER_FIELD) {
                    let Some(found) = mail::normal(part) else { continue };
                    self.exact(Kind::Mail, found.as_bytes(), at).into_iter().for_each(|r| hit(r, part));
                    let domain = found.rsplit_once('@').map_or("", |(_, domain)| domain);
                    self.domain(domain, at).into_iter().for_each(|r| hit(r, part));
                }
            }
        }
    }

    #[inline]
    fn digest(&self, text: &str, at: u32) -> Option<Record<'_>> {
        let found = digest::parse(text.as_bytes())?;
        self.exact(found.kind, found.bytes(), at)
    }

    #[inline]
    fn host(&self, text: &str, at: u32) -> Option<Record<'_>> {
        // The longest that can be a host is a name with its port.
        let first = *text.as_bytes().first()?;
        if first.is_ascii_digit()
            && let Some(_) = address::v4(text.as_bytes())
        {
            return self.address(text, at);
        }
        if text.len() <= 64 && text.as_bytes().contains(&b':') {
            if address::address(text).is_some() {
                return self.address(text, at);
            }
            let (bare, _) = url::split_port(text)?;
            return self.address(bare, at).or_else(|| self.domain(bare, at));
        }
        let bare = match text.len() <= wardwatch_limits::INDICATOR_NAME_BYTES + 8 {
            true => url::split_port(text).map_or(text, |(bare, _)| bare),
            false => text,
        };
        self.domain(bare, at)
    }

    fn url_and_host<'i, 't>(&'i self, text: &'t str, at: u32, hit: &mut dyn FnMut(Record<'i>, &'t str)) {
        // A bare path, which is what most devices log here, has no host.
        if text.starts_with('/') && !text.starts_with("//") {
            return;
        }
        let Some(found) = url::normal(text) else { return };
        if !self.table(Kind::Url).is_empty() {
            self.url(&found, at).into_iter().for_each(|r| hit(r, text));
        }
        let host = found.host().trim_matches(['[', ']']);
        self.address(host, at).or_else(|| self.domain(host, at)).into_iter().for_each(|r| hit(r, text));
    }
}
