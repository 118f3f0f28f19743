"""What we hold about an affiliate, each part saved by itself. For what could move money or the
account the password is asked for, once in ten minutes.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, request
from flask_login import current_user

from portal import access, accounts, affiliates, closing, ledger, logins, outlook, program, sessions
from portal.formats import address_lines
from portal.forms import people
from portal.mail import MUTED
from portal.models import Affiliate, TaxIdOnFile
from portal.views.center import blueprint
from portal.views.html import goto, is_proven, me, now, page, prove, sign_in, sign_out

ALWAYS_ASK = ("password", "close")


@blueprint.get("/profile")
def profile() -> Response:
    return _page({})


def _page(forms: dict[str, Any]) -> Response:
    """The page with the forms as they are saved, but for one that was sent."""
    wanted = [name for name in MUTED if name not in me().muted.split()]
    saved = {}
    for part, (kind, _) in PARTS.items():
        obj = me() if part in ("checks", "tax") else None
        saved[part] = kind(None, obj=obj, data={"wanted": wanted}, prefix=part)
        _ask_for_password(part, saved[part])
    return page(
        "center/profile.html",
        forms=saved | forms,
        opened=next(iter(forms), ""),
        account=me(),
        lines=address_lines(me()),
        pending=logins.pending_email(me(), now=now()),
        sessions=sessions.listed(me(), now=now()),
        this=access.sha256(current_user.id),
        on_file=TaxIdOnFile.get_or_none(affiliate=me()),
        hold=accounts.hold(me(), now=now()),
        us_person=accounts.is_us_person(me()),
        terms=program.terms_version().terms(),
        balance=ledger.balance(me().id),
        check=outlook.next_check(me(), now=now()),
    )


def _ask_for_password(part: str, form: Any) -> None:
    """Leave the question out where the password was typed just now."""
    if "current" in form and part not in ALWAYS_ASK and is_proven():
        del form.current


@blueprint.post("/profile/<any(checks,email,password,notices,tax,close):part>")
def save(part: str) -> Response:
    kind, deed = PARTS[part]
    form: Any = kind(prefix=part)
    _ask_for_password(part, form)
    if form.validate():
        with form.refusals():
            if "current" in form:
                ip = request.remote_addr or ""
                access.check_password(me(), form.current.data, now=now(), ip=ip)
                prove()
            flash(deed(form), "good")
            return goto("login.login" if part == "close" else "center.profile")
    return _page({part: form})


@blueprint.post("/profile/sessions")
def end_session() -> Response:
    if not sessions.end_one(me(), request.form.get("end", "")):
        abort(404)
    flash("That browser is signed out.", "good")
    return goto("center.profile")


def _save_checks(form: Any) -> str:
    affiliates.change_profile(me(), by=me().code, now=now(), **form.values(*affiliates.ON_CHECKS))
    return "Name and address saved. The next check uses them."


def _save_email(form: Any) -> str:
    logins.ask_new_email(me(), form.typed("email"), now=now())
    return "A link is on its way to the new address. It counts once you open it."


def _save_notices(form: Any) -> str:
    muted = " ".join(name for name in MUTED if name not in form.wanted.data)
    Affiliate.update(muted=muted).where(Affiliate.id == me().id).execute()
    return "Notices saved."


def _save_tax(form: Any) -> str:
    """An empty tax ID keeps what is on file."""
    said: dict[str, Any] = form.values("tax_name", "tax_class", "e_copy")
    if form.said_us_person() is not None:
        said["us_person"] = form.said_us_person()
    if form.w9.data:
        said["certified_at"] = now()
    affiliates.change_tax_id(me(), form.typed("tax_id"), by=me().code, now=now(), **said)
    return "Tax details saved."


def _save_password(form: Any) -> str:
    account = me()
    logins.choose_password(account, form.typed("new"), now=now())
    sign_in(account)
    return "Password changed. Every other browser is signed out."


def _close(form: Any) -> str:
    closing.close(me(), now=now())
    sign_out()
    return "Your account is closed. What is owed stays owed. We wrote to you what follows."


PARTS: dict[str, tuple[Any, Callable[[Any], str]]] = {
    "checks": (people.ChecksForm, _save_checks),
    "email": (people.EmailForm, _save_email),
    "password": (people.PasswordForm, _save_password),
    "notices": (people.NoticesForm, _save_notices),
    "tax": (people.ProfileTaxForm, _save_tax),
    "close": (people.CloseForm, _close),
}
