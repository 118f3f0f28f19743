"""What people and programs see when something cannot be done: one sentence and one way on.

Pages for people; below /api, /track and /webhooks the JSON of contract.md.
"""

from __future__ import annotations

import errno
import logging
import secrets
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, make_response, request
from flask_wtf.csrf import CSRFError
from peewee import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from portal.views.html import page

log = logging.getLogger(__name__)

JSON_PATHS = ("/api/", "/track/", "/webhooks/")
RETRY_AFTER = "5"
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal",
    503: "unavailable",
}
WORDS = {
    400: ("This could not be read", "The address or the form was not complete. Go back, load the "
          "page again and send it once more."),
    403: ("Not open to this account", "You are signed in, and this page belongs to others."),
    404: ("No page here", "The address may be mistyped, or what it showed is not yours to see."),
    405: ("Not done this way", "This address shows nothing by itself. It takes a form of ours."),
    413: ("Too much at once", "What you sent is larger than this form takes. Nothing was saved."),
    415: ("Not in this form", "What you sent is of a kind that this address does not take."),
    422: ("Something is not right", "What you sent cannot be used. Nothing was saved."),
    429: ("Too many tries", "Wait a few minutes, then try again."),
}  # fmt: skip
FOR_PROGRAMS = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "A body has 256 kB at most.",
}


def api_error(status: int, code: str, message: str, field: str | None = None) -> Response:
    """An error as programs get it: {"error": {"code", "message", "field"?}}."""
    error = {"code": code, "message": message} | ({"field": field} if field else {})
    response = jsonify(error=error)
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def register(app: Flask) -> None:
    """Answer every error of the application in these words."""
    app.register_error_handler(CSRFError, _too_old)
    app.register_error_handler(HTTPException, _told)
    app.register_error_handler(OperationalError, _busy)
    app.register_error_handler(InterfaceError, _busy)
    app.register_error_handler(OSError, _full)
    app.register_error_handler(Exception, _failed)


def _for_programs() -> bool:
    return request.path.startswith(JSON_PATHS)


def _told(error: HTTPException) -> Any:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()
    if _for_programs():
        own = error.description != type(error).description  # werkzeug's words are for browsers
        words = error.description if own else FOR_PROGRAMS.get(status)
        words = words or WORDS.get(status, ("", "This cannot be done."))[1]
        answer: Any = api_error(status, CODES.get(status, "error"), words)
    else:
        title, words = WORDS.get(status, WORDS[400])
        answer = page("errors/error.html", status=status, code=status, title=title, words=words)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def _too_old(error: CSRFError) -> Any:
    title, words = "This form is too old", "Nothing was saved. Go back, load the page again and "
    return page(
        "errors/error.html", status=400, code=400, title=title, words=f"{words}send it once more."
    )


def _plain(status: int, template: str, **context: Any) -> Response:
    """A page that needs neither session nor database."""
    return make_response(current_app.jinja_env.get_template(template).render(**context), status)


def _busy(error: Exception) -> Any:
    log.error("the database does not answer: %s", error)
    message = "The portal is busy. Nothing was saved; send it again."
    if _for_programs():
        return api_error(503, "unavailable", message)
    answer = _plain(503, "errors/503.html")
    answer.headers["Retry-After"] = RETRY_AFTER
    return answer


def _full(error: OSError) -> Any:
    return _busy(error) if error.errno in (errno.ENOSPC, errno.EROFS) else _failed(error)


def _failed(error: Exception) -> Any:
    reference = "-".join((secrets.token_hex(2), secrets.token_hex(2))).upper()
    log.exception("reference %s: %s %s", reference, request.method, request.path)
    if _for_programs():
        return api_error(500, "internal", f"This failed on our side. Reference {reference}.")
    return _plain(500, "errors/500.html", reference=reference, at=g.get("now"))
