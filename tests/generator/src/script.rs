//! What is to be written next: scripts of acts, and the agenda of who is on when.
//!
//! A script is what one connection, one message or one clock has still to do. An act that
//! depends on numbers given out later is a [`Stage`]: it is worked out when its turn comes.
//!
//! Invariants: within a second scripts take turns, one line each, in the order in which they
//! came; a script is in one place at a time.

use std::collections::{BTreeMap, VecDeque};

use crate::kind::Kind;
use crate::mail::Mail;
use crate::record::{Note, Who};
use crate::session::Session;

/// One thing to do.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Lets seconds pass.
    Wait(u32),
    /// Something becomes true.
    Note(Who, Note),
    /// Writes a line about a record.
    Say(Kind, Who, Option<Who>, String),
    /// Writes a line about the gateway.
    Event(Kind, String),
    /// Works out what comes next.
    Do(Stage),
    /// Another script begins.
    Begin(Box<Script>),
    /// Nothing more will be written of a record.
    Done(Who),
}

/// What is worked out when its turn comes.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Somebody connects.
    Arrive,
    /// A connection's next message, or its end.
    Talk(Box<Session>),
    /// A message is accepted: from here on it goes its own way.
    Accepted(Box<Mail>),
    /// An accepted message is looked at.
    Work(Box<Mail>),
    /// A message comes out of a quarantine, or is deleted from it.
    Release(Box<Mail>, Vec<&'static str>),
    /// The external spam quarantine, which looks like a next hop.
    Offbox(Box<Mail>),
    /// A message is reinjected from the spam quarantine.
    Reinject(Box<Mail>),
    /// A message comes back from the central quarantine.
    Return(Box<Mail>),
    /// A bounce for what could not be delivered.
    TellSender(Box<Mail>),
    /// The next destination of a queued message.
    Attempt(Box<Mail>),
    /// An outbound connection has nothing to do.
    Free(Who),
    /// Whether it has had nothing to do since the moment of that stamp.
    Idle(Who, u64),
    /// The gateway is back after a reset.
    Restart,
}

/// What one connection, message or clock has still to do.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    /// The gateway.
    pub(crate) gateway: usize,
    /// The gateway's generation in which it began; a reset ends it.
    pub(crate) generation: u32,
    /// What is to be done, in order.
    pub(crate) acts: VecDeque<Act>,
    /// Seconds that the acts so far wait.
    waits: i64,
}

impl Script {
    pub(crate) fn new(gateway: usize, generation: u32) -> Self {
        Self {
            gateway,
            generation,
            acts: VecDeque::new(),
            waits: 0,
        }
    }

    /// How many seconds the acts wait that were added since [`Script::rest`].
    pub(crate) fn waits(&self) -> i64 {
        self.waits
    }

    /// Begins to count the waits anew.
    pub(crate) fn rest(&mut self) {
        self.waits = 0;
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        if seconds > 0 {
            self.waits += seconds as i64;
            self.acts.push_back(Act::Wait(seconds as u32));
        }
    }

    pub(crate) fn say(&mut self, kind: Kind, who: Who, body: String) {
        self.acts.push_back(Act::Say(kind, who, None, body));
    }

    pub(crate) fn say_of_both(&mut self, kind: Kind, who: Who, also: Who, body: String) {
        self.acts.push_back(Act::Say(kind, who, Some(also), body));
    }

    pub(crate) fn event(&mut self, kind: Kind, body: String) {
        self.acts.push_back(Act::Event(kind, body));
    }

    pub(crate) fn note(&mut self, who: Who, note: Note) {
        self.acts.push_back(Act::Note(who, note));
    }

    pub(crate) fn begin(&mut self, script: Script) {
        self.acts.push_back(Act::Begin(Box::new(script)));
    }

    pub(crate) fn then(&mut self, stage: Stage) {
        self.acts.push_back(Act::Do(stage));
    }

    pub(crate) fn done(&mut self, who: Who) {
        self.acts.push_back(Act::Done(who));
    }
}

/// Who is on when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agenda {
    turns: VecDeque<Script>,
    later: BTreeMap<i64, Vec<Script>>,
}

impl Agenda {
    /// The next one of this second.
    pub(crate) fn turn(&mut self) -> Option<Script> {
        self.turns.pop_front()
    }

    /// On again in this second, after the others.
    pub(crate) fn again(&mut self, script: Script) {
        self.turns.push_back(script);
    }

    /// On again in a later second.
    pub(crate) fn at(&mut self, second: i64, script: Script) {
        self.later.entry(second).or_default().push(script);
    }

    /// The first second in which somebody is on.
    pub(crate) fn next_second(&self) -> Option<i64> {
        self.later.keys().next().copied()
    }

    /// Calls those of a second.
    pub(crate) fn call(&mut self, second: i64) {
        if let Some(scripts) = self.later.remove(&second) {
            self.turns.extend(scripts);
        }
    }
}
