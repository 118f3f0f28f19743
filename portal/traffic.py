"""Clicks: who followed which link, stored durably before anybody is told (R4, R5, R8).

Everything a click depends on (status, codes, links, settings) is read in the transaction that
stores it, so a change holds for the very next click, from any process. What is known of a visitor
is the click alone: no address and no user agent is kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from portal import landing, program, rules
from portal.batch import GroupCommit
from portal.database import CLICKS, connected, pipelined, transaction
from portal.models import click_id, click_number, click_tag
from portal.months import day_of
from portal.sql import add, ask, find
from portal.visits import Visit, clean_referrer

UNKNOWN = "unknown"
_YEAR_2020 = datetime(2020, 1, 1, tzinfo=UTC)


# --- The click ---------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What became of a visit. `click_id` is empty for a marked one and for an unknown code.

    `landing` is where its link leads: an allowed address, empty where the program has none yet.
    """

    click_id: str
    mark: str | None
    landing: str
    days: int
    cookie_domain: str


class Row(NamedTuple):
    """A row of the table of clicks, in the order of its columns."""

    id: int
    affiliate_id: int
    link_id: int | None
    visitor: int
    clicked_at: int
    days: int
    mark: str | None
    sub_id: str | None
    referrer: str | None
    tag: int = 0


_INSERT = " ".join(("INSERT INTO click (", ",".join(Row._fields), ") VALUES ..."))


def record_click(visit: Visit) -> Outcome:
    """Store a click, marked or not, together with others that come now; durable on return.

    Raises what the database raised when it could not be stored.
    """
    return _clicks.add(visit)


def find_landing(visit: Visit) -> str:
    """Where a visit's link leads, from what can be read or was last known, storing nothing.

    For when a click could not be stored: the visitor goes on all the same (R8).
    """
    try:
        with connected():
            known, _, _, affiliates, links = _world_of([visit])
        found = affiliates.get(visit.code)
        return _leads_to(known.program, links, found.id if found else 0, visit.slug)[1]
    except Exception:
        return _last.program.product_url if _last else ""


# --- What a batch knows ------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """The settings as they were read, and what they say."""

    rows: tuple[tuple[str, str], ...]
    program: program.Program
    key: bytes


class _Found(NamedTuple):
    id: int
    active: bool


_last: _Known | None = None


Links = dict[tuple[int, str], tuple[int, str]]


class _World(NamedTuple):
    """What the clicks of a batch depend on, as it stands when they are stored."""

    known: _Known
    last: int  # the id of the click stored last
    days: int  # the window in force
    affiliates: dict[str, _Found]  # by code
    links: Links  # by affiliate and slug


def _world_of(visits: list[Visit]) -> _World:
    return _world({visit.code for visit in visits}, {"", *(visit.slug for visit in visits)})


def _world(codes: set[str], slugs: set[str]) -> _World:
    """Everything is asked before the first answer is looked at: it is one way there and back."""
    settings = ask("SELECT name, value FROM setting ORDER BY name")
    standing = ask(
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM click), "
        "(SELECT cookie_days FROM terms_version ORDER BY id DESC LIMIT 1)"
    )
    named = ask(
        "SELECT c.code, a.id, a.status, l.slug, l.id, l.landing FROM code c "
        "JOIN affiliate a ON a.id = c.affiliate_id "
        "LEFT JOIN link l ON l.affiliate_id = a.id AND l.slug IN (...) WHERE c.code IN (...)",
        list(slugs),
        list(codes),
    )
    known, (last, days) = _know(tuple(settings.fetchall())), standing.fetchone()
    rows = named.fetchall()
    affiliates = {row[0]: _Found(row[1], row[2] == rules.ACTIVE) for row in rows}
    return _World(known, last, days, affiliates, {row[1:4:2]: row[4:] for row in rows if row[4]})


def _know(rows: tuple[tuple[str, str], ...]) -> _Known:
    """What the settings say; their rows are read every time, and parsed when they differ."""
    global _last
    if _last is None or _last.rows != rows:
        stored = dict(rows)
        _last = _Known(rows, program.read(stored), bytes.fromhex(stored["click_key"]))
    return _last


def _leads_to(
    settings: program.Program, links: Links, affiliate: int, slug: str
) -> tuple[int | None, str]:
    """The link a visit came by and its landing page; an unknown slug is the default link."""
    link, page = links.get((affiliate, slug)) or links.get((affiliate, "")) or (None, "")
    return link, (
        landing.allowed(page, settings.product_url, settings.allowed_hosts) or settings.product_url
    )


def _visitors(formers: Iterable[str]) -> dict[str, int]:
    """The visitor of each former click that is known and unmarked (R8)."""
    numbers = {former: click_number(former) for former in set(formers) if former}
    wanted = [number[0] for number in numbers.values() if number]
    rows = find("SELECT id, tag, visitor FROM click WHERE mark IS NULL AND id IN (...)", wanted)
    stored = {(row[0], row[1]): row[2] for row in rows}
    visitors = {text: stored[n] for text, n in numbers.items() if n and n in stored}
    rest = [text for text in numbers if text not in visitors]
    imported = find(
        "SELECT i.outside_id, c.visitor FROM imported_click i JOIN click c ON c.id = i.click_id "
        "WHERE c.mark IS NULL AND i.outside_id IN (...)",
        rest,
    )
    return visitors | dict(imported)


