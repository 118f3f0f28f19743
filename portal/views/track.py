"""What the merchant asks for without a key: /track.js, its /track/click, openapi.json; /healthz."""

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import UnsupportedMediaType

from portal import fields, traffic, visits
from portal.database import db, utcnow
from portal.views.assets import STATIC
from portal.views.errors import refused

blueprint = Blueprint("track", __name__)
blueprint.register_error_handler(fields.Wrong, refused)

LARGEST = 64 * 1024  # bytes of a body for /track/click
_FILES = {name: (STATIC / name).read_bytes() for name in ("track.js", "openapi.json")}
_OPEN = {
    "Access-Control-Allow-Origin": "*",  # without credentials
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


_HINTS = {"slug": "slug", "sub_id": "sub_id", "referrer": "referrer", "click_id": "former"}
# Text of any form: a hint that is of no use is dropped later, with the click kept.
_CLICK = fields.Shape(
    {"code": fields.filled} | dict.fromkeys([*_HINTS, "page"], fields.any_text), needed=("code",)
)


@blueprint.after_request
def _open_to_other_sites(response: Response) -> Response:
    response.headers.update(_OPEN)
    return response


@blueprint.get("/track.js", defaults={"name": "track.js", "kind": "text/javascript"})
@blueprint.get(
    "/api/v1/openapi.json", defaults={"name": "openapi.json", "kind": "application/json"}
)
def file(name: str, kind: str) -> Response:
    response = Response(_FILES[name], mimetype=kind)
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


@blueprint.post("/track/click")
def click() -> Response:
    """A click-through made on the merchant's own page; a marked one answers null (R8)."""
    request.max_content_length = LARGEST
    if request.mimetype not in ("application/json", "text/plain"):  # a beacon's is plain
        raise UnsupportedMediaType("Send JSON.")
    told = _CLICK(fields.parse(request.get_data()))
    headers = {name.lower(): value for name, value in request.headers.items()}
    said = {ours: told[name] for name, ours in _HINTS.items() if name in told}
    visit = visits.read(told["code"], headers=headers, now=utcnow(), **said)
    return jsonify(click_id=traffic.record_click(visit).click_id or None)


@blueprint.get("/healthz")
def health() -> Response:
    db.execute_sql("SELECT 1 FROM setting LIMIT 1").fetchone()
    return Response("ok\n", mimetype="text/plain")
