//! Mail of strangers: one story in which every field that pages show by itself carries a payload, and
//! a line for every field of every form of every kind of line.

use whymid_mailflow::kind::{ALL, Kind};

use super::planted::{Garden, PAYLOADS, Seen};
use crate::harness::{encoded, recent};

/// A mail with two recipients, one refused and one that bounces. `«field»` is a payload, and one
/// without blanks where the name begins with a dot; `*` stands before those that a page shows by
/// themselves.
const STORY: &[&str] = &[
    "New SMTP ICID {id} interface «interface» («listener») address 198.51.100.31 reverse dns host «*.host» verified yes",
    "ICID {id} ACCEPT SG «*.sender group» match «match» SBRS 3.4 country «country»",
    "ICID {id} TLS success protocol «.protocol» cipher «.cipher»",
    "SMTP Auth: (ICID {id}) succeeded for user: «user» using AUTH mechanism: LOGIN with profile: «profile»",
    "ICID {id} Unknown command: «command»",
    "Start MID {id} ICID {id} («tag»)",
    "MID {id} ICID {id} From: <«*.sender, local part»@«*.sender, domain».example>",
    "MID {id} ICID {id} RID 0 To: <«*.recipient»@corp.example>",
    "MID {id} ICID {id} RID 1 To: <«*.recipient, bounced»@corp.example>",
    "MID {id} ICID {id} To: <«*.recipient, refused»@corp.example> Rejected by RAT",
    "MID {id} Message-ID '<«*.Message-ID»@other.example>'",
    "MID {id} Subject '«*subject»'",
    "MID {id} SDR: Domains for which SDR is requested: reverse DNS host: «.SDR host», helo: «.HELO», env-from: «.SDR env-from», header-from: «.header From», reply-to: «.Reply-To»",
    "MID {id} ready 1024 bytes from <x@other.example>",
    "MID {id} attachment '«attachment»'",
    "MID {id} Custom Log Entry: «custom log entry»",
    "MID {id} URL «URL» has reputation -9.0 matched Action: «rule»",
    "MID {id} antivirus positive '«virus»'",
    "MID {id} quarantined to \"«quarantine»\" («reason of quarantine»)",
    "MID {id} released from all quarantines",
    "MID {id} «line that nobody understands»",
    "MID {id} queued for delivery",
    "New SMTP DCID {id} interface 192.0.2.10 address 192.0.2.50 port 25",
    "DCID {id} TLS success protocol «.delivery protocol» cipher «.delivery cipher» for «.delivery domain»",
    "Delivery start DCID {id} MID {id} to RID [0, 1]",
    "Delayed: DCID {id} MID {id} to RID 1 - 4.1.0 - Unknown address error ('451', ['«delayed»'])",
    "Message done DCID {id} MID {id} to RID [0] [('«header logged»', 'x')]",
    "MID {id} RID [0] Response '2.0.0 «*reply, taken»'",
    "Bounced: DCID {id} MID {id} to RID 1 - 5.1.0 - Unknown address error ('550', ['5.1.1 «*reply, bounced»']) []",
    "Message finished MID {id} done",
    "DCID {id} close",
    "ICID {id} close",
];

/// What is handed in together, as lines of one appliance.
pub(crate) struct Handed {
    /// Its name, percent-encoded.
    pub(crate) appliance: String,
    pub(crate) lines: Vec<String>,
}

impl Handed {
    fn new(appliance: &str) -> Self {
        Self {
            appliance: encoded(appliance),
            lines: Vec::new(),
        }
    }

    fn say(&mut self, body: &str) {
        let now = recent(5);
        self.lines
            .push(format!("<166>{now} esa1 mail_logs: Info: {body}"));
    }
}

/// The ids of what stands in the stories: MID, ICID and DCID of the first payload's, and so on.
pub(crate) const FIRST: u64 = 1000;
/// The MIDs of those with encoded subjects.
pub(crate) const ENCODED: u64 = 2000;
/// And of the kinds.
const KINDS: u64 = 3000;

/// The stories, once with each payload, each by an appliance whose name is one, too.
pub(crate) fn stories(garden: &mut Garden) -> Vec<Handed> {
    (0..PAYLOADS.len())
        .map(|payload| story(garden, payload))
        .collect()
}

fn story(garden: &mut Garden, payload: usize) -> Handed {
    let appliance = garden.plant("appliance", payload, Seen::AsField);
    let mut handed = Handed::new(&appliance);
    for line in STORY {
        let line = line.replace("{id}", &(FIRST + payload as u64).to_string());
        handed.say(&sown(garden, &line, payload));
    }
    let mid = ENCODED + payload as u64;
    let subject = garden.plant_encoded("subject, encoded", payload, Seen::AsField);
    for body in [
        format!("Start MID {mid} ICID {mid}"),
        format!("MID {mid} ICID {mid} From: <x@other.example>"),
        format!("MID {mid} ICID {mid} RID 0 To: <a@corp.example>"),
        format!("MID {mid} Subject '{subject}'"),
        format!("Message aborted MID {mid} Receiving aborted by sender"),
        format!("Message finished MID {mid} aborted"),
    ] {
        handed.say(&body);
    }
    handed
}

