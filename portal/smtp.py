"""Speaking to the mail server: one mail a connection, TLS that is verified, ten seconds a word."""

from __future__ import annotations

import ipaddress
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from portal.config import MailServer

TIMEOUT = 10.0  # seconds for each answer of the server
SUBMISSION = 587


class Envelope(NamedTuple):
    """Who sends, who receives (addresses alone), and the host that we say we are."""

    sender: str
    to: str
    host: str


class NotPrivate(Exception):
    """The server offers no TLS, and a password must not go out in the clear."""


def hand_over(server: MailServer, envelope: Envelope, written: Callable[[], bytes]) -> None:
    """Give the server one mail; returns once it said that it has it.

    `written` is called only when the server has accepted sender and recipient. Raises OSError,
    smtplib.SMTPException, NotPrivate, and whatever `written` raises.
    """
    with _connected(server, envelope.host) as connection:
        ascii_only = envelope.to.isascii() and envelope.sender.isascii()
        code, said = connection.mail(envelope.sender, [] if ascii_only else ["SMTPUTF8"])
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, said, envelope.sender)
        code, said = connection.rcpt(envelope.to)
        if code not in (250, 251):
            raise smtplib.SMTPRecipientsRefused({envelope.to: (code, said)})
        code, said = connection.data(written())
        if code != 250:
            raise smtplib.SMTPDataError(code, said)


@contextmanager
def _connected(server: MailServer, host: str) -> Iterator[smtplib.SMTP]:
    connection = _open(server, host)
    try:
        connection.ehlo_or_helo_if_needed()
        if not server.tls and server.port == SUBMISSION and connection.has_extn("starttls"):
            connection.starttls(context=ssl.create_default_context())
            connection.ehlo()
        if server.user:
            if not isinstance(connection.sock, ssl.SSLSocket) and not _is_here(server.host):
                raise NotPrivate("The mail server offers no TLS for the password.")
            connection.login(server.user, server.password)
        yield connection
        with suppress(OSError, smtplib.SMTPException):  # it has the mail, or has refused it
            connection.quit()
    finally:
        connection.close()


def _open(server: MailServer, host: str) -> smtplib.SMTP:
    if not server.tls:
        return smtplib.SMTP(server.host, server.port, host, TIMEOUT)
    trusted = ssl.create_default_context()
    return smtplib.SMTP_SSL(server.host, server.port, host, timeout=TIMEOUT, context=trusted)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


# --- What an answer means ----------------------------------------------------------------------


def is_down(problem: Exception) -> bool:
    """Whether the server could not be used at all, so that no other mail would fare better."""
    about_one = smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError
    if isinstance(problem, about_one | smtplib.SMTPNotSupportedError):  # the last: its address
        return False
    return isinstance(problem, OSError | NotPrivate)  # each SMTPException is an OSError


def is_final(problem: Exception) -> bool:
    """Whether this mail is refused for good: a 5xx to its recipient or its text."""
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _ in problem.recipients.values())
    return isinstance(problem, smtplib.SMTPDataError) and 500 <= problem.smtp_code < 600


def described(problem: Exception) -> str:
    """What went wrong in one short line, in the server's own words where it said any."""
    said: str | bytes
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(problem.recipients.values()))
    elif isinstance(problem, smtplib.SMTPResponseException):
        code, said = problem.smtp_code, problem.smtp_error
    else:
        return " ".join(f"{type(problem).__name__}: {problem}".split())[:200]
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join(f"{code} {text}".split())[:200]
