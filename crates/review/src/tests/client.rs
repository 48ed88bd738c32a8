//! A client of a web service with the faults and the care of real ones, as facts.

use sluice_flow::facts::*;

use super::builder::{Builder, shaped, text};

pub(super) const CLIENT: &str = r#""""Deliveries for the parcel service."""
import json
import logging
import zlib
from http_kit import Session, KeyAuth

_line = Session()


def deliver(key, base=None, pack=False, wait=10, relay=None, **parcel):
    """Deliver a parcel to the service."""
    log = logging.getLogger('parcels')
    parcel["at"] = now()
    url = (base or 'https://parcels.example.invalid') + '/v2/in'
    body = json.dumps(parcel, cls=Encoder)
    log.debug('sending %s', body)
    if pack:
        body = zlib.compress(body)
    options = {
        "wait": 10,
    }
    if relay:
        options["relay"] = relay
    answer = _line.post(url, data=body, auth=KeyAuth(key), timeout=wait)
    if answer.status == 200:
        return answer
    raise Refused(answer.status, answer.text)


class Encoder(json.JSONEncoder):
    pass
"#;

/// The facts of [`CLIENT`].
pub(super) fn client() -> Facts {
    let mut builder = Builder::new("parcels/client.py", CLIENT);
    let top = FunctionId(0);
    builder.facts.modules[0].doc = Some("Deliveries for the parcel service.".into());
    let deliver = builder.function("deliver", &["key", "base", "pack", "wait", "relay", "parcel"]);
    builder.class("Encoder");
    let session = builder.event(top, "Session()", "http_kit.Session", &[]);
    builder.event_mut(session).result = vec![7];
    let clock = builder.event(deliver, "now()", "clock.now", &[]);
    builder.event_mut(clock).source = Some("time".into());
    let dumps = builder.event(deliver, "json.dumps(parcel, cls=Encoder)", "json.dumps", &["serialize"]);
    builder.arg(dumps, "obj", &["serialize"], "parcel, cls", shaped("`parcel`"));
    let encoder = ValueFact { symbol: Some("parcels.client.Encoder".into()), ..shaped("`Encoder`") };
    builder.arg(dumps, "cls", &[], "Encoder)", encoder);
    let log = builder.event(deliver, "log.debug('sending %s', body)", "logging.Logger.debug", &["log"]);
    builder.arg(log, "msg", &["log"], "'sending %s'", text("sending %s"));
    builder.arg(log, "args", &["log"], "body", shaped("`body`"));
    let pack = builder.guard("pack", true);
    let compress = builder.event(deliver, "zlib.compress(body)", "zlib.compress", &["compress"]);
    builder.event_mut(compress).guards = [Guard { text: "pack".into(), ..pack }].into();
    let auth = builder.event(deliver, "KeyAuth(key)", "http_kit.KeyAuth", &[]);
    let _ = auth;
    let post = builder.event(
        deliver,
        "_line.post(url, data=body, auth=KeyAuth(key), timeout=wait)",
        "http_kit.Session.post",
        &["network.request"],
    );
    let url = ValueFact {
        literals: vec!["https://parcels.example.invalid".into(), "/v2/in".into()],
        patterns: vec!["{}/v2/in".into(), "https://parcels.example.invalid/v2/in".into()],
        labels: ["parameter".into()].into(),
        ..shaped("`base`, or `https://parcels.example.invalid`, + `/v2/in`")
    };
    builder.arg(post, "url", &["network.destination"], "url, data", url);
    builder.arg(post, "data", &["network.send"], "data=body", shaped("`body`"));
    builder.arg(post, "auth", &["network.send"], "auth=KeyAuth(key)", shaped("`KeyAuth(key)`"));
    builder.event_mut(post).receiver = Some(ValueFact { tokens: vec![7], ..shaped("`_line`") });
    builder.event_mut(post).source = Some("network.response".into());
    builder.path(
        ("parameter", "parcel", deliver, None),
        ("network.send", post, "data"),
        &[
            (StepKind::Through, "json.dumps", "json.dumps(parcel, cls=Encoder)"),
            (StepKind::Assign, "body", "body = json"),
            (StepKind::Through, "zlib.compress", "zlib.compress(body)"),
            (StepKind::Assign, "body", "body = zlib"),
        ],
    );
    builder.path(
        ("parameter", "parcel", deliver, None),
        ("log", log, "args"),
        &[(StepKind::Through, "json.dumps", "json.dumps(parcel, cls=Encoder)")],
    );
    builder.path(
        ("parameter", "key", deliver, None),
        ("network.send", post, "auth"),
        &[(StepKind::Through, "KeyAuth", "KeyAuth(key)")],
    );
    builder.path(
        ("parameter", "base", deliver, None),
        ("network.destination", post, "url"),
        &[(StepKind::Assign, "url", "url = ")],
    );
    builder.path(
        ("time", "clock.now", deliver, Some(clock)),
        ("network.send", post, "data"),
        &[
            (StepKind::Store, "parcel[\"at\"]", "parcel[\"at\"]"),
            (StepKind::Through, "json.dumps", "json.dumps(parcel, cls=Encoder)"),
        ],
    );
    let (store, container) =
        (builder.at("options[\"relay\"] = relay"), builder.at("options = {\n        \"wait\": 10,\n    }"));
    builder.facts.dead_stores.push(DeadStore {
        variable: "options".into(),
        key: Some("relay".into()),
        value: "relay".to_owned(),
        lost: vec!["relay".into()],
        shadowed: vec![("wait".into(), "10".to_owned())],
        evidence: store,
        container: Some(container),
        function: deliver,
    });
    let (raise, status) = (builder.at("raise Refused"), builder.guard("answer.status == 200", false));
    builder.facts.raises.push(Raise {
        exception: "Refused".into(),
        args: vec!["answer.status".to_owned(), "answer.text".to_owned()],
        evidence: raise,
        function: deliver,
        guards: vec![status],
        handler: None,
        passes_caught: false,
    });
    builder.facts
}
