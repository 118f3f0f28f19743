"""What people do about their own login, and the mail that tells of it, in one transaction."""

from datetime import datetime

from portal import access, affiliates, mail, throttle
from portal.access import Account
from portal.database import transaction
from portal.mail import Message
from portal.models import Affiliate
from portal.rules import Refused, email_key

LINKS_AN_HOUR = 3  # mails with a link for one account
ASKED_AN_HOUR = 20  # questions from one address, whatever the account


def choose_password(account: Account, new: str, *, now: datetime) -> None:
    """Set the own password and tell by mail; ends every session (access.set_password).

    With the first one, in place of the mailed password, the mail says that the account was opened
    (R1). Raises Refused on `new`.
    """
    kind = "password_changed" if account.password_hash else "first_login"
    with transaction():
        access.set_password(account, new, now=now)
        mail.queue(kind, to=account, now=now)


def reset_password(token: str, new: str, *, now: datetime) -> Account:
    """Set a new password with a mailed link and tell by mail; signs nobody in.

    Raises Refused on `new` for a poor one (the link still works), without a field for a
    link that no longer works.
    """
    with transaction():
        account = access.reset_holder(token, now=now)
        if account is None:
            raise Refused("This link no longer works: it works once, for 60 minutes.")
        choose_password(account, new, now=now)
    return account


def forgotten(name: str, *, now: datetime, ip: str) -> None:
    """Mail a link to choose a new password, if this user name or e-mail is anybody's.

    Says nothing about whether it is: the page answers the same always. Raises access.NotSignedIn
    for an address that asks too often.
    """
    throttle.limit("forgotten", ip, ASKED_AN_HOUR, now)
    account = access.find(name)
    who = access.holder(account) if account else name.strip().casefold()
    few = throttle.count(f"link {who}", throttle.HOUR, now) <= LINKS_AN_HOUR
    if account and few and access.may_sign_in(account):
        mail.queue("password_reset", to=account, now=now)


def ask_new_email(account: Affiliate, email: str, *, now: datetime) -> None:
    """Mail a link to a new address; the address counts once the link is opened.

    Where another account has the address the mail says so, and the page says what it always does.
    Raises Refused for the fourth within an hour, and for the address that it has.
    """
    if email == account.email:
        raise Refused("This is your e-mail already.", "email")
    if throttle.count(f"email {access.holder(account)}", throttle.HOUR, now) > LINKS_AN_HOUR:
        raise Refused("Three links went out within the hour. Wait a little, then ask again.")
    known = access.find(email)
    taken = known is not None and known != account
    kind = "email_taken" if taken else "confirm_email"
    mail.queue(kind, to=account, now=now, address=email)


def pending_email(account: Affiliate, *, now: datetime) -> str:
    """The address that waits to be confirmed, or empty."""
    asked = Message.select().where(
        Message.holder == access.holder(account), Message.kind.in_(("confirm_email", "email_taken"))
    )
    last = asked.order_by(Message.id.desc()).first()
    fresh = last and abs(now - last.queued_at) < access.RESET_LIFE
    if last and account.password_at and account.password_at > last.queued_at:
        fresh = False  # a new password ended its link
    address = last.facts["to"] if fresh else ""
    return address if email_key(address) != account.email_key else ""


def confirm_email(token: str, *, now: datetime) -> Affiliate:
    """Make an address the account's by a mailed link, once. Raises Refused."""
    with transaction():
        account, email = access.email_of(token, now=now)
        if not isinstance(account, Affiliate):
            raise Refused("This link no longer works: it works once, for 60 minutes.")
        access.forget_tokens(account)
        return affiliates.change_email(account, email, by=account.code, now=now)
