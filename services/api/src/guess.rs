//! What a ticket's text names, to the mail that it is about: the best match, and what was assumed.
//!
//! Tried in this order: MIDs, `Message-ID`s, ICIDs, addresses with moments. Of several messages of
//! one number the one that names an address of the text is meant, then the one nearest to the first
//! moment of it, then the newest; of an address's mail the one that names most addresses of the text,
//! then one that did not arrive, then the nearest or newest.
//!
//! Invariant: whatever is not in the text is said (`assumed`); what the caller may not see is not
//! there.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use whymid_diagnosis::Mentions;
use whymid_schemas::{Answer, Lang, MessageItem, MessageSummary, Outcome};
use whymid_store::{Filter, Order, Pattern, RecordKind, Search};

use crate::{
    desk::{Ask, Missing, Style, What},
    error::{Code, Failure},
    house::Visit,
};

/// So many things of a kind are looked up.
const TRIED: usize = 5;

/// So many messages of an address are looked at.
const LOOKED_AT: usize = 100;

/// How far from a moment of the text a mail is looked for.
const AROUND: SignedDuration = SignedDuration::from_hours(12);

/// How far back, where the text has none.
const BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Looks for the mail.
pub(crate) struct Guess<'g> {
    pub(crate) house: &'g Visit,
    pub(crate) style: &'g Style,
    pub(crate) found: &'g Mentions,
    /// What was assumed so far.
    pub(crate) assumed: Vec<String>,
}

