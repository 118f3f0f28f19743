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
TOO_OLD = "This form is too old", "Nothing was saved. Go back, load the page and send it once more."
OTHER = "error", "This could not be done", "What was asked for cannot be done at this address."
# By status: the code for programs, the title and the sentence for people.
ERRORS = {
    400: ("bad_request", "This could not be read", "The address or the form was not complete. Go "
          "back, load the page again and send it once more."),
    401: ("unauthorized", "Sign in first", "This page is open to those who signed in."),
    403: ("forbidden", "Not open to this account", "You are signed in, and this page belongs to "
          "others."),
    404: ("not_found", "No page here", "The address may be mistyped, or what it showed is not "
          "yours to see."),
    405: ("method_not_allowed", "Not done this way", "This address shows nothing by itself. It "
          "takes a form of ours."),
    409: ("conflict", "Done already", "What you sent was sent before with other content."),
    413: ("too_large", "Too much at once", "What you sent is larger than this form takes. Nothing "
          "was saved."),
    415: ("unsupported_media_type", "Not in this form", "What you sent is of a kind that this "
          "address does not take."),
    422: ("invalid", "Something is not right", "What you sent cannot be used. Nothing was saved."),
    429: ("too_many_requests", "Too many tries", "Wait a few minutes, then try again."),
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
    answers = {HTTPException: _told, OperationalError: _busy, InterfaceError: _busy}
    for kind, answer in (answers | {OSError: _full, Exception: _failed}).items():
        app.register_error_handler(kind, answer)


def _for_programs() -> bool:
    return request.path.startswith(JSON_PATHS)


def _told(error: HTTPException) -> Any:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()
    code, title, words = ERRORS.get(status, OTHER)
    if _for_programs():
        own = error.description != type(error).description  # werkzeug's words are for browsers
        said = error.description if own else FOR_PROGRAMS.get(status)
        answer: Any = api_error(status, code, said or words)
    else:
        title, words = TOO_OLD if isinstance(error, CSRFError) else (title, words)
        answer = page("errors/error.html", status=status, code=status, title=title, words=words)
    kept = [pair for pair in error.get_headers() if pair[0] in ("Allow", "Retry-After")]
    answer.headers.update(kept)
    return answer


def _plain(status: int, template: str, **context: Any) -> Response:
    """A page that needs neither session nor database."""
    return make_response(current_app.jinja_env.get_template(template).render(**context), status)


def _busy(error: Exception) -> Any:
    log.error("the database does not answer: %s", error)
    if _for_programs():
        return api_error(
            503, "unavailable", "The portal is busy. Nothing was saved; send it again."
        )
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
