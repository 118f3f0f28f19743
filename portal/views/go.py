"""What visitors' browsers ask for, in front of the framework: the trackable link /go/<code> and
/go/<code>/<slug>, the merchant's snippet /track.js with its /track/click, and /healthz.

The click is the one address of the portal that must be fast and that must never fail, so this is a
plain WSGI callable around the application. Whatever happens in here, the visitor goes on (R8).
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from portal import traffic, visits
from portal.config import Config
from portal.database import connected, db, utcnow

Environ = dict[str, Any]
Headers = list[tuple[str, str]]

log = logging.getLogger(__name__)

LARGEST = 64 * 1024  # bytes of a body for /track/click
_COOKIE = re.compile(r"(?:^|;)\s*aff_click=\"?([a-z2-7]{26})\"?\s*(?=;|$)")
_SENT = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in visits.MARKING}
_SENT["user-agent"] = "HTTP_USER_AGENT"
_SNIPPET = (Path(__file__).parents[2] / "static" / "track.js").read_bytes()
_SNIPPET_TAG = f'"{hashlib.sha256(_SNIPPET).hexdigest()[:16]}"'
_FIELDS = ("code", "slug", "sub_id", "page", "referrer", "click_id")
_STATUS = {
    200: "200 OK",
    204: "204 No Content",
    302: "302 Found",
    304: "304 Not Modified",
    400: "400 Bad Request",
    405: "405 Method Not Allowed",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
    422: "422 Unprocessable Content",
    503: "503 Service Unavailable",
}
_PLAIN = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_CROSS_ORIGIN = {"Access-Control-Allow-Origin": "*"}  # without credentials
_PREFLIGHT = _CROSS_ORIGIN | {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",
}


class Answer(NamedTuple):
    """An answer of this module; `headers` come on top of those that each one has."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


class _Wrong(Exception):
    """A body that cannot be taken as a click."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None):
        super().__init__(message)
        error = {"code": code, "message": message} | ({"field": field} if field else {})
        self.answer = _json(status, {"error": error})


class ClickPath:
    """Answers what this module is for, and leaves every other address to `wsgi_app`."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]], config: Config):
        self._wsgi_app = wsgi_app
        self._portal_url = config.url
        self._proxies = config.proxies
        self._exact = {"/healthz": _health, "/track/click": _track, "/track.js": _snippet}

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/go/"):
            answer = self._go(environ, path[len("/go/") :])
        elif path in self._exact:
            answer = self._exact[path](environ)
        else:
            return self._wsgi_app(environ, start_response)
        headers = list((_PLAIN | answer.headers).items())
        if answer.status not in (204, 304):
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(_STATUS[answer.status], headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answer.body]

    def _go(self, environ: Environ, path: str) -> Answer:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _text(405, "A link is followed with GET.", Allow="GET, HEAD")
        visit = _visit(environ, path)
        try:
            outcome = traffic.record_click(visit)
        except Exception:
            log.exception("A click could not be stored; the visitor goes on without an id")
            return Answer(302, {"Location": traffic.find_landing(visit) or self._portal_url})
        page = outcome.landing or self._portal_url
        if not outcome.click_id:
            return Answer(302, {"Location": page})
        page = visits.with_click(page, visit.code, outcome.click_id)
        return Answer(302, {"Location": page, "Set-Cookie": self._cookie(outcome, environ)})

    def _cookie(self, outcome: traffic.Outcome, environ: Environ) -> str:
        age = outcome.days * 86_400
        domain = f"; Domain={outcome.cookie_domain}" if outcome.cookie_domain else ""
        secure = "; Secure" if self._is_https(environ) else ""
        start = f"aff_click={outcome.click_id}; Max-Age={age}; Path=/; HttpOnly; SameSite=Lax"
        return f"{start}{domain}{secure}"

    def _is_https(self, environ: Environ) -> bool:
        """Whether the visitor came by https: by the address set, the server or a trusted proxy."""
        if self._portal_url.startswith("https:") or environ.get("wsgi.url_scheme") == "https":
            return True
        told = environ.get("HTTP_X_FORWARDED_PROTO", "").split(",")
        if not 0 < self._proxies <= len(told):
            return False
        return told[-self._proxies].strip().lower() == "https"


def _visit(environ: Environ, path: str) -> visits.Visit:
    code, _, slug = path.partition("/")
    asked = _query(environ.get("QUERY_STRING", ""))
    former = _COOKIE.search(environ.get("HTTP_COOKIE", ""))
    return visits.read(
        code,
        slug.rstrip("/"),
        headers=_signs(environ),
        now=utcnow(),
        method=environ["REQUEST_METHOD"],
        sub_id=asked.get("sub_id") or asked.get("subid") or "",
        former=former.group(1) if former else "",
        referrer=environ.get("HTTP_REFERER", ""),
    )


