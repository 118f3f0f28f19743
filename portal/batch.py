"""Group commit: what several threads bring at once is stored in one transaction.

The thread that finds nobody at work leads: it commits everything that waits. Those who come
meanwhile sleep until theirs is committed, or until the leader, done, hands one of them the lead.
There is nothing to lose: nobody returns before what they brought is durable.
"""

import threading
from collections.abc import Callable
from typing import Any


class _Ticket:
    """One piece on its way. `woken` is free when it is done, or when its owner is to lead."""

    def __init__(self, piece: Any):
        self.piece, self.is_done = piece, False
        self.result: Any = None
        self.error: BaseException | None = None
        self.woken = threading.Lock()
        self.woken.acquire()


class GroupCommit:
    """Brings pieces to `store`, which stores all of a list or none and returns their results."""

    def __init__(self, store: Callable[[list[Any]], list[Any]]):
        self._store = store
        self._guard = threading.Lock()
        self._waiting: list[_Ticket] = []
        self._led = False

    def add(self, piece: Any) -> Any:
        """Store a piece together with those that wait; raises what storing them raised."""
        ticket = _Ticket(piece)
        with self._guard:
            self._waiting.append(ticket)
            leads, self._led = not self._led, True
        if not leads:
            ticket.woken.acquire()
        if not ticket.is_done:
            self._lead()
        if ticket.error:
            raise ticket.error
        return ticket.result

    def _lead(self) -> None:
        with self._guard:
            batch, self._waiting = self._waiting, []
        results: list[Any] = [None] * len(batch)
        error = None
        try:
            results = self._store([ticket.piece for ticket in batch])
        except BaseException as raised:
            error = raised
        for ticket, result in zip(batch, results, strict=True):
            ticket.result, ticket.error, ticket.is_done = result, error, True
        with self._guard:
            self._led = bool(self._waiting)
            following = self._waiting[:1]  # leads next, so that nobody leads for others for ever
        for ticket in [*following, *batch]:
            ticket.woken.release()
