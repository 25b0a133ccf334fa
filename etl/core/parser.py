"""The command line of a program of ours."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from etl.core.chosen import chosen
from etl.core.errors import UsageError


class Parser(argparse.ArgumentParser):
    """A command line whose faults are told like all others."""

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse it; where it could name a settings file and does not, find which one is meant.

        Options that are another program's go to `others`, in front of what is there, if there is such an argument.
        `parser`, if there is such a default, is that of the command, whose help is named.
        """
        options, unknown = self.parse_known_args(args, namespace)
        others = getattr(options, "others", None)
        if unknown and others is None:
            getattr(options, "parser", self).error(f"unrecognized arguments: {' '.join(unknown)}")
        if others is not None:
            options.others = [*unknown, *others]
            if any(argument.startswith("--env") for argument in others):
                self.error("--env stands before the arguments that are passed on")
        if getattr(options, "env", "") is None:
            try:
                options.env = chosen()
            except UsageError as error:
                self.exit(error.exit_code, f"Error: {error.message}\nTry: {error.hint}\n")
        return options

    def error(self, message: str) -> NoReturn:
        """Return what is wrong with the command line, and exit with 2."""
        self.exit(UsageError.exit_code, f"Error: {message[:1].upper()}{message[1:]}.\nTry: {self.prog} --help\n")
