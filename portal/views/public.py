"""What everyone sees: the program with its rules and questions, and the application form."""

from typing import Any

from flask import Blueprint, Response, request

from portal import affiliates, program, rules, throttle
from portal.formats import usd
from portal.forms import options
from portal.forms.people import ApplyForm, EstimateForm
from portal.rules import Plan
from portal.views.html import now, page, settings

blueprint = Blueprint("public", __name__)

COOKIE = "aff_click"
SIGN_UPS_AN_HOUR = 5  # applications from one address


@blueprint.get("/", endpoint="program")
def show_program() -> Response:
    terms = program.terms_version().terms()
    plans, earns = program.examples(terms)
    asked = request.args if {"customers", "plan"} & request.args.keys() else None
    form = EstimateForm(asked, data={"plan": "month"})
    form.plan.choices = options((name, f"{usd(plan.price)} a {plan.interval}")
                                for name, plan in plans.items() if name != "once")  # fmt: skip
    right = not asked or form.validate()
    return page(
        "public/program.html",
        status=200 if right else 422,
        form=form,
        estimate=_estimate(form, plans, earns) if right else None,
        plans=plans,
        earns=earns,
        override_earns=rules.override_in_all(terms, plans["year"].price),
        **_next(),
    )


def _estimate(form: EstimateForm, plans: dict[str, Plan], earns: dict[str, int]) -> dict[str, Any]:
    customers, each = form.customers.data or 0, earns[form.plan.data]
    return {"amount": customers * each, "each": each, "customers": customers,
            "yearly": plans[form.plan.data].interval == "year",
            "in_a_year": customers * each * 12}  # fmt: skip


def _next() -> dict[str, Any]:
    """What happens after an application, for the words on all pages."""
    terms = program.terms_version().terms()
    return {"automatic": settings().applications == "automatic", "terms": terms}


@blueprint.route("/apply", methods=["GET", "POST"])
def apply() -> Response:
    """Apply. Whether the e-mail has an account already is told by mail alone (R3)."""
    form = ApplyForm()
    if form.validate_on_submit():
        with form.refusals():
            throttle.limit("sign-up", request.remote_addr or "", SIGN_UPS_AN_HOUR, now())
            affiliates.apply(now=now(), click_id=request.cookies.get(COOKIE, ""), **form.said())
            return page("public/applied.html", status=200, email=form.email.data, **_next())
    return page("public/apply.html", wait=form.wait, form=form, **_next())
