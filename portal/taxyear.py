"""Form 1099-NEC by calendar year (R22): who gets one and why or why not, filing, corrections.

A year goes by the date printed on checks, voids left out. Amounts of the law are data: a year that
is not known uses the last one that is, until an admin confirms its own.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from peewee import CompositeKey, ForeignKeyField, IntegerField, TextField, fn

from portal import months, program, rules, taxes
from portal.books import PaperCheck, Payout
from portal.database import CentsField, Table, UtcField, transaction
from portal.models import Affiliate, Audit, TaxIdOnFile

LAST_SET = max(taxes.STATUTORY_1099)  # the last year whose amount the law itself names


class TaxYear(Table):
    """The amount from which the law asks for the form in a year, as an admin confirmed it."""

    year = IntegerField(primary_key=True)
    statutory = CentsField()
    source = TextField()
    confirmed_at = UtcField()


class TaxForm(Table):
    """What a form said when it was last filed; a later void makes a correction of it."""

    year = IntegerField()
    affiliate = ForeignKeyField(Affiliate)
    amount = CentsField()
    filed_at = UtcField()

    class Meta:
        primary_key = CompositeKey("year", "affiliate")


@dataclass(frozen=True)
class Recipient:
    """Somebody with a check dated in a year: the sum in cents, whether a form is due, and why."""

    affiliate: Affiliate
    amount: int
    form: bool
    reason: str
    on_file: TaxIdOnFile | None

    @property
    def name(self) -> str:
        """The name on the form: as Form W-9 gave it, else the account's."""
        return self.affiliate.tax_name or self.affiliate.name


@dataclass(frozen=True)
class Correction:
    """A filed form that no longer says what is so: what it said, what is right, void checks."""

    affiliate: Affiliate
    was: int
    amount: int
    checks: list[PaperCheck]


# --- The law by year ---------------------------------------------------------------------------


def confirmed() -> dict[int, TaxYear]:
    return {row.year: row for row in TaxYear.select()}


def statutory(year: int) -> tuple[int, bool]:
    """The amount from which the law asks for a form in a year, and whether it is certain."""
    known = taxes.STATUTORY_1099 | {y: row.statutory for y, row in confirmed().items()}
    if year < min(known):
        return known[min(known)], True  # the same for decades
    return known[max(y for y in known if y <= year)], year in known


def confirm(year: int, amount: int, source: str, *, by: str, now: datetime) -> None:
    """Confirm the amount of a year that the law leaves to an index. Raises Refused."""
    if not LAST_SET < year <= LAST_SET + 100:
        raise rules.Refused(f"The law itself sets the amounts up to {LAST_SET}.", "year")
    if amount < taxes.STATUTORY_1099[LAST_SET] or amount % 100_00:
        said = "It is $2,000.00, raised with prices to a full $100.00."
        raise rules.Refused(said, "amount")
    with transaction():
        TaxYear.put({"year": year}, statutory=amount, source=source, confirmed_at=now)
        Audit.note(by, "tax year", str(year), now, statutory=amount, source=source)


def known_years(now: datetime) -> list[tuple[int, int, bool]]:
    """The years with an amount of their own and those begun, as `statutory` says; newest first."""
    soon = (now + timedelta(days=60)).year  # the amount of a year is published before it begins
    years = taxes.STATUTORY_1099.keys() | confirmed() | set(range(LAST_SET, soon + 1))
    return [(year, *statutory(year)) for year in sorted(years, reverse=True)]


def due_day(year: int) -> date:
    """When forms of a year are due to recipients and the IRS: January 31, or the next workday."""
    day = date(year + 1, 1, 31)
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)


# --- Who gets one ------------------------------------------------------------------------------


