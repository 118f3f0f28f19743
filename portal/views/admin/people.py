"""Affiliates in the office: the list, one file with its ledger, and what is done to it."""

from flask import Response, abort, flash, request

from portal import accounts, affiliates, office, outlook, reports, rules
from portal.books import Customer
from portal.explain import explain
from portal.formats import address_lines, decimal, usd
from portal.forms import Form, cents
from portal.forms.office import AdjustForm, CustomerForm, WaiveForm
from portal.models import Affiliate, TaxIdOnFile
from portal.rules import ACTIVE, DECLINED, REVIEW, SUSPENDED
from portal.views.admin import attempt, blueprint
from portal.views.html import before, goto, me, now, page, searched, settings, table

TONES = {ACTIVE: "good", REVIEW: "warn", SUSPENDED: "bad", DECLINED: "bad"}
FORMS = {"adjust": AdjustForm, "waive": WaiveForm, "link": CustomerForm}
# By the state of the next check, where it stands.
NEXT = {
    "nothing": "nothing earned yet",
    "paid": "nothing due since the last one",
    "negative": "more was taken back than earned since",
    "address": "no address yet",
    rules.HELD_SUSPENDED: "suspended (R16)",
    rules.HELD_TAX_ID: "tax ID missing (R20)",
    rules.CARRIED: "below the minimum, kept",
    rules.IN_PAYOUTS: "in the next run",
    "late": "in the run that is due",
}
DEEDS = {"approve": ACTIVE, "decline": DECLINED, "suspend": SUSPENDED, "reinstate": ACTIVE}


@blueprint.get("/affiliates", endpoint="affiliates")
def everyone() -> Response:
    q, state, after = searched(), searched("state", TONES), searched("after")
    csv = request.args.get("format") == "csv"
    some = ("", None) if csv else (after, office.PAGE)
    rows, older = office.affiliates(q, state, *some)
    sums = office.sums(rows, now=now(), zone=settings().zone)
    if csv:
        cells = (
            (a.code, a.name, a.email, a.status,
             *(decimal(sums[a.id][name]) for name in ("year", "balance"))) for a in rows
        )  # fmt: skip
        return table("affiliates", "code name email status earned_this_year balance", cells)
    return page(
        "admin/affiliates.html",
        "admin/_affiliates.html",
        rows=rows,
        sums=sums,
        next=older,
        q=q,
        state=state,
        counts=office.states(),
        tones=TONES,
    )


def _found(code: str) -> Affiliate:
    return affiliates.by_code(code) or abort(404)


@blueprint.get("/affiliates/<code>")
def affiliate(code: str) -> Response:
    return _file(_found(code))


def _file(affiliate: Affiliate, **sent: Form) -> Response:
    """The page of an affiliate, with a form that was sent and what is wrong with it."""
    zone = settings().zone
    rows, older = office.ledger_of(affiliate, before())
    asked = {"customer_id": request.args.get("customer")}
    return page(
        "admin/affiliate.html",
        who=affiliate,
        tone=TONES[affiliate.status],
        **{n: sent.get(n) or kind(None, prefix=n, data=asked) for n, kind in FORMS.items()},
        customer=Customer.get_or_none(id=affiliate.customer_id),
        figures=reports.figures(affiliate, now=now(), zone=zone),
        check=(check := outlook.next_check(affiliate, now=now())),
        next=NEXT[check.state],
        us_person=accounts.is_us_person(affiliate),
        on_file=TaxIdOnFile.get_or_none(affiliate=affiliate),
        lines=address_lines(affiliate),
        rows=rows,
        told=explain(rows, zone=zone, now=now(), names=True),
        older=older,
        log=office.log_of(affiliate),
    )


@blueprint.post("/applications/<code>", endpoint="decide")
@blueprint.post("/affiliates/<code>/status")
def change_status(code: str) -> Response:
    """Approve or decline an application (R1), suspend or reinstate (R16)."""
    affiliate, deed = _found(code), request.form.get("do", "")
    waited = affiliate.status == REVIEW
    to = DEEDS.get(deed) or abort(422)
    if attempt(affiliates.set_status, affiliate, to, by=me().email):
        told = " and told by e-mail" if waited else ""
        flash(f"{affiliate.name} is {to} now{told}.", "good")
    if request.endpoint == "admin.decide":  # from the overview's list
        return goto("admin.overview")
    return goto("admin.affiliate", code=affiliate.code)


@blueprint.post("/affiliates/<code>/adjustments")
def adjust(code: str) -> Response:
    """Add one entry to the ledger, with its reason (R17)."""
    affiliate, form = _found(code), AdjustForm(prefix="adjust")
    if form.validate():
        amount = cents(form.typed("amount"))
        with form.refusals():
            said = {"by": me().email, "now": now(), "key": form.typed("key")}
            accounts.adjust(affiliate, amount, form.typed("reason"), **said)
            flash(f"Entry of {usd(amount)} added.", "good")
            return goto("admin.affiliate", code=affiliate.code)
    return _file(affiliate, adjust=form)


@blueprint.post("/affiliates/<code>/waive")
def waive_minimum(code: str) -> Response:
    """Let the next run pay an affiliate below the minimum, with a reason (R18)."""
    affiliate, form = _found(code), WaiveForm(prefix="waive")
    if form.validate():
        with form.refusals():
            accounts.waive(affiliate, form.typed("reason"), by=me().email, now=now())
            flash(f"The next run pays {affiliate.name} below the minimum too.", "good")
            return goto("admin.affiliate", code=affiliate.code)
    return _file(affiliate, waive=form)


@blueprint.post("/affiliates/<code>/customer")
def link_customer(code: str) -> Response:
    """Say which customer an affiliate is, once (R12, R15)."""
    affiliate, form = _found(code), CustomerForm(prefix="link")
    if form.validate():
        with form.refusals():
            number = form.typed("customer_id")
            affiliates.link_customer(affiliate, number, by=me().email, now=now())
            flash(f"{affiliate.name} is customer {number}.", "good")
            return goto("admin.affiliate", code=affiliate.code)
    return _file(affiliate, link=form)
