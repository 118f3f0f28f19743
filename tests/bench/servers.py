"""The servers that are measured: processes of their own on free ports, stopped by their id."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

SERVE = (
    "import os, sys; from portal import config, serve\n"
    "serve.serve(config.load(os.environ), port=int(sys.argv[1]), workers=2)\n"
)
BARE = (
    "from flask import Flask, redirect\n"
    "app = Flask('bare')\n"
    "@app.get('/go/<code>')\n"
    "def go(code): return redirect('https://shop.example/?via=' + code)\n"
    "@app.post('/json')\n"
    "def answer(): return {'ok': True}\n"
)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def _running(command, environ, log):
    """A server from when it takes connections on its port (the last word but one of none)."""
    port = free_port()
    made = subprocess.Popen(
        [word.replace("PORT", str(port)) for word in command],
        env=os.environ | environ,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait_for(port, made)
        yield port, made
    finally:
        made.send_signal(signal.SIGTERM)
        made.wait(timeout=60)


def _wait_for(port, process, patience=120):
    end = time.monotonic() + patience
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("The server did not start; its log tells why.")


def portal(environ, log=subprocess.DEVNULL):
    """`portal serve` with two workers."""
    return _running([sys.executable, "-c", SERVE, "PORT"], environ, log)


def yardstick(folder, log=subprocess.DEVNULL):
    """A bare Flask application on gunicorn, gthread, two workers with eight threads each."""
    (folder / "bare.py").write_text(BARE)
    command = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:PORT", "--workers", "2"]
    command += ["--threads", "8", "--worker-class", "gthread", "--chdir", str(folder)]
    return _running([*command, "--no-control-socket", "bare:app"], {}, log)


def memory(pid):
    """Kilobytes that a process and its children really hold, shared pages told apart."""
    held = 0
    for one in [pid, *children(pid)]:
        with open(f"/proc/{one}/smaps_rollup") as told:
            held += sum(int(line.split()[1]) for line in told if line.startswith("Pss:"))
    return held


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as told:
        return [int(child) for child in told.read().split()]
