"""Where a link leads: only to the program's own hosts (R8), with the click in the query. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, unquote_plus, urljoin, urlsplit

LONGEST = 2000
_FORM = re.compile(r"(https?:/)?/[^/\\ ][^\\ ]*$|/$", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_AS_WRITTEN = "%/:?#[]@!$&'()*+,;=-._~"  # what an address may hold unescaped


def _place(scheme: str, netloc: str) -> tuple[str, int] | None:
    """Host and port of an address; None where it has neither, or a user name."""
    parts = urlsplit(f"{scheme}://{netloc}")
    if "@" in netloc or not parts.hostname or not re.fullmatch(r"[a-z0-9.-]+", parts.hostname):
        return None
    return parts.hostname, parts.port or _PORTS[scheme]


@lru_cache(1024)
def allowed(url: str, product_url: str, hosts: tuple[str, ...]) -> str:
    """The address that a link may lead to, ready for a header; empty when it may not.

    Its host is one of `hosts` or the product's own. A path alone is one of the product's site.
    """
    if not _FORM.match(url) or len(url) > LONGEST or not url.isprintable():
        return ""
    try:
        full = urlsplit(urljoin(product_url, url))
        own = urlsplit(product_url).netloc
        place = _place(full.scheme, full.netloc)
        places = {_place(full.scheme, host) for host in (own, *hosts)}
    except ValueError:
        return ""
    return quote(full.geturl(), safe=_AS_WRITTEN) if place and place in places else ""


def with_click(url: str, code: str, click_id: str) -> str:
    """The address with `via` and `click_id` set in its query; all else in it stays."""
    start, mark, fragment = url.partition("#")
    page, _, query = start.partition("?")
    kept = [part for part in query.split("&") if part and _name(part) not in ("via", "click_id")]
    return f"{page}?{'&'.join([*kept, f'via={code}', f'click_id={click_id}'])}{mark}{fragment}"


def _name(part: str) -> str:
    return unquote_plus(part.partition("=")[0])
