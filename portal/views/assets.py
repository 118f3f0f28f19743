"""Style, script and htmx: read once, served compressed at addresses that name their content.

What an address shows never changes, so browsers keep it for good; `integrity` lets them refuse
anything else. htmx comes from its own package and is nowhere copied.
"""

import base64
import gzip
import hashlib
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for

blueprint = Blueprint("assets", __name__)

STATIC = Path(__file__).parent.parent.parent / "static"
HTMX = files("js_lib_htmx").joinpath("static/htmx/htmx.min.js")
ASSETS = {
    "style.css": (STATIC / "style.css").read_bytes(),
    "app.js": (STATIC / "app.js").read_bytes(),
    "htmx.js": HTMX.read_bytes(),
}
GZIPPED = {name: gzip.compress(content, 9, mtime=0) for name, content in ASSETS.items()}
DIGESTS = {name: hashlib.sha384(content).digest() for name, content in ASSETS.items()}


def asset_url(name: str) -> str:
    """The address of an asset as it is now."""
    return url_for("assets.show", digest=DIGESTS[name].hex()[:16], name=name)


def integrity(name: str) -> str:
    """What a browser compares an asset with."""
    return "sha384-" + base64.b64encode(DIGESTS[name]).decode()


@blueprint.get("/static/<digest>/<name>")
def show(digest: str, name: str) -> Response:
    """An asset; an address of an older one is nowhere."""
    if name not in ASSETS or digest != DIGESTS[name].hex()[:16]:
        abort(404)
    compressed = "gzip" in request.accept_encodings
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    response = Response((GZIPPED if compressed else ASSETS)[name], mimetype=kind)
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.vary.add("Accept-Encoding")
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    return response
