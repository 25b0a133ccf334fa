"""The commands `etl …`, a module each, found by its name: nothing is registered.

A module says what its command is for (the docstring's first line), EXAMPLE, `arguments(parser)` and `run(options)`,
which may return an exit code; WORKS, where what it prints is not what it was called for, and may get lost. What a
command works with is imported in `run`: --help stays fast, and an interruption is caught.
"""

import argparse
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, cast

from etl.core.call import program_of_commands
from etl.core.cli import check_printed, outermost, version_option
from etl.core.parser import Parser


class Command(Protocol):
    """What each module here is."""

    EXAMPLE: str

    def arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments and options."""

    def run(self, options: argparse.Namespace) -> int | None:
        """Do what the command is for; return the exit code, None for 0."""


def commands() -> dict[str, Command]:
    """Return the command that each module here is, by its name."""
    return {found.name: cast(Command, import_module(f"{__name__}.{found.name}")) for found in iter_modules(__path__)}


def made_parser(prog: str) -> Parser:
    """Make the parser of all commands. prog: how it is called."""
    parser = Parser(
        prog=prog,
        description="The whole night, looks at what it did and at what is published, the data dictionary.",
    )
    version_option(parser)
    found = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in commands().items():
        purpose = (command.__doc__ or "").partition("\n")[0].removesuffix(".")
        made = found.add_parser(
            name,
            help=purpose[:1].lower() + purpose[1:],
            description=command.__doc__,
            epilog=f"example: {_as_called(command.EXAMPLE, prog)}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.arguments(made)
        made.set_defaults(parser=made)
    return parser


def _as_called(example: str, prog: str) -> str:
    """Return an example as it is called here; a company's launcher needs no settings file."""
    called = example.replace("python -m etl", prog, 1)
    return called.replace(" --env prod.env", "") if prog == "./etl" else called


def main() -> int:
    """Parse the command line and do what it says; return the exit code."""
    options = made_parser(program_of_commands()).parse_args()
    return outermost(lambda: _done(commands()[options.command], options), getattr(options, "env", None))


def _done(command: Command, options: argparse.Namespace) -> int | None:
    code = command.run(options)
    if not getattr(command, "WORKS", False):
        check_printed()
    return code
