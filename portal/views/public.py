"""What everyone sees: the program with its rules and questions, and the application form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from portal import access, affiliates, formats, program, rules, words
from portal.forms import ApplyForm, EstimateForm
from portal.inputs import options
from portal.rules import Plan, Refused, Terms
from portal.views.html import now, page, settings

blueprint = Blueprint("public", __name__)

COOKIE = "aff_click"


@blueprint.get("/", endpoint="program")
def show_program() -> Response:
    """The program page, with an estimate for the numbers in its address."""
    terms = program.terms_version().terms()
    plans = _plans(terms)
    offered = options((name, label) for name, (label, _) in plans.items())
    form = EstimateForm(request.args)
    form.plan.choices = offered
    if request.args and not form.validate():
        return page("public/program.html", status=422, **_facts(terms), form=form, estimate=None)
    if not request.args:
        form = EstimateForm(data={"plan": "month"})
        form.plan.choices = offered
    estimate = _estimate(form.customers.data or 0, plans[form.plan.data][1], terms)
    return page("public/program.html", **_facts(terms), form=form, estimate=estimate)


def _plans(terms: Terms) -> dict[str, tuple[str, Plan]]:
    """The plans that the estimate offers, made of the amounts where the rules turn."""
    full, half = terms.month_threshold, terms.month_threshold // 2
    return {
        "small": (f"A plan of {formats.usd(half)} a month", Plan("month", half)),
        "month": (f"A plan of {formats.usd(full)} a month", Plan("month", full)),
        "year": (f"A plan of {formats.usd(10 * full)} a year", Plan("year", 10 * full)),
    }


def _estimate(customers: int, plan: Plan, terms: Terms) -> dict[str, Any]:
    each = rules.earned_in_all(plan, terms, plan.price)
    return {
        "amount": customers * each,
        "each": each,
        "customers": customers,
        "yearly": plan.interval == "year",
        "in_a_year": customers * each * (1 if plan.interval == "year" else 12),
    }


def _facts(terms: Terms) -> dict[str, Any]:
    """The amounts of the rates table, each as the rules make it."""
    full = terms.month_threshold
    part, year, once = full // 2, Plan("year", 10 * full), Plan("once", 25_000)
    return {
        "terms": terms,
        "full": full,
        "part": part,
        "part_earns": rules.earned_in_all(Plan("month", part), terms, part),
        "year": year,
        "once": once,
        "once_earns": rules.earned_in_all(once, terms, once.price),
        "override_earns": rules.override_in_all(terms, year.price),
        "payout_day": words.ordinal(settings().payout_day),
        "automatic": settings().applications == "automatic",
    }


@blueprint.route("/apply", methods=["GET", "POST"])
def apply() -> Response:
    """Apply. Whether the e-mail has an account already is told by mail alone (R3)."""
    form = ApplyForm()
    if request.method == "POST" and form.validate():
        try:
            access.count_sign_up(request.remote_addr or "", now=now())
            click_id = request.cookies.get(COOKIE, "")
            affiliates.apply(form.application(click_id), now=now(), by="form")
        except access.NotSignedIn as often:
            form.refuse(Refused(str(often)))
            answer = page("public/apply.html", status=429, form=form, **_next())
            answer.headers["Retry-After"] = str(often.retry_after)
            return answer
        except Refused as problem:
            form.refuse(problem)
        else:
            return page("public/applied.html", email=form.email.data, **_next())
    status = 422 if request.method == "POST" else 200
    return page("public/apply.html", status=status, form=form, **_next())


def _next() -> dict[str, Any]:
    """What happens after an application, for the words on both pages."""
    terms = program.terms_version().terms()
    return {"automatic": settings().applications == "automatic", "terms": terms}
