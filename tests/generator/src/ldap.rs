//! LDAP in the work queue: single recipients are settled before anything is queued.
//!
//! Invariants: the MID is not at the front of these lines (trap 14).

use crate::kind::Kind;
use crate::mail::{Mail, To};
use crate::record::Note;
use crate::script::{Script, Stage};
use crate::text::{Repr, body};
use crate::truth::{Dropper, Ending, Fate};
use crate::world::World;

impl World {
    /// Some recipients, or all, are settled or rerouted by LDAP.
    pub(crate) fn ldap(&mut self, mut mail: Box<Mail>, script: &mut Script) {
        if self.dice.chance(0.15) {
            return self.ldap_gives_up(mail, script);
        }
        let bounces = self.dice.chance(0.5);
        let settled = self.dice.between(1, mail.to.len().max(1) as u64) as usize;
        let some: Vec<To> = mail.to.iter().take(settled).cloned().collect();
        for one in &some {
            self.settled_by_ldap(script, &mail, one, bounces);
        }
        let rids: Vec<u32> = some.iter().map(|one| one.rid).collect();
        mail.settle(&rids);
        if let Some(one) = mail.to.first() {
            let one = one.clone();
            self.rerouted(script, &mail, &one);
            self.verdicts(script, &mail);
            return self.queue(mail, script);
        }
        if bounces {
            self.finish(script, &mail, Ending::Settled);
            script.then(Stage::TellSender(mail));
        } else {
            self.finish(script, &mail, Ending::Dropped(Dropper::Ldap));
        }
    }

    fn settled_by_ldap(&mut self, script: &mut Script, mail: &Mail, one: &To, bounces: bool) {
        let (kind, what, fate) = if bounces {
            (Kind::E197, "Bounce", Fate::Bounced)
        } else {
            (Kind::E198, "Drop", Fate::Dropped)
        };
        let text = body![
            "LDAP: ",
            what,
            " query CorpLDAP.ldapaccept MID ",
            mail.mid(),
            " RID ",
            one.rid,
            " address ",
            &one.address
        ];
        script.note(mail.who, Note::Fate(vec![one.place], fate));
        script.say(kind, mail.who, text);
    }

    /// A recipient is sent elsewhere.
    pub(crate) fn rerouted(&mut self, script: &mut Script, mail: &Mail, one: &To) {
        let text = body![
            "LDAP: Reroute query ChainRoute MID ",
            mail.mid(),
            " RID ",
            one.rid,
            " address ",
            &one.address,
            " to [(",
            Repr(&one.address),
            ", '')]"
        ];
        script.say(Kind::E199, mail.who, text);
    }

    fn ldap_gives_up(&mut self, mail: Box<Mail>, script: &mut Script) {
        let text = body![
            "LDAP: unable to process, MID ",
            mail.mid(),
            " bouncing recipients"
        ];
        script.note(mail.who, Note::FateOfAll(Fate::Bounced));
        script.note(mail.who, Note::Ending(Ending::Settled));
        script.say(Kind::E201, mail.who, text);
        self.finish(script, &mail, Ending::Settled);
        script.then(Stage::TellSender(mail));
    }
}
