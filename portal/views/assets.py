"""Style, script and htmx: read once, served compressed at addresses that name their content.

What an address shows never changes, so browsers keep it for good; `integrity` lets them refuse
anything else. htmx comes from its own package and is nowhere copied.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for

blueprint = Blueprint("assets", __name__)

STATIC = Path(__file__).parent.parent.parent / "static"
FOREVER = "public, max-age=31536000, immutable"


class Asset:
    """A file as it is sent: its type, its digests, plain and compressed."""

    def __init__(self, content: bytes, mimetype: str):
        self.content, self.mimetype = content, mimetype
        self.digest = hashlib.sha256(content).hexdigest()[:16]
        self.integrity = "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
        self.gzipped = gzip.compress(content, 9, mtime=0)


ASSETS = {
    "style.css": Asset((STATIC / "style.css").read_bytes(), "text/css"),
    "app.js": Asset((STATIC / "app.js").read_bytes(), "text/javascript"),
    "htmx.js": Asset(
        files("js_lib_htmx").joinpath("static/htmx/htmx.min.js").read_bytes(), "text/javascript"
    ),
}


def asset_url(name: str) -> str:
    """The address of an asset as it is now."""
    return url_for("assets.show", digest=ASSETS[name].digest, name=name)


def integrity(name: str) -> str:
    """What a browser compares an asset with."""
    return ASSETS[name].integrity


@blueprint.get("/static/<digest>/<name>")
def show(digest: str, name: str) -> Response:
    """An asset; an address of an older one is nowhere."""
    asset = ASSETS.get(name)
    if asset is None or asset.digest != digest:
        abort(404)
    compressed = "gzip" in request.accept_encodings
    response = Response(asset.gzipped if compressed else asset.content, mimetype=asset.mimetype)
    response.headers["Cache-Control"] = FOREVER
    response.vary.add("Accept-Encoding")
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    return response
