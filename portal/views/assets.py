"""Style, script and htmx, read once and served compressed, and pictures that pages anywhere show.

Addresses name their content, so what one shows never changes and browsers keep it for good;
`integrity` lets them refuse anything else. htmx comes from its own package and is nowhere copied.
"""

import base64
import gzip
import hashlib
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for

from portal.material import Image

blueprint = Blueprint("assets", __name__)

STATIC = Path(__file__).parent.parent.parent / "static"
HTMX = files("js_lib_htmx").joinpath("static/htmx/htmx.min.js")
ASSETS = {
    "style.css": (STATIC / "style.css").read_bytes(),
    "app.js": (STATIC / "app.js").read_bytes(),
    "htmx.js": HTMX.read_bytes(),
}
GZIPPED = {name: gzip.compress(content, 9, mtime=0) for name, content in ASSETS.items()}
FOR_GOOD = "public, max-age=31536000, immutable"
TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
DIGESTS = {name: hashlib.sha384(content).digest() for name, content in ASSETS.items()}


def asset_url(name: str) -> str:
    return url_for("assets.show", digest=DIGESTS[name].hex()[:16], name=name)


def integrity(name: str) -> str:
    return "sha384-" + base64.b64encode(DIGESTS[name]).decode()


@blueprint.get("/static/<digest>/<name>")
def show(digest: str, name: str) -> Response:
    """An asset; an address of an older one is nowhere."""
    if name not in ASSETS or digest != DIGESTS[name].hex()[:16]:
        abort(404)
    compressed = "gzip" in request.accept_encodings
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    response = Response((GZIPPED if compressed else ASSETS)[name], mimetype=kind)
    response.headers["Cache-Control"] = FOR_GOOD
    response.vary.add("Accept-Encoding")
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    return response


@blueprint.get("/images/<key>.<kind>")
def image(key: str, kind: str) -> Response:
    found = Image.get_or_none(key=key, kind=kind) or abort(404)
    response = Response(bytes(found.content), mimetype=TYPES[found.kind])
    response.headers.update(
        {
            "Cache-Control": FOR_GOOD,
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
    )
    response.set_etag(found.key)
    response.make_conditional(request)
    return response