def _signs(environ: Environ) -> dict[str, str]:
    return {name: environ[sent] for name, sent in _SENT.items() if sent in environ}


def _query(text: str) -> dict[str, str]:
    """The query's names and values; what is no query says nothing."""
    if not text:
        return {}
    try:
        return dict(parse_qsl(text, max_num_fields=100))
    except ValueError:
        return {}


# --- The merchant's own page -------------------------------------------------------------------


def _snippet(environ: Environ) -> Answer:
    """The script that the merchant puts into its pages."""
    headers = {
        "Content-Type": "text/javascript; charset=utf-8",
        "Cache-Control": "public, max-age=3600",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": _SNIPPET_TAG,
    }
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return _text(405, "A script is read with GET.", Allow="GET, HEAD")
    if environ.get("HTTP_IF_NONE_MATCH") == _SNIPPET_TAG:
        return Answer(304, headers)
    return Answer(200, headers, _SNIPPET)


def _track(environ: Environ) -> Answer:
    """A click-through made on the merchant's own page; a marked one answers null."""
    method = environ["REQUEST_METHOD"]
    if method == "OPTIONS":
        return Answer(204, _PREFLIGHT)
    try:
        if method != "POST":
            raise _Wrong(405, "method_not_allowed", "A click is told with POST.")
        told = _told(environ)
        outcome = traffic.record_click(
            visits.read(
                told["code"],
                told.get("slug", ""),
                headers=_signs(environ),
                now=utcnow(),
                method=method,
                sub_id=told.get("sub_id", ""),
                former=told.get("click_id", ""),
                referrer=told.get("referrer", ""),
            )
        )
    except _Wrong as wrong:
        allow = {"Allow": "POST, OPTIONS"} if wrong.answer.status == 405 else {}
        return wrong.answer._replace(headers=wrong.answer.headers | allow)
    except Exception:
        log.exception("A click told by a page could not be stored")
        return _json(503, {"error": {"code": "unavailable", "message": "Try again in a moment."}})
    return _json(200, {"click_id": outcome.click_id or None})


def _told(environ: Environ) -> dict[str, str]:
    """The fields of a body, null ones left out. A beacon sends its JSON as plain text."""
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind not in ("application/json", "text/plain"):
        raise _Wrong(415, "unsupported_media_type", "Send JSON.")
    try:
        told = json.loads(_body(environ))
    except (ValueError, RecursionError):
        raise _Wrong(400, "bad_request", "The body is not JSON.") from None
    if not isinstance(told, dict):
        raise _Wrong(400, "bad_request", "The body is not a JSON object.")
    for name, value in told.items():
        if name not in _FIELDS:
            raise _Wrong(422, "invalid", "There is no such field.", name[:64])
        if value is not None and not isinstance(value, str):
            raise _Wrong(422, "invalid", f"{name} is text.", name)
    if not told.get("code"):
        raise _Wrong(422, "invalid", "Say whose link it was.", "code")
    return {name: value for name, value in told.items() if value}


def _body(environ: Environ) -> bytes:
    """The body; one sent in chunks has no length, and its end is told by the server."""
    told = environ.get("CONTENT_LENGTH") or ""
    ends = environ.get("wsgi.input_terminated", False)
    length = int(told) if told.isascii() and told.isdigit() else LARGEST + 1 if ends else 0
    body = environ["wsgi.input"].read(length) if length <= LARGEST or not told else b""
    if length > LARGEST and (told or len(body) > LARGEST):
        raise _Wrong(413, "too_large", "That is too long for a click.")
    return body


def _json(status: int, content: dict[str, Any]) -> Answer:
    headers = _CROSS_ORIGIN | {"Content-Type": "application/json"}
    if status == 503:
        headers["Retry-After"] = "5"
    return Answer(status, headers, json.dumps(content).encode())


def _text(status: int, words: str, **headers: str) -> Answer:
    kind = {"Content-Type": "text/plain; charset=utf-8"}
    return Answer(status, kind | headers, f"{words}\n".encode())


def _health(environ: Environ) -> Answer:
    """Whether the portal can do its work: the database answers."""
    try:
        with connected():
            db.execute_sql("SELECT 1 FROM setting LIMIT 1").fetchone()
    except Exception:
        log.exception("The database does not answer")
        return _text(503, "The database does not answer.", **{"Retry-After": "5"})
    return _text(200, "ok")
