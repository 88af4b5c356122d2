//! Every error that a client can meet: one table of codes, and the failure that carries one.
//!
//! A code never changes its meaning. The status follows the RFCs: 400 where a request cannot be
//! read, 422 where it can be read and asks for something that cannot be. What the client is told
//! (title, detail, help) and what the log is told are two texts. How a failure is written, as
//! `application/problem+json` or as a page, is decided in dress.rs.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use whymid_schemas::{Answer, Lang, Problem, Text};

use crate::desk::Missing;

/// Declares the table: variant, code, status, title and help in English and Japanese.
macro_rules! codes {
    ($($variant:ident $code:literal $status:ident $title_en:literal $title_ja:literal $help_en:literal $help_ja:literal;)+) => {
        /// A kind of error, by its published code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code { $($variant,)+ }

        impl Code {
            #[cfg(test)]
            pub(crate) const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The published word.
            pub(crate) const fn word(self) -> &'static str {
                match self { $(Code::$variant => $code,)+ }
            }

            /// The HTTP status.
            pub(crate) const fn status(self) -> StatusCode {
                match self { $(Code::$variant => StatusCode::$status,)+ }
            }

            /// The kind of error in a few words.
            pub(crate) const fn title(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Code::$variant, Lang::En) => $title_en, (Code::$variant, Lang::Ja) => $title_ja,)+
                }
            }

            /// What to do about it, where a failure has no better advice.
            pub(crate) const fn help(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Code::$variant, Lang::En) => $help_en, (Code::$variant, Lang::Ja) => $help_ja,)+
                }
            }
        }
    };
}

