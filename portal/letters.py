"""Writing a mail: its templates filled in, as plain text and as HTML, with safe headers.

Templates are templates/mail/<kind>.subject.txt, .txt and .html. Everything shown comes from the
account, the program's settings and the facts of the deed; links begin with PORTAL_URL.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from portal import formats, program
from portal.models import Admin, Affiliate
from portal.smtp import Envelope

SECRET_KINDS = ("login", "password_reset")
KINDS = (
    *SECRET_KINDS,
    *("account_exists", "applied", "declined", "payout", "tax_hold"),
    *("password_changed", "first_login"),
)
RESET_PATH = "/password/new/"  # followed by the token
_TEMPLATES = Path(__file__).parent.parent / "templates" / "mail"


def one_line(text: str) -> str:
    """A text without line breaks or other control characters, for headers and lists."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


_pages = Environment(
    loader=FileSystemLoader(_TEMPLATES),
    undefined=StrictUndefined,
    autoescape=select_autoescape(("html",)),
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_pages.filters.update(usd=formats.usd, month=formats.month, one_line=one_line)


def envelope(account: Affiliate | Admin, url: str) -> Envelope:
    """From whom to whom a mail goes: from the program's support address, where it has one."""
    host = _host(url)
    sender = program.load().support_email or f"no-reply@{host}"
    return Envelope(sender=_address(sender), to=_address(account.email), host=host)


def _host(url: str) -> str:
    host = urlsplit(url).hostname or "localhost"
    return "localhost" if ":" in host else host


def _address(email: str) -> str:
    """An address as mail servers take it: the domain in its ASCII form."""
    local, _, domain = email.strip().rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return f"{local}@{domain}"


def _mailbox(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local, domain)


def write(
    kind: str, account: Affiliate | Admin, url: str, key: str, now: datetime, facts: Mapping
) -> bytes:
    """The mail of a kind to an account, ready to hand over.

    `key` names the mail: the same key has the same Message-ID, however often it is sent. Raises
    jinja2.UndefinedError where a fact is missing.
    """
    told = _told(account, url, now, facts)
    addresses = envelope(account, url)
    utf8 = not (addresses.to.isascii() and addresses.sender.isascii())
    message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
    name = one_line(told["program"].program_name)
    message["From"] = _mailbox(name, addresses.sender)
    message["To"] = _mailbox("", addresses.to)
    message["Subject"] = one_line(_pages.get_template(f"{kind}.subject.txt").render(told))
    message["Date"] = format_datetime(now)
    digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    message["Message-ID"] = f"<{digest}@{addresses.host}>"
    message["Auto-Submitted"] = "auto-generated"
    # Lines keep their ends and stay short whatever a server does to 8-bit text.
    plain = _pages.get_template(f"{kind}.txt").render(told)
    message.set_content(plain, cte="quoted-printable")
    marked_up = _pages.get_template(f"{kind}.html").render(told)
    message.add_alternative(marked_up, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _told(
    account: Affiliate | Admin, url: str, now: datetime, facts: Mapping[str, Any]
) -> dict[str, Any]:
    user_name = account.code if isinstance(account, Affiliate) else account.email
    return {
        "program": program.load(),
        "terms": program.terms_version().terms(),
        "account": account,
        "user_name": user_name,
        "url": url,
        "login_url": f"{url}/login",
        "center_url": f"{url}/center/",
        "payments_url": f"{url}/center/payments",
        "profile_url": f"{url}/center/profile",
        "reset_url": f"{url}{RESET_PATH}",
        "now": now,
        **facts,
    }
