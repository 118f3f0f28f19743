"""A real SMTP server on a free port that keeps what it accepts, or answers as it is told."""

import socket
from email import message_from_bytes
from email.policy import default

from aiosmtpd.controller import Controller

from portal.config import MailServer


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Mailbox:
    """What arrived, parsed. `at_rcpt` and `at_data` are called first and may give an answer."""

    def __init__(self):
        self.mails = []
        self.at_rcpt = self.at_data = lambda *_: None

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.at_rcpt(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = self.at_data(server)
        if answer is None or answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=default))
        return answer or "250 OK"


class Running:
    """The server while it runs; `mailbox` tells what arrived and `address` where it is."""

    def __init__(self, tls=None):
        self.mailbox = Mailbox()
        self.address = MailServer("localhost", free_port(), tls=tls is not None)
        self._tls = tls

    def __enter__(self):
        at = {"hostname": "127.0.0.1", "port": self.address.port, "ssl_context": self._tls}
        self._controller = Controller(self.mailbox, **at, enable_SMTPUTF8=True)
        self._controller.start()
        return self

    def __exit__(self, *_):
        self._controller.stop()


def text(mail):
    """The plain text of a mail."""
    return mail.get_body(("plain",)).get_content()


def line(mail, label):
    """What stands alone on a line after "label: "."""
    (found,) = [row for row in text(mail).splitlines() if row.startswith(f"{label}: ")]
    return found.removeprefix(f"{label}: ")