codes! {
    RequestMalformed "request_malformed" BAD_REQUEST
        "The request cannot be read" "リクエストを読み取れません"
        "See /openapi.yaml for what this service understands." "このサービスの仕様は /openapi.yaml を参照してください。";
    ParameterUnknown "parameter_unknown" BAD_REQUEST
        "Unknown query parameter" "不明なクエリーパラメーターです"
        "The parameters of each call stand in /openapi.yaml." "各呼び出しのパラメーターは /openapi.yaml を参照してください。";
    ParameterRepeated "parameter_repeated" BAD_REQUEST
        "Query parameter given twice" "クエリーパラメーターが重複しています"
        "Give it once." "1 回だけ指定してください。";
    ParameterMalformed "parameter_malformed" BAD_REQUEST
        "Query parameter cannot be read" "クエリーパラメーターを読み取れません"
        "The form of each parameter stands in /openapi.yaml." "各パラメーターの形式は /openapi.yaml を参照してください。";
    ParameterInvalid "parameter_invalid" UNPROCESSABLE_ENTITY
        "Query parameter out of range" "クエリーパラメーターの値が範囲外です"
        "`detail` says what it may be; each parameter is described in /openapi.yaml." "指定できる値は `detail` にあります。各パラメーターの説明は /openapi.yaml を参照してください。";
    PathMalformed "path_malformed" BAD_REQUEST
        "The path cannot be read" "パスを読み取れません"
        "Percent-encode what is not plain ASCII." "ASCII 以外の文字はパーセントエンコードしてください。";
    QuestionMissing "question_missing" UNPROCESSABLE_ENTITY
        "Nothing was asked" "質問がありません"
        "Give mid=N, icid=N or message_id=ID, for example /v1/why?mid=1404." "mid=N、icid=N、message_id=ID のいずれかを指定してください。例: /v1/why?mid=1404";
    QuestionAmbiguous "question_ambiguous" UNPROCESSABLE_ENTITY
        "Two things were asked at once" "質問が 2 つあります"
        "Give one of mid, icid and message_id." "mid、icid、message_id のどれか 1 つだけを指定してください。";
    SearchTooCostly "search_too_costly" UNPROCESSABLE_ENTITY
        "The search takes too long" "検索に時間がかかりすぎます"
        "Narrow it: a shorter time (`since`, `until`), one `appliance`, a whole word or address in place of a beginning or ending." "検索を絞り込んでください。期間（`since`、`until`）を短くする、`appliance` を指定する、前方一致・後方一致の代わりに完全な語やアドレスを指定する、などの方法があります。";
    LangUnknown "lang_unknown" UNPROCESSABLE_ENTITY
        "Unknown language" "不明な言語です"
        "lang is en or ja." "lang には en または ja を指定してください。";
    TimezoneUnknown "timezone_unknown" UNPROCESSABLE_ENTITY
        "Unknown time zone" "不明なタイムゾーンです"
        "Give an IANA name such as Asia/Tokyo, Europe/Berlin or UTC." "Asia/Tokyo、Europe/Berlin、UTC などの IANA 名を指定してください。";
    BodyMalformed "body_malformed" BAD_REQUEST
        "The body cannot be read" "本文を読み取れません"
        "Send JSON in UTF-8: {\"log\": \"…\"}." "UTF-8 の JSON を送ってください: {\"log\": \"…\"}";
    BodyInvalid "body_invalid" UNPROCESSABLE_ENTITY
        "The body does not fit" "本文の内容が不正です"
        "Send {\"log\": \"…\"}, and if need be \"year\" (a number) and \"timezone\" (an IANA name)." "{\"log\": \"…\"} を送ってください。必要に応じて \"year\"（数値）と \"timezone\"（IANA 名）を加えられます。";
    BodySlow "body_slow" REQUEST_TIMEOUT
        "The body came too slowly" "本文の受信がタイムアウトしました"
        "Send it again, in smaller parts if the line is slow." "もう一度送ってください。回線が遅い場合は分割してください。";
    BodyTooLarge "body_too_large" PAYLOAD_TOO_LARGE
        "The body is too large" "本文が大きすぎます"
        "Send smaller pieces. The limit of each call stands in /openapi.yaml." "小さく分けて送ってください。各呼び出しの上限は /openapi.yaml を参照してください。";
    BodyIncomplete "body_incomplete" BAD_REQUEST
        "The body broke off" "本文が途中で切れています"
        "Nothing was accepted. Send the whole of it again." "何も受け付けていません。全体をもう一度送ってください。";
    EncodingBroken "encoding_broken" BAD_REQUEST
        "The compressed body is broken" "圧縮された本文が壊れています"
        "Nothing was accepted. Check the file (`gzip -t`, `zstd -t`), compare its coding with the header Content-Encoding, and send it again." "何も受け付けていません。ファイルを確認し（`gzip -t`、`zstd -t`）、Content-Encoding ヘッダーと圧縮形式が一致しているかを確かめて、もう一度送ってください。";
    NoLines "no_lines" UNPROCESSABLE_ENTITY
        "There is no line in the body" "本文に行がありません"
        "Send log lines, one a line, for example with `curl -H 'Content-Type: text/plain' -H 'X-Whymid: 1' --data-binary @mail.log`." "ログを 1 行ずつ改行で区切って送ってください。例: `curl -H 'Content-Type: text/plain' -H 'X-Whymid: 1' --data-binary @mail.log`";
    MediaUnsupported "media_unsupported" UNSUPPORTED_MEDIA_TYPE
        "Unsupported kind of body" "対応していない本文の形式です"
        "What each call takes stands in /openapi.yaml; `Content-Type: text/plain` needs the header `X-Whymid: 1` beside it." "各呼び出しで使える形式は /openapi.yaml を参照してください。`Content-Type: text/plain` にはヘッダー `X-Whymid: 1` が必要です。";
    RouteUnknown "route_unknown" NOT_FOUND
        "There is nothing here" "該当するページがありません"
        "Every call stands in /openapi.yaml; the articles are below /kb." "すべての呼び出しは /openapi.yaml に、記事は /kb にあります。";
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED
        "This method is not for this path" "このパスでは使えないメソッドです"
        "The header Allow names the methods that are." "使えるメソッドは Allow ヘッダーを参照してください。";
    MidUnknown "mid_unknown" NOT_FOUND
        "No line names this number or id" "この番号または ID を含む行がありません"
        "Check the number and the appliance; `answer` says which appliances and which period were searched." "番号とアプライアンスを確認してください。検索したアプライアンスと期間は `answer` にあります。";
    MessageUnknown "message_unknown" NOT_FOUND
        "No message has this id" "この ID のメッセージはありません"
        "Ids come from answers and may have outlived the retention. Ask by number: /v1/why?mid=N." "ID は回答に含まれるもので、保存期間を過ぎた可能性があります。番号で検索してください: /v1/why?mid=N";
    ConnectionUnknown "connection_unknown" NOT_FOUND
        "No connection has this id" "この ID の接続はありません"
        "Ids come from answers and may have outlived the retention. Ask by number: /v1/why?icid=N." "ID は回答に含まれるもので、保存期間を過ぎた可能性があります。番号で検索してください: /v1/why?icid=N";
    DiagnosisUnknown "diagnosis_unknown" NOT_FOUND
        "No diagnosis has this id" "この ID の診断はありません"
        "/v1/diagnoses lists them all." "一覧は /v1/diagnoses にあります。";
    ArticleUnknown "article_unknown" NOT_FOUND
        "No article has this id" "この ID の記事はありません"
        "/kb lists them all." "一覧は /kb にあります。";
    SubscriptionUnknown "subscription_unknown" NOT_FOUND
        "No subscription has this id" "この ID の購読はありません"
        "GET /v1/subscriptions lists them all." "一覧は GET /v1/subscriptions にあります。";
    SubscriptionInvalid "subscription_invalid" UNPROCESSABLE_ENTITY
        "The subscription can't be followed" "購読の内容に誤りがあります"
        "`detail` says everything that is wrong; examples for each target stand at /docs/integrations." "誤りはすべて `detail` にあります。連携先ごとの例は /docs/integrations を参照してください。";
    SubscriptionNameTaken "subscription_name_taken" CONFLICT
        "Another subscription has that name" "同じ名前の購読がすでにあります"
        "Choose another name, or change the one that is there: PATCH /v1/subscriptions/{id}." "別の名前にするか、既存の購読を変更してください: PATCH /v1/subscriptions/{id}";
    SubscriptionsTooMany "subscriptions_too_many" CONFLICT
        "There are 100 subscriptions" "購読は 100 件までです"
        "Remove one first: DELETE /v1/subscriptions/{id}." "先に不要な購読を削除してください: DELETE /v1/subscriptions/{id}";
    NotificationUnknown "notification_unknown" NOT_FOUND
        "No notification of that id can be tried again" "再送できる通知がありません"
        "GET /v1/notifications?state=dead lists those that were given up." "送信を断念した通知の一覧は GET /v1/notifications?state=dead にあります。";
    NotificationNotDead "notification_not_dead" CONFLICT
        "It was not given up" "断念された通知ではありません"
        "It waits, or the target has it: see GET /v1/notifications." "待機中か、すでに送信済みです。GET /v1/notifications を参照してください。";
    TargetWithoutTickets "target_without_tickets" UNPROCESSABLE_ENTITY
        "That target has no tickets to answer in" "この連携先には回答を書き込むチケットがありません"
        "Use a subscription whose target is a ticket system: request_tracker, redmine, jira, servicenow or zammad." "連携先がチケットシステム（request_tracker、redmine、jira、servicenow、zammad）である購読を使ってください。";
    ErasureRunning "erasure_running" CONFLICT
        "Another address is being erased" "別のアドレスを消去しています"
        "Wait until that is done: GET /v1/erasures tells how far it is." "完了してからもう一度試してください。進み具合は GET /v1/erasures で確認できます。";
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE
        "Not available in the form asked for" "要求された形式では提供できません"
        "The forms of each call stand in /openapi.yaml; send `Accept: */*` for the usual one." "提供できる形式は /openapi.yaml を参照してください。既定の形式は `Accept: */*` で取得できます。";
    TokenMissing "token_missing" UNAUTHORIZED
        "A token is needed" "トークンが必要です"
        "Send `Authorization: Bearer TOKEN`; `whymid token new` makes one." "`Authorization: Bearer TOKEN` を送ってください。トークンは `whymid token new` で作成できます。";
    TokenUnknown "token_unknown" UNAUTHORIZED
        "This token is not known" "不明なトークンです"
        "Check that the whole token was copied and that its line stands in the configuration." "トークン全体がコピーされているか、設定に登録されているかを確認してください。";
    TooManyRequests "too_many_requests" TOO_MANY_REQUESTS
        "This token asks too often" "このトークンからのリクエストが多すぎます"
        "Wait for so many seconds as the header Retry-After says. `http.requests_per_second` sets how often it may ask." "Retry-After ヘッダーに示された秒数だけ待ってください。許容量は `http.requests_per_second` で設定します。";
    AddressTooFast "address_too_fast" TOO_MANY_REQUESTS
        "Too many requests from there" "同じアドレスからのリクエストが多すぎます"
        "Wait for so many seconds as the header Retry-After says, or ask with a token, which is counted by itself." "Retry-After ヘッダーに示された秒数だけ待つか、トークンを使ってください。トークンごとに別に数えます。";
    TooManyRefusals "too_many_refusals" TOO_MANY_REQUESTS
        "Too many unknown tokens from there" "不明なトークンが続いたため受け付けられません"
        "Wait for so many seconds as the header Retry-After says; a token that is known passes at once." "Retry-After ヘッダーに示された秒数だけ待ってください。有効なトークンはすぐに使えます。";
    TokenExpired "token_expired" UNAUTHORIZED
        "This token has expired" "トークンの有効期限が切れています"
        "Ask whoever runs this service for a new one; `whymid token new` makes it." "このサービスの管理者に新しいトークンを依頼してください。`whymid token new` で作成できます。";
    RealAddressesDenied "real_addresses_denied" FORBIDDEN
        "This token may not ask by real addresses or subjects" "このトークンでは実際のアドレスや件名で検索できません"
        "They are kept as pseudonyms here. Ask by a pseudonym from an answer, by MID, by `*@domain`, or with a token that has `real_addresses = true`." "ここではアドレスと件名を仮名で保存しています。回答にある仮名、MID、`*@ドメイン` で検索するか、`real_addresses = true` のトークンを使ってください。";
    TokenLimited "token_limited" FORBIDDEN
        "This token sees a part of all mail" "このトークンで参照できるメールは一部だけです"
        "This call tells of everybody's mail at once. Ask for messages, or use a token without such limits." "この呼び出しは全員のメールに関わる情報を返します。メッセージを検索するか、制限のないトークンを使ってください。";
    ApplianceForeign "appliance_foreign" FORBIDDEN
        "This token may not write for that appliance" "このトークンではそのアプライアンスの行を送れません"
        "Name one of its own appliances: `appliance=NAME`." "トークンに許可されたアプライアンスを `appliance=NAME` で指定してください。";
    ScopeInsufficient "scope_insufficient" FORBIDDEN
        "This token may not do that" "このトークンには権限がありません"
        "Use a token with one of the scopes that the header WWW-Authenticate names." "WWW-Authenticate ヘッダーに示されたスコープを持つトークンを使ってください。";
    OriginForeign "origin_foreign" FORBIDDEN
        "Called from another site" "別のサイトからの呼び出しです"
        "Pages of other sites may not call this service. Call it from a program instead; if this is its own public name, set `public_url`." "他のサイトのページからは呼び出せません。プログラムから呼び出してください。このサービス自身の公開名であれば `public_url` を設定してください。";
    HostUnknown "host_unknown" MISDIRECTED_REQUEST
        "This is not a name of this service" "このサービスの名前ではありません"
        "If it should be one, add it to `http.hosts` in the configuration, or set `public_url`." "この名前を使う場合は、設定の `http.hosts` に追加するか `public_url` を設定してください。";
    Busy "busy" SERVICE_UNAVAILABLE
        "Too many logs at once" "ログの処理が混み合っています"
        "Try again after so many seconds as the header Retry-After says." "Retry-After ヘッダーに示された秒数の後にもう一度試してください。";
    NotAccepting "not_accepting" SERVICE_UNAVAILABLE
        "Lines cannot be put on disk now" "行をディスクに書き込めません"
        "Send the same body again later: what is on disk already is not doubled. /readyz and the service's log say what is wrong." "しばらくしてから同じ本文をもう一度送ってください。すでに保存された行が重複することはありません。原因は /readyz とサービスのログを確認してください。";
    Replaying "replaying" SERVICE_UNAVAILABLE
        "Still reading the journal" "ジャーナルを読み込み中です"
        "Try again in a few seconds; /readyz tells when." "数秒後にもう一度試してください。完了は /readyz で確認できます。";
    NotReady "not_ready" SERVICE_UNAVAILABLE
        "Not ready" "準備ができていません"
        "`detail` says why; ask again later." "理由は `detail` にあります。しばらくしてから確認してください。";
    StoreFailed "store_failed" INTERNAL_SERVER_ERROR
        "The index could not be read" "インデックスを読み取れません"
        "The service's log says why." "原因はサービスのログを確認してください。";
    Internal "internal" INTERNAL_SERVER_ERROR
        "Something went wrong here" "内部エラーです"
        "The service's log says what." "原因はサービスのログを確認してください。";
}

