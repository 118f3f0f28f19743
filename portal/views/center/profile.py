"""What we hold about an affiliate, each part saved by itself with the password of now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, request

from portal import access, accounts, affiliates, logins, program
from portal.forms.people import ChecksForm, PasswordForm, ProfileTaxForm
from portal.models import TaxIdOnFile
from portal.rules import Refused
from portal.views.center import blueprint
from portal.views.html import goto, me, now, page, sign_in
from portal.words import address_lines

ADDRESS = ("payee", "line1", "line2", "city", "state", "postal_code", "country")


@blueprint.get("/profile")
def profile() -> Response:
    """Everything as it is saved."""
    return _page({})


def _page(forms: dict[str, Any]) -> Response:
    """The page with the forms as they are saved, but for one that was sent."""
    said = {True: "yes", False: "no"}.get(me().us_person)
    saved = {
        "checks": ChecksForm(None, obj=me(), prefix="checks"),
        "password": PasswordForm(None, prefix="password"),
        "tax": ProfileTaxForm(None, data={"us_person": said}, prefix="tax"),
    }
    return page(
        "center/profile.html",
        forms=saved | forms,
        opened=next(iter(forms), ""),
        account=me(),
        lines=address_lines(me()),
        on_file=TaxIdOnFile.get_or_none(affiliate=me()),
        hold=accounts.hold(me(), now=now()),
        us_person=accounts.is_us_person(me()),
        terms=program.terms_version().terms(),
    )


@blueprint.post("/profile/<any(checks,tax,password):part>")
def save(part: str) -> Response:
    """Save one part when its form and the password are right; else show what is wrong with it."""
    kind, deed = PARTS[part]
    form: Any = kind(prefix=part)
    if form.validate():
        try:
            ip = request.remote_addr or ""
            access.check_password(me(), form.current.data, now=now(), ip=ip)
            said = deed(form)
        except access.NotSignedIn as problem:
            form.refuse(problem, "current")
        except Refused as problem:
            form.refuse(problem, "new" if problem.field == "password" else "")
        else:
            flash(said, "good")
            return goto("center.profile")
    return _page({part: form})


def _save_checks(form: Any) -> str:
    affiliates.change_profile(me(), by=me().code, now=now(), **form.values(*ADDRESS))
    return "Name and address saved. The next check uses them."


def _save_tax(form: Any) -> str:
    """An empty tax ID keeps what is on file."""
    said = form.said_us_person()
    if said is not None:
        affiliates.change_profile(me(), by=me().code, now=now(), us_person=said)
    affiliates.change_tax_id(me(), form.typed("tax_id"), by=me().code, now=now())
    return "Tax details saved."


def _save_password(form: Any) -> str:
    account = me()
    logins.choose_password(account, form.typed("new"), now=now())
    sign_in(account)
    return "Password changed. Every other browser is signed out."


PARTS: dict[str, tuple[type, Callable[[Any], str]]] = {
    "checks": (ChecksForm, _save_checks),
    "tax": (ProfileTaxForm, _save_tax),
    "password": (PasswordForm, _save_password),
}
