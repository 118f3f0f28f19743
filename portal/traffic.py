"""Clicks: who followed which link, stored durably before anybody is told (R4, R5, R8).

Everything a click depends on (status, codes, links, settings) is read in the transaction that
stores it, so a change holds for the very next click, from any process. What is known of a visitor
is the click alone: no address and no user agent is kept. The statements are SQL because those
built by the models take longer than all the rest of a click.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from peewee import __exception_wrapper__ as in_peewees_words

from portal import program, rules, visits
from portal.batch import GroupCommit
from portal.clickids import click_id, click_number, click_tag
from portal.database import CLICKS, connected, db, transaction
from portal.months import day_of
from portal.visits import Visit

_YEAR_2020 = datetime(2020, 1, 1, tzinfo=UTC)
_home = ""  # the product's page as last known


# --- The click ---------------------------------------------------------------------------------


class Outcome(NamedTuple):
    """What became of a visit. `click_id` is empty for a marked one and for an unknown code.

    `landing` is where its link leads: an allowed address, empty where the program has none yet.
    """

    click_id: str
    landing: str
    days: int
    cookie_domain: str


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
            return _Batch([visit]).link(visit)[1]
    except Exception:
        return _home


def _store(arrived: list[Visit]) -> list[Outcome]:
    """Store visits in one transaction, in the order in which they came."""
    outcomes = []
    with connected(), transaction(CLICKS):
        batch = _Batch(arrived)
        visitors = _visitors(visit.former for visit in arrived if visit.former)
        for visit in arrived:
            link, page = batch.link(visit)
            affiliate, active = batch.affiliates.get(visit.code, (0, False))
            if not active:
                visit = visit._replace(mark="inactive")
            told = batch.add(visit, link, visitors.get(visit.former)) if affiliate else ""
            told = "" if visit.mark else told
            outcomes.append(Outcome(told, page, batch.days, batch.program.cookie_domain))
        batch.store()
    return outcomes


_clicks = GroupCommit(_store)


# --- What clicks depend on, and what they become -----------------------------------------------


class _Batch:
    """What clicks depend on, as it stands when they are stored, and the rows that they become."""

    def __init__(self, arrived: Collection[Visit]):
        settings = _ask(
            "SELECT name, value, (SELECT COALESCE(MAX(id), 0) FROM click), "
            "(SELECT cookie_days FROM terms_version ORDER BY id DESC LIMIT 1) "
            "FROM setting ORDER BY name"
        )
        self.program, self.key = _parsed(tuple(row[:2] for row in settings))
        self.last, self.days = settings[0][2:]  # the click stored last, and the window in force
        named = _ask(
            "SELECT c.code, a.id, a.status, l.slug, l.id, l.landing FROM code c "
            "JOIN affiliate a ON a.id = c.affiliate_id "
            "LEFT JOIN link l ON l.slug IN (...) "
            "AND (l.affiliate_id = a.id OR l.affiliate_id IS NULL) "
            "WHERE c.code IN (...) ORDER BY l.affiliate_id IS NOT NULL",
            list({"", *(visit.slug for visit in arrived)}),
            list({visit.code for visit in arrived}),
        )
        self.affiliates = {row[0]: (row[1], row[2] == rules.ACTIVE) for row in named}
        self.links = {(row[0], row[3]): row[4:] for row in named if row[4]}  # one's own come last
        self.rows: list[tuple] = []
        self.counts: Counter[tuple[int, str, int]] = Counter()  # unmarked, as ClickDay has them

    def link(self, visit: Visit) -> tuple[int | None, str]:
        """The link by which one came, by default the affiliate's own, and where it leads."""
        default = self.links.get((visit.code, ""), (None, ""))
        link, page = self.links.get((visit.code, visit.slug), default)
        home = self.program.product_url
        return link, visits.allowed(page, home, self.program.allowed_hosts) or home

    def add(self, visit: Visit, link: int | None, visitor: int | None) -> str:
        """Take a click of a known code and return its id; without a visitor it is a new one's.

        Its number grows with storing, also when the clock does not (R5).
        """
        self.last = max(self.last + 1, int((visit.at - _YEAR_2020).total_seconds() * 1000) << 21)
        affiliate = self.affiliates[visit.code][0]
        row = [self.last, affiliate, link, visitor or self.last, int(visit.at.timestamp())]
        row += [self.days, visit.mark, visit.sub_id, visit.referrer]
        tag = click_tag(row, self.key)
        self.rows.append((*row, tag))
        if not visit.mark:
            self.counts[affiliate, day_of(visit.at, self.program.zone), link or 0] += 1
        return click_id(self.last, tag)

    def store(self) -> None:
        _add(
            "INSERT INTO click (id, affiliate_id, link_id, visitor, clicked_at, days, mark, "
            "sub_id, referrer, tag) VALUES (...)",
            self.rows,
        )
        _add(
            "INSERT INTO click_day (affiliate_id, day, link_id, clicks) VALUES (...) "
            "ON CONFLICT (affiliate_id, day, link_id) "
            "DO UPDATE SET clicks = click_day.clicks + excluded.clicks",
            [(*day, clicks) for day, clicks in self.counts.items()],
        )


