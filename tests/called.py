"""Commands and scripts called in this process: a process of its own takes a second and more to start."""

import io
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from etl.commands import main

_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOGS = ("etl", "etl.filed")


def etl(command: str, env: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m etl` with this settings file."""
    return called(main, ["etl", command, "--env", str(env), *arguments])


def called(run: Callable[[], int], line: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run what reads this command line; returns what a process of its own would have ended with."""
    out, err = io.StringIO(), io.StringIO()
    before, hook, umask = {number: signal.getsignal(number) for number in _HANDLED}, sys.excepthook, os.umask(0o077)
    os.umask(umask)
    logs = [(log, log.level, log.handlers[:]) for log in map(logging.getLogger, _LOGS)]
    try:
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            patch.object(sys, "argv", line),
            patch.dict(os.environ, environment),
        ):
            code = run()
    except SystemExit as usage:
        code = int(usage.code or 0)
    finally:
        sys.excepthook = hook
        for log, level, handlers in logs:
            log.setLevel(level)
            log.handlers[:] = handlers
        os.umask(umask)
        for number, handler in before.items():
            signal.signal(number, handler)
    return subprocess.CompletedProcess(line, code, out.getvalue(), err.getvalue())
