"""Deeds in a process of their own that kill -9 ends at a chosen statement to the database."""

import multiprocessing
import os
import signal
from itertools import count

from portal import database

_processes = multiprocessing.get_context("spawn")


def killed_everywhere(url, deed, *what, **about):
    """Do a deed that is killed before its first statement, its second, and so on to its end.

    Yields the number of the statement after each death; ends when a call came through alive.
    """
    here, there = _processes.Pipe()
    told = (there, url, deed, what, about)
    parent = _processes.Process(target=_serve, args=told, daemon=True)
    parent.start()
    for number in count(1):
        here.send(number)
        ended = here.recv()
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        yield number
    here.send(None)
    parent.join()


def _serve(pipe, *told):
    """Begin a process for each number asked for; forking is cheap in one without threads."""
    while number := pipe.recv():
        child = os.fork()
        if not child:
            _do_until(number, *told)
            os._exit(0)
        pipe.send(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _do_until(number, url, deed, what, about):
    database.connect(url).connect()
    steps, cursor = count(1), database.db.obj.cursor

    def counted(*args, **kwargs):
        if next(steps) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return cursor(*args, **kwargs)

    database.db.obj.cursor = counted  # every statement asks for one, BEGIN and COMMIT too
    deed(*what, **about)
    database.db.close()
