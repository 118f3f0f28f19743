"""What we hold about an affiliate, each part saved by itself with the password of now."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request

from portal import access, accounts, affiliates, logins, program
from portal.forms import ChecksForm, PasswordForm, ProfileTaxForm
from portal.inputs import Form
from portal.models import TaxIdOnFile
from portal.rules import Refused
from portal.views.center import blueprint
from portal.views.html import goto, me, now, page, sign_in
from portal.words import address_lines

ADDRESS = ("payee", "line1", "line2", "city", "state", "postal_code", "country")


@blueprint.get("/profile")
def profile() -> Response:
    """Everything as it is saved."""
    return _page(_forms())


def _forms() -> dict[str, Form]:
    said = {True: "yes", False: "no", None: ""}[me().us_person]
    return {
        "checks": ChecksForm(None, obj=me(), prefix="checks"),
        "password": PasswordForm(None, prefix="password"),
        "tax": ProfileTaxForm(None, data={"us_person": said}, prefix="tax"),
    }


def _page(forms: dict[str, Form], status: int = 200, opened: str = "") -> Response:
    return page(
        "center/profile.html",
        status=status,
        forms=forms,
        opened=opened,
        account=me(),
        lines=address_lines(me()),
        on_file=TaxIdOnFile.get_or_none(affiliate=me()),
        hold=accounts.hold(me(), now=now()),
        us_person=accounts.is_us_person(me()),
        terms=program.terms_version().terms(),
    )


def _saved(part: str, form: Any, save: Any) -> Response:
    """Save one part when its form and the password are right; else show what is wrong with it."""
    if form.validate():
        try:
            ip = request.remote_addr or ""
            access.check_password(me(), form.current.data, now=now(), ip=ip)
            said = save()
        except access.NotSignedIn as problem:
            form.refuse(Refused(str(problem), "current"))
        except Refused as problem:
            form.refuse(problem, password="new")  # noqa: S106
        else:
            flash(said, "good")
            return goto("center.profile")
    return _page(_forms() | {part: form}, status=422, opened=part)


@blueprint.post("/profile/checks")
def save_checks() -> Response:
    """Name and address on checks."""
    form = ChecksForm(prefix="checks")

    def save() -> str:
        affiliates.change_profile(me(), by=me().code, now=now(), **form.values(*ADDRESS))
        return "Name and address saved. The next check uses them."

    return _saved("checks", form, save)


@blueprint.post("/profile/tax")
def save_tax() -> Response:
    """Residence and tax ID; an empty one keeps what is on file."""
    form = ProfileTaxForm(prefix="tax")

    def save() -> str:
        said = form.said_us_person()
        if said is not None:
            affiliates.change_profile(me(), by=me().code, now=now(), us_person=said)
        affiliates.change_tax_id(me(), form.tax_id.data or "", by=me().code, now=now())
        return "Tax details saved."

    return _saved("tax", form, save)


@blueprint.post("/profile/password")
def save_password() -> Response:
    """An own password in place of the former; every other browser is signed out."""
    form = PasswordForm(prefix="password")

    def save() -> str:
        account = me()
        logins.choose_password(account, form.text("new"), now=now())
        sign_in(account)
        return "Password changed. Every other browser is signed out."

    return _saved("password", form, save)
