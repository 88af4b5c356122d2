//! `/docs/events`: the table of event kinds, from which the log is read.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use whymid_mailflow::kind::{self, Belongs, Ends, Kind};
use whymid_schemas::Lang;

use super::Shell;
use crate::{error::Failure, house::Visit, reply};

#[derive(Template)]
#[template(path = "events.html")]
struct Events {
    shell: Shell,
    kinds: &'static [&'static Kind],
    unconfirmed: usize,
}

/// The page.
pub(crate) fn page(request: &HttpRequest, house: &Visit) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let lang = shell.lang;
    let events = Events {
        shell,
        kinds: kind::ALL,
        unconfirmed: kind::ALL.iter().filter(|kind| !kind.seen).count(),
    };
    reply::page(&events, lang)
}

/// Words for the template.
impl Events {
    fn belongs(&self, kind: &Kind) -> &'static str {
        match (kind.belongs, self.shell.lang) {
            (Belongs::Message, Lang::En) => "message",
            (Belongs::Message, Lang::Ja) => "メッセージ",
            (Belongs::Connection, Lang::En) => "connection",
            (Belongs::Connection, Lang::Ja) => "接続",
            (Belongs::Delivery, Lang::En) => "delivery",
            (Belongs::Delivery, Lang::Ja) => "配信",
            (Belongs::Appliance, Lang::En) => "appliance",
            (Belongs::Appliance, Lang::Ja) => "アプライアンス",
            (Belongs::Beside, Lang::En) => "beside a message",
            (Belongs::Beside, Lang::Ja) => "メッセージの参考情報",
        }
    }

    fn ends(&self, kind: &Kind) -> &'static str {
        match (kind.ends, self.shell.lang) {
            (Ends::Nothing, _) => "",
            (Ends::Begins, Lang::En) => "begins it",
            (Ends::Begins, Lang::Ja) => "開始",
            (Ends::Recipients, Lang::En) => "settles recipients",
            (Ends::Recipients, Lang::Ja) => "受信者ごとの確定",
            (Ends::Reason, Lang::En) => "says why it ends",
            (Ends::Reason, Lang::Ja) => "終了の理由",
            (Ends::Record, Lang::En) => "ends it",
            (Ends::Record, Lang::Ja) => "終了",
        }
    }
}
