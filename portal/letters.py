"""Writing a mail as plain text and as HTML, and handing it to the mail server.

A template is templates/mail/<kind>.txt, its subject on the first line; the HTML is made of the same
text. Everything shown comes from the account, the program's settings and the facts of the deed;
links begin with PORTAL_URL.
"""

import hashlib
import html
import ipaddress
import re
import smtplib
import ssl
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal import formats, program
from portal.config import MailServer
from portal.models import Admin, Affiliate

TEMPLATES = Path(__file__).parent.parent / "templates" / "mail"
KINDS = {file.stem for file in TEMPLATES.glob("[a-z]*.txt")}
WIDTH = 78  # columns of the plain text
TIMEOUT = 10.0  # seconds for each answer of the server
SUBMISSION = 587


def one_line(text: str) -> str:
    """A text without line breaks or other control characters, for headers and lists."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


_pages = Environment(  # plain text; it is escaped when the HTML is made of it
    loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, autoescape=False,  # noqa: S701
)  # fmt: skip
_pages.filters.update(usd=formats.usd, month=formats.month, one_line=one_line)


def send(
    server: MailServer,
    kind: str,
    account: Admin | Affiliate,
    *,
    url: str,
    key: str,
    now: datetime,
    facts: Callable[[], dict[str, Any]],
    to: str = "",
    muted: bool = False,
) -> None:
    """Hand the server the mail of a kind to an account; returns once it said that it has it.

    `to` is another address than the account's; `muted` says that this kind can be turned off. The
    same key has the same Message-ID, however often it is sent. `facts` is called only when
    the server has accepted sender and recipient, so that a server that is down or refuses the
    person does not make an older password die for nothing. Raises OSError,
    smtplib.SMTPException and, where a fact is missing, jinja2.UndefinedError.
    """
    host = (urlsplit(url).hostname or "").partition(":")[0] or "localhost"
    settings = program.load()
    sender = _address(settings.support_email or f"no-reply@{host}")
    to = _address(to or account.email)
    utf8 = not (to.isascii() and sender.isascii())
    message = EmailMessage(policy=SMTPUTF8 if utf8 else SMTP)
    message["From"] = Address(one_line(settings.program_name), *sender.rsplit("@", 1))
    message["To"] = Address("", *to.rsplit("@", 1))
    message["Date"] = format_datetime(now)
    digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
    message["Message-ID"] = f"<{digest}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    with _connected(server, host) as connection:
        code, said = connection.mail(sender, ["SMTPUTF8"] if utf8 else [])
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, said, sender)
        code, said = connection.rcpt(to)
        if code in (250, 251):
            about = {"program": settings, "account": account, "url": url, "muted": muted}
            _write(message, kind, **about, **facts())
            code, said = connection.data(message.as_bytes())
        if code not in (250, 251):
            raise smtplib.SMTPDataError(code, said)


def _address(email: str) -> str:
    """An address as mail servers take it: the domain in its ASCII form."""
    local, _, domain = email.strip().rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode()
    return f"{local}@{domain}"


def _write(message: EmailMessage, kind: str, **told: Any) -> None:
    account = told["account"]
    told = {name: _plain(value) for name, value in told.items()}
    told["user_name"] = account.code if isinstance(account, Affiliate) else account.email
    told["terms"] = program.terms_version().terms()
    told["muted_at"] = f"{told['url']}/center/profile#notices" if told["muted"] else ""
    subject, _, text = _pages.get_template(f"{kind}.txt").render(told).partition("\n")
    message["Subject"] = one_line(subject)
    text = re.sub(r"\n{3,}", "\n\n", text.strip()) + "\n"
    # Lines keep their ends and stay short whatever a server does to 8-bit text.
    message.set_content(_wrapped(text), cte="quoted-printable")
    message.add_alternative(_marked_up(text, told["url"]), subtype="html", cte="quoted-printable")


def _plain(value: Any) -> Any:
    """A text from outside in one line; lists of them likewise."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return one_line(value) if isinstance(value, str) else value


def _wrapped(text: str) -> str:
    """A paragraph a line becomes lines of a width; one with an address stays whole."""
    wrap = textwrap.TextWrapper(WIDTH, break_long_words=False, break_on_hyphens=False)
    lines = text.split("\n")
    whole = ("", "-- ")  # the second begins the signature, blank and all
    return "\n".join(line if "://" in line or line in whole else wrap.fill(line) for line in lines)


def _marked_up(text: str, url: str) -> str:
    """The same text as HTML: paragraphs, and our own addresses to follow.

    What a person called themselves or asked makes no link, so nobody sends one in our name.
    """
    own = rf"(?<!\S){re.escape(html.escape(url))}/\S*"
    safe = re.sub(own, r'<a href="\g<0>">\g<0></a>', html.escape(text))
    paragraphs = (part.strip().replace("\n", "<br>\n") for part in safe.split("\n\n"))
    body = "\n".join(f"<p>{part}</p>" for part in paragraphs).replace("<p>-- <br>\n", "<hr>\n<p>")
    head = '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"></head>\n<body>\n'
    return f"{head}{body}\n</body>\n</html>\n"


@contextmanager
def _connected(server: MailServer, host: str) -> Iterator[smtplib.SMTP]:
    trusted = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.tls:
        at = (server.host, server.port, host)
        connection = smtplib.SMTP_SSL(*at, timeout=TIMEOUT, context=trusted)
    else:
        connection = smtplib.SMTP(server.host, server.port, host, TIMEOUT)
    try:
        connection.ehlo_or_helo_if_needed()
        if not server.tls and server.port == SUBMISSION and connection.has_extn("starttls"):
            connection.starttls(context=trusted)
            connection.ehlo()
        if server.user:
            if not isinstance(connection.sock, ssl.SSLSocket) and not _is_here(server.host):
                raise smtplib.SMTPException("The mail server offers no TLS for the password.")
            connection.login(server.user, server.password)
        yield connection
        with suppress(OSError, smtplib.SMTPException):  # it has the mail, or has refused it
            connection.quit()
    finally:
        connection.close()


def _is_here(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


# --- What an answer means ----------------------------------------------------------------------


def is_down(problem: Exception) -> bool:
    """Whether the server could not be used at all, so that no other mail would fare better."""
    about_one = smtplib.SMTPDataError | smtplib.SMTPNotSupportedError  # the last: its address
    return isinstance(problem, OSError) and not isinstance(problem, about_one)


def is_final(problem: Exception) -> bool:
    """Whether this mail is refused for good: a 5xx to its recipient or its text."""
    return isinstance(problem, smtplib.SMTPDataError) and 500 <= problem.smtp_code < 600


def described(problem: Exception) -> str:
    """What went wrong in one short line, in the server's own words where it said any."""
    if not isinstance(problem, smtplib.SMTPResponseException):
        return one_line(f"{type(problem).__name__}: {problem}")[:200]
    said: str | bytes = problem.smtp_error
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return one_line(f"{problem.smtp_code} {text}")[:200]
