"""The command line of a program of ours."""

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from etl.core.chosen import chosen
from etl.core.errors import UsageError


class Parser(argparse.ArgumentParser):
    """A command line whose faults are told like all others."""

    def parse_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """Parse it; where it could name a settings file and does not, find which one is meant."""
        options = super().parse_args(args, namespace)
        if getattr(options, "env", "") is None:
            try:
                options.env = chosen()
            except UsageError as error:
                self.exit(error.exit_code, f"Error: {error.message}\nTry: {error.hint}\n")
        return options

    def error(self, message: str) -> NoReturn:
        """Return what is wrong with the command line, and exit with 2."""
        self.exit(UsageError.exit_code, f"Error: {message[:1].upper()}{message[1:]}.\nTry: {self.prog} --help\n")
