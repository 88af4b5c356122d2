//! A request's body: which kind it says it is, in which coding, and what it unpacks to.
//!
//! Invariants: a `text/plain` body passes only with a header that no web form can send; nothing is
//! held beyond the limits, nor waited for beyond the patience; a body that broke off gives nothing.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    time::Duration,
};

use actix_web::{
    Error, FromRequest, HttpRequest,
    body::{BodyStream, MessageBody},
    dev,
    http::header::{
        ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ContentType, Header,
    },
    web::{self, Bytes, Payload},
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{
    error::{Code, Failure},
    negotiate,
    unpack::{Coding, Spoilt, Unpacker},
};

/// How long a body may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How long a body may stand still.
const STANDSTILL: Duration = Duration::from_secs(10);
/// How long a form may take: anybody may send one.
const FORM_PATIENCE: Duration = Duration::from_secs(20);
/// A header that no web form can send.
const NO_FORM: &str = "x-whymid";
/// The codings that can be unpacked.
const CODINGS: &str = "gzip, zstd, identity";

/// The fields of a form.
pub(crate) struct Form<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let read = web::Form::<T>::from_request(request, payload);
        Box::pin(async move {
            match timeout(FORM_PATIENCE, read).await {
                Ok(read) => read.map(|form| Self(form.into_inner())),
                Err(_elapsed) => Err(Failure::new(Code::BodySlow).into()),
            }
        })
    }
}

/// How much a body may hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Compressed, as it comes.
    pub(crate) compressed: usize,
    /// Once it is unpacked.
    pub(crate) unpacked: usize,
}

/// What the request says its body is, where it says so.
pub(crate) fn content_type(request: &HttpRequest) -> Option<ContentType> {
    let said = request.headers().contains_key(CONTENT_TYPE);
    said.then(|| ContentType::parse(request).ok()).flatten()
}

/// A small body of JSON.
pub(crate) async fn json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: Payload,
    most: usize,
) -> Result<T, Failure> {
    if !negotiate::body_is(content_type(request).as_ref(), "application", "json") {
        return Err(other_kind(request).help(
            "Send `Content-Type: application/json`.",
            "`Content-Type: application/json` で送ってください。",
        ));
    }
    let body = timeout(PATIENCE, payload.to_bytes_limited(most)).await;
    let body = match body {
        Err(_elapsed) => return Err(Failure::new(Code::BodySlow)),
        Ok(Err(_too_large)) => return Err(Failure::new(Code::BodyTooLarge)),
        Ok(Ok(body)) => body,
    };
    let body = body.map_err(|broken| Failure::new(Code::BodyMalformed).log(broken.to_string()))?;
    serde_json::from_slice(&body).map_err(|error| {
        let code = if error.is_data() {
            Code::BodyInvalid
        } else {
            Code::BodyMalformed
        };
        // what the sender is told may hold a secret of theirs
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::new(code)
            .misfit(&error)
            .log(format!("the body does not fit: {place}"))
            .help(
                "What this call takes stands in /openapi.yaml, with an example.",
                "本文の形式と例は /openapi.yaml を参照してください。",
            )
    })
}

/// Whether the body is text that no form of a foreign page can have sent; fails where it is text
/// that one could have.
pub(crate) fn is_text(request: &HttpRequest) -> Result<bool, Failure> {
    if !negotiate::body_is(content_type(request).as_ref(), "text", "plain") {
        return Ok(false);
    }
    let header = request.headers().get(NO_FORM);
    if header.is_some_and(|value| value.as_bytes() == b"1") {
        return Ok(true);
    }
    Err(Failure::new(Code::MediaUnsupported).detail(
        "a text/plain body needs the header `X-Whymid: 1`, because a form of any web page could have sent it without",
        "text/plain の本文にはヘッダー `X-Whymid: 1` が必要です。このヘッダーがないと、任意のウェブページのフォームから送信できてしまうためです",
    ))
}

/// A body of a kind that is not taken.
pub(crate) fn other_kind(request: &HttpRequest) -> Failure {
    let given = request.headers().get(CONTENT_TYPE);
    let given = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    Failure::new(Code::MediaUnsupported).detail(
        format!("the body is `{given}`"),
        format!("本文の形式は `{given}` です"),
    )
}

