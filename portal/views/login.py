"""Signing in and out, the first login, and a forgotten password.

Affiliates sign in by code or e-mail, admins by e-mail, all on one form.
"""

from flask import Blueprint, Response, flash, request, session
from flask_login import current_user

from portal import access, logins
from portal.forms.people import LoginForm, NameForm, NewPasswordForm
from portal.rules import Refused
from portal.views.html import ask_to_sign_in, come_back, goto, me, now, page, sign_in, sign_out

blueprint = Blueprint("login", __name__)


@blueprint.get("/home")
def home() -> Response:
    if not current_user.is_authenticated:
        return goto("public.program")
    return goto("admin.overview" if current_user.is_admin else "center.overview")


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> Response:
    form = LoginForm()
    if not form.validate_on_submit():
        return page("login/login.html", form=form, failed=None)
    said = form.typed("username"), form.typed("password")
    try:
        found = access.sign_in(*said, now=now(), ip=request.remote_addr or "")
    except access.NotSignedIn as failed:
        return page("login/login.html", wait=failed.retry_after, form=form, failed=failed)
    sign_in(found.who)
    if found.must_replace:
        session["must_replace"] = True
        return goto("login.first")
    return come_back()


@blueprint.post("/logout")
def logout() -> Response:
    sign_out()
    flash("You are signed out.", "good")
    return goto("login.login")


@blueprint.route("/login/first", methods=["GET", "POST"])
def first() -> Response:
    """Choose an own password in place of the one that was mailed (R1)."""
    if not current_user.is_authenticated:
        return ask_to_sign_in()
    if not session.get("must_replace"):
        return goto("login.home")
    form = NewPasswordForm()
    if form.validate_on_submit():
        with form.refusals():
            logins.choose_password(me(), form.typed("new"), now=now())
            sign_in(me())
            flash("Your password is saved.", "good")
            return goto("login.home")
    return page("login/first.html", form=form, account=me())


@blueprint.route("/password/forgotten", methods=["GET", "POST"])
def forgotten() -> Response:
    """Ask for a link to a new password. The answer is the same for every name."""
    form = NameForm()
    if form.validate_on_submit():
        name = form.typed("username")
        with form.refusals():
            logins.forgotten(name, now=now(), ip=request.remote_addr or "")
            return page("login/forgotten.html", status=200, form=form, sent=name)
    return page("login/forgotten.html", wait=form.wait, form=form, sent=None)


@blueprint.route("/email/new/<token>", methods=["GET", "POST"])
def confirm_email(token: str) -> Response:
    """Confirm a new address with the link of a mail; looking at it does not use it up."""
    account, address = access.email_of(token, now=now())
    if request.method == "POST" and account:
        try:
            logins.confirm_email(token, now=now())
        except Refused as problem:
            flash(str(problem), "bad")
        else:
            flash("Your new address counts now. Sign in with it, or your user name.", "good")
            return goto("login.home")
    return page("login/email.html", status=200 if account else 404, address=address)


@blueprint.route("/password/new/<token>", methods=["GET", "POST"])
def new(token: str) -> Response:
    """Choose a new password with the link of a mail; looking at it does not use it up."""
    form, holder = NewPasswordForm(), access.reset_holder(token, now=now())
    if holder is None:
        return page("login/new.html", status=404, account=None)
    if form.validate_on_submit():
        with form.refusals():
            logins.reset_password(token, form.typed("new"), now=now())
            sign_out()
            flash("Your new password is saved. Sign in with it.", "good")
            return goto("login.login")
    return page("login/new.html", form=form, account=holder)
