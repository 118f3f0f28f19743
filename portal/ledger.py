"""The one door of the books: posting entries, and reading balances.

Entries are only ever added (R17). Only this module inserts them; the database refuses to change or
delete one. A source posts once, so nothing can be posted twice.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from peewee import Expression, Value, fn

from portal import months, rules, taxes
from portal.books import Entry, Line, Payout


def post(lines: Sequence[Line]) -> None:
    """Post what a deed makes, within the deed that records it (R17)."""
    if lines:
        Entry.insert_many(lines, list(Line._fields)).execute()


def post_adjustment(affiliate_id: int, amount: int, fact_id: int, *, now: datetime) -> None:
    """Post an admin's correction; the fact keeps the reason (R17)."""
    told = (rules.ADJUSTMENT, amount, "R17", f"{fact_id}:0", now, now)
    post([Line(affiliate_id, *told, fact_id=fact_id)])


def post_void(payout: Payout, part: int, *, now: datetime) -> None:
    """Give the money of a void check back to the balance (R21)."""
    told = (rules.PAYOUT_VOID, payout.amount, "R21", f"payout:{payout.id}:{part}:void", now, now)
    post([Line(payout.affiliate_id, *told, payout_id=payout.id)])


def post_reissue(payout: Payout, part: int, *, now: datetime) -> None:
    """Take the money of a reissued check from the balance again (R21)."""
    told = (rules.PAYOUT, -payout.amount, "R21", f"payout:{payout.id}:{part}", now, now)
    post([Line(payout.affiliate_id, *told, payout_id=payout.id)])


def post_run(month: str, *, now: datetime) -> None:
    """Post the payouts of a month's run, one negative entry each, in a single statement (R18)."""
    at = Value(int(now.timestamp())).cast("BIGINT")
    kind, rule, source, part = (Value(t).cast("TEXT") for t in ("payout", "R18", "payout:", ":1"))
    amount = Payout.amount * -1  # a minus before a field would mean its order
    source = fn.CONCAT(source, Payout.id, part)
    rows = Payout.select(Payout.affiliate_id, kind, amount, at, at, rule, source, Payout.id)
    rows = rows.where(Payout.run == month).order_by(Payout.affiliate_id)
    fields = "affiliate kind amount happened_at recorded_at rule source payout".split()
    Entry.insert_from(rows, [getattr(Entry, name) for name in fields]).execute()


def balance(affiliate_id: int) -> int:
    """The sum of all entries of an affiliate, in cents."""
    total = Entry.select(fn.SUM(Entry.amount)).where(Entry.affiliate == affiliate_id).scalar()
    return int(total or 0)


def last_entry() -> int:
    """The id of the entry posted last, 0 before the first."""
    return Entry.select(fn.MAX(Entry.id)).scalar() or 0


def is_due(month_end: datetime) -> Expression:
    """The condition of rules.is_due on stored entries (R18)."""
    early = Entry.happened_at < month_end
    return (Entry.amount < 0) | (Entry.kind == rules.PAYOUT_VOID) | early


def sums_due(month_end: datetime, *, last: int, only: int | None = None) -> dict[int, int]:
    """What is due to each affiliate by the entries up to the id `last`, zeros left out (R18).

    One aggregate: a run reads millions of entries.
    """
    due = is_due(month_end) & (Entry.id <= last)
    if only is not None:
        due &= Entry.affiliate == only
    total = fn.SUM(Entry.amount)
    query = Entry.select(Entry.affiliate_id, total).where(due)
    query = query.group_by(Entry.affiliate_id).having(total != 0).order_by(Entry.affiliate_id)
    return {affiliate: int(amount) for affiliate, amount in query.tuples()}


def highest_year(
    month_end: datetime, zone: ZoneInfo, *, above: int, last: int, only: int | None = None
) -> dict[int, int]:
    """The highest earnings of any one calendar year, of those with more than `above` (R20).

    Commission, override and their reversals count by the year of the payment concerned, of
    payments that happened before `month_end`, by the entries up to the id `last`.
    """
    counted = Entry.kind.in_(rules.EARNINGS) & (Entry.id <= last) & (Entry.paid_at < month_end)
    if only is not None:
        counted &= Entry.affiliate == only
    highest: dict[int, int] = {}
    total = fn.SUM(Entry.amount)
    for year in _years(counted, zone):
        start, end = months.year_start(year, zone), months.year_start(year + 1, zone)
        inside = counted & (Entry.paid_at >= start) & (Entry.paid_at < end)
        query = Entry.select(Entry.affiliate_id, total).where(inside).group_by(Entry.affiliate_id)
        for affiliate, cents in query.having(total > above).tuples():
            highest[affiliate] = max(int(cents), highest.get(affiliate, 0))
    return highest


def _years(counted: Expression, zone: ZoneInfo) -> set[int]:
    """The calendar years that payments concerned lie in, found in one pass."""
    about_a_year = fn.MIN(Entry.paid_at), fn.MAX(Entry.paid_at)
    buckets = Entry.select(*about_a_year).where(counted).group_by(Entry.paid_at / 31_622_400)
    ends = [[months.year_of(at, zone) for at in row] for row in buckets.tuples()]
    return {year for first, last in ends for year in range(first, last + 1)}


class Person(NamedTuple):
    """What the lists of a run ask of an affiliate (R16, R18, R20)."""

    affiliate: int
    suspended: bool
    us_person: bool
    tax_id_on_file: bool
    waived: bool = False


class Due(NamedTuple):
    """What is due to an affiliate, and the list of the run that it stands in (R18)."""

    affiliate: int
    amount: int
    list: str


def due_lists(
    month: months.Month,
    people: Iterable[Person],
    *,
    zone: ZoneInfo,
    terms: rules.Terms,
    last: int,
) -> list[Due]:
    """Everyone with something due in a month's run, by the entries up to the id `last` (R18)."""
    month_end = month.end(zone)
    due = sums_due(month_end, last=last)
    highest = highest_year(month_end, zone, above=terms.tax_threshold, last=last)
    found = []
    for person in people:
        top = highest.get(person.affiliate, 0)
        held = taxes.tax_hold(person.us_person, person.tax_id_on_file, top, terms)
        amount = due.get(person.affiliate, 0)
        about = {"suspended": person.suspended, "tax_hold": held, "waived": person.waived}
        name = rules.list_of(amount, terms=terms, **about)
        if name:
            found.append(Due(person.affiliate, amount, name))
    return found
