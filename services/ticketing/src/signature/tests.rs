//! The reference library and the specification's own example agree with us.

use whymid_schemas::Secret;

use super::{check, sign};
use crate::examples::english;

/// From the specification's examples, and 32 bytes of our own.
const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

#[test]
fn the_example_of_the_specification_is_signed_as_there() {
    let got = sign(
        &[secret(OLD)],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        br#"{"test": 2432232314}"#,
    );
    let want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(got.as_deref(), Ok(want));
}

#[test]
fn each_secret_signs_as_the_reference_library_does() {
    let body = r#"{"title":"件名"}"#.as_bytes();
    let got = sign(
        &[secret(NEW), secret(OLD)],
        "wm-0123.1",
        1_700_000_000,
        body,
    )
    .unwrap();
    let reference = |secret: &str| {
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        webhook.sign("wm-0123.1", 1_700_000_000, body).unwrap()
    };
    assert_eq!(got, format!("{} {}", reference(NEW), reference(OLD)));
}

#[test]
fn a_secret_that_is_none_is_refused_without_being_shown() {
    let long = format!("whsec_{}", "AAAA".repeat(22));
    let unfit = [
        "",
        "whsec_",
        "whsec_AAAA",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
        "whsec_sesame!",
        &long,
    ];
    for text in unfit {
        let refusal = check(&secret(text)).unwrap_err().0;
        let refusal = format!("{} {}", refusal.ja, english(refusal.clone()));
        assert!(refusal.contains("openssl rand -base64 32"), "{refusal}");
        assert!(
            !refusal.contains("sesame") && !refusal.contains("AAAA"),
            "{refusal}"
        );
        assert!(sign(&[secret(OLD), secret(text)], "a", 1, b"").is_err());
    }
    assert_eq!(check(&secret(OLD)), Ok(()));
    assert_eq!(check(&secret(NEW)), Ok(()));
    assert!(sign(&[], "a", 1, b"").is_err());
}
