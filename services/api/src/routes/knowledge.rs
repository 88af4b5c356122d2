//! The catalogue of diagnoses and the articles, by the API.

use actix_web::{HttpRequest, HttpResponse, get, web::Path};
use whymid_schemas::{ArticleList, ArticleText, DiagnosisEntry, DiagnosisList};

use crate::{
    error::{Code, Failure},
    house::Visit,
    negotiate::{self, Form},
    pages,
    query::{Asked, Fields, Params, Tongue, names_of},
    refusals::{OfArticle, OfArticles, OfDiagnoses, OfDiagnosis},
    reply, sample,
};

/// Every diagnosis.
///
/// The whole catalogue: what each diagnosis means, who can mend it, how much it should trouble
/// somebody, and what to do.
#[utoipa::path(
    tag = "knowledge",
    params(Tongue),
    responses(
        (status = 200, description = "The catalogue", body = DiagnosisList, example = json!(sample::diagnoses())),
        OfDiagnoses,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/diagnoses")]
pub(crate) async fn diagnoses(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> HttpResponse {
    let style = house.plain_style(&request);
    reply::json(&house.desk.diagnoses(&style), style.lang)
}

/// One diagnosis.
///
/// A single entry of the catalogue. `given_by` says whether the service can recognise it: by a
/// `rule`, by the `engine` itself, or by `nobody` (its wording in the log was never seen).
#[utoipa::path(
    tag = "knowledge",
    params(("id" = String, Path, description = "The diagnosis", example = "receiving-aborted-connection-lost"), Tongue),
    responses(
        (status = 200, description = "The diagnosis", body = DiagnosisEntry, example = json!(sample::diagnosis())),
        OfDiagnosis,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/diagnoses/{id}")]
pub(crate) async fn diagnosis(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    let style = house.plain_style(&request);
    let entry = house.desk.diagnosis(&id, &style).ok_or_else(|| {
        Failure::new(Code::DiagnosisUnknown).detail(
            format!("there is no diagnosis `{id}`"),
            format!("診断 `{id}` はありません"),
        )
    })?;
    Ok(reply::json(&entry, style.lang))
}

/// What is looked for in the knowledge base.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArticlesAsked {
    /// A question, a log line, a bounce text or a reply, in English or Japanese; at most 5000
    /// letters. Absent: every article.
    #[param(value_type = Option<String>, max_length = 5000, example = "550 5.1.1 User unknown")]
    q: String,
}

/// The longest query, letters: what an address of 64 KiB can carry of any script.
const LONGEST: usize = 5000;

impl Asked for ArticlesAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let q = fields.get("q").unwrap_or_default();
        if q.chars().count() > LONGEST {
            return Err(Failure::new(Code::ParameterInvalid).detail(
                format!("`q` is longer than {LONGEST} letters"),
                format!("`q` は {LONGEST} 文字までです"),
            ));
        }
        Ok(Self { q: q.to_owned() })
    }
}

/// Articles that fit.
///
/// Full text over both languages; log lines and replies are taken for what they are. `section` is the
/// part of the article that fits best.
#[utoipa::path(
    tag = "knowledge",
    operation_id = "articles",
    params(ArticlesAsked, Tongue),
    responses(
        (status = 200, description = "The articles", body = ArticleList, example = json!(sample::articles())),
        OfArticles,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/articles")]
pub(crate) async fn articles(
    request: HttpRequest,
    house: Visit,
    asked: Params<(ArticlesAsked, Tongue)>,
) -> HttpResponse {
    let Params((asked, _)) = asked;
    let style = house.plain_style(&request);
    let found = ArticleList {
        items: house.desk.find_articles(&asked.q, &style),
        kb_version: house.desk.diagnoses(&style).kb_version,
    };
    reply::json(&found, style.lang)
}

/// One article of the knowledge base.
///
/// By `Accept` as JSON, as Markdown or as a page.
#[utoipa::path(
    tag = "knowledge",
    params(("id" = String, Path, description = "The article", example = "receiving-aborted"), Tongue),
    responses(
        (status = 200, description = "The article", content(
            (ArticleText = "application/json", example = json!(sample::article())),
            (String = "text/markdown", example = "# Receiving aborted\n\n…"),
            (String = "text/html"),
        )),
        OfArticle,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/articles/{id}")]
pub(crate) async fn article(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    let form = negotiate::form(&request, &[Form::Json, Form::Markdown, Form::Html])?;
    let lang = negotiate::lang(&request);
    let article = house
        .desk
        .article(&id, lang)
        .ok_or_else(|| article_unknown(&id))?;
    match form {
        Form::Json | Form::Ndjson | Form::Csv => Ok(reply::json(&article, lang)),
        Form::Markdown | Form::Text => {
            let text = format!("# {}\n\n{}", article.title, article.markdown);
            Ok(reply::written(Form::Markdown, lang, text))
        }
        Form::Html => pages::articles::article_page(&request, &house, &article),
    }
}

/// The failure for an article that is not in the knowledge base.
pub(super) fn article_unknown(id: &str) -> Failure {
    Failure::new(Code::ArticleUnknown).detail(
        format!("there is no article `{id}`"),
        format!("記事 `{id}` はありません"),
    )
}
