"""The checks of an affiliate in words: the next one as it stands now, and those written before.

It asks what a run would decide (R18, R20); the words are all that is made here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from peewee import fn

from portal import accounts, months, program, reports, rules
from portal.books import Entry, NotPaid, PaperCheck, Payout, Run
from portal.explain import CHECKS
from portal.formats import clock, day, long_date, month, plural, usd
from portal.models import Affiliate
from portal.months import Month

NOT_YET = "Not yet"
LATE = {  # why a check was void, as its payee would say it
    "not sent": "not sent",
    "lost": "lost in the mail",
    "stopped": "stopped at the bank",
    "returned": "came back",
    "stale": "too old to cash",
}


@dataclass(frozen=True)
class NextCheck:
    """What is drawn as a check: `state` names the case, `stamp`, `tone` and `why` tell it.

    `waiting` are the cents of earlier checks that cannot be printed without an address.
    """

    state: str
    payee: str
    amount: int
    waiting: int
    date: str
    memo: str
    stamp: str
    tone: str
    why: str


# --- The next check ----------------------------------------------------------------------------


def next_month(now: datetime) -> Month:
    """The month that the next run pays: the oldest without one, at most the present one.

    Months that ended before the portal was set up, or before the last run, are left out (R19).
    """
    current = program.load()
    this, done = months.month_of(now, current.zone), Run.select(fn.MAX(Run.month)).scalar()
    first = Month(current.first_month or this)
    return min(this, max(first, Month(done).plus(1)) if done else first)


def next_check(affiliate: Affiliate, *, now: datetime) -> NextCheck:
    """What the next run would pay this affiliate if it ran on the books of this instant."""
    zone = program.load().zone
    this, first = months.month_of(now, zone), next_month(now)
    for run_month in sorted({first, max(first, this.plus(-1)), this}):
        amount = reports.due(affiliate, run_month.end(zone))
        if amount:
            break
    checks, waiting = (0, 0) if affiliate.has_address else _unprinted(affiliate)
    state = _state(affiliate, amount, run_month, now)
    if waiting and state == "paid":
        state = "address"
    at = run_month.payout_at(program.load().payout_day, zone)
    if state == rules.IN_PAYOUTS and at <= now:
        state = "late"
    date, memo, stamp, tone, why = _words(state, affiliate, amount, run_month, now)
    if waiting:
        why += f" {usd(waiting)} in {plural(checks, 'check')} waits for your address."
    payee = affiliate.payee or affiliate.name
    return NextCheck(state, payee, max(amount, 0), waiting, date, memo, stamp, tone, why)


def _unprinted(affiliate: Affiliate) -> tuple[int, int]:
    """How many checks of an affiliate wait to be printed, and their sum."""
    mine = PaperCheck.last(PaperCheck.status == rules.ISSUED, Payout.affiliate == affiliate)
    sums = mine.select(fn.COUNT(PaperCheck.id), reports.total(Payout.amount))
    count, amount = sums.tuples().get()
    return count, int(amount)


def _state(affiliate: Affiliate, amount: int, run_month: Month, now: datetime) -> str:
    """The case by its name: the list of the run, or what stands before or after it."""
    held = accounts.hold(affiliate, now=now, month=run_month)
    if held == rules.HELD_SUSPENDED:
        return held
    if amount < 0:
        return "negative"
    about = {"suspended": False, "tax_hold": bool(held)}
    about["waived"] = bool(accounts.waived(run_month, only=affiliate.id))
    found = rules.list_of(amount, terms=program.terms_version().terms(), **about)
    if found == rules.IN_PAYOUTS and not affiliate.has_address:
        return "address"
    if found or not Entry.select().where(Entry.affiliate == affiliate).exists():
        return found or "nothing"
    return "paid"


def _words(
    state: str, affiliate: Affiliate, amount: int, run_month: Month, now: datetime
) -> tuple[str, str, str, str, str]:
    """Date, memo, stamp, tone and reason of a case."""
    current, terms = program.load(), program.terms_version().terms()
    zone, name = current.zone, month(run_month)
    at = run_month.payout_at(current.payout_day, zone)
    least = usd(terms.minimum_payout)
    to_go = f"{usd(terms.minimum_payout - amount)} to go"
    reached = f"The {least} minimum is reached. " if amount else ""
    if 0 < amount < terms.minimum_payout:
        reached = "The office lets the next run pay this below the minimum. "
    kept = reports.kept(affiliate, run_month.start(zone))
    memo = f"Earned in {name}" if amount else "Nothing due since the last check"
    if min(kept, amount) > 0:
        memo = f"Earned through {name}, {usd(min(kept, amount))} of it kept from before"
    return {
        "nothing": ("After your first sale", "Nothing earned yet", "Waiting", "",
                    "Your first sale starts it. Share your link."),
        "paid": ("After your next sale", "Nothing due since the last check", "Waiting", "",
                 "Everything you earned is paid. Your next sale starts the next check."),
        "negative": (NOT_YET, f"{usd(amount)} {_taken(affiliate, now, zone)}", to_go, "warn",
                     "More was taken back than you have earned since. What comes next is set "
                     "against it first."),
        rules.HELD_SUSPENDED: ("When reinstated", memo, "Suspended", "bad", "Your account is "
                               "suspended. What you earned before stays yours."),
        rules.HELD_TAX_ID: ("When your tax ID is here", memo, "On hold", "bad", "You passed "
                            f"{usd(terms.tax_threshold)} in a calendar year. U.S. law asks for a "
                            "tax ID before we pay. Give it on Profile and the next run pays all."),
        rules.CARRIED: (NOT_YET, memo, to_go, "warn", f"Checks start at {least}. What you earned "
                        "is kept until then, however long it takes."),
        "address": ("When we know where to", memo, "Address needed", "warn",
                    f"{reached}Give a name and an address on Profile, and it is printed."),
        rules.IN_PAYOUTS: (long_date(at, zone), memo, "On its way", "good", f"{reached}Mailed "
                           f"after the run on {day(at, zone, now)}, {clock(at, zone)}."),
        "late": ("When its run is made", memo, "Due", "warn",
                 f"{reached}The run of {name} is due since {day(at, zone, now)}; mailed after it."),
    }[state]  # fmt: skip


def _taken(affiliate: Affiliate, now: datetime, zone: ZoneInfo) -> str:
    """What last took back: after a refund on Nov 19."""
    took = (Entry.affiliate == affiliate) & (Entry.amount < 0)
    kinds = Entry.kind.in_((rules.REVERSAL, rules.ADJUSTMENT))
    last: Any = Entry.select().where(took & kinds).order_by(Entry.id.desc()).first()
    if last is None:
        return "is below zero"
    what = "a refund" if last.kind == rules.REVERSAL else "a correction"
    return f"after {what} on {day(last.happened_at, zone, now)}"


# --- The checks that were written --------------------------------------------------------------


def last_check(affiliate: Affiliate, *, now: datetime) -> str:
    """The latest check and what became of it, in a sentence; empty before the first."""
    mine = Payout.affiliate == affiliate
    payout: Any = Payout.select().where(mine).order_by(Payout.run.desc()).first()
    if payout is None:
        return ""
    papers = list(payout.checks.order_by(PaperCheck.part))
    return f"Check for {month(payout.run_id)}, {usd(payout.amount)}: {_told(papers, now)}."


def _told(papers: list[Any], now: datetime) -> str:
    """What became of a payout's checks: no. 10391 lost in the mail, reissued as no. 10419."""
    told = _paper(papers[0], now)
    for paper in papers[1:]:
        told += f", reissued{' as' if paper.number else ','} {_paper(paper, now)}"
    return told


