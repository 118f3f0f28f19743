"""The trackable link, in front of the framework: /go/<code>, /go/<code>/<slug> and /healthz.

The click is the one address of the portal that must be fast and that must never fail, so it is a
plain WSGI callable around the application. Whatever happens in here, the visitor goes on (R8).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from portal import landing, traffic, visits
from portal.config import Config
from portal.database import connected, db, utcnow

Environ = dict[str, Any]
Headers = list[tuple[str, str]]

log = logging.getLogger(__name__)

_PREFIX = "/go/"
_COOKIE = re.compile(r"(?:^|;)\s*aff_click=\"?([a-z2-7]{26})\"?\s*(?=;|$)")
_SENT = {name: f"HTTP_{name.upper().replace('-', '_')}" for name in visits.MARKING}
_SENT["user-agent"] = "HTTP_USER_AGENT"
_PLAIN = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
]


class ClickPath:
    """Answers clicks and /healthz, and leaves every other address to `wsgi_app`."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]], config: Config):
        self._wsgi_app = wsgi_app
        self._portal_url = config.url
        self._proxies = config.proxies

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith(_PREFIX):
            status, headers, body = self._click(environ, path[len(_PREFIX) :])
        elif path == "/healthz":
            status, headers, body = _health()
        else:
            return self._wsgi_app(environ, start_response)
        sent = b"" if environ["REQUEST_METHOD"] == "HEAD" else body
        start_response(status, [*headers, *_PLAIN, ("Content-Length", str(len(body)))])
        return [sent]

    def _click(self, environ: Environ, path: str) -> tuple[str, Headers, bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            plain = [("Content-Type", "text/plain; charset=utf-8"), ("Allow", "GET, HEAD")]
            return "405 Method Not Allowed", plain, b"A link is followed with GET.\n"
        visit = _visit(environ, path)
        try:
            outcome = traffic.record_click(visit)
        except Exception:
            log.exception("A click could not be stored; the visitor goes on without an id")
            page = traffic.find_landing(visit) or self._portal_url
            return "302 Found", [("Location", page)], b""
        page = outcome.landing or self._portal_url
        if not outcome.click_id:
            return "302 Found", [("Location", page)], b""
        cookie = self._cookie(outcome, environ)
        page = landing.with_click(page, visit.code, outcome.click_id)
        return "302 Found", [("Location", page), ("Set-Cookie", cookie)], b""

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
        headers={name: environ[sent] for name, sent in _SENT.items() if sent in environ},
        now=utcnow(),
        method=environ["REQUEST_METHOD"],
        sub_id=asked.get("sub_id") or asked.get("subid") or "",
        former=former.group(1) if former else "",
        referrer=environ.get("HTTP_REFERER", ""),
    )


def _query(text: str) -> dict[str, str]:
    """The query's names and values; what is no query says nothing."""
    if not text:
        return {}
    try:
        return dict(parse_qsl(text, max_num_fields=100))
    except ValueError:
        return {}


def _health() -> tuple[str, Headers, bytes]:
    """Whether the portal can do its work: the database answers."""
    plain = [("Content-Type", "text/plain; charset=utf-8")]
    try:
        with connected():
            db.execute_sql("SELECT 1 FROM setting LIMIT 1").fetchone()
    except Exception:
        log.exception("The database does not answer")
        return "503 Service Unavailable", [*plain, ("Retry-After", "5")], b"no database\n"
    return "200 OK", plain, b"ok\n"
