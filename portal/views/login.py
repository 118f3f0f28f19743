"""Signing in and out, the first login, and a forgotten password.

Affiliates sign in by code or e-mail, admins by e-mail, all on one form.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, request, session
from flask_login import current_user

from portal import access, logins
from portal.forms import ForgottenForm, LoginForm, NewPasswordForm
from portal.models import Affiliate
from portal.rules import Refused
from portal.views.html import ask_to_sign_in, goto, me, now, page, sign_in, sign_out

blueprint = Blueprint("login", __name__)


def _address() -> str:
    return request.remote_addr or ""


@blueprint.get("/home")
def home() -> Response:
    """The first page of whoever is looking."""
    if not current_user.is_authenticated:
        return goto("public.program")
    return goto("admin.overview" if current_user.is_admin else "center.overview")


@blueprint.route("/login", methods=["GET", "POST"])
def login() -> Response:
    """Sign in with a user name and a password, the own or the first one."""
    form = LoginForm()
    if request.method == "GET" or not form.validate():
        status = 422 if request.method == "POST" else 200
        return page("login/login.html", status=status, form=form, failed=None)
    try:
        found = access.sign_in(
            form.text("username"), form.text("password"), now=now(), ip=_address()
        )
    except access.NotSignedIn as failed:
        status = 429 if failed.retry_after else 422
        answer = page("login/login.html", status=status, form=form, failed=failed)
        if failed.retry_after:
            answer.headers["Retry-After"] = str(failed.retry_after)
        return answer
    sign_in(found.who)
    if found.must_replace:
        session["must_replace"] = True
        return goto("login.first")
    return goto("login.home")


@blueprint.post("/logout")
def logout() -> Response:
    """End the session in this browser."""
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
    if request.method == "POST" and form.validate():
        try:
            logins.choose_password(me(), form.text("new"), now=now())
        except Refused as problem:
            form.refuse(problem, password="new")  # noqa: S106
        else:
            sign_in(me())
            flash("Your password is saved.", "good")
            return goto("login.home")
    status = 422 if request.method == "POST" else 200
    return page("login/first.html", status=status, form=form, account=me(), name=_name(me()))


def _name(account: Any) -> str:
    return account.code if isinstance(account, Affiliate) else account.email


@blueprint.route("/password/forgotten", methods=["GET", "POST"])
def forgotten() -> Response:
    """Ask for a link to a new password. The answer is the same for every name."""
    form = ForgottenForm()
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.validate():
        try:
            logins.forgotten(form.text("username"), now=now(), ip=_address())
        except access.NotSignedIn as failed:
            form.refuse(Refused(str(failed)))
            answer = page("login/forgotten.html", status=429, form=form, sent=None)
            answer.headers["Retry-After"] = str(failed.retry_after)
            return answer
        return page("login/forgotten.html", form=form, sent=form.username.data)
    return page("login/forgotten.html", status=status, form=form, sent=None)


@blueprint.route("/password/new/<token>", methods=["GET", "POST"])
def new(token: str) -> Response:
    """Choose a new password with the link of a mail; looking at it does not use it up."""
    form = NewPasswordForm()
    holder = access.reset_holder(token, now=now())
    status = 200
    if holder and request.method == "POST":
        status = 422
        if form.validate():
            try:
                logins.reset_password(token, form.text("new"), now=now())
            except Refused as problem:
                form.refuse(problem, password="new")  # noqa: S106
            else:
                sign_out()
                flash("Your new password is saved. Sign in with it.", "good")
                return goto("login.login")
    name = _name(holder) if holder else ""
    return page("login/new.html", status=status if holder else 404, form=form, name=name)
