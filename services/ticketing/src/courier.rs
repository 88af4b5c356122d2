//! One notification to what becomes of it in the ticket system.
//!
//! ```text
//! look for the key ──► none: open one ──────────────────────────────► delivered
//!        │            one: (not told yet?) comment, close or re-open ─► delivered
//!        └──────────► several: keep one, say so in the others and close them
//! ```
//!
//! Invariants: nothing is opened before it was looked for; where an answer is missing it is looked
//! again before anything is repeated; a comment whose marker is in the ticket is not added again. So
//! whatever breaks off, going through here once more does what is left.
//!
//! Not here: when it is tried again (`office.rs`), what the requests are (`targets/`).

use std::cmp::Ordering;

use jiff::Timestamp;
use whymid_schemas::{Happening, Lang, Target, Text};

use crate::carrier::{Carrier, Sent};
use crate::event::Event;
use crate::target::{Action, Driver, Refusal, Response, Step, Ticket};

/// The most requests that doing one thing may take.
const MOST_REQUESTS: usize = 60;

/// What is to be told, and what is known of the ticket.
pub(crate) struct Errand<'e> {
    pub(crate) event: &'e Event,
    /// The ticket, where it is known.
    pub(crate) ticket: Option<Ticket>,
    /// An earlier attempt may have done some of it.
    pub(crate) tried: bool,
    pub(crate) driver: &'e dyn Driver,
    pub(crate) target: &'e Target,
    pub(crate) carrier: &'e dyn Carrier,
    pub(crate) now: Timestamp,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Report {
    /// The ticket, as it is by now.
    pub(crate) ticket: Option<Ticket>,
    /// So many further tickets of the same key were found, and closed.
    pub(crate) merged: u32,
    pub(crate) end: End,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum End {
    Delivered,
    /// It is to be tried again: not earlier than so many seconds from now, where that is said.
    Again {
        after: Option<i64>,
        /// Nothing answered at all: whatever else goes there waits, too.
        down: bool,
        problem: Text,
    },
    /// Trying again as it is would end the same.
    Refused(Text),
    /// The endpoint is gone for good.
    Gone(Text),
}

/// Why a thing was not done.
enum Trouble {
    /// The ticket is not there any more.
    NoTicket,
    End(End),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::End(End::Refused(twins!(
            "the target can't take it: {}",
            "連携先で処理できません: {}"; refusal.0
        )))
    }
}

/// Tells the target.
pub(crate) fn deliver(errand: Errand<'_>) -> Report {
    let mut trip = Trip {
        ticket: errand.ticket.clone(),
        merged: 0,
        errand,
    };
    let end = match trip.go() {
        Ok(()) => End::Delivered,
        Err(Trouble::End(end)) => end,
        Err(Trouble::NoTicket) => {
            trip.ticket = None;
            End::Again {
                after: Some(1),
                down: false,
                problem: twins!(
                    "the ticket is not there any more: another one will be opened",
                    "チケットがなくなったため、新しく作成します"
                ),
            }
        }
    };
    Report {
        ticket: trip.ticket,
        merged: trip.merged,
        end,
    }
}

struct Trip<'e> {
    errand: Errand<'e>,
    ticket: Option<Ticket>,
    merged: u32,
}