/// One error on its way to a client.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    /// Its kind.
    pub(crate) code: Code,
    more: Box<More>,
}

/// What a failure carries beside its code; boxed, as most results are no failures.
#[derive(Clone, Debug, Default)]
struct More {
    detail: Option<Text>,
    /// What the detail is made of, where it is several things.
    parts: Vec<Text>,
    help: Option<Text>,
    log: Option<String>,
    answer: Option<Box<Answer>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// A failure with the table's own words.
    pub(crate) fn new(code: Code) -> Self {
        Self {
            code,
            more: Box::default(),
        }
    }

    /// Says what went wrong this time.
    pub(crate) fn detail(mut self, en: impl Into<String>, ja: impl Into<String>) -> Self {
        self.more.detail = Some(Text {
            en: en.into(),
            ja: ja.into(),
        });
        self
    }

    /// Says each thing that went wrong.
    pub(crate) fn details(mut self, parts: Vec<Text>) -> Self {
        let joined = |lang| {
            let parts: Vec<&str> = parts.iter().map(|one| one.get(lang)).collect();
            parts.join("; ")
        };
        let (en, ja) = (joined(Lang::En), joined(Lang::Ja));
        self.more.parts = parts;
        self.detail(en, ja)
    }

    /// Says what of a JSON text is wrong.
    pub(crate) fn misfit(self, error: &serde_json::Error) -> Self {
        let ja = if error.is_data() {
            format!("項目または値が正しくありません: {error}")
        } else {
            format!("JSON の構文が正しくありません: {error}")
        };
        self.detail(error.to_string(), ja)
    }

