"""Proofs of identity: passwords, one-time passwords, reset links, API keys.

Secrets are returned once, to be handed over, and kept only as hashes: Argon2id where people type
them, SHA-256 where they are 256 random bits. What may happen once is compare-and-set.

    sign_in(name, password, *, now, ip) -> SignedIn(who, must_replace)   raises NotSignedIn
    check_password(account, password, *, now, ip)                        raises NotSignedIn
    set_password(account, new, *, now)                                   raises Refused
    one_time_password(affiliate, *, now) -> str
    reset_token(account, *, now) -> str;  reset_holder(token, *, now) -> account or None
    reset_password(token, new, *, now) -> account                        raises Refused
    create_key(name, *, now) -> str;  key_of(token) -> ApiKey or None;  used(key, *, now)
    revoke_key(key_id, *, now) -> bool;  count_sign_up(ip, *, now)       raises NotSignedIn
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from peewee import AutoField, CharField, ForeignKeyField

from portal import passwords, persons, rules
from portal.database import Table, UtcField, transaction
from portal.models import Admin, Affiliate
from portal.throttle import HOUR, Counter, Tries, network, throttled
from portal.throttle import NotSignedIn as NotSignedIn

SIGN_UPS_AN_HOUR = 5  # applications by the form from one address
ONE_TIME_LIFE = timedelta(days=7)
RESET_LIFE = timedelta(minutes=60)
Told = Callable[[Affiliate | Admin], None]


class OneTimePassword(Table):
    """The one-time password of an affiliate (R1); a new one takes the place of the older."""

    affiliate = ForeignKeyField(Affiliate, primary_key=True)
    password_hash = CharField()
    made_at = UtcField()
    used_at = UtcField(null=True)


class ResetToken(Table):
    """A link to choose a new password: its SHA-256, for whom, and at which e-mail address."""

    hash = CharField(64, primary_key=True)
    holder = CharField(32, index=True)
    email_key = CharField()
    made_at = UtcField()
    used_at = UtcField(null=True)


class ApiKey(Table):
    """A key of the API: its SHA-256. `last_used_on` is a day of UTC, YYYY-MM-DD."""

    id = AutoField()
    name = CharField()
    hash = CharField(64, unique=True)
    created_at = UtcField()
    last_used_on = CharField(10, null=True)
    revoked_at = UtcField(null=True)


class SignedIn(NamedTuple):
    """Who signed in. With `must_replace` only the page to choose a password is open (R1)."""

    who: Affiliate | Admin
    must_replace: bool


# --- Signing in --------------------------------------------------------------------------------


def sign_in(name: str, password: str, *, now: datetime, ip: str) -> SignedIn:
    """The account of this user name or e-mail and this password, own or one-time (R1, R16).

    An unknown name, a wrong password and an account in review or declined are one and the same
    NotSignedIn, after the same time. A right password counts no try, so nobody is locked out
    by what others try elsewhere. A one-time password is used up.
    """
    account = persons.find(name)
    tries = Tries(persons.holder(account) if account else name.strip().casefold(), ip)
    left = tries.take(now)
    must_replace = passwords.as_one_time(password) is not None
    known = account is not None and persons.may_sign_in(account)
    proven = _use_one_time if must_replace else _proven
    if not proven(account if known else None, password, now) or account is None:
        raise NotSignedIn("The user name or the password is not right.", tries_left=left)
    tries.were_right(now)
    return SignedIn(account, must_replace)


def check_password(account: Affiliate | Admin, password: str, *, now: datetime, ip: str) -> None:
    """Ask somebody who is signed in for their own password again. Raises NotSignedIn."""
    tries = Tries(persons.holder(account), ip)
    left = tries.take(now)
    if not _proven(account, password, now):
        raise NotSignedIn("The password is not right.", tries_left=left)
    tries.were_right(now)


def count_sign_up(ip: str, *, now: datetime) -> None:
    """Count an application sent by the form from an address. Raises NotSignedIn past the limit."""
    counter = Counter("sign-up", network(ip), window=HOUR)
    if counter.add(now) > SIGN_UPS_AN_HOUR:
        raise throttled(counter.seconds_left(now))


def _proven(account: Affiliate | Admin | None, password: str, now: datetime) -> bool:
    stored = account.password_hash if account else None
    if not passwords.matches(stored, password):
        return False
    if account and stored and passwords.is_outdated(stored):
        same = type(account).password_hash == stored
        renewed = type(account).update(password_hash=passwords.hashed(password))
        with transaction():
            renewed.where(type(account).id == account.id, same).execute()
    return True


# --- One-time passwords ------------------------------------------------------------------------


def one_time_password(affiliate: Affiliate, *, now: datetime) -> str:
    """A fresh one-time password, shown here and never again; the affiliate's older one is dead.

    20 letters of 32 (100 bits), works once, for 7 days, and must be replaced then (R1).
    """
    text = passwords.one_time()
    row = {"password_hash": passwords.hashed(text), "made_at": now, "used_at": None}
    insert = OneTimePassword.insert(affiliate=affiliate, **row)
    with transaction():
        insert.on_conflict(conflict_target=[OneTimePassword.affiliate], update=row).execute()
    return text


def _use_one_time(account: Affiliate | Admin | None, password: str, now: datetime) -> bool:
    """Whether this is the account's live one-time password, which is used up then (R1)."""
    row = OneTimePassword.get_or_none(affiliate=account.id) if account else None
    live = row and row.used_at is None and _within(row.made_at, ONE_TIME_LIFE, now)
    stored = row.password_hash if row and live and isinstance(account, Affiliate) else None
    if not passwords.matches(stored, passwords.as_one_time(password) or ""):
        return False
    once = OneTimePassword.update(used_at=now).where(
        OneTimePassword.password_hash == stored, OneTimePassword.used_at.is_null()
    )
    with transaction():
        return once.execute() == 1