/// A line with a payload in each of its places.
fn sown(garden: &mut Garden, line: &str, payload: usize) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once('«') {
        let (field, behind) = behind.split_once('»').expect("a place has an end");
        let (field, seen) = match field.strip_prefix('*') {
            Some(field) => (field, Seen::AsField),
            None => (field, Seen::InLine),
        };
        out.push_str(before);
        out.push_str(&match field.strip_prefix('.') {
            Some(field) => garden.plant_word(field, payload, seen),
            None => garden.plant(field, payload, seen),
        });
        rest = behind;
    }
    out + rest
}

/// A piece of log as somebody pastes it.
pub(crate) fn pasted(payload: &str) -> String {
    let mut handed = Handed::new("esa1");
    for body in [
        "Start MID 9 ICID 9".to_owned(),
        format!("MID 9 ICID 9 From: <{payload}@other.example>"),
        format!("MID 9 ICID 9 RID 0 To: <{payload}@corp.example>"),
        format!("MID 9 Subject '{payload}'"),
        "Message aborted MID 9 Receiving aborted by sender".to_owned(),
        "Message finished MID 9 aborted".to_owned(),
    ] {
        handed.say(&body);
    }
    handed.lines.join("\n")
}

/// For every kind of line that may lead to a diagnosis of its own a message, for all others one; in
/// it a line for each field of each form.
pub(crate) fn kinds(garden: &mut Garden) -> Handed {
    let mut handed = Handed::new("esa1");
    let (own, shared): (Vec<&Kind>, Vec<&Kind>) = ALL.iter().partition(|kind| kind.diagnostic);
    let groups = own.chunks(1).chain([shared.as_slice()]);
    for (id, kinds) in (KINDS..).zip(groups) {
        let lines: Vec<String> = kinds
            .iter()
            .flat_map(|kind| lines_of(garden, kind, id))
            .collect();
        if !lines.is_empty() {
            opening(id).iter().for_each(|line| handed.say(line));
            lines.iter().for_each(|line| handed.say(line));
        }
    }
    handed
}

/// A mail that is on its way out.
fn opening(id: u64) -> [String; 7] {
    [
        format!(
            "New SMTP ICID {id} interface Data 1 (192.0.2.10) address 198.51.100.31 reverse dns host probe.other.example verified yes"
        ),
        format!("Start MID {id} ICID {id}"),
        format!("MID {id} ICID {id} From: <probe@other.example>"),
        format!("MID {id} ICID {id} RID 0 To: <a@corp.example>"),
        format!("MID {id} ready 1024 bytes from <probe@other.example>"),
        format!("New SMTP DCID {id} interface 192.0.2.10 address 192.0.2.50 port 25"),
        format!("Delivery start DCID {id} MID {id} to RID [0]"),
    ]
}

fn lines_of(garden: &mut Garden, kind: &Kind, id: u64) -> Vec<String> {
    let mut lines = Vec::new();
    for (nth, form) in kind.forms.iter().enumerate() {
        for (place, (field, _)) in places(form).into_iter().enumerate() {
            let field = format!("{} {nth}: {field}", kind.name);
            lines.push(line_of(garden, form, place, id, &field));
        }
    }
    lines
}

/// The places of a form that hold text: what stands in the braces, and whether it ends at a blank.
fn places(form: &str) -> Vec<(&str, bool)> {
    let fields = form
        .split('{')
        .skip(1)
        .filter_map(|part| part.split('}').next());
    let fields = fields.filter(|field| !field.ends_with(['#', ']']));
    let rest = form.contains('…').then_some(("…", false));
    fields
        .map(|field| (field, field.ends_with(['.', '@'])))
        .chain(rest)
        .collect()
}

/// The line of a form with a payload in one of its places, and something in the others.
fn line_of(garden: &mut Garden, form: &str, place: usize, id: u64, field: &str) -> String {
    let seen = Seen::InLineOrEvent;
    let planted = garden.0.len();
    let (wanted, is_word) = places(form)[place];
    let payload = if is_word {
        garden.plant_word(field, planted, seen)
    } else {
        garden.plant(field, planted, seen)
    };
    let mut line = String::new();
    let mut nth = 0;
    // where a line may be cut it is not, and a bar is a bar
    let form = form.replace('|', "").replace('¦', "|");
    let mut rest = form.as_str();
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, behind) = behind.split_once('}').expect("a field has an end");
        line.push_str(before);
        let is_text = !name.ends_with(['#', ']']);
        let is_wanted = is_text && nth == place;
        nth += usize::from(is_text);
        line.push_str(&match name {
            _ if is_wanted && name.ends_with('@') => format!("<{payload}@other.example>"),
            _ if is_wanted => payload.clone(),
            "mid#" | "icid#" | "dcid#" => id.to_string(),
            _ if name.ends_with('#') => (900_000 + id).to_string(),
            _ if name.ends_with(']') => "[0]".to_owned(),
            _ if name.ends_with('@') => "<x@other.example>".to_owned(),
            "ip" | "ip." => "198.51.100.31".to_owned(),
            _ => "x".to_owned(),
        });
        rest = behind;
    }
    line.push_str(rest);
    let end = if wanted == "…" {
        payload
    } else {
        String::new()
    };
    line.replace('…', &format!(" {end}"))
}
