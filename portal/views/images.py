"""Pictures that pages anywhere show: banners pasted into other sites, and the program's logo."""

from flask import Blueprint, Response, abort, request

from portal.material import Image

blueprint = Blueprint("images", __name__)

TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}


@blueprint.get("/images/<key>.<kind>")
def show(key: str, kind: str) -> Response:
    """A picture; what an address shows never changes, so it is kept for good."""
    image = Image.get_or_none(key=key, kind=kind) or abort(404)
    response = Response(bytes(image.content), mimetype=TYPES[image.kind])
    response.headers.update(
        {
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
    )
    response.set_etag(image.key)
    response.make_conditional(request)
    return response
