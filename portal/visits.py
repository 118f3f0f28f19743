"""A visit by a trackable link: what its request says, made plain and harmless, and where it leads.

A link leads only to the program's own hosts (R8). Pure.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote_plus, urljoin, urlsplit

from crawlerdetect import CrawlerDetect

from portal import rules

MARKING = ("sec-purpose", "purpose", "x-moz", "sec-fetch-dest")  # headers that R8 looks at
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
SUB_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FORMER = re.compile(r"[!-~]{1,128}")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/]*@)?([^/@]+(?:/.*)?)")


class Visit(NamedTuple):
    """A click as it comes in: plain and harmless text, whatever was sent."""

    code: str
    slug: str
    mark: str | None  # why it never counts, whoever's link it is
    former: str  # the click id that the browser brought, or its name in an import
    sub_id: str | None
    referrer: str | None
    at: datetime


def read(
    code: str,
    slug: str = "",
    *,
    headers: Mapping[str, str],
    now: datetime,
    method: str = "GET",
    sub_id: str = "",
    former: str = "",
    referrer: str = "",
) -> Visit:
    """The visit that a request makes; `headers` have lower-case names."""
    code, slug = code.lower() if code.isascii() else "", slug.lower()
    signs = {name: headers[name].lower() for name in MARKING if name in headers}
    robot = is_robot(headers.get("user-agent", "")[:512])
    return Visit(
        code=code if _CODE.fullmatch(code) else "",
        slug=slug if slug.isprintable() and len(slug) <= 64 else "",
        mark=rules.mark(active=True, method=method, headers=signs, robot=robot),
        former=former if _FORMER.fullmatch(former) else "",
        sub_id=sub_id if SUB_ID.fullmatch(sub_id) else None,
        referrer=clean_referrer(referrer),
        at=now,
    )


_crawlers = CrawlerDetect()


@lru_cache(4096)
def is_robot(agent: str) -> bool:
    """Whether a user agent is a known robot (R8). None at all is one; Lynx is read by people.

    A program that is no browser and gives the address of its makers is one too.
    """
    agent = agent.strip()
    if not agent or _crawlers.is_crawler(agent):
        return not agent.startswith("Lynx/")
    return "://" in agent and not agent.startswith(("Mozilla/", "Opera/"))


def clean_referrer(text: str) -> str | None:
    """A referrer as it is kept: scheme, host and path, at most 300 plain characters."""
    plain = "".join(filter(str.isprintable, text[:2000]))
    found = _ADDRESS.fullmatch(re.split(r"[?#]", plain, maxsplit=1)[0])
    return "".join(found.groups())[:300] if found else None


# --- Where it leads ----------------------------------------------------------------------------

_FORM = re.compile(r"(https?:/)?/[^/\\ ][^\\ ]*$|/$", re.IGNORECASE)
_AS_WRITTEN = "%/:?#[]@!$&'()*+,;=-._~"  # what an address may hold unescaped


@lru_cache(1024)
def allowed(url: str, product_url: str, hosts: tuple[str, ...]) -> str:
    """The address that a link may lead to, ready for a header; empty when it may not.

    Its host is one of `hosts` or the product's own. A path alone is one of the product's site.
    """
    if not _FORM.match(url) or len(url) > 2000 or not url.isprintable():
        return ""
    try:
        full = urlsplit(urljoin(product_url, url))
        own = urlsplit(product_url).netloc
        place = _place(full.scheme, full.netloc)
        places = {_place(full.scheme, host) for host in (own, *hosts)}
    except ValueError:
        return ""
    return quote(full.geturl(), safe=_AS_WRITTEN) if place and place in places else ""


def _place(scheme: str, netloc: str) -> tuple[str, int] | None:
    """Host and port of an address; None where it has neither, or a user name."""
    parts = urlsplit(f"{scheme}://{netloc}")
    if "@" in netloc or not parts.hostname or not re.fullmatch(r"[a-z0-9.-]+", parts.hostname):
        return None
    return parts.hostname, parts.port or {"http": 80, "https": 443}[scheme]


def with_click(url: str, code: str, click_id: str) -> str:
    """The address with `via` and `click_id` set in its query; all else in it stays."""
    start, mark, fragment = url.partition("#")
    page, _, query = start.partition("?")
    ours = ("via", "click_id")
    parts = [part for part in query.split("&") if part]
    kept = [part for part in parts if unquote_plus(part.partition("=")[0]) not in ours]
    return f"{page}?{'&'.join([*kept, f'via={code}', f'click_id={click_id}'])}{mark}{fragment}"