def recipients(year: int, *also: int) -> list[Recipient]:
    """Everyone with a check dated in a year, by code, each with why a form is due or not.

    `also` are those who are told without one.
    """
    live = fn.SUM(Payout.amount).filter(PaperCheck.status != rules.VOID)
    sums: Any = PaperCheck.select(Payout.affiliate, fn.COALESCE(live, 0)).join(Payout)
    paid = dict(list(sums.where(_dated(year)).group_by(Payout.affiliate).tuples()))
    on_file = {row.affiliate_id: row for row in TaxIdOnFile.select()}
    at, (least, _) = program.load().form_1099_at, statutory(year)
    with_checks: Any = PaperCheck.select(Payout.affiliate).join(Payout).where(_dated(year))
    people = Affiliate.select().where(Affiliate.id.in_(with_checks) | Affiliate.id.in_(also))
    people = people.order_by(Affiliate.code)
    return [
        _recipient(who, int(paid.get(who.id, 0)), on_file.get(who.id), least, at) for who in people
    ]


def _dated(year: int) -> Any:
    return PaperCheck.check_date.between(f"{year:04d}-01-01", f"{year:04d}-12-31")


def _recipient(
    who: Affiliate, amount: int, on_file: TaxIdOnFile | None, least: int, at: str
) -> Recipient:
    form, reason = taxes.form_1099(
        amount,
        statutory=least,
        us_person=taxes.is_us_person(who.us_person, who.country),
        corporation=who.tax_class in taxes.CORPORATIONS,
        at=at,
    )
    return Recipient(who, amount, form, reason, on_file)


def told(year: int) -> dict[str, Any]:
    """The year as `portal tax --json` prints it (contract.md)."""
    people = [
        {
            "affiliate": one.affiliate.code,
            "name": one.name,
            "amount": one.amount,
            "form": one.form,
            "reason": one.reason,
        }
        for one in recipients(year)
    ]
    return {"year": year, "people": people}


# --- Filing ------------------------------------------------------------------------------------


def filed(year: int) -> list[TaxForm]:
    """The forms of a year that were filed, as they were filed last."""
    query = TaxForm.select(TaxForm, Affiliate).join(Affiliate).where(TaxForm.year == year)
    return list(query.order_by(Affiliate.code))


def mark_filed(year: int, *, by: str, now: datetime) -> int:
    """Keep that the forms of a year were filed as they are now, corrections included.

    Returns how many say something. A form that was filed and is due no more is kept as zero.
    Raises Refused before the year is over, for its forms are not known yet.
    """
    if year >= months.year_of(now, program.load().zone):
        raise rules.Refused(f"The forms of {year} can be filed once the year is over.")
    with transaction():
        right = {one.affiliate.id: one.amount for one in recipients(year) if one.form}
        before = {form.affiliate_id: form.amount for form in filed(year)}
        for who in right.keys() | before.keys():
            amount = right.get(who, 0)
            if before.get(who) != amount:
                TaxForm.put({"year": year, "affiliate": who}, amount=amount, filed_at=now)
        Audit.note(by, "tax filed", str(year), now, forms=len(right), amount=sum(right.values()))
    return len(right)


def corrections(year: int, people: list[Recipient]) -> list[Correction]:
    """The filed forms of a year that no longer say what is so, for its recipients of now."""
    forms = filed(year)
    if not forms:
        return []
    right = {one.affiliate.id: one.amount for one in people if one.form}
    who = {form.affiliate_id: form.affiliate for form in forms}  # one may have no check here now
    who |= {one.affiliate.id: one.affiliate for one in people}
    said = dict.fromkeys(right, 0) | {form.affiliate_id: form.amount for form in forms}
    void: dict[int, list[PaperCheck]] = {}
    voided = PaperCheck.select(PaperCheck, Payout).join(Payout)
    for check in voided.where(_dated(year), PaperCheck.status == rules.VOID):
        void.setdefault(check.payout.affiliate_id, []).append(check)
    return [
        Correction(who[key], was, right.get(key, 0), void.get(key, []))
        for key, was in said.items()
        if was != right.get(key, 0)
    ]
