"""What people and programs see when something cannot be done: one sentence and one way on.

Pages for people; below /api, /track and /webhooks the JSON of contract.md.
"""

import errno
import logging
import secrets
from typing import Any

from flask import Flask, Response, current_app, g, jsonify, make_response, request
from flask_wtf.csrf import CSRFError
from peewee import InterfaceError, OperationalError
from werkzeug.exceptions import BadHost, HTTPException

from portal.rules import Refused
from portal.views.html import page

log = logging.getLogger(__name__)

JSON_PATHS = ("/api/", "/track/", "/webhooks/")
RETRY_AFTER = "5"
CODES = {413: "too_large", 422: "invalid"}  # else the status in HTTP's own words
FOR_PROGRAMS = {
    404: "There is nothing at this address.",
    405: "This address does not take this method.",
    413: "A body has {most} kB at most.",
}


def api_error(status: int, code: str, message: str, field: str | None = None) -> Response:
    """An error as programs get it: {"error": {"code", "message", "field"?}}."""
    error = {"code": code, "message": message} | ({"field": field} if field else {})
    response = jsonify(error=error)
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = RETRY_AFTER
    return response


def refused(problem: Refused) -> Response:
    """What a program sent and the rules or readers refuse."""
    code = getattr(problem, "code", "invalid")
    return api_error(400 if code == "not_json" else 422, code, str(problem), problem.field)


def register(app: Flask) -> None:
    answers = {HTTPException: _told, OperationalError: _busy, InterfaceError: _busy}
    for kind, answer in (answers | {OSError: _full, Exception: _failed}).items():
        app.register_error_handler(kind, answer)


def _for_programs() -> bool:
    return request.path.startswith(JSON_PATHS)


def _told(error: HTTPException) -> Any:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()
    code = CODES.get(status) or error.name.lower().replace(" ", "_")
    if _for_programs():
        words = error.description or error.name
        if words == type(error).description:  # werkzeug's words are for browsers
            most = (request.max_content_length or 0) // 1024
            words = FOR_PROGRAMS.get(status, words).replace("{most}", str(most))
        answer = api_error(status, code, words)
    elif isinstance(error, BadHost):  # no page can name its parts then
        return error.get_response()
    else:
        case = "too_old" if isinstance(error, CSRFError) else status
        answer = page("errors/error.html", status=status, code=code, case=case)
    kept = [pair for pair in error.get_headers() if pair[0] in ("Allow", "Retry-After")]
    answer.headers.update(kept)
    return answer


def _plain(status: int, template: str, **context: Any) -> Response:
    """A page that needs neither session nor database."""
    return make_response(current_app.jinja_env.get_template(template).render(**context), status)


def _busy(error: Exception) -> Any:
    log.error("the database does not answer: %s", error)
    if _for_programs():
        said = "The portal is busy. Nothing was saved; send it again."
        return api_error(503, "unavailable", said)
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