    /// Replaces the table's advice.
    pub(crate) fn help(mut self, en: impl Into<String>, ja: impl Into<String>) -> Self {
        self.more.help = Some(Text {
            en: en.into(),
            ja: ja.into(),
        });
        self
    }

    /// Adds a text that only the log may see.
    pub(crate) fn log(mut self, text: impl Into<String>) -> Self {
        self.more.log = Some(text.into());
        self
    }

    /// Adds a header to the response.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.more.headers.push((name, value));
        }
        self
    }

    /// The headers that belong to it.
    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.more.headers
    }

    /// What stands for a status that the framework chose by itself.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        Self::new(match status.as_u16() {
            404 => Code::RouteUnknown,
            405 => Code::MethodNotAllowed,
            406 => Code::NotAcceptable,
            408 => Code::BodySlow,
            413 => Code::BodyTooLarge,
            415 => Code::MediaUnsupported,
            500..=599 => Code::Internal,
            _ => Code::RequestMalformed,
        })
    }

    /// The text for the log.
    pub(crate) fn for_the_log(&self) -> &str {
        let detail = self.more.detail.as_ref().map(|detail| detail.en.as_str());
        self.more
            .log
            .as_deref()
            .or(detail)
            .unwrap_or_else(|| self.code.title(Lang::En))
    }

    /// Each thing that went wrong.
    pub(crate) fn parts(&self, lang: Lang) -> Vec<String> {
        let parts = if self.more.parts.is_empty() {
            self.more.detail.as_slice()
        } else {
            &self.more.parts
        };
        parts.iter().map(|one| one.get(lang).to_owned()).collect()
    }

    /// What the client is told.
    pub(crate) fn problem(&self, lang: Lang) -> Problem {
        let help = self
            .more
            .help
            .as_ref()
            .map_or(self.code.help(lang), |help| help.get(lang));
        Problem {
            kind: "about:blank".to_owned(),
            status: self.code.status().as_u16(),
            code: self.code.word().to_owned(),
            title: self.code.title(lang).to_owned(),
            detail: self
                .more
                .detail
                .as_ref()
                .map(|detail| detail.get(lang).to_owned()),
            help: Some(help.to_owned()),
            answer: self.more.answer.clone(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.word(), self.for_the_log())
    }
}

impl std::error::Error for Failure {}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    /// Only the status and the failure itself: dress.rs writes the body.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::new(self.code.status());
        response.extensions_mut().insert(self.clone());
        response
    }
}

impl From<Missing> for Failure {
    fn from(missing: Missing) -> Self {
        match missing {
            Missing::Unknown(answer) => {
                let summary = answer.summary.clone();
                let mut failure = Self::new(Code::MidUnknown).detail(summary.clone(), summary);
                failure.more.answer = Some(answer);
                failure
            }
            Missing::Replaying => {
                Self::new(Code::Replaying).header(actix_web::http::header::RETRY_AFTER, "2")
            }
            Missing::TooCostly => Self::new(Code::SearchTooCostly),
            Missing::Store(text) => Self::new(Code::StoreFailed).log(text),
        }
    }
}
