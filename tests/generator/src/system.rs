//! What a gateway writes of itself: log files, status, resets.
//!
//! Invariants: a status line tells the true counters; another log file begins with lines stamped
//! ahead of those that follow (trap 25); a reset cuts off everything under way, and the gateway
//! is silent for a while before it counts from 1 again.
//!
//! Not here: alerts and other lines without meaning for a record (`alerts.rs`).

use crate::kind::Kind;
use crate::script::{Script, Stage};
use crate::text::body;
use crate::world::World;

impl World {
    /// Another log file begins, its first lines stamped some seconds ahead.
    pub(crate) fn begin_log(&mut self, gateway: usize, ahead: i64) {
        let spec = self.gateways[gateway].spec.clone();
        if ahead > 0 {
            self.write_event(gateway, Kind::E242, "End Logfile".to_owned(), 0);
        }
        self.write_event(gateway, Kind::E242, "Begin Logfile".to_owned(), ahead);
        let version = body!["Version: ", &spec.version, " SN: ", &spec.serial];
        self.write_event(gateway, Kind::E243, version, ahead);
        let offset = body!["Time offset from UTC: ", i64::from(spec.offset), " seconds"];
        self.write_event(gateway, Kind::E244, offset, ahead);
    }

    /// The status line, with the numbers that were given out last.
    pub(crate) fn status(&mut self, gateway: usize) {
        let load = self.dice.below(90);
        let of = &self.gateways[gateway];
        let last = |current: u64| current.saturating_sub(1);
        let text = body![
            "Status: CPULd ",
            load,
            " DskIO 0 RAMUtil 1 QKUsd 141 QKFre 34602867 CrtMID ",
            last(of.mids.current()),
            " CrtICID ",
            last(of.icids.current()),
            " CrtDCID ",
            last(of.dcids.current()),
            " InjMsg ",
            of.accepted,
            " InjRcp ",
            of.accepted * 2
        ];
        self.write_event(gateway, Kind::E245, text, 0);
    }

    /// A gateway loses its counters, its queue and its connections.
    pub(crate) fn reset(&mut self, gateway: usize) {
        self.gateways[gateway].reset();
        let cut = self.records.cut(Some(gateway));
        self.hand_out(cut);
        let silence = self.dice.between(60, 180);
        self.gateways[gateway].down_until = self.now + silence as i64 + 1;
        let mut script = self.script(gateway);
        script.wait(silence);
        script.then(Stage::Restart);
        self.start(script);
    }

    /// The gateway is back.
    pub(crate) fn restart(&mut self, script: &mut Script) {
        self.begin_log(script.gateway, 0);
        script.event(Kind::E254, "SMTP server starting".to_owned());
    }
}
