"""What people do about their own login, and the mail that tells of it, in one transaction."""

from __future__ import annotations

import secrets
from datetime import datetime

from portal import access, mail, persons
from portal.models import Admin, Affiliate
from portal.throttle import HOUR, Counter, network, throttled

LINKS_AN_HOUR = 3  # mails with a link for one account
ASKED_AN_HOUR = 20  # questions from one address, whatever the account


def choose_password(account: Affiliate | Admin, new: str, *, now: datetime) -> None:
    """Set the own password and tell by mail; ends every session (access.set_password).

    With the first one, in place of the mailed password, the mail says that the account was opened
    (R1). Raises Refused on `password`.
    """
    access.set_password(account, new, now=now, then=_teller(account, now))


def reset_password(token: str, new: str, *, now: datetime) -> Affiliate | Admin:
    """Set a new password with a mailed link and tell by mail; signs nobody in.

    Raises Refused as access.reset_password.
    """
    account = access.reset_holder(token, now=now)
    return access.reset_password(token, new, now=now, then=_teller(account, now))


def _teller(account: Affiliate | Admin | None, now: datetime) -> access.Told:
    kind = "first_login" if account and account.password_hash is None else "password_changed"

    def tell(changed: Affiliate | Admin) -> None:
        mail.queue(kind, to=changed, now=now, key=_once(kind, changed))

    return tell


def forgotten(name: str, *, now: datetime, ip: str) -> None:
    """Mail a link to choose a new password, if this user name or e-mail is anybody's.

    Says nothing about whether it is: the page answers the same always. Raises access.NotSignedIn
    for an address that asks too often.
    """
    asked = Counter("forgotten", network(ip), window=HOUR)
    if asked.add(now) > ASKED_AN_HOUR:
        raise throttled(asked.seconds_left(now))
    account = persons.find(name)
    who = persons.holder(account) if account else name.strip().casefold()
    few = Counter("link", who, window=HOUR).add(now) <= LINKS_AN_HOUR
    if account and few and persons.may_sign_in(account):
        mail.queue("password_reset", to=account, now=now, key=_once("password_reset", account))


def _once(kind: str, account: Affiliate | Admin) -> str:
    return f"{kind}:{persons.holder(account)}:{secrets.token_hex(8)}"
