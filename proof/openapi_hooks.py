"""What schemathesis needs to know beside the document, for `npm run proof -- openapi`."""

import itertools
import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(context, value):
    """The document knows NDJSON as text only; each generated text becomes the message of a line."""
    return "".join(f"{json.dumps({'message': f'line {text}'})}\n" for text in str(value).splitlines() or [""]).encode()


@schemathesis.serializer("application/logplex-1")
def logplex(context, value):
    """Frames as Heroku's router sends them, each with its length."""
    frames = [f"<190>1 2026-11-29T10:00:01Z host app web.1 - {line}" for line in str(value).splitlines() or ["x"]]
    return b"".join(b"%d %s" % (len(frame.encode()), frame.encode()) for frame in frames)


@schemathesis.hook
def before_call(context, case, kwargs):
    """
    A repeated Idempotency-Key answers with the first result, whatever the body is. Each request comes from another address,
    because an address that shows many wrong keys is refused.
    """
    if case.headers:
        case.headers.pop("Idempotency-Key", None)
    number = next(addresses)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    case.headers["X-Forwarded-For"] = address


addresses = itertools.count(1)


@schemathesis.check
def batch_data_rejection(ctx, response, case):
    """An alert that violates its schema is rejected, alone where it is one of several."""
    if case.operation.path not in ("/api/alerts", "/api/alerts/alertmanager") or response.status_code != 200:
        return
    meta = case.meta
    if meta is None or not meta.generation.mode.is_negative:
        return
    if not any(str(location).endswith("BODY") and part.mode.is_negative for location, part in meta.components.items()):
        return
    body = case.body
    if isinstance(body, dict) and not body.get("alerts", True):
        return  # There is nothing to reject.
    assert response.json()["rejected"] > 0, "A body that violates the schema was accepted"
