"""Opening the warehouse that the settings name, importing nothing that another one needs."""

from config import Settings
from etl.core.warehouse import room
from etl.load.warehouse import Warehouse


def open_warehouse(settings: Settings, patience: float = 120.0) -> Warehouse:
    """Return the warehouse of the settings; it connects when it is first asked.

    patience: seconds for which calls that fail temporarily are repeated.
    """
    opened: Warehouse = room(settings).opened(settings, patience)
    return opened
