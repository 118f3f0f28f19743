"""Payout runs by month: preview, run, print, mark as paid, void, reissue (R18 to R21)."""

from __future__ import annotations

from typing import Any

from flask import Response, abort, flash, request

from portal import affiliates, checks, formats, months, office, outlook, payouts, rules
from portal.explain import Explainer
from portal.forms import BatchForm, VoidForm, day_text
from portal.models import Affiliate
from portal.months import Month
from portal.rules import Refused
from portal.views.admin import blueprint
from portal.views.html import goto, me, now, page, settings, table

STATES = {
    rules.ISSUED: ("To print", ""),
    rules.PRINTED: ("Printed", "warn"),
    rules.CHECK_PAID: ("Paid", "good"),
    rules.CLEARED: ("Cleared", "good"),
    rules.VOID: ("Void", "bad"),
}
WHY = {
    rules.HELD_SUSPENDED: ("On hold", "bad", "suspended (R16)"),
    rules.HELD_TAX_ID: ("On hold", "warn", "tax ID missing (R20)"),
    rules.CARRIED: ("Kept", "", "below the minimum, or below zero"),
}
VOUCHER_LINES = 14


@blueprint.get("/payouts", endpoint="payouts")
def runs() -> Response:
    """Every run, and the month that is next."""
    upcoming = outlook.next_month(now())
    return page("admin/payouts.html", runs=office.runs(), upcoming=upcoming, states=STATES)


def _month(text: str) -> Month:
    try:
        return Month(text)
    except ValueError:
        abort(404)


@blueprint.get("/payouts/<month>")
def run(month: str) -> Response:
    """A run with its checks, or what the run of the month would pay."""
    month = _month(month)
    made = next((r for r in office.runs() if r["run"].month == month), None)
    return _checks(month, made, BatchForm(None)) if made else _preview(month)


def _preview(month: Month) -> Response:
    told = payouts.preview(month, now=now())
    rows = _listed(told)
    if request.args.get("format") == "csv":
        cells = ((who.code, who.name, what, why, formats.usd(a)) for who, what, _, why, a in rows)
        return table(f"preview-{month}", ("code", "name", "what", "why", "due"), cells)
    paid = [row["amount"] for row in told["payouts"]]
    return page(
        "admin/preview.html",
        "admin/_preview.html",
        month=month,
        rows=rows,
        paid=paid,
        total=sum(paid),
        why_not=payouts.why_not(month, now=now()),
        left=_left(told),
    )


def _listed(told: dict[str, Any]) -> list[tuple[Affiliate, str, str, str, int]]:
    """Everyone in a run or its preview: whom, what happens, why, how much."""
    parts = [(row, "Paid", "good", "") for row in told["payouts"]]
    parts += [(row, *WHY[row["reason"]]) for row in told["held"]]
    parts += [(row, *WHY[rules.CARRIED]) for row in told["carried"]]
    codes = [row["affiliate"] for row, *_ in parts]
    who = {a.code: a for a in Affiliate.select().where(Affiliate.code.in_(codes))}
    return [(who[row["affiliate"]], *said, row["amount"]) for row, *said in parts]


def _left(told: dict[str, Any]) -> list[tuple[str, int, int]]:
    """Who is not paid, by reason: the words, how many, how much."""
    parts = [
        ("kept for a later month", [r["amount"] for r in told["carried"]]),
        ("on tax hold (R20)", [r["amount"] for r in told["held"] if r["reason"] == "tax_id"]),
        ("suspended (R16)", [r["amount"] for r in told["held"] if r["reason"] == "suspended"]),
    ]
    return [(words, len(amounts), sum(amounts)) for words, amounts in parts if amounts]


@blueprint.post("/payouts/<month>/run")
def run_now(month: str) -> Response:
    """Make the run of a month; doing it twice changes nothing (R19)."""
    month = _month(month)
    try:
        told = payouts.run_month(month, now=now(), by=me().email)
        count = len(told["payouts"])
        flash(f"{formats.month(month)} ran: {count} checks to print.", "good")
    except Refused as problem:
        flash(str(problem), "bad")
    return goto("admin.run", month=month)


# --- Checks ------------------------------------------------------------------------------------


def _checks(month: Month, made: dict[str, Any], form: BatchForm, status: int = 200) -> Response:
    state, q = request.args.get("state", ""), request.args.get("q", "").strip()[:100]
    if state and state not in STATES:
        abort(404)
    csv = request.args.get("format") == "csv"
    after = "" if csv else request.args.get("after", "")
    rows, more = office.checks(month, state=state, q=q, after=after, limit=None if csv else 50)
    if csv:
        head = ("affiliate", "payee", "amount", "status", "check_number", "check_date", "mailed_on")
        return table(f"checks-{month}", head, (_cells(row) for row in rows))
    return page(
        "admin/run.html",
        "admin/_checks.html",
        status=status,
        month=month,
        made=made,
        rows=rows,
        next=more,
        form=form,
        state=state,
        q=q,
        states=STATES,
        first=checks.next_number(),
        today=months.day_of(now(), settings().zone),
        left=_left(payouts.told(made["run"])),
        stage=_stage(made["states"]),
    )