@lru_cache(1)
def _parsed(settings: tuple[tuple[str, str], ...]) -> tuple[program.Program, bytes]:
    """What the settings say, and the key of the clicks; read again only when they differ."""
    global _home
    stored = dict(settings)
    parsed = program.read(stored)
    _home = parsed.product_url
    return parsed, bytes.fromhex(stored["click_key"])


def _visitors(formers: Iterable[str]) -> dict[str, int]:
    """The visitor of each former click that is known and unmarked (R8)."""
    numbers = {former: click_number(former) for former in formers}
    rows = _ask(
        "SELECT id, tag, visitor FROM click WHERE mark IS NULL AND id IN (...)",
        [number[0] for number in numbers.values() if number],
    )
    stored = {(number, tag): visitor for number, tag, visitor in rows}
    visitors = {former: stored[n] for former, n in numbers.items() if n in stored}
    imported = _ask(
        "SELECT i.outside_id, c.visitor FROM imported_click i JOIN click c ON c.id = i.click_id "
        "WHERE c.mark IS NULL AND i.outside_id IN (...)",
        [former for former in numbers if former not in visitors],
    )
    return visitors | dict(imported)


def _ask(sql: str, *lists: list[Any]) -> list[tuple]:
    """What a query finds; each "..." in it stands for the values of a list, none of them empty."""
    if not all(lists):
        return []
    for values in lists:
        sql = sql.replace("...", ",".join([db.param] * len(values)), 1)
    return db.execute_sql(sql, [value for values in lists for value in values]).fetchall()


def _add(sql: str, rows: list[tuple]) -> None:
    """Insert rows in one way there and back; the "..." in the statement stands for a row."""
    if rows:
        with in_peewees_words:
            db.cursor().executemany(sql.replace("...", ",".join([db.param] * len(rows[0]))), rows)


# --- Import ------------------------------------------------------------------------------------


def store_import(clicks: list[dict[str, Any]]) -> int:
    """Store clicks of another program under the ids they had there; returns how many were new.

    Each has click_id, code and clicked_at, and may have slug, sub_id, referrer, marked and visitor,
    a text that the clicks of a browser share. One that is known already is passed over.
    """
    new: dict[str, Visit] = {}
    for click in clicks:
        new.setdefault(click["click_id"], _imported(click))
    known = "SELECT outside_id FROM imported_click WHERE outside_id IN (...)"
    with transaction(CLICKS):
        for (name,) in _ask(known, list(new)):
            del new[name]
        batch = _Batch(new.values())
        for visit in new.values():
            if visit.code not in batch.affiliates:
                raise rules.Refused(f"No affiliate has the code {visit.code!r}.", "code")
            link, _ = batch.links.get((visit.code, visit.slug), (None, ""))
            batch.add(visit, link, _browser(visit.former, batch.key) if visit.former else None)
        batch.store()
        _add(
            "INSERT INTO imported_click (outside_id, click_id) VALUES (...)",
            [(name, row[0]) for name, row in zip(new, batch.rows, strict=True)],
        )
    return len(new)


def _imported(click: dict[str, Any]) -> Visit:
    return Visit(
        code=click["code"].lower(),
        slug=(click.get("slug") or "").lower(),
        mark=click.get("marked") or None,
        former=click.get("visitor") or "",
        sub_id=click.get("sub_id") or None,
        referrer=visits.clean_referrer(click.get("referrer") or ""),
        at=click["clicked_at"],
    )


def _browser(text: str, key: bytes) -> int:
    """A visitor's number from its name elsewhere; below zero, where no click has its id."""
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=key, person=b"visitor").digest()
    return -1 - (int.from_bytes(digest, "big") >> 1)