impl Trip<'_> {
    fn go(&mut self) -> Result<(), Trouble> {
        let event = self.errand.event;
        if event.kind == Happening::Asked {
            return self.answer();
        }
        if !self.errand.driver.finds() {
            return self.tell();
        }
        let is_known = self.ticket.is_some();
        self.look()?;
        match (self.ticket.clone(), event.kind) {
            // what nobody was told of needs no end
            (None, Happening::Resolved | Happening::Revised) => Ok(()),
            (
                None,
                Happening::Opened | Happening::Recurred | Happening::Test | Happening::Asked,
            ) => self.open(),
            (Some(ticket), _) => self.go_on(ticket, self.errand.tried || !is_known),
        }
    }

    /// Comments on somebody else's ticket.
    fn answer(&mut self) -> Result<(), Trouble> {
        let Some(ticket) = self.ticket.clone() else {
            return Err(Trouble::End(End::Refused(twins!(
                "no ticket was named",
                "チケットが指定されていません"
            ))));
        };
        if self.errand.tried && self.is_told(&ticket, self.errand.event)? {
            return Ok(());
        }
        self.run(&Action::Comment(&ticket, self.errand.event))?;
        Ok(())
    }

    /// Where tickets can't be looked for: the event itself says what it belongs to.
    fn tell(&mut self) -> Result<(), Trouble> {
        let event = self.errand.event;
        match self.ticket.clone() {
            Some(ticket) => {
                self.run(&Action::Comment(&ticket, event))?;
            }
            None => {
                if let Step::Created(ticket) = self.run(&Action::Create(event))? {
                    self.ticket = Some(ticket);
                }
            }
        }
        self.note_open(event.kind != Happening::Resolved);
        if let (Some(ticket), Happening::Test) = (self.ticket.clone(), event.kind) {
            self.close(&ticket)?;
        }
        Ok(())
    }

    /// Looks for the key; of several tickets one is kept.
    fn look(&mut self) -> Result<(), Trouble> {
        let Step::Found(mut found) = self.run(&Action::Find(&self.errand.event.key))? else {
            return Ok(());
        };
        found.sort_by(|one, other| older_first(&one.id, &other.id));
        found.dedup_by(|one, other| one.id == other.id);
        let known = self.ticket.as_ref().map(|known| known.id.as_str());
        let kept = found.iter().position(|one| Some(one.id.as_str()) == known);
        if found.is_empty() {
            // not shown yet, or gone: what is known of it is tried
            return Ok(());
        }
        let kept = found.remove(kept.unwrap_or_default());
        for other in found.iter().filter(|other| other.open) {
            self.merge(other, &kept)?;
        }
        self.ticket = Some(kept);
        Ok(())
    }

    /// Says in a ticket that another one is about the same, and closes it.
    fn merge(&mut self, other: &Ticket, kept: &Ticket) -> Result<(), Trouble> {
        if let Some(request) = self.errand.driver.merge(other, kept) {
            let Errand { target, now, .. } = self.errand;
            let sent = self.errand.carrier.carry(&request, target, now);
            self.understood(&Action::Close(other), sent)?;
            self.merged += 1;
            return Ok(());
        }
        let mut event = self.errand.event.clone();
        // it may have been opened by this very event, and hold its marker
        event.id = format!("{}-merged", event.id);
        event.kind = Happening::Resolved;
        let name = kept.url.as_deref().unwrap_or(&kept.id);
        event.body = match event.lang {
            Lang::En => format!(
                "This is the same cause as ticket {} (<{name}>), which is kept up to date. This one is closed.",
                kept.id
            ),
            Lang::Ja => format!(
                "チケット {} (<{name}>) と同じ原因です。今後はそちらを更新します。このチケットは閉じます。",
                kept.id
            ),
        };
        if !(self.errand.tried && self.is_told(other, &event)?) {
            self.run(&Action::Comment(other, &event))?;
        }
        self.run(&Action::Close(other))?;
        self.merged += 1;
        Ok(())
    }

    fn open(&mut self) -> Result<(), Trouble> {
        let event = self.errand.event;
        if let Step::Created(ticket) = self.run(&Action::Create(event))? {
            self.ticket = Some(ticket.clone());
            if event.kind == Happening::Test {
                self.close(&ticket)?;
            }
        }
        Ok(())
    }

    /// Tells in a ticket what is new.
    fn go_on(&mut self, ticket: Ticket, look_first: bool) -> Result<(), Trouble> {
        let event = self.errand.event;
        let is_back = matches!(event.kind, Happening::Opened | Happening::Recurred);
        if is_back && !ticket.open {
            self.run(&Action::Reopen(&ticket))?;
            self.note_open(true);
        }
        if !(look_first && self.is_told(&ticket, event)?) {
            self.run(&Action::Comment(&ticket, event))?;
        }
        if ticket.open && matches!(event.kind, Happening::Resolved | Happening::Test) {
            self.close(&ticket)?;
        }
        Ok(())
    }

    fn close(&mut self, ticket: &Ticket) -> Result<(), Trouble> {
        self.run(&Action::Close(ticket))?;
        self.note_open(false);
        Ok(())
    }

    fn note_open(&mut self, open: bool) {
        if let Some(ticket) = &mut self.ticket {
            ticket.open = open;
        }
    }

    fn is_told(&self, ticket: &Ticket, event: &Event) -> Result<bool, Trouble> {
        let step = self.run(&Action::Seen(ticket, &event.marker()))?;
        Ok(step == Step::Seen(true))
    }

    /// Does one thing, by as many requests as it takes.
    fn run(&self, action: &Action<'_>) -> Result<Step, Trouble> {
        let mut answers = Vec::new();
        while answers.len() < MOST_REQUESTS {
            let request = match self.errand.driver.step(action, &answers)? {
                Step::Send(request) => request,
                done @ (Step::Found(_) | Step::Created(_) | Step::Seen(_) | Step::Done) => {
                    return Ok(done);
                }
            };
            let Errand { target, now, .. } = self.errand;
            let sent = self.errand.carrier.carry(&request, target, now);
            answers.push(self.understood(action, sent)?);
        }
        Err(Trouble::End(End::Refused(twins!(
            "the target's answers do not come to an end within {MOST_REQUESTS} requests",
            "連携先とのやり取りが {MOST_REQUESTS} 回で完了しませんでした"
        ))))
    }

    /// The answer, if it is one of success.
    fn understood(&self, action: &Action<'_>, sent: Sent) -> Result<Response, Trouble> {
        let again = |after, down, problem| {
            Trouble::End(End::Again {
                after,
                down,
                problem,
            })
        };
        let (status, retry_after, location, body) = match sent {
            Sent::Answered {
                status,
                retry_after,
                location,
                body,
            } => (status, retry_after, location, body),
            Sent::NotSent(problem) => return Err(again(None, true, problem)),
            Sent::Lost(problem) => return Err(again(self.in_doubt(action), true, problem)),
            Sent::Unsendable(problem) => return Err(Trouble::End(End::Refused(problem))),
        };
        if (200..300).contains(&status) {
            return Ok(Response { status, body });
        }
        let problem = self.problem(status, &body);
        Err(match status {
            300..400 => {
                let lead = match location.map(|place| cut(&place)) {
                    Some(place) => twins!(
                        "the target answered {status} and points to {place}",
                        "連携先が {status} を返し、{place} へのリダイレクトを示しました"
                    ),
                    None => twins!(
                        "the target answered {status} and points to nowhere",
                        "連携先が {status} を返しましたが、リダイレクト先が示されていません"
                    ),
                };
                Trouble::End(End::Refused(twins!(
                    "{}: redirects are not followed, set the final address",
                    "{}。リダイレクトには従いません。最終的なアドレスを設定してください"; lead
                )))
            }
            410 if !self.errand.driver.finds() => Trouble::End(End::Gone(problem)),
            404 | 410 if self.is_about_ours(action) => Trouble::NoTicket,
            425 | 429 => again(Some(retry_after.unwrap_or(60)), true, problem),
            408 | 409 | 412 => again(retry_after.max(self.in_doubt(action)), false, problem),
            400..500 => Trouble::End(End::Refused(problem)),
            _ => again(retry_after.max(self.in_doubt(action)), true, problem),
        })
    }

    /// What an answer of no success says, and what is known to be behind it.
    fn problem(&self, status: u16, body: &[u8]) -> Text {
        let driver = self.errand.driver;
        let Some(says) = driver.complaint(body) else {
            return twins!(
                "the target answered {status}",
                "連携先が {status} を返しました"
            );
        };
        let (hint, says) = (driver.hint(&says), cut(&says));
        let problem = twins!(
            "the target answered {status}: {says}",
            "連携先が {status} を返しました: {says}"
        );
        match hint {
            Some(hint) => Text {
                en: format!("{} ({})", problem.en, hint.en),
                ja: format!("{}（{}）", problem.ja, hint.ja),
            },
            None => problem,
        }
    }

    /// Whether it is about a ticket that was opened from here, which can be opened again.
    fn is_about_ours(&self, action: &Action<'_>) -> bool {
        let is_ours = self.errand.event.kind != Happening::Asked;
        is_ours && self.errand.driver.finds() && names_a_ticket(action)
    }

    /// How long to wait, where what was asked for may be done and does not show yet.
    fn in_doubt(&self, action: &Action<'_>) -> Option<i64> {
        let driver = self.errand.driver;
        (driver.finds() && matches!(action, Action::Create(_))).then(|| driver.settles_in())
    }
}

fn names_a_ticket(action: &Action<'_>) -> bool {
    match action {
        Action::Find(_) | Action::Create(_) => false,
        Action::Comment(..) | Action::Seen(..) | Action::Close(_) | Action::Reopen(_) => true,
    }
}

/// A stranger's text in one short line.
fn cut(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let visible = one_line.chars().filter(|letter| !letter.is_control());
    visible.take(300).collect()
}

/// Numbers by their size, names by their length and letters: `9` before `10`, `MAIL-9` before
/// `MAIL-10`.
fn older_first(one: &str, other: &str) -> Ordering {
    (one.len(), one).cmp(&(other.len(), other))
}

#[cfg(test)]
mod tests;