def _within(made_at: datetime, life: timedelta, now: datetime) -> bool:
    """Whether a secret is still alive; a clock that was put back does not give it a longer life."""
    return abs(now - made_at) < life


# --- Own passwords -----------------------------------------------------------------------------


def set_password(
    account: Affiliate | Admin, new: str, *, now: datetime, then: Told | None = None
) -> None:
    """Make this the own password: every session, one-time password and reset link ends.

    Raises Refused on `password` for a poor one. `account` has its new epoch afterwards.
    `then(account)` runs in the same transaction; logins.py queues the mail that tells of it there.
    """
    password_hash = _acceptable(account, new)
    with transaction():
        _store(account, password_hash, now)
        if then:
            then(account)


def _store(account: Affiliate | Admin, password_hash: str, now: datetime) -> None:
    table, holder = type(account), persons.holder(account)
    changed = table.update(password_hash=password_hash, epoch=table.epoch + 1)
    changed.where(table.id == account.id).execute()
    if isinstance(account, Affiliate):
        one_time = OneTimePassword.update(used_at=now).where(OneTimePassword.used_at.is_null())
        one_time.where(OneTimePassword.affiliate == account.id).execute()
    links = ResetToken.update(used_at=now).where(ResetToken.used_at.is_null())
    links.where(ResetToken.holder == holder).execute()
    account.password_hash, account.epoch = password_hash, table.get_by_id(account.id).epoch


def _acceptable(account: Affiliate | Admin, new: str) -> str:
    own = [account.email, account.email.split("@")[0], *account.name.split()]
    own += [account.code] if isinstance(account, Affiliate) else []
    passwords.check(new, own)
    return passwords.hashed(new)


# --- Reset links -------------------------------------------------------------------------------


def reset_token(account: Affiliate | Admin, *, now: datetime) -> str:
    """A fresh token to choose a new password with, once, within 60 minutes; older ones die."""
    token = secrets.token_urlsafe(32)
    holder = persons.holder(account)
    with transaction():
        ResetToken.delete().where(ResetToken.holder == holder).execute()
        ResetToken.create(
            hash=_sha256(token), holder=holder, email_key=account.email_key, made_at=now
        )
    return token


def reset_holder(token: str, *, now: datetime) -> Affiliate | Admin | None:
    """Whose token this is, or None for one that no longer works. Looking does not use it up."""
    row = ResetToken.get_or_none(ResetToken.hash == _sha256(token), ResetToken.used_at.is_null())
    if row is None or not _within(row.made_at, RESET_LIFE, now):
        return None
    account = persons.of(row.holder)
    same = account and account.email_key == row.email_key and persons.may_sign_in(account)
    return account if same else None


def reset_password(
    token: str, new: str, *, now: datetime, then: Told | None = None
) -> Affiliate | Admin:
    """Choose a new password with a token, which is used up; does not sign in. As set_password.

    Raises Refused: on `password` for a poor one (the token still works), without a field for a
    token that no longer works.
    """
    account = reset_holder(token, now=now)
    password_hash = _acceptable(account, new) if account else ""
    once = ResetToken.update(used_at=now).where(
        ResetToken.hash == _sha256(token), ResetToken.used_at.is_null()
    )
    with transaction():
        if account is None or once.execute() != 1:
            raise rules.Refused("This link no longer works: it works once, for 60 minutes.")
        _store(account, password_hash, now)
        if then:
            then(account)
    return account


# --- API keys ----------------------------------------------------------------------------------


def create_key(name: str, *, now: datetime) -> str:
    """A new API key, shown here and never again: "ap_live_" and 256 random bits."""
    token = f"ap_live_{secrets.token_urlsafe(32)}"
    ApiKey.create(name=name, hash=_sha256(token), created_at=now)
    return token


def key_of(token: str) -> ApiKey | None:
    """The API key that a token is, or None: one look-up by a unique index, no slow hash."""
    return ApiKey.get_or_none(ApiKey.hash == _sha256(token), ApiKey.revoked_at.is_null())


def used(key: ApiKey, *, now: datetime) -> None:
    """Keep on which day (UTC) a key was last used: one write a day and key."""
    today = now.date().isoformat()
    if key.last_used_on != today:
        ApiKey.update(last_used_on=today).where(ApiKey.id == key.id).execute()


def revoke_key(key_id: int, *, now: datetime) -> bool:
    """End an API key; False when there is no such live key."""
    live = (ApiKey.id == key_id) & ApiKey.revoked_at.is_null()
    return ApiKey.update(revoked_at=now).where(live).execute() == 1


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
