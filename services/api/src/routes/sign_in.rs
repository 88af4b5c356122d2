//! Signing in with a browser: a token for a cookie, and out again.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{LOCATION, SET_COOKIE},
    post,
};

use crate::{
    access,
    body::Form,
    error::{Code, Failure},
    house::Visit,
    negotiate, pages,
    query::{Asked, Fields, Params, Tongue, names_of},
    refusals::{OfPage, OfSignIn},
    sessions,
};

/// Where to go on.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NextAsked {
    /// The path of the page that is wanted.
    #[param(value_type = Option<String>, example = "/overview")]
    next: String,
}

impl Asked for NextAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let next = fields.get("next").unwrap_or_default().to_owned();
        Ok(Self { next })
    }
}

/// Sign in.
///
/// A page with a field for a token.
#[utoipa::path(
    tag = "pages",
    params(NextAsked, Tongue),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfPage),
    security(()),
)]
#[get("/sign-in")]
pub(crate) async fn sign_in_page(
    request: HttpRequest,
    house: Visit,
    asked: Params<(NextAsked, Tongue)>,
) -> Result<HttpResponse, Failure> {
    let Params((asked, _)) = asked;
    pages::sign_in::page(&request, &house, &asked.next)
}

/// The form of the page.
#[derive(serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct SignInForm {
    /// A token, as `whymid token new` printed it.
    #[schema(example = "whymid_0123")]
    token: String,
    /// The path of the page that is wanted.
    #[serde(default)]
    #[schema(example = "/overview")]
    next: String,
}

/// Sign in, with the form.
///
/// The token is checked and a cookie stands for it, for 12 hours or until `POST /sign-out`. Programs
/// send their tokens themselves.
#[utoipa::path(
    tag = "pages",
    params(Tongue),
    request_body(content = SignInForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "Signed in: the page that is wanted"), OfSignIn),
    security(()),
)]
#[post("/sign-in")]
pub(crate) async fn sign_in(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
    form: Form<SignInForm>,
) -> Result<HttpResponse, Failure> {
    let Form(SignInForm { token, next }) = form;
    let mut response = HttpResponse::SeeOther();
    if !house.open {
        let token = access::sign_in(&house, &request, token.trim())?;
        let number = house.sessions.begin(token, house.now());
        let number = number.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))?;
        let cookie = sessions::set_cookie(Some(&number), &house.root(), house.is_secure());
        response.insert_header((SET_COOKIE, cookie));
    }
    Ok(response
        .insert_header((LOCATION, place(&house, &request, &next)))
        .finish())
}

/// Sign out.
///
/// The cookie stands for nothing any more.
#[utoipa::path(
    tag = "pages",
    params(Tongue),
    responses((status = 303, description = "Signed out: the page to sign in"), OfPage),
    security(()),
)]
#[post("/sign-out")]
pub(crate) async fn sign_out(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> HttpResponse {
    house.sessions.end(request.headers());
    let cookie = sessions::set_cookie(None, &house.root(), house.is_secure());
    let lang = negotiate::lang(&request);
    HttpResponse::SeeOther()
        .insert_header((SET_COOKIE, cookie))
        .insert_header((LOCATION, format!("{}/sign-in?lang={lang}", house.root())))
        .finish()
}

/// The place of a path of ours; whatever else is asked for, the first page.
fn place(house: &Visit, request: &HttpRequest, next: &str) -> String {
    let is_path = next.starts_with('/')
        && !next.starts_with("//")
        && next
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_path {
        format!("{}{next}", house.root())
    } else {
        format!("{}/?lang={}", house.root(), negotiate::lang(request))
    }
}
