"""The sample company's command line: fill it, change it, keep it running, or run a command while it runs."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from etl.core.start import start

if __name__ == "__main__":
    start("sample")

import psycopg2

from etl.core.cli import path
from etl.core.interruptions import INTERRUPTIONS
from sample import changes, generate
from sample.errors import SampleError
from sample.home import home_of
from sample.server import running

FOLDER = Path(__file__).resolve().parent.parent / "data/sample/source"
VARIABLE = "SOURCE_CLOUD_URL"  # where stage 1 looks for the source named "cloud"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SampleError(f"{message[:1].upper()}{message[1:].rstrip('.')}.", "python -m sample --help")


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit code: 0 done, 1 failed, 2 usage, else that of the command."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as `start` leaves it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        options = _parser().parse_args(arguments)
        generate.check(options.contracts, options.seed, options.today or dt.date.today())
        return int(options.action(options))
    except SampleError as error:
        print(f"Error: {error}\nTry: {error.advice}", file=sys.stderr)
        return 2
    except psycopg2.Error as error:
        print(f"Error: The sample could not be {options.aim}: {' '.join(str(error).split())}\n"
              "Try: look at the free space on the disk, then run it again.", file=sys.stderr)  # fmt: skip
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> _Parser:
    parser = _Parser(prog="python -m sample", description="The sample company's source database. Without a command: "
                     "fill it, in place of what was there.")  # fmt: skip
    parser.set_defaults(action=_fill, aim="filled")
    parser.add_argument("--contracts", type=int, default=generate.CONTRACTS, metavar="N",
                        help="how many contracts (default: %(default)s)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=generate.SEED, metavar="S",
                        help="another seed, another company (default: %(default)s)")  # fmt: skip
    parser.add_argument("--today", type=_date, metavar="YYYY-MM-DD", help="the last day (default: the current date)")
    parser.add_argument("--dirt", choices=[*generate.DIRT], default="rare",
                        help="how many rows are as they should not be (default: %(default)s)")  # fmt: skip
    parser.add_argument("--folder", type=path, default=FOLDER, help="where it lives (default: %(default)s)")
    commands = parser.add_subparsers(title="commands", parser_class=_Parser)
    _command(commands, "serve", _serve, "keep the server running until Ctrl-C; fill it if it is empty")
    run = _command(commands, "run", _run, f"run a command with {VARIABLE} set; fill the sample if it is empty")
    run.add_argument("command", nargs=argparse.REMAINDER, help="a program, or a .py file, with its arguments")
    change = _command(commands, "change", _change, "change rows as a night would; fill the sample if it is empty")
    change.set_defaults(aim="changed")
    change.add_argument("--rows", type=int, default=changes.ROWS, metavar="N",
                        help="how many in all tables together, nine in ten with the newest 2 %% of the keys "
                             "(default: %(default)s)")  # fmt: skip
    change.add_argument("--seed", type=int, default=generate.SEED, metavar="S", dest="change_seed",
                        help="another seed, other rows (default: %(default)s)")  # fmt: skip
    change.add_argument("--months", type=int, metavar="M",
                        help="the others are of the newest M months (default: of all history)")  # fmt: skip
    return parser


def _command(commands: Any, name: str, action: Any, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text.capitalize() + ".")
    parser.set_defaults(action=action)
    parser.add_argument("--folder", type=path, default=argparse.SUPPRESS, help="where the sample lives")
    return parser


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-01-31") from None


def _fill(options: argparse.Namespace) -> int:
    with running(options.folder) as url:
        _fill_now(url, options.contracts, options.seed, options.today, options.dirt)
    return 0


def _fill_now(url: str, contracts: int, seed: int, today: dt.date | None, dirt: str) -> None:
    started = time.monotonic()
    generate.fill(url, contracts=contracts, seed=seed, today=today, dirt=dirt)
    took = time.monotonic() - started
    size = f"{contracts:,} contract{'s' if contracts > 1 else ''}"
    print(f"Filled the sample company: {size}, seed {seed}, in {took:.1f} s", flush=True)


@contextlib.contextmanager
def _filled(options: argparse.Namespace) -> Iterator[str]:
    with running(options.folder) as url:
        found = generate.info(url)
        if found is None:
            _fill_now(url, options.contracts, options.seed, options.today, options.dirt)
        elif found["generator_version"] < generate.VERSION:
            print("The sample is of an older version, and is filled again as it was:", flush=True)
            _fill_now(url, found["contracts"], found["seed"], found["today"], found.get("dirt", "rare"))
        yield url


def _serve(options: argparse.Namespace) -> int:
    with contextlib.suppress(KeyboardInterrupt), _filled(options) as url:
        psql = home_of(options.folder).binaries / "psql"
        print(f"The sample company runs at {url}\nLook inside: {psql} '{url}'\nCtrl-C stops it.", flush=True)
        while True:
            signal.pause()
    return 0


def _run(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise SampleError("There is no command to run.", "python -m sample run SQLDownloadMain.py")
    if command[0].endswith(".py"):
        command = [sys.executable, *command]
    with _filled(options) as url:
        return _run_child(command, {**os.environ, VARIABLE: url})


def _change(options: argparse.Namespace) -> int:
    parameters = {"rows": options.rows, "seed": options.change_seed, "months": options.months}
    changes.check(**parameters)
    with _filled(options) as url:
        started = time.monotonic()
        changed = changes.change(url, **parameters)
        took = time.monotonic() - started
    size = f"{options.rows:,} row{'s' if options.rows > 1 else ''}"
    print(f"Changed the sample company: {size}, seed {options.change_seed}, in {took:.1f} s\n{changes.table(changed)}")
    return 0


def _run_child(command: list[str], environment: dict[str, str]) -> int:
    """The child's exit code, 128 + n when signal n ended it; what would interrupt us goes on to the child."""
    heard: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: object) -> None:
        if not (number == signal.SIGINT and _in_the_foreground()):
            for child in started:
                child.send_signal(number)
            if not started:
                heard.append(number)

    caught = [number for number in INTERRUPTIONS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in caught}
    try:
        started.append(subprocess.Popen(command, env=environment))
        for number in heard:
            started[0].send_signal(number)
        code = started[0].wait()
    except OSError as error:
        raise SampleError(f"{command[0]} cannot be run: {error.strerror}.", "look at its name and path.") from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _in_the_foreground() -> bool:
    """Whether a terminal sends Ctrl-C to the child as well as to us."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
