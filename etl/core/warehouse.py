"""What a warehouse says of itself before anybody opens it; no stage needs to know which warehouses there are."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import Settings
    from etl.contract.table import Contract


@dataclass(frozen=True)
class About:
    """A warehouse as its folder's `about.py` describes it.

    address: names it in manifests and to people; check: raises
    ContractError where it could never take a star; reads_buckets: whether it loads from Cloud Storage by itself;
    file_is_job: whether each file that it is handed costs it a job, so that few are wanted.
    """

    address: str
    check: Callable[[Collection[Contract]], None] = lambda _: None
    reads_buckets: bool = False
    file_is_job: bool = False


def about(settings: Settings) -> About:
    """Return what the warehouse of the settings says of itself; imports no library of its own."""
    found: About = room(settings).about(settings)
    return found


def room(settings: Settings) -> ModuleType:
    """Return the module by which the warehouse of the settings is known: etl/load/<its name>/about.py."""
    return import_module(f"etl.load.{settings.warehouse}.about")
