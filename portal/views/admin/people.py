"""Affiliates in the office: the list, one file with its ledger, and what is done to it."""

from __future__ import annotations

from flask import Response, abort, flash, request

from portal import accounts, affiliates, formats, office, outlook, reports, rules
from portal.explain import Explainer
from portal.forms import AdjustForm, cents
from portal.models import Affiliate, TaxIdOnFile
from portal.rules import Refused
from portal.views.admin import blueprint
from portal.views.html import goto, me, now, page, settings, table
from portal.words import address_lines

STATES = (rules.ACTIVE, rules.REVIEW, rules.SUSPENDED, rules.DECLINED)
TONES = {rules.ACTIVE: "good", rules.SUSPENDED: "bad", rules.DECLINED: "bad", rules.REVIEW: "warn"}


@blueprint.get("/affiliates", endpoint="affiliates")
def everyone() -> Response:
    """Affiliates by code, searched by name, code, company or e-mail."""
    q, state = request.args.get("q", "").strip()[:100], request.args.get("state", "")
    if state and state not in STATES:
        abort(404)
    rows, older = office.affiliates(q, state, request.args.get("after", ""))
    sums = office.sums(rows, now=now(), zone=settings().zone)
    if request.args.get("format") == "csv":
        head = ("code", "name", "email", "status", "earned_this_year", "balance")
        return table("affiliates", head, (_cells(a, sums[a.id]) for a in rows))
    return page(
        "admin/affiliates.html",
        "admin/_affiliates.html",
        rows=rows,
        sums=sums,
        next=older,
        q=q,
        state=state,
        states=STATES,
        counts=office.states(),
        tones=TONES,
    )


def _cells(affiliate: Affiliate, sums: dict[str, int]) -> tuple[str, ...]:
    known = (affiliate.code, affiliate.name, affiliate.email, affiliate.status)
    return *known, formats.usd(sums["year"]), formats.usd(sums["balance"])


def _found(code: str) -> Affiliate:
    return affiliates.by_code(code) or abort(404)


@blueprint.get("/affiliates/<code>")
def affiliate(code: str) -> Response:
    """The file of one affiliate."""
    return _file(_found(code), AdjustForm(None))


def _file(affiliate: Affiliate, form: AdjustForm, status: int = 200) -> Response:
    zone = settings().zone
    text = request.args.get("before", "")
    rows, older = office.ledger_of(affiliate, int(text[:18]) if text.isdecimal() else None)
    return page(
        "admin/affiliate.html",
        status=status,
        who=affiliate,
        tone=TONES[affiliate.status],
        form=form,
        figures=reports.figures(affiliate, now=now(), zone=zone),
        check=outlook.next_check(affiliate, now=now()),
        us_person=accounts.is_us_person(affiliate),
        on_file=TaxIdOnFile.get_or_none(affiliate=affiliate),
        lines=address_lines(affiliate),
        rows=rows,
        told=Explainer(rows, zone=zone, now=now(), names=True).all(),
        older=older,
        log=office.log_of(affiliate),
    )


@blueprint.post("/affiliates/<code>/status")
def change_status(code: str) -> Response:
    """Suspend or reinstate (R16)."""
    affiliate = _found(code)
    to = {"suspend": rules.SUSPENDED, "reinstate": rules.ACTIVE}.get(request.form.get("do", ""))
    if to is None:
        abort(422)
    try:
        affiliates.set_status(affiliate, to, by=me().email, now=now())
        flash(f"{affiliate.name} is {to} now.", "good")
    except Refused as problem:
        flash(str(problem), "bad")
    return goto("admin.affiliate", code=affiliate.code)


@blueprint.post("/affiliates/<code>/adjustments")
def adjust(code: str) -> Response:
    """Add one entry to the ledger, with its reason (R17)."""
    affiliate, form = _found(code), AdjustForm()
    if form.validate():
        amount = cents(form.text("amount"))
        try:
            accounts.adjust(affiliate, amount, form.text("reason"), by=me().email, now=now())
        except Refused as problem:
            form.refuse(problem)
        else:
            flash(f"Entry of {formats.usd(amount)} added.", "good")
            return goto("admin.affiliate", code=affiliate.code)
    return _file(affiliate, form, status=422)
