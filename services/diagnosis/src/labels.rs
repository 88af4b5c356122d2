//! The words that people read: every published vocabulary and every heading, English and Japanese.
//!
//! Turns a published word into the words of a page or a ticket. Japanese follows Cisco's own
//! terms where Cisco has one. Texts of the knowledge base are not here; they stand in `kb/`.

use whymid_schemas::{
    Confidence, Custody, Grouping, Happening, HealsByRetry, Kinship, Lang, NotificationState,
    Outcome, Party, Severity, Who, Zone,
};

/// Declares the words of one vocabulary in both languages.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $vocabulary:ident { $($variant:ident => $en:literal, $ja:literal;)+ }) => {
        $(#[$doc])*
        #[must_use]
        pub const fn $name(word: $vocabulary, lang: Lang) -> &'static str {
            match (word, lang) {
                $(($vocabulary::$variant, Lang::En) => $en, ($vocabulary::$variant, Lang::Ja) => $ja,)+
            }
        }
    };
}

words! {
    /// How it ended or stands.
    outcome: Outcome {
        Delivered => "delivered", "配信済み";
        PartiallyDelivered => "partially delivered", "一部配信";
        Aborted => "aborted while being received", "受信中断";
        Rejected => "rejected", "拒否";
        Dropped => "dropped", "ドロップ";
        HardBounced => "hard bounced", "ハードバウンス";
        SoftBounced => "delayed (soft bounced)", "遅延（ソフトバウンス）";
        Queued => "queued for delivery", "配信待ち";
        Quarantined => "quarantined", "隔離";
        DeletedFromQuarantine => "deleted from quarantine", "隔離から削除";
        Processing => "still being processed", "処理中";
        Unknown => "not known", "不明";
    }
}

words! {
    /// How the younger of two messages came from the older one.
    kinship: Kinship {
        Split => "split from", "分割元";
        Rewritten => "rewritten from", "書き換え元";
        ReleasedFromSpamQuarantine => "released from the spam quarantine, before", "スパム隔離から解放、元は";
        ReturnedFromSma => "returned from the management appliance, before", "管理アプライアンスから返送、元は";
        Copy => "copy of", "コピー元";
        Bounce => "bounce of", "バウンス元";
    }
}

words! {
    /// Who holds the mail now.
    custody: Custody {
        Sender => "the sender (this gateway never accepted it)", "送信側（このゲートウェイは受理していません）";
        Gateway => "this gateway", "このゲートウェイ";
        Quarantine => "a quarantine", "隔離";
        NextHop => "the next mail server", "次のメールサーバー";
        Nobody => "nobody", "なし（どのサーバーにも残っていません）";
        Unknown => "not known", "不明";
    }
}

words! {
    /// Who can mend it.
    party: Party {
        Sender => "the sending side", "送信側";
        NetworkPath => "the network path", "ネットワーク経路";
        OurPolicy => "our own policy", "自組織のポリシー";
        OurSystem => "this gateway or what it depends on", "自組織のシステム";
        Destination => "the receiving side", "宛先側";
        Undetermined => "not to be told from the log", "ログからは特定できません";
    }
}

words! {
    /// What occurrences of one cause have in common.
    grouping: Grouping {
        SendingHost => "the sending host", "送信元ホスト";
        SenderDomain => "the sender's domain", "送信者のドメイン";
        NextHopDomain => "the recipient's domain", "受信者のドメイン";
        Filter => "the filter or policy", "フィルタまたはポリシー";
        Quarantine => "the quarantine", "隔離";
        SenderGroup => "the sender group", "送信者グループ";
        Appliance => "the appliance", "アプライアンス";
        Record => "nothing: each stands for itself", "なし（1 件ごとに個別）";
    }
}

words! {
    /// How sure a diagnosis is.
    confidence: Confidence {
        Undetermined => "undetermined", "判定不能";
        Possible => "possible", "可能性あり";
        Likely => "likely", "可能性が高い";
        Certain => "certain", "確実";
    }
}

words! {
    /// How much it should trouble somebody.
    severity: Severity {
        Info => "info", "情報";
        Notice => "notice", "注意";
        Warning => "warning", "警告";
        Critical => "critical", "重大";
    }
}

words! {
    /// Whether a retry is likely to mend it.
    heals_by_retry: HealsByRetry {
        Yes => "yes", "解消します";
        Likely => "probably", "おそらく解消します";
        Unlikely => "probably not", "おそらく解消しません";
        No => "no", "解消しません";
        Unknown => "not known", "不明";
    }
}

words! {
    /// Who takes a step.
    who: Who {
        Helpdesk => "Helpdesk", "ヘルプデスク";
        Admin => "Gateway administrator", "ゲートウェイ管理者";
        Network => "Network team", "ネットワーク担当";
        Partner => "The other side's administrator", "相手側の管理者";
        Soc => "Security operations", "セキュリティ運用（SOC）";
    }
}

words! {
    /// Where an appliance's time zone comes from.
    zone: Zone {
        Learned => "zone as the appliance logged it", "タイムゾーンはアプライアンスのログによる";
        Configured => "zone as configured", "タイムゾーンは設定による";
        Assumed => "zone unknown, UTC assumed", "タイムゾーンは不明（UTC と仮定）";
    }
}

words! {
    /// What a target is told of a cause.
    happening: Happening {
        Opened => "opened", "発生";
        Recurred => "occurred again", "再発";
        Revised => "diagnosis changed", "診断の変更";
        Resolved => "resolved", "解消";
        Asked => "answered", "回答";
        Test => "test", "テスト";
    }
}