def _paper(check: Any, now: datetime) -> str:
    """One check with its number and its state (R21)."""
    number = f"no. {check.number}, " if check.number else ""
    mailed = date.fromisoformat(check.mailed_on) if check.mailed_on else check.moved_at
    told = {
        rules.CHECK_PAID: f"mailed {day(mailed, program.load().zone, now)}",
        rules.VOID: LATE.get(check.void_reason, f"void, {check.void_reason}"),
    }
    return number + (CHECKS | told)[check.status]


def by_month(affiliate: Affiliate, last: Month, *, now: datetime) -> list[dict[str, Any]]:
    """Twelve months, newest first: earned, paid, and what became of it in words."""
    zone, least = program.load().zone, usd(program.terms_version().terms().minimum_payout)
    papers: dict[str, list[Any]] = {}
    query: Any = PaperCheck.select(PaperCheck, Payout).join(Payout)
    for paper in query.where(Payout.affiliate == affiliate).order_by(PaperCheck.id):
        papers.setdefault(paper.payout.run_id, []).append(paper)
    reasons = NotPaid.select(NotPaid.run, NotPaid.reason).where(NotPaid.affiliate == affiliate)
    kept = {
        rules.CARRIED: f"below {least}, kept",
        rules.HELD_TAX_ID: "on hold for a tax ID, kept",
        rules.HELD_SUSPENDED: "suspended, kept",
    }
    notes = {name: kept[reason] for name, reason in reasons.tuples()}
    notes |= {name: _told(checks, now) for name, checks in papers.items()}
    earned = reports.earned_by_month(affiliate, last, zone)
    began = months.month_of(affiliate.applied_at, zone)
    return [
        {"month": m, "earned": cents, "note": notes.get(m, ""),
         "check": papers[m][0].payout.amount if m in papers else None}
        for m, cents in earned.items() if m >= began or cents or m in papers
    ]  # fmt: skip


def checks_dated(affiliate: Affiliate, year: int) -> int:
    """The sum of an affiliate's checks by the year printed on them, voids left out (R22)."""
    dated = PaperCheck.check_date.startswith(f"{year}-") & (PaperCheck.status != rules.VOID)
    query: Any = Payout.select(reports.total(Payout.amount)).join(PaperCheck)
    return int(query.where((Payout.affiliate == affiliate) & dated).scalar())
