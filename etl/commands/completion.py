"""Write what makes a shell complete commands and options: eval "$(etl completion bash)" in ~/.bashrc."""

import argparse
from collections.abc import Iterator

EXAMPLE = 'eval "$(etl completion bash)"'


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add the argument."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish", "tcsh"), help="the shell that is to complete")


def run(options: argparse.Namespace) -> None:
    """Print the shell's code."""
    import shtab

    from etl.commands import made_parser

    parser = made_parser("etl")
    kinds = {"FILE": shtab.FILE, "FOLDER": shtab.DIRECTORY}
    for action in _actions(parser):
        if kind := kinds.get(str(action.metavar)):
            action.complete = kind  # type: ignore[attr-defined]  # where shtab looks for it
    print(shtab.complete(parser, options.shell))


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Return the options and arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
