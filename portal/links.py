"""An affiliate's own links: made, renamed, led elsewhere, never deleted (R4, R8).

A slug is for good, so a link that was pasted somewhere goes on working.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from peewee import JOIN, fn

from portal import formats, program
from portal.books import Entry, Order, Payment
from portal.database import transaction
from portal.models import Affiliate, Audit, Click, ClickDay, Link
from portal.reports import MAIN_LINK, first_day, total
from portal.rules import Refused

MOST = 200
MAIN = "main"  # names the link without a slug in addresses of the Resource Center
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


# --- Reading -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A link with its click-throughs of the last 90 days, and its orders and cents ever."""

    link: Link
    clicks: int = 0
    orders: int = 0
    earned: int = 0

    @property
    def key(self) -> str:
        """What names the link in addresses of the Resource Center."""
        return self.link.slug or MAIN


def main_link() -> Link:
    """The link that every affiliate has without making it; it is not stored."""
    return Link(slug="", name=MAIN_LINK)


def find(affiliate: Affiliate, slug: str) -> Link | None:
    """The link of an affiliate, or of the program for it, by its slug; "main" is the main one."""
    if slug == MAIN:
        return main_link()
    if not slug.isprintable():
        return None
    known = Link.select().where(Link.of(affiliate) & (Link.slug == slug.lower()))
    return known.order_by(Link.affiliate.is_null()).first()  # one's own come first


def table(affiliate: Affiliate, *, now: datetime, zone: ZoneInfo) -> list[Row]:
    """The main link, the affiliate's own by name, and those of the program that brought a click."""
    first = first_day(now, zone).isoformat()
    counted = (
        ClickDay.select(ClickDay.link_id, fn.SUM(ClickDay.clicks))
        .where(ClickDay.affiliate_id == affiliate.id, ClickDay.day >= first)
        .group_by(ClickDay.link_id)
    )
    clicks = {key: int(count) for key, count in counted.tuples()}
    won = _won(affiliate)
    used = [*clicks, *won]
    mine = (Link.affiliate == affiliate) | (Link.affiliate.is_null() & Link.id.in_(used))
    stored = Link.select().where(mine).order_by(Link.affiliate.is_null(), fn.LOWER(Link.name))
    return [
        Row(link, clicks.get(link.id or 0, 0), *won.get(link.id or 0, (0, 0)))
        for link in (main_link(), *stored)
    ]


def _won(affiliate: Affiliate) -> dict[int, tuple[int, int]]:
    """Orders whose winning click was on a link, and what they earned, by link; 0 is the main."""
    # An entry of R9 is always of whom the order is credited to; to say so would mislead SQLite.
    earned: Any = (Entry.payment == Payment.id) & (Entry.rule == "R9")
    query: Any = Order.select(Click.link_id, fn.COUNT(Order.id.distinct()), total(Entry.amount))
    query = query.join(Click, on=(Order.click_id == Click.id))
    query = query.join_from(Order, Payment, JOIN.LEFT_OUTER)
    query = query.join(Entry, JOIN.LEFT_OUTER, on=earned)
    rows = query.where(Order.credited_to == affiliate).group_by(Click.link_id).tuples()
    return {key or 0: (orders, int(cents)) for key, orders, cents in rows}


# --- Deeds -------------------------------------------------------------------------------------


def make(
    affiliate: Affiliate, name: str, page: str, slug: str = "", *, now: datetime
) -> tuple[Link, bool]:
    """Make a link; one that is just so already is not made again: that one, and False.

    `page` is an address or "" for the home page, `slug` what is to be its ending. Raises Refused.
    """
    landing, slug = program.load().landing(page), slug.lower()
    if slug and (not _SLUG.fullmatch(slug) or slug == MAIN):
        said = "An ending has 1 to 40 letters a to z, digits and dashes, and is not main."
        raise Refused(said, "slug")
    with transaction():
        known = list(Link.select().where(Link.of(affiliate)))
        own = {link.slug: link for link in known if link.affiliate_id}
        for link in own.values():
            if (link.name, link.landing) == (name, landing) and slug in ("", link.slug):
                return link, False
        _refuse_name(name, known)
        if slug in own:
            raise Refused(f"Your link {own[slug].name!r} ends so already. Choose another.", "slug")
        if len(own) >= MOST:
            said = f"You have {MOST} links, which is all there are. Change one you no longer use."
            raise Refused(said, "name")
        slug = slug or formats.unused(formats.slug(name)[:32].strip("-") or "link", {MAIN, *own})
        link = Link.create(
            affiliate=affiliate, slug=slug, name=name, landing=landing, created_at=now
        )
        Audit.note(affiliate.code, "link made", slug, now, name=name, landing=landing)
        return link, True


def change(link: Link, name: str, page: str, *, now: datetime) -> None:
    """Rename an affiliate's own link, or lead it elsewhere; its address stays. Raises Refused."""
    affiliate, landing = link.affiliate, program.load().landing(page)
    with transaction():
        link = Link.get_by_id(link.id)
        if (link.name, link.landing) == (name, landing):
            return
        others = Link.select().where(Link.of(affiliate), Link.id != link.id)
        _refuse_name(name, others)
        Link.update(name=name, landing=landing).where(Link.id == link.id).execute()
        Audit.note(affiliate.code, "link changed", link.slug, now, name=name, landing=landing)


def _refuse_name(name: str, known: Any) -> None:
    """Two links of one name could not be told apart in the tables of clicks and orders."""
    named = {link.name.casefold() for link in (main_link(), *known)}
    if name.casefold() in named:
        raise Refused("There is a link with this name already. Choose another name.", "name")