# --- Storing -----------------------------------------------------------------------------------


def _store(visits: list[Visit]) -> list[Outcome]:
    """Store visits in one transaction, in the order in which they came."""
    with connected(), pipelined(), transaction(CLICKS):
        known, last, days, affiliates, links = _world_of(visits)
        visitors = _visitors(visit.former for visit in visits)
        rows: list[Row] = []
        outcomes = []
        for visit in visits:
            found = affiliates.get(visit.code)
            link, page = _leads_to(known.program, links, found.id if found else 0, visit.slug)
            outcome = Outcome("", UNKNOWN, page, days, known.program.cookie_domain)
            if found:
                last = _next_id(last, visit.at)
                row = _row(visit, found, link, last, days, visitors.get(visit.former, last))
                row = row._replace(tag=click_tag(list(row[:-1]), known.key))
                rows.append(row)
                seen = "" if row.mark else click_id(row.id, row.tag)
                outcome = outcome._replace(click_id=seen, mark=row.mark)
            outcomes.append(outcome)
        _insert(rows, known)
    return outcomes


def _next_id(last: int, at: datetime) -> int:
    """The id of the next click: it grows with storing, also when the clock does not (R5)."""
    return max(last + 1, int((at - _YEAR_2020).total_seconds() * 1000) << 21)


def _row(
    visit: Visit, affiliate: _Found, link: int | None, number: int, days: int, visitor: int
) -> Row:
    mark = rules.mark(
        active=affiliate.active, method=visit.method, headers=visit.signs, robot=visit.robot
    )
    at = int(visit.at.timestamp())
    texts = visit.sub_id, visit.referrer
    return Row(number, affiliate.id, link, visitor, at, days, mark, *texts)


def _insert(rows: list[Row], known: _Known) -> None:
    """Add the rows, and count the unmarked ones by day of the program's zone."""
    if not rows:
        return
    add(_INSERT, rows)
    zone = known.program.zone
    days = Counter(
        (row.affiliate_id, day_of(datetime.fromtimestamp(row.clicked_at, UTC), zone))
        for row in rows
        if not row.mark
    )
    if days:
        add(
            "INSERT INTO click_day (affiliate_id, day, clicks) VALUES ... "
            "ON CONFLICT (affiliate_id, day) "
            "DO UPDATE SET clicks = click_day.clicks + excluded.clicks",
            [(*day, count) for day, count in days.items()],
        )


_clicks = GroupCommit(_store)


# --- Import ------------------------------------------------------------------------------------


def store_import(clicks: list[dict[str, Any]]) -> int:
    """Store clicks of another program under the ids they had there; returns how many were new.

    Each has click_id, code and clicked_at, and may have slug, sub_id, referrer, marked and visitor,
    a text that the clicks of a browser share. One that is known already is passed over.
    """
    new: dict[str, dict[str, Any]] = {}
    for click in clicks:
        new.setdefault(click["click_id"], click)
    codes = {click["code"].lower() for click in clicks}
    slugs = {(click.get("slug") or "").lower() for click in clicks}
    with connected(), transaction(CLICKS):
        stored = "SELECT outside_id FROM imported_click WHERE outside_id IN (...)"
        for (name,) in find(stored, list(new)):
            del new[name]
        known, last, days, affiliates, links = _world(codes, slugs)
        rows = []
        for click in new.values():
            found = affiliates.get(click["code"].lower())
            if not found:
                raise rules.Refused(f"No affiliate has the code {click['code']!r}.", "code")
            last = _next_id(last, click["clicked_at"])
            link = links.get((found.id, (click.get("slug") or "").lower()), (None, ""))[0]
            rows.append(_imported(click, found, link, last, days, known.key))
        _insert(rows, known)
        if rows:
            add(
                "INSERT INTO imported_click (outside_id, click_id) VALUES ...",
                [(name, row.id) for name, row in zip(new, rows, strict=True)],
            )
    return len(rows)


def _imported(
    click: dict[str, Any], affiliate: _Found, link: int | None, number: int, days: int, key: bytes
) -> Row:
    browser = click.get("visitor")
    row = Row(
        id=number,
        affiliate_id=affiliate.id,
        link_id=link,
        visitor=_browser(browser, key) if browser else number,
        clicked_at=int(click["clicked_at"].timestamp()),
        days=days,
        mark=click.get("marked") or None,
        sub_id=click.get("sub_id") or None,
        referrer=clean_referrer(click.get("referrer") or ""),
    )
    return row._replace(tag=click_tag(list(row[:-1]), key))


def _browser(text: str, key: bytes) -> int:
    """A visitor's number from its name elsewhere; below zero, where no click has its id."""
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=key, person=b"visitor").digest()
    return -1 - (int.from_bytes(digest, "big") >> 1)
