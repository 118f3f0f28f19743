"""Clicks: who followed which link, stored durably before anybody is told (R4, R5, R8).

Everything a click depends on (status, codes, links, settings) is read in the transaction that
stores it, so a change holds for the very next click, from any process. What is known of a visitor
is the click alone: no address and no user agent is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from portal import landing, program, rules
from portal.batch import GroupCommit
from portal.database import CLICKS, connected, db, transaction
from portal.models import click_id, click_number, click_tag
from portal.months import day_of
from portal.visits import Visit

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
            known = _know()
            affiliates, links = _look_up([visit])
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


def _know() -> _Known:
    """The settings as they are now; their rows are read every time, parsed when they differ."""
    global _last
    rows = tuple(db.execute_sql("SELECT name, value FROM setting ORDER BY name").fetchall())
    if _last is None or _last.rows != rows:
        _last = _Known(rows, program.load(), program.secret("click_key"))
    return _last


Links = dict[tuple[int, str], tuple[int, str]]


@lru_cache(512)
def _with_marks(sql: str, param: str, *counts: int) -> str:
    for count in counts:
        sql = sql.replace("...", ",".join([param] * count), 1)
    return sql


def _rows(sql: str, *lists: list[Any]) -> list[tuple]:
    """What a query finds; each "..." in it stands for as many values as its list has."""
    if not all(lists):
        return []
    filled = _with_marks(sql, db.param, *map(len, lists))
    return db.execute_sql(filled, [value for values in lists for value in values]).fetchall()


def _add(sql: str, rows: Sequence[tuple]) -> None:
    """Insert rows; the "..." in the statement stands for all of them."""
    one = f"({','.join([db.param] * len(rows[0]))})"
    filled = sql.replace("...", ",".join([one] * len(rows)))
    db.execute_sql(filled, [value for row in rows for value in row])


def _look_up(visits: list[Visit]) -> tuple[dict[str, _Found], Links]:
    """The affiliates by the codes visited, and their links by affiliate and slug."""
    codes = list({visit.code for visit in visits})
    slugs = list({"", *(visit.slug for visit in visits)})
    found = _rows(
        "SELECT c.code, a.id, a.status, l.slug, l.id, l.landing FROM code c "
        "JOIN affiliate a ON a.id = c.affiliate_id "
        "LEFT JOIN link l ON l.affiliate_id = a.id AND l.slug IN (...) WHERE c.code IN (...)",
        slugs,
        codes,
    )
    affiliates = {row[0]: _Found(row[1], row[2] == rules.ACTIVE) for row in found}
    return affiliates, {(row[1], row[3]): (row[4], row[5]) for row in found if row[4]}


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
    rows = _rows("SELECT id, tag, visitor FROM click WHERE mark IS NULL AND id IN (...)", wanted)
    stored = {(row[0], row[1]): row[2] for row in rows}
    visitors = {text: stored[n] for text, n in numbers.items() if n and n in stored}
    rest = [text for text in numbers if text not in visitors]
    imported = _rows(
        "SELECT i.outside_id, c.visitor FROM imported_click i JOIN click c ON c.id = i.click_id "
        "WHERE c.mark IS NULL AND i.outside_id IN (...)",
        rest,
    )
    return visitors | dict(imported)


# --- Storing -----------------------------------------------------------------------------------


def _store(visits: list[Visit]) -> list[Outcome]:
    """Store visits in one transaction, in the order in which they came."""
    with connected(), transaction(CLICKS):
        known, (last, days) = _know(), _standing()
        affiliates, links = _look_up(visits)
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


def _standing() -> tuple[int, int]:
    """The id of the click stored last, and the window in force."""
    return db.execute_sql(
        "SELECT (SELECT COALESCE(MAX(id), 0) FROM click), "
        "(SELECT cookie_days FROM terms_version ORDER BY id DESC LIMIT 1)"
    ).fetchone()


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
    _add(_INSERT, rows)
    zone = known.program.zone
    days = Counter(
        (row.affiliate_id, day_of(datetime.fromtimestamp(row.clicked_at, UTC), zone))
        for row in rows
        if not row.mark
    )
    if days:
        _add(
            "INSERT INTO click_day (affiliate_id, day, clicks) VALUES ... "
            "ON CONFLICT (affiliate_id, day) "
            "DO UPDATE SET clicks = click_day.clicks + excluded.clicks",
            [(*day, count) for day, count in days.items()],
        )


_clicks = GroupCommit(_store)
