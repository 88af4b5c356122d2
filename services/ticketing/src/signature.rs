//! Signs what webhooks get, as Standard Webhooks 1.0 say: HMAC-SHA256 over `id.timestamp.body`.
//!
//! One signature for each secret, so that a receiver may know the old or the new one while a key is
//! changed. The moment is the moment of sending, and is handed in. No secret is ever part of an
//! error's text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use whymid_schemas::{Secret, Text};

use crate::target::Refusal;

const PREFIX: &str = "whsec_";

/// The value of the header `webhook-signature`: `v1,<base64>`, one for each secret.
///
/// # Errors
/// As [`check`]; and when there is no secret.
pub(crate) fn sign(
    secrets: &[Secret],
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> Result<String, Refusal> {
    if secrets.is_empty() {
        return Err(unfit(twins!("there is none", "鍵がありません")));
    }
    let head = format!("{id}.{timestamp}.");
    let signatures = secrets.iter().map(|secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(&key(secret)?).map_err(|_| wrong_length())?;
        mac.update(head.as_bytes());
        mac.update(body);
        Ok(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    });
    Ok(signatures.collect::<Result<Vec<_>, Refusal>>()?.join(" "))
}

/// Whether a secret is one to sign with.
///
/// # Errors
/// It lacks `whsec_`, is not base64, or not 24 to 64 bytes.
pub(crate) fn check(secret: &Secret) -> Result<(), Refusal> {
    key(secret).map(|_| ())
}

fn key(secret: &Secret) -> Result<Vec<u8>, Refusal> {
    let text = secret.reveal().trim();
    let text = text.strip_prefix(PREFIX).ok_or_else(|| {
        unfit(twins!(
            "it does not begin with `whsec_`",
            "`whsec_` で始まっていません"
        ))
    })?;
    let key = STANDARD.decode(text).map_err(|_| {
        unfit(twins!(
            "what follows `whsec_` is not base64",
            "`whsec_` に続く部分が base64 ではありません"
        ))
    })?;
    if !(24..=64).contains(&key.len()) {
        return Err(wrong_length());
    }
    Ok(key)
}

fn wrong_length() -> Refusal {
    unfit(twins!(
        "it is not 24 to 64 bytes",
        "鍵の長さが 24 から 64 バイトの範囲にありません"
    ))
}

fn unfit(why: Text) -> Refusal {
    Refusal(twins!(
        "`secrets` needs a signing key, and {}: take `whsec_` and, right behind it, what \
         `openssl rand -base64 32` writes",
        "`secrets` には署名鍵が必要ですが、{}。`whsec_` の直後に `openssl rand -base64 32` の出力を続けてください"; why
    ))
}

#[cfg(test)]
mod tests;