/// The coding of the body; fails on one that can't be unpacked, and on several.
pub(crate) fn coding(request: &HttpRequest) -> Result<Coding, Failure> {
    let told = request.headers().get_all(CONTENT_ENCODING);
    let told: Vec<String> = told
        .map(|value| String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase())
        .collect();
    match told.join(", ").as_str() {
        "" | "identity" => Ok(Coding::Identity),
        "gzip" | "x-gzip" => Ok(Coding::Gzip),
        "zstd" => Ok(Coding::Zstd),
        other => Err(other_coding(other)),
    }
}

fn other_coding(coding: &str) -> Failure {
    Failure::new(Code::MediaUnsupported)
        .detail(
            format!("the body comes in `Content-Encoding: {coding}`"),
            format!("本文が `Content-Encoding: {coding}` で送られました"),
        )
        .help(
            "Send it plain, or in one of gzip and zstd.",
            "圧縮しないか、gzip または zstd のどちらか一方で圧縮して送ってください。",
        )
        .header(ACCEPT_ENCODING, CODINGS)
}

/// The length that the request announces.
pub(crate) fn announced(request: &HttpRequest) -> Option<u64> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// All that the body stands for.
pub(crate) async fn unpacked(
    request: &HttpRequest,
    payload: Payload,
    coding: Coding,
    limits: Limits,
) -> Result<Vec<u8>, Failure> {
    let most = match coding {
        Coding::Identity => limits.unpacked,
        Coding::Gzip | Coding::Zstd => limits.compressed,
    };
    if announced(request).is_some_and(|length| length > most as u64) {
        return Err(too_large(most, false));
    }
    let unpacker = Unpacker::new(coding, limits.unpacked);
    let mut unpacker = unpacker.map_err(|error| internal(&error))?;
    let spoilt = |spoilt| refusal(spoilt, coding, limits);
    let fed = timeout(
        PATIENCE,
        feed(payload, most, |chunk| unpacker.push(chunk).map_err(spoilt)),
    );
    match fed.await {
        Err(_elapsed) => Err(Failure::new(Code::BodySlow)),
        Ok(Err(failure)) => Err(failure),
        Ok(Ok(0)) => Ok(Vec::new()),
        Ok(Ok(_)) => unpacker.finish().map_err(spoilt),
    }
}

/// Hands on every chunk of the body; how many bytes came.
async fn feed(
    payload: Payload,
    most: usize,
    mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<usize, Failure> {
    let mut length = 0;
    let mut stream = pin!(BodyStream::new(payload));
    loop {
        let next = poll_fn(|context| stream.as_mut().poll_next(context));
        let next = timeout(STANDSTILL, next).await;
        let next = next.map_err(|_elapsed| Failure::new(Code::BodySlow))?;
        let Some(chunk) = next else { return Ok(length) };
        let chunk: Bytes =
            chunk.map_err(|error| Failure::new(Code::BodyIncomplete).log(error.to_string()))?;
        length += chunk.len();
        if length > most {
            return Err(too_large(most, false));
        }
        take(&chunk)?;
    }
}

fn refusal(spoilt: Spoilt, coding: Coding, limits: Limits) -> Failure {
    match spoilt {
        Spoilt::TooLarge => too_large(limits.unpacked, coding != Coding::Identity),
        Spoilt::Broken(error) => broken(&error, coding),
    }
}

fn too_large(most: usize, unpacked: bool) -> Failure {
    let most = most / (1024 * 1024);
    let (en, ja) = if unpacked {
        (" once it is decompressed", "展開すると")
    } else {
        ("", "")
    };
    Failure::new(Code::BodyTooLarge)
        .detail(
            format!("the body has more than {most} MiB{en}; nothing was accepted"),
            format!("本文は{ja} {most} MiB を超えます。何も受け付けていません"),
        )
        .help(
            "Send smaller pieces, cut between lines, for example by `split -C 48M mail.log piece.`",
            "行の途中で切れないように分割して送ってください。例: `split -C 48M mail.log piece.`",
        )
}

fn broken(error: &std::io::Error, coding: Coding) -> Failure {
    let failure = Failure::new(Code::EncodingBroken).detail(error.to_string(), error.to_string());
    match coding {
        Coding::Identity | Coding::Gzip => failure,
        Coding::Zstd => failure.help(
            "Nothing was accepted. Check the file with `zstd -t`; it may ask for a window of 8 MiB at most, as it does up to level 19 without `--long`.",
            "何も受け付けていません。`zstd -t` でファイルを確認してください。ウィンドウは 8 MiB までです（`--long` を付けず、レベル 19 までで圧縮してください）。",
        ),
    }
}

fn internal(error: &std::io::Error) -> Failure {
    Failure::new(Code::Internal).log(error.to_string())
}
