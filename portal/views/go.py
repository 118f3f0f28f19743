"""The trackable link /go/<code> and /go/<code>/<slug>, in front of the framework.

The click is the one address of the portal that must be fast and that must never fail, so this is a
plain WSGI callable around the application. Whatever happens in here, the visitor goes on (R8).
"""

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from portal import traffic, visits
from portal.database import utcnow

Environ = dict[str, Any]

log = logging.getLogger(__name__)

_COOKIE = re.compile(r"(?:^|;)\s*aff_click=\"?([a-z2-7]{26})\"?\s*(?=;|$)")
_SENT = {f"HTTP_{name.upper().replace('-', '_')}": name for name in (*visits.MARKING, "user-agent")}
_HEADERS = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Length", "0"),
]


class ClickPath:
    """Follows links, and leaves every other address to `wsgi_app`; `url` is the portal's own."""

    def __init__(self, wsgi_app: Callable[..., Iterable[bytes]], url: str):
        self._wsgi_app = wsgi_app
        self._url = url

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if not path.startswith("/go/"):
            return self._wsgi_app(environ, start_response)
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            start_response("302 Found", _HEADERS + self._follow(_visit(environ, path), environ))
        else:
            start_response("405 Method Not Allowed", [*_HEADERS, ("Allow", "GET, HEAD")])
        return [b""]

    def _follow(self, visit: visits.Visit, environ: Environ) -> list[tuple[str, str]]:
        try:
            outcome = traffic.record_click(visit)
        except Exception:
            log.exception("A click could not be stored; the visitor goes on without an id")
            return [("Location", traffic.find_landing(visit) or self._url)]
        page = outcome.landing or self._url
        if not outcome.click_id:
            return [("Location", page)]
        cookie = f"aff_click={outcome.click_id}; Max-Age={outcome.days * 86_400}; Path=/"
        if outcome.cookie_domain:
            cookie += f"; Domain={outcome.cookie_domain}"
        if "https" in (environ["wsgi.url_scheme"], self._url.partition(":")[0]):
            cookie += "; Secure"
        page = visits.with_click(page, visit.code, outcome.click_id)
        return [("Location", page), ("Set-Cookie", f"{cookie}; HttpOnly; SameSite=Lax")]


def _visit(environ: Environ, path: str) -> visits.Visit:
    code, _, slug = path.removeprefix("/go/").partition("/")
    asked = dict(parse_qsl(environ.get("QUERY_STRING", "")))
    former = _COOKIE.search(environ.get("HTTP_COOKIE", ""))
    return visits.read(
        code,
        slug.rstrip("/"),
        headers={name: environ[sent] for sent, name in _SENT.items() if sent in environ},
        now=utcnow(),
        method=environ["REQUEST_METHOD"],
        sub_id=asked.get("sub_id") or asked.get("subid") or "",
        former=former.group(1) if former else "",
        referrer=environ.get("HTTP_REFERER", ""),
    )
