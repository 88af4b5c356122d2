//! The error responses of each kind of call, as the OpenAPI document shows them.

use std::collections::BTreeMap;

use utoipa::{
    IntoResponses,
    openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder, example::ExampleBuilder},
};
use whymid_schemas::Lang;

use crate::error::{Code, Failure};

/// What any call can meet.
const ANY: &[Code] = &[
    Code::RequestMalformed,
    Code::HostUnknown,
    Code::OriginForeign,
    Code::Internal,
];
/// What a call with query parameters can meet.
const QUERY: &[Code] = &[
    Code::ParameterUnknown,
    Code::ParameterRepeated,
    Code::ParameterMalformed,
];
/// What a call that needs a token can meet.
const TOKEN: &[Code] = &[
    Code::TokenMissing,
    Code::TokenUnknown,
    Code::TokenExpired,
    Code::TooManyRequests,
    Code::TooManyRefusals,
    Code::ScopeInsufficient,
    Code::TokenLimited,
];
/// What a call that reads records can meet.
const RECORDS: &[Code] = &[Code::Replaying, Code::StoreFailed];

/// Declares a set of error responses.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $($group:ident)+ [$($code:ident),*];)+) => {$(
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                responses(&[$($group,)+ &[$(Code::$code),*]])
            }
        }
    )+

        /// Every error response that any call refers to, by its name in the document.
        pub(crate) fn components() -> BTreeMap<String, RefOr<Response>> {
            let mut components = BTreeMap::new();
            $(for codes in by_status(&[$($group,)+ &[$(Code::$code),*]]).into_values() {
                components.insert(name(&codes), RefOr::T(response(&codes)));
            })+
            components
        }
    };
}