impl Guess<'_> {
    /// The answer for the best match.
    pub(crate) async fn answer(&mut self) -> Result<Option<Answer>, Failure> {
        for mid in self.found.mids.iter().take(TRIED) {
            if let Some(answer) = self.of(What::Mid(*mid), &format!("MID {mid}")).await? {
                return Ok(Some(answer));
            }
        }
        for id in self.found.message_ids.iter().take(TRIED) {
            let kept = What::MessageId(self.house.message_id(id));
            if let Some(answer) = self.of(kept, &format!("Message-ID <{id}>")).await? {
                return Ok(Some(answer));
            }
        }
        for icid in self.found.icids.iter().take(TRIED) {
            if let Some(answer) = self.of(What::Icid(*icid), &format!("ICID {icid}")).await? {
                return Ok(Some(answer));
            }
        }
        self.of_addresses().await
    }

    fn assume(&mut self, en: String, ja: String) {
        let ja_wanted = self.style.lang == Lang::Ja;
        self.assumed.push(if ja_wanted { ja } else { en });
    }

    /// The answer for a number, or of several records the one that fits the text best.
    async fn of(&mut self, what: What, name: &str) -> Result<Option<Answer>, Failure> {
        let ask = Ask {
            what,
            appliance: None,
            at: self.found.times.first().copied(),
        };
        let answer = match self.house.desk.why(&ask, self.style).await {
            Ok(answer) => answer,
            Err(Missing::Unknown(_)) => {
                self.assume(
                    format!("{name} is not known here"),
                    format!("{name} の記録はありません"),
                );
                return Ok(None);
            }
            Err(missing) => return Err(missing.into()),
        };
        let others = answer.candidates.len();
        if others == 0 {
            return Ok(Some(answer));
        }
        let is_named = |one: &Answer| one.message.as_ref().map(|one| self.named(one) > 0);
        if is_named(&answer) == Some(false) && !self.found.addresses.is_empty() {
            for candidate in answer.candidates.iter().take(TRIED) {
                let other = self.house.desk.answer(&candidate.id, self.style).await?;
                if let Some(other) = other.filter(|one| is_named(one) == Some(true)) {
                    self.assume(
                        format!("{name} stands for {} records; the one is meant that names an address of the text", others + 1),
                        format!("{name} の記録は {} 件あります。本文のアドレスを含むものと判断しました", others + 1),
                    );
                    return Ok(Some(other));
                }
            }
        }
        if ask.at.is_some() {
            self.assume(
                format!("{name} stands for {} records; the one nearest to the first moment of the text is meant", others + 1),
                format!("{name} の記録は {} 件あります。本文の最初の日時に最も近いものと判断しました", others + 1),
            );
        } else {
            self.assume(
                format!(
                    "{name} stands for {} records; the newest is meant",
                    others + 1
                ),
                format!(
                    "{name} の記録は {} 件あります。最も新しいものと判断しました",
                    others + 1
                ),
            );
        }
        Ok(Some(answer))
    }

    /// An address as it is kept; none for whoever may not ask by it.
    fn kept(&self, address: &str) -> Option<String> {
        let Some(pseudonyms) = &self.house.pseudonyms else {
            return Some(address.to_owned());
        };
        let is_real = !pseudonyms.is_pseudonym(address);
        if is_real && !self.house.real_addresses {
            return None;
        }
        Some(if is_real {
            pseudonyms.address(address)
        } else {
            address.to_owned()
        })
    }

    /// How many addresses of the text a message names.
    fn named(&self, message: &MessageSummary) -> usize {
        let recipients = message.recipients.iter();
        let recipients = recipients.filter_map(|one| one.address.as_deref());
        let own: Vec<String> = recipients
            .chain(message.sender.as_deref())
            .map(str::to_lowercase)
            .collect();
        let all = self.found.addresses.iter();
        all.filter_map(|one| self.kept(one))
            .filter(|one| own.contains(one))
            .count()
    }

    /// The answer for the mail of the addresses in the text.
    async fn of_addresses(&mut self) -> Result<Option<Answer>, Failure> {
        let now = self.house.desk.now();
        let at = self.found.times.first().copied();
        let (since, until) = match at {
            Some(at) => (at.checked_sub(AROUND).ok(), at.checked_add(AROUND).ok()),
            None => (now.checked_sub(BACK).ok(), None),
        };
        let mut fitting: Vec<MessageItem> = Vec::new();
        for address in self.found.addresses.iter().take(TRIED) {
            for side in [true, false] {
                let mut filter = Filter::all(RecordKind::Message);
                filter.since = since;
                filter.until = until;
                let choice = if side {
                    &mut filter.recipient
                } else {
                    &mut filter.sender
                };
                choice.any.push(Pattern::Is(address.clone()));
                let filter = match self.house.conditions(filter) {
                    Ok(filter) => filter,
                    Err(denied) if denied.code == Code::RealAddressesDenied => {
                        self.assume(
                            "addresses are kept as pseudonyms, and this token may not ask by real ones".to_owned(),
                            "アドレスは仮名で保存されており、このトークンでは実際のアドレスで検索できません".to_owned(),
                        );
                        return Ok(None);
                    }
                    Err(other) => return Err(other),
                };
                let search = Search {
                    filter,
                    order: Order::NewestFirst,
                    after: None,
                    limit: LOOKED_AT,
                };
                fitting.extend(self.house.desk.messages(&search, self.style).await?.items);
            }
        }
        let mut seen = Vec::new();
        fitting.retain(|one| {
            let is_new = !seen.contains(&one.message.id);
            seen.push(one.message.id.clone());
            is_new
        });
        let rank = |one: &MessageItem| {
            let first: Option<Timestamp> = one.message.first_seen_at.to_string().parse().ok();
            let far = first.map(|first| first.duration_since(at.unwrap_or(now)).abs());
            (
                Reverse(self.named(&one.message)),
                one.message.outcome == Outcome::Delivered,
                far,
            )
        };
        let Some(best) = fitting.iter().min_by_key(|one| rank(one)) else {
            return Ok(None);
        };
        let id = best.message.id.clone();
        self.tell_of_addresses(best.clone(), fitting.len(), at.is_some());
        Ok(self.house.desk.answer(&id, self.style).await?)
    }

    fn tell_of_addresses(&mut self, best: MessageItem, fitting: usize, is_timed: bool) {
        let (when, when_ja) = if is_timed {
            (
                "within 12 hours of the first moment of the text",
                "本文の最初の日時の前後 12 時間",
            )
        } else {
            ("of the last 7 days", "過去 7 日間")
        };
        let arrived = best.message.outcome == Outcome::Delivered;
        let (which, which_ja) = match (fitting, arrived) {
            (1, _) => ("the only message", "唯一のメッセージ"),
            (_, false) => (
                "the nearest one that was not delivered",
                "配信されなかったもののうち最も近いメッセージ",
            ),
            (_, true) => (
                "the nearest one; all of them were delivered",
                "最も近いメッセージ（すべて配信済み）",
            ),
        };
        self.assume(
            format!("no number is known, so MID {} is meant: {which} {when} with an address of the text ({fitting} fit)", best.message.mid),
            format!("該当する番号がないため、本文のアドレスを含む{when_ja}の{which_ja}（{fitting} 件中）、MID {} と判断しました", best.message.mid),
        );
    }

    /// Says in which zone moments were read.
    pub(crate) fn tell_zone(&mut self, zone: &TimeZone) {
        if self.found.times.is_empty() || self.found.zoned {
            return;
        }
        let name = zone.iana_name().unwrap_or("UTC").to_owned();
        self.assume(
            format!("moments without a zone are in {name} (`timezone` names another)"),
            format!("タイムゾーンのない日時は {name} とみなしました（`timezone` で変更できます）"),
        );
    }
}
