//! The routes against a small fake desk: what a client sees, header by header.

mod access;
mod articles;
mod document;
mod erasures;
mod errors;
mod fake;
mod forms;
mod lines;
mod pages;
mod search;
mod server;
mod ticket_pages;
mod ticket_words;
mod unpack;

use std::sync::Arc;

use actix_web::{
    body::to_bytes,
    dev::ServiceResponse,
    http::{StatusCode, header::HeaderMap},
    test::{self, TestRequest},
    web::Data,
};
use serde_json::Value;

use whymid_ticketing::{Office, Settings as TicketSettings};

use crate::{desk::Desks, house::House, server::application, settings::Settings};
use fake::{FakeDesk, FakeDoor, FakeEraser, FakeGauge};

/// Where the fake service listens.
const HERE: &str = "127.0.0.1:8514";

/// A response, read to its end.
struct Got {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Got {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The code of the problem that this response must be.
    fn code(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.body
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status.as_u16());
        assert!(
            problem["help"]
                .as_str()
                .is_some_and(|help| !help.is_empty())
        );
        problem["code"].as_str().unwrap().to_owned()
    }
}

fn open() -> Settings {
    Settings {
        open: true,
        ..Settings::default()
    }
}

/// Everybody, with tickets in a folder of their own.
fn desks(desk: Arc<FakeDesk>, gauge: Arc<FakeGauge>, door: Arc<FakeDoor>) -> Desks {
    let folder = tempfile::tempdir().unwrap().keep();
    let tickets = Office::open(&folder.join("tickets.redb"), TicketSettings::default()).unwrap();
    // an open file needs no name
    std::fs::remove_dir_all(folder).unwrap();
    Desks {
        desk,
        gauge,
        door,
        eraser: Arc::new(FakeEraser),
        tickets: Arc::new(tickets),
    }
}

fn get(uri: &str) -> TestRequest {
    TestRequest::get().uri(uri).insert_header(("host", HERE))
}

/// An open house with this door.
fn house(door: &Arc<FakeDoor>) -> Data<House> {
    let gauge = Arc::new(FakeGauge {
        reasons: Vec::new(),
    });
    let (desk, door) = (Arc::new(FakeDesk::default()), Arc::clone(door));
    let bound = HERE.parse().unwrap();
    Data::new(House::new(desks(desk, gauge, door), open(), bound).unwrap())
}

/// Sends a request to a service of its own, bound to an address.
async fn ask_bound(settings: Settings, bound: &str, desk: FakeDesk, request: TestRequest) -> Got {
    let gauge = Arc::new(FakeGauge {
        reasons: desk.reasons.clone(),
    });
    let door = Arc::new(FakeDoor::default());
    let bound = bound.parse().unwrap();
    let house = House::new(desks(Arc::new(desk), gauge, door), settings, bound).unwrap();
    ask_house(Data::new(house), request).await
}

/// Sends a request to a house.
async fn ask_house(house: Data<House>, request: TestRequest) -> Got {
    let service = test::init_service(application(house)).await;
    let response: ServiceResponse = test::call_service(&service, request.to_request()).await;
    let (_, response) = response.into_parts();
    let (status, headers) = (response.status(), response.headers().clone());
    let body = to_bytes(response.into_body()).await.unwrap();
    Got {
        status,
        headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

async fn ask_with(settings: Settings, request: TestRequest) -> Got {
    ask_bound(settings, HERE, FakeDesk::default(), request).await
}

async fn ask(request: TestRequest) -> Got {
    ask_with(open(), request).await
}
