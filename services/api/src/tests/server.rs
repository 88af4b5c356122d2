//! The real server on port 0, spoken to byte by byte.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
};

use super::{
    fake::{FakeDesk, FakeDoor, FakeGauge},
    open,
};
use crate::serve;

fn say(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

async fn with_server(check: impl FnOnce(SocketAddr) + Send + 'static) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let gauge = Arc::new(FakeGauge {
        reasons: Vec::new(),
    });
    let (desk, door) = (Arc::new(FakeDesk::default()), Arc::new(FakeDoor::default()));
    let server = serve(listener, super::desks(desk, gauge, door), open()).unwrap();
    let handle = server.handle();
    let running = tokio::spawn(server);
    tokio::task::spawn_blocking(move || check(address))
        .await
        .unwrap();
    handle.stop(true).await;
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_answered_as_get_without_a_body() {
    with_server(|address| {
        let ask = |method| {
            say(
                address,
                &format!(
                    "{method} /healthz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
                ),
            )
        };
        let (get, head) = (ask("GET"), ask("HEAD"));
        assert!(
            get.starts_with("HTTP/1.1 200") && get.ends_with("\r\n\r\nok\n"),
            "{get}"
        );
        assert!(
            head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"),
            "{head}"
        );
        assert!(head.contains("content-length: 3"), "{head}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebound_name_is_refused_on_the_wire() {
    with_server(|address| {
        let got = say(
            address,
            "GET /v1/why?mid=1404 HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n",
        );
        assert!(
            got.starts_with("HTTP/1.1 421") && got.contains("host_unknown"),
            "{got}"
        );
        let got = say(
            address,
            &format!(
                "GET http://evil.example/ HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
            ),
        );
        assert!(got.starts_with("HTTP/1.1 421"), "{got}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_for_gzip_gets_gzip() {
    with_server(|address| {
        let mut stream = TcpStream::connect(address).unwrap();
        let ask = format!("GET /openapi.yaml HTTP/1.1\r\nhost: {address}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        let head = String::from_utf8_lossy(&response[..600]).to_ascii_lowercase();
        assert!(head.contains("content-encoding: gzip"), "{head}");
        let got = say(address, &format!("GET /v1/nothing HTTP/1.1\r\nhost: {address}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"));
        assert!(got.contains("route_unknown") && !got.contains("content-encoding"), "{got}");
    })
    .await;
}
