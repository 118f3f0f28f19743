"""A visit: what a request for a trackable link says, made plain and harmless (R8). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from crawlerdetect import CrawlerDetect

MARKING = ("sec-purpose", "purpose", "x-moz", "sec-fetch-dest")  # headers that R8 looks at
_CODE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_SUB_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FORMER = re.compile(r"[!-~]{1,128}")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)(?:[^/]*@)?([^/@]+(?:/.*)?)")


class Visit(NamedTuple):
    """A click as it comes in: plain and harmless text, whatever was sent."""

    code: str
    slug: str
    method: str
    signs: Mapping[str, str]  # the headers of MARKING that were sent
    robot: bool
    former: str
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
    return Visit(
        code=code if _CODE.fullmatch(code) else "",
        slug=slug if slug.isprintable() and len(slug) <= 64 else "",
        method=method,
        signs={name: headers[name].lower() for name in MARKING if name in headers},
        robot=is_robot(headers.get("user-agent", "")[:512]),
        former=former if _FORMER.fullmatch(former) else "",
        sub_id=sub_id if _SUB_ID.fullmatch(sub_id) else None,
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
