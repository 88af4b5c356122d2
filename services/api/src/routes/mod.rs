//! Every route, one file a subject. This list is the OpenAPI document, the `Allow` header and the
//! table of access at once.

mod appliances;
mod ask_pages;
mod asked;
mod connections;
mod erasures;
mod explain;
mod knowledge;
mod lines;
mod messages;
mod operations;
mod search;
mod sign_in;
mod stats;
mod subscriptions;
mod ticket_forms;
mod ticket_pages;
mod tickets;
mod web_pages;
mod why;

pub(crate) use subscriptions::{blocking, invalid};
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers every route.
pub(crate) fn register(config: &mut ServiceConfig<'_>) {
    config
        .service(why::why)
        .service(search::messages)
        .service(search::connections)
        .service(stats::stats)
        .service(appliances::appliances)
        .service(appliances::events)
        .service(messages::timeline)
        .service(messages::answer)
        .service(connections::timeline)
        .service(connections::answer)
        .service(explain::explain)
        .service(asked::ask)
        .service(lines::lines)
        .service(knowledge::diagnoses)
        .service(knowledge::diagnosis)
        .service(knowledge::articles)
        .service(knowledge::article)
        .service(subscriptions::subscriptions)
        .service(subscriptions::subscribe)
        .service(subscriptions::dry_run)
        .service(subscriptions::subscription)
        .service(subscriptions::change)
        .service(subscriptions::unsubscribe)
        .service(subscriptions::test)
        .service(tickets::inbound)
        .service(tickets::notifications)
        .service(tickets::retry)
        .service(tickets::ticket)
        .service(erasures::erase)
        .service(erasures::erasures)
        .service(operations::status)
        .service(operations::healthz)
        .service(operations::readyz)
        .service(operations::metrics)
        .service(operations::openapi_document)
        .service(web_pages::home)
        .service(ask_pages::ask_page)
        .service(ask_pages::ask_form)
        .service(ask_pages::overview_page)
        .service(ticket_pages::list_page)
        .service(ticket_pages::subscribe_form)
        .service(ticket_pages::one_page)
        .service(ticket_pages::change_form)
        .service(ticket_pages::enable_form)
        .service(ticket_pages::test_form)
        .service(ticket_pages::delete_form)
        .service(ticket_forms::retry_form)
        .service(ticket_forms::ticket_form)
        .service(sign_in::sign_in_page)
        .service(sign_in::sign_in)
        .service(sign_in::sign_out)
        .service(web_pages::articles)
        .service(web_pages::article)
        .service(web_pages::docs)
        .service(web_pages::integrations)
        .service(web_pages::events)
        .service(web_pages::message)
        .service(web_pages::style_sheet)
        .service(web_pages::script);
}
