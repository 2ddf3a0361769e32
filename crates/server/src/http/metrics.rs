//! What a host's monitoring wants to know, in the text format that Prometheus reads (`OpenMetrics` 1.0).
//!
//! It is served on an address of its own and nowhere else, because it says how busy people are. Nobody is named in
//! it: it counts sockets, calls and packets. Every number is read at the moment it is asked for.

use std::fmt;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use relay::{Counters, DropReason, Traffic};

use crate::app::Shared;

const CONTENT_TYPE: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// `GET /metrics`, and nothing else.
pub(crate) fn router(app: Shared) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(app)
}

async fn metrics(State(app): State<Shared>) -> Response {
    let mut registry = Registry::with_prefix("ahoy");
    registry.register_collector(Box::new(Everything(app)));
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(Debug)]
struct Everything(Shared);

impl Collector for Everything {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self(app) = self;
        let mut page = Page(encoder);
        page.gauge(
            "sockets",
            "Sockets of devices that are signed in",
            app.hub.all_sockets() as u64,
        )?;
        let calls = app.calls.count();
        page.gauges(
            "calls",
            "Calls that go on, by state",
            "state",
            [
                ("ringing", calls.ringing),
                ("connecting", calls.connecting),
                ("active", calls.active),
            ],
        )?;
        match &app.relay {
            Some(relay) => page.relay(&relay.counters()),
            None => Ok(()),
        }
    }
}

/// Writes one metric after the other.
struct Page<'a>(DescriptorEncoder<'a>);

impl Page<'_> {
    fn relay(&mut self, counters: &Counters) -> fmt::Result {
        let directions = |of: fn(Traffic) -> u64| {
            [
                ("from_clients", of(counters.from_clients)),
                ("to_clients", of(counters.to_clients)),
            ]
        };
        let drops = DropReason::ALL.map(|reason| (reason_name(reason), counters.dropped(reason)));
        self.gauge(
            "relay_allocations",
            "Allocations of the relay",
            counters.allocations,
        )?;
        for (name, help, value) in [
            (
                "relay_allocations_made",
                "Allocations made",
                counters.allocations_made,
            ),
            (
                "relay_bindings",
                "STUN binding requests answered",
                counters.bindings,
            ),
            (
                "relay_challenges",
                "Answers to strangers that ask for a credential",
                counters.challenges,
            ),
            ("relay_refused", "Requests refused", counters.refused),
        ] {
            self.counter(name, help, value)?;
        }
        self.counters(
            "relay_packets",
            "Packets relayed",
            "direction",
            directions(|t| t.packets),
        )?;
        self.counters(
            "relay_payload_bytes",
            "Their payload, without the headers of UDP and TURN",
            "direction",
            directions(|t| t.bytes),
        )?;
        self.counters(
            "relay_dropped_packets",
            "Packets dropped, by reason",
            "reason",
            drops,
        )
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.one(name, help, &ConstGauge::new(value))
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.one(name, help, &ConstCounter::new(value))
    }

    fn gauges<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: [(&str, u64); N],
    ) -> fmt::Result {
        self.family(name, help, label, values, ConstGauge::new)
    }

    fn counters<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: [(&str, u64); N],
    ) -> fmt::Result {
        self.family(name, help, label, values, ConstCounter::new)
    }

    fn one(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
        let kind = metric.metric_type();
        metric.encode(self.0.encode_descriptor(name, help, None, kind)?)
    }

    fn family<M: EncodeMetric, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: [(&str, u64); N],
        metric: impl Fn(u64) -> M,
    ) -> fmt::Result {
        let kind = metric(0).metric_type();
        let mut family = self.0.encode_descriptor(name, help, None, kind)?;
        for (is, value) in values {
            metric(value).encode(family.encode_family(&[(label, is)])?)?;
        }
        Ok(())
    }
}

const fn reason_name(reason: DropReason) -> &'static str {
    match reason {
        DropReason::Malformed => "malformed",
        DropReason::NoAllocation => "no_allocation",
        DropReason::NoChannel => "no_channel",
        DropReason::NoPermission => "no_permission",
        DropReason::PeerDenied => "peer_denied",
        DropReason::Bandwidth => "bandwidth",
        DropReason::Stranger => "stranger",
    }
}