def _stage(states: dict[str, Any]) -> int:
    return 3 if rules.ISSUED in states else 4 if rules.PRINTED in states else 5


def _cells(row: office.Paper) -> tuple[Any, ...]:
    check = row.check
    return (row.affiliate.code, row.payee, formats.usd(row.payout.amount), check.status,
            check.number or "", check.check_date or "", check.mailed_on or "")  # fmt: skip


@blueprint.post("/payouts/<month>/checks")
def move(month: str) -> Response:
    """Print, mark as paid or clear the chosen checks, or all that can."""
    month, form = _month(month), BatchForm()
    made = next((r for r in office.runs() if r["run"].month == month), None) or abort(404)
    deed, codes = request.form.get("do", ""), request.form.getlist("code")
    if not codes and not form.everyone.data:
        form.refuse(Refused("Choose checks, or all of this run."))
    if not form.validate() or form.form_errors:
        return _checks(month, made, form, status=422)
    try:
        done = _moved(deed, month, None if form.everyone.data else codes, form)
    except Refused as problem:
        form.refuse(problem)
        return _checks(month, made, form, status=422)
    _say(deed, done)
    numbers = [row["check_number"] for row in done["moved"]]
    if deed == "print" and numbers:
        return goto("admin.sheets", month=month, first=min(numbers), last=max(numbers))
    return goto("admin.run", month=month)


def _moved(deed: str, month: str, codes: list[str] | None, form: BatchForm) -> dict[str, Any]:
    about: dict[str, Any] = {"codes": codes, "by": me().email, "now": now()}
    if deed == "print":
        return checks.print_checks(month, first=form.first.data, **about)
    if deed == "paid":
        return checks.mark_paid(month, date=day_text(form.mailed.data), **about)
    if deed == "clear":
        return checks.clear(month, **about)
    abort(422)


def _say(deed: str, done: dict[str, Any]) -> None:
    did = {"print": "printed", "paid": "marked as paid", "clear": "cleared", "void": "void",
           "reissue": "to print again"}[deed]  # fmt: skip
    if done["moved"]:
        total = formats.usd(sum(row["amount"] for row in done["moved"]))
        flash(f"{len(done['moved'])} {did}, {total}.", "good")
    for row in done["refused"]:
        flash(f"{row['affiliate']}: {row['reason']}", "bad")
    if not done["moved"] and not done["refused"]:
        flash("No check could move so.", "bad")


def _paper(month: str, code: str) -> office.Paper:
    affiliate = affiliates.by_code(code) or abort(404)
    return office.paper(_month(month), affiliate.code) or abort(404)


@blueprint.route("/payouts/<month>/<code>/void", methods=["GET", "POST"])
def void(month: str, code: str) -> Response:
    """Ask back once, then void a check with a reason; there is no undo."""
    paper, form = _paper(month, code), VoidForm()
    if request.method == "POST" and form.validate():
        about: dict[str, Any] = {"codes": [paper.affiliate.code], "by": me().email, "now": now()}
        try:
            done = checks.void(month, reason=form.words(), **about)
            _say("void", done)
            if done["moved"] and form.then.data == "reissue":
                _say("reissue", checks.reissue(month, **about))
        except Refused as problem:
            flash(str(problem), "bad")
        return goto("admin.run", month=month)
    status = 422 if request.method == "POST" else 200
    return page("admin/void.html", status=status, paper=paper, form=form, month=month,
                states=STATES)  # fmt: skip


@blueprint.post("/payouts/<month>/<code>/reissue")
def reissue(month: str, code: str) -> Response:
    """A next check for a payout whose last one is void."""
    paper = _paper(month, code)
    _say("reissue", checks.reissue(month, codes=[paper.affiliate.code], by=me().email, now=now()))
    return goto("admin.run", month=month)


def _check_number(text: str) -> int:
    return int(text[:9])


@blueprint.get("/payouts/<month>/sheets")
def sheets(month: str) -> Response:
    """The printed checks, a page each, in the order of their numbers."""
    first, last = (request.args.get(name, type=_check_number) for name in ("first", "last"))
    papers = office.printed(_month(month), first or 0, last or first or 0)
    if not papers:
        abort(404)
    return page("admin/sheets.html", papers=[_sheet(p) for p in papers], month=month)


def _sheet(paper: office.Paper) -> dict[str, Any]:
    """A check with its voucher: every entry, or sums by kind when there are many."""
    entries, brought = office.voucher(paper.payout, settings().zone)
    told = Explainer(entries, zone=settings().zone, now=now()).all()
    kinds: dict[str, list[int]] = {}
    for entry in entries:
        kinds.setdefault(entry.kind, []).append(entry.amount)
    return {
        "paper": paper,
        "brought": brought,
        "entries": entries if len(entries) <= VOUCHER_LINES else [],
        "told": told,
        "kinds": [(kind, len(amounts), sum(amounts)) for kind, amounts in kinds.items()],
    }
