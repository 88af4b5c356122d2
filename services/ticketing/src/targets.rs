//! One file for each ticket system.

mod email;
pub(crate) mod http;
mod jira;
mod pagerduty;
mod redmine;
mod request_tracker;
mod servicenow;
mod webhook;
mod zammad;

use whymid_schemas::Target;

use crate::target::Driver;

/// The driver of a target.
pub(crate) fn driver(target: &Target) -> Box<dyn Driver> {
    match target {
        Target::Webhook(one) => Box::new(webhook::WebhookDriver(one.clone())),
        Target::RequestTracker(one) => Box::new(request_tracker::RequestTrackerDriver(one.clone())),
        Target::Redmine(one) => Box::new(redmine::RedmineDriver(one.clone())),
        Target::Jira(one) => Box::new(jira::JiraDriver(one.clone())),
        Target::Servicenow(one) => Box::new(servicenow::ServicenowDriver(one.clone())),
        Target::Zammad(one) => Box::new(zammad::ZammadDriver(one.clone())),
        Target::Pagerduty(one) => Box::new(pagerduty::PagerdutyDriver(one.clone())),
        Target::Email(one) => Box::new(email::EmailDriver(one.clone())),
    }
}