words! {
    /// How far a notification is.
    notification_state: NotificationState {
        Waiting => "waiting", "待機中";
        Delivered => "delivered", "送信済み";
        Dead => "given up", "断念";
    }
}

/// The name of a ticket system, by the kind of target; a kind that is not known stands for itself.
#[must_use]
pub fn system(kind: &str, lang: Lang) -> &str {
    match (kind, lang) {
        ("webhook", _) => "Webhook",
        ("request_tracker", _) => "Request Tracker",
        ("redmine", _) => "Redmine",
        ("jira", _) => "Jira",
        ("servicenow", _) => "ServiceNow",
        ("zammad", _) => "Zammad",
        ("pagerduty", _) => "PagerDuty",
        ("email", Lang::En) => "Email",
        ("email", Lang::Ja) => "メール",
        (other, _) => other,
    }
}

/// Whether the tickets of a system have numbers: what webhooks and mails open is called nothing here.
#[must_use]
pub fn has_numbers(kind: &str) -> bool {
    !["webhook", "email"].contains(&kind)
}

/// How often a cause occurred.
#[must_use]
pub fn occurrences(count: u64, lang: Lang) -> String {
    match (count, lang) {
        (1, Lang::En) => "1 occurrence".to_owned(),
        (_, Lang::En) => format!("{count} occurrences"),
        (_, Lang::Ja) => format!("{count} 件"),
    }
}

/// Declares the headings and short labels, one field each.
macro_rules! labels {
    ($($(#[$doc:meta])* $field:ident: $en:literal, $ja:literal;)+) => {
        /// Headings and short labels in one language.
        #[derive(Debug)]
        pub struct Labels {
            $($(#[$doc])* pub $field: &'static str,)+
        }
        static EN: Labels = Labels { $($field: $en,)+ };
        static JA: Labels = Labels { $($field: $ja,)+ };
    };
}

labels! {
    /// Custody.
    who_holds: "Who holds the mail", "現在の保持者";
    /// Party.
    who_can_act: "Who can act", "対応できる側";
    /// Outcome.
    outcome: "Outcome", "処理結果";
    /// Confidence.
    confidence: "Confidence", "確度";
    /// Severity.
    severity: "Severity", "重大度";
    /// Heals by retry.
    heals_by_retry: "Will a retry mend it", "再送による解消";
    /// The diagnosis's id.
    diagnosis: "Diagnosis", "診断";
    /// Explanation.
    explanation: "What it means", "説明";
    /// Next steps.
    next_steps: "Next steps", "次の手順";
    /// For the person on the phone.
    for_the_helpdesk: "What to tell the user", "利用者への説明";
    /// Evidence.
    evidence: "Evidence", "根拠";
    /// Ruled out.
    ruled_out: "What was ruled out", "除外した原因";
    /// Not ruled out.
    not_ruled_out: "What could not be ruled out", "除外できなかった原因";
    /// What would raise the confidence.
    would_raise_confidence: "What would make this surer", "確度を上げる情報";
    /// Annotating diagnoses.
    also: "Also", "補足の診断";
    /// Recipients.
    recipients: "Recipients", "受信者";
    /// Under which MID the mail of a recipient ended.
    final_mid: "ended as", "最終的な処理先";
    /// The bounce that told the sender.
    bounce_mid: "the sender was told by", "送信者への通知";
    /// The messages that hang together with it.
    family: "The family of this message", "関連するメッセージ";
    /// One recipient.
    recipient: "Recipient", "受信者";
    /// Envelope sender.
    sender: "Sender", "エンベロープ送信者";
    /// The `Subject`.
    subject: "Subject", "件名";
    /// The sending host.
    host: "Sending host", "送信元ホスト";
    /// The sender group.
    sender_group: "Sender group", "送信者グループ";
    /// The appliance.
    appliance: "Appliance", "アプライアンス";
    /// The MIDs of a connection.
    messages: "Messages", "メッセージ";
    /// First line.
    started_at: "First line seen", "最初に確認された行";
    /// Ending line.
    ended_at: "Ended", "終了";
    /// The `Message-ID` header.
    message_id: "Message-ID header", "Message-ID ヘッダー";
    /// Other matches.
    candidates: "Other records with this number", "同じ番号の他の記録";
    /// Articles.
    articles: "Read on", "詳しい説明";
    /// References.
    references: "References", "参考文献";
    /// Up to when the log is known.
    complete_up_to: "The log is known up to", "ログの確認済み時刻";
    /// Permalink.
    permalink: "Permalink", "固定リンク";
    /// In place of a value that no line tells.
    unknown: "not known", "不明";
    /// Behind a list that was cut; the number stands before it.
    more: "more", "件は省略";
    /// The story line by line.
    timeline: "Timeline", "タイムライン";
    /// A moment.
    time: "Time", "時刻";
    /// A log line.
    line: "Log line", "ログ行";
    /// The server's own words on a recipient.
    response: "Response", "応答";
    /// Tickets.
    tickets: "Tickets", "チケット";
    /// A ticket whose cause is there still.
    ticket_open: "open", "未解決";
    /// A ticket whose cause is gone.
    ticket_resolved: "resolved", "解決済み";
    /// A ticket that its system does not have yet.
    ticket_coming: "about to be opened", "作成待ち";
}

/// The headings and short labels of a language.
#[must_use]
pub const fn labels(lang: Lang) -> &'static Labels {
    match lang {
        Lang::En => &EN,
        Lang::Ja => &JA,
    }
}
