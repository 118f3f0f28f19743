"""Bounded load on loopback: a fixed number of connections, each with one request at a time."""

import selectors
import socket
import time
from dataclasses import dataclass, field

CONNECTIONS = 32


@dataclass
class Window:
    """What was answered in a window of time."""

    seconds: float
    took: list[float] = field(default_factory=list)  # seconds, one a request
    wrong: int = 0

    @property
    def rate(self):
        return len(self.took) / self.seconds

    @property
    def p99(self):
        return sorted(self.took)[int(len(self.took) * 0.99)] if self.took else float("inf")


class _Connection:
    def __init__(self, port, request):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request

    def ask(self):
        self.received = b""
        self.began = time.perf_counter()
        self.socket.sendall(self.request)

    def is_answered(self):
        """Read what is there; whether the answer is whole now."""
        self.received += self.socket.recv(65_536)
        head, end, body = self.received.partition(b"\r\n\r\n")
        if not end:
            return False
        _, _, length = head.lower().partition(b"content-length:")
        return len(body) >= int(length.split(b"\r\n")[0] or 0)


def run(port, path, seconds, *, status=302, connections=CONNECTIONS):
    """Ask for a path over and over for so many seconds; returns the window."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
        "Referer: https://blog.example/post\r\n\r\n"
    ).encode()
    window, wanted = Window(seconds), f"HTTP/1.1 {status}".encode()
    with selectors.DefaultSelector() as ready:
        for _ in range(connections):
            connection = _Connection(port, request)
            ready.register(connection.socket, selectors.EVENT_READ, connection)
            connection.ask()
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            for key, _ in ready.select(timeout=end - now):
                connection = key.data
                if not connection.is_answered():
                    continue
                window.took.append(time.perf_counter() - connection.began)
                window.wrong += not connection.received.startswith(wanted)
                connection.ask()
        for key in list(ready.get_map().values()):
            key.fileobj.close()
    return window