refusals! {
    /// `GET /v1/why`.
    OfWhy = ANY QUERY TOKEN RECORDS [MidUnknown, NotAcceptable, QuestionMissing, QuestionAmbiguous, ParameterInvalid, SearchTooCostly, LangUnknown, TimezoneUnknown];
    /// Calls about one message.
    OfMessage = ANY QUERY TOKEN RECORDS [PathMalformed, MessageUnknown, NotAcceptable, ParameterInvalid, LangUnknown, TimezoneUnknown];
    /// Calls about one connection.
    OfConnection = ANY QUERY TOKEN RECORDS [PathMalformed, ConnectionUnknown, NotAcceptable, ParameterInvalid, LangUnknown, TimezoneUnknown];
    /// Searches.
    OfSearch = ANY QUERY TOKEN RECORDS [RealAddressesDenied, NotAcceptable, ParameterInvalid, SearchTooCostly, LangUnknown, TimezoneUnknown];
    /// Appliances.
    OfAppliances = ANY QUERY TOKEN RECORDS [LangUnknown, TimezoneUnknown];
    /// Events of an appliance.
    OfEventSearch = ANY QUERY TOKEN RECORDS [PathMalformed, ParameterInvalid, SearchTooCostly, LangUnknown, TimezoneUnknown];
    /// Statistics.
    OfStats = ANY QUERY TOKEN RECORDS [RealAddressesDenied, ParameterInvalid, SearchTooCostly, LangUnknown, TimezoneUnknown];
    /// `POST /v1/explain`.
    OfExplain = ANY QUERY TOKEN [BodyMalformed, BodyInvalid, BodySlow, BodyTooLarge, MediaUnsupported, Busy, ParameterInvalid, LangUnknown, TimezoneUnknown];
    /// `POST /v1/ask`.
    OfAskedText = ANY QUERY TOKEN RECORDS [BodyMalformed, BodyInvalid, BodySlow, BodyTooLarge, MediaUnsupported, ParameterInvalid, SearchTooCostly, LangUnknown, TimezoneUnknown];
    /// `POST /v1/lines`.
    OfLines = ANY QUERY TOKEN [ApplianceForeign, BodyIncomplete, EncodingBroken, BodySlow, BodyTooLarge, MediaUnsupported, NoLines, Busy, NotAccepting, ParameterInvalid, LangUnknown, TimezoneUnknown];
    /// The list of diagnoses.
    OfDiagnoses = ANY QUERY TOKEN [LangUnknown];
    /// One diagnosis.
    OfDiagnosis = ANY QUERY TOKEN [PathMalformed, DiagnosisUnknown, LangUnknown];
    /// Articles by the API.
    OfArticles = ANY QUERY TOKEN [ParameterInvalid, LangUnknown];
    /// What was typed or pasted into the page.
    OfAsk = ANY QUERY TOKEN RECORDS [RealAddressesDenied, BodyMalformed, BodySlow, BodyTooLarge, MediaUnsupported, ParameterInvalid, SearchTooCostly, LangUnknown, TimezoneUnknown];
    /// The overview.
    OfOverview = ANY QUERY TOKEN RECORDS [ParameterInvalid, SearchTooCostly, LangUnknown, TimezoneUnknown];
    /// One article by the API.
    OfArticle = ANY QUERY TOKEN [PathMalformed, ArticleUnknown, NotAcceptable, LangUnknown];
    /// Calls behind a token that take no parameters.
    OfGauge = ANY TOKEN [ParameterUnknown];
    /// The subscriptions.
    OfSubscriptions = ANY QUERY TOKEN [LangUnknown];
    /// One subscription.
    OfSubscription = ANY QUERY TOKEN [PathMalformed, SubscriptionUnknown, LangUnknown];
    /// Making and changing subscriptions.
    OfSubscribing = ANY QUERY TOKEN RECORDS [PathMalformed, BodyMalformed, BodyInvalid, BodySlow, BodyTooLarge, MediaUnsupported, SubscriptionUnknown, SubscriptionInvalid, SubscriptionNameTaken, SubscriptionsTooMany, SearchTooCostly, LangUnknown];
    /// The notifications.
    OfNotifications = ANY QUERY TOKEN [ParameterInvalid, LangUnknown];
    /// One notification.
    OfNotification = ANY QUERY TOKEN [PathMalformed, NotificationUnknown, NotificationNotDead, LangUnknown];
    /// A ticket about a message.
    OfTicketWanted = ANY QUERY TOKEN RECORDS [PathMalformed, BodyMalformed, BodyInvalid, BodySlow, BodyTooLarge, MediaUnsupported, SubscriptionUnknown, MessageUnknown, LangUnknown];
    /// Somebody else's ticket.
    OfInbound = ANY QUERY TOKEN RECORDS [PathMalformed, BodyMalformed, BodyInvalid, BodySlow, BodyTooLarge, MediaUnsupported, SubscriptionUnknown, TargetWithoutTickets, SearchTooCostly, LangUnknown];
    /// The page of subscriptions.
    OfSubscriptionsPage = ANY QUERY TOKEN [ParameterInvalid, LangUnknown, TimezoneUnknown];
    /// The page of one subscription, and its buttons.
    OfSubscriptionPage = ANY QUERY TOKEN [PathMalformed, SubscriptionUnknown, LangUnknown, TimezoneUnknown];
    /// Making and changing subscriptions by forms: most that is wrong with one is told on the page.
    OfSubscriptionForm = ANY QUERY TOKEN [PathMalformed, BodyMalformed, BodySlow, BodyTooLarge, MediaUnsupported, SubscriptionUnknown, SubscriptionInvalid, SubscriptionNameTaken, StoreFailed, LangUnknown, TimezoneUnknown];
    /// Trying a notification again by a form.
    OfNotificationForm = ANY QUERY TOKEN [PathMalformed, BodyMalformed, BodySlow, BodyTooLarge, MediaUnsupported, NotificationUnknown, NotificationNotDead, LangUnknown, TimezoneUnknown];
    /// A ticket about a message by a form.
    OfTicketForm = ANY QUERY TOKEN RECORDS [PathMalformed, BodyMalformed, BodySlow, BodyTooLarge, MediaUnsupported, SubscriptionUnknown, MessageUnknown, LangUnknown, TimezoneUnknown];
    /// `POST /v1/erasures`.
    OfErasure = ANY QUERY TOKEN [BodyMalformed, BodyInvalid, BodySlow, BodyTooLarge, MediaUnsupported, ErasureRunning, Replaying, NotAccepting, LangUnknown];
    /// `GET /v1/erasures`.
    OfErasures = ANY QUERY TOKEN [LangUnknown];
    /// Open calls that take no parameters.
    OfOpen = ANY [AddressTooFast, ParameterUnknown];
    /// `/readyz`.
    OfReady = ANY QUERY [AddressTooFast, LangUnknown, NotReady];
    /// Open pages.
    OfPage = ANY QUERY [AddressTooFast, LangUnknown];
    /// Signing in.
    OfSignIn = ANY QUERY TOKEN [BodyMalformed, BodySlow, BodyTooLarge, MediaUnsupported, LangUnknown];
    /// The page of one article.
    OfArticlePage = ANY QUERY [AddressTooFast, PathMalformed, ArticleUnknown, LangUnknown];
}

/// References by status: the same set of codes is written once for the whole document.
fn responses(groups: &[&[Code]]) -> BTreeMap<String, RefOr<Response>> {
    let reference = |codes: &[Code]| RefOr::Ref(Ref::from_response_name(name(codes)));
    by_status(groups)
        .into_iter()
        .map(|(status, codes)| (status, reference(&codes)))
        .collect()
}

fn by_status(groups: &[&[Code]]) -> BTreeMap<String, Vec<Code>> {
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in groups.iter().copied().flatten() {
        by_status
            .entry(code.status().as_str().to_owned())
            .or_default()
            .push(*code);
    }
    by_status
}

/// The codes themselves, so that an operation names them where it refers to them.
fn name(codes: &[Code]) -> String {
    let words: Vec<_> = codes.iter().map(|code| code.word()).collect();
    words.join(".")
}

fn response(codes: &[Code]) -> Response {
    let meanings: Vec<_> = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.word(), code.title(Lang::En)))
        .collect();
    let examples = codes.iter().map(|code| {
        let problem = serde_json::to_value(Failure::new(*code).problem(Lang::En));
        let example = ExampleBuilder::new()
            .value(Some(problem.unwrap_or_default()))
            .build();
        (code.word(), RefOr::T(example))
    });
    let content = ContentBuilder::new()
        .schema(Some(RefOr::Ref(Ref::from_schema_name("Problem"))))
        .examples_from_iter(examples)
        .build();
    ResponseBuilder::new()
        .description(meanings.join(" · "))
        .content("application/problem+json", content)
        .build()
}
