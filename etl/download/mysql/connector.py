"""MySQL Connector/Python made to hand on texts: it takes a class that converts, which imports it."""

from typing import Any

from mysql.connector.conversion import MySQLConverter

_BIT, _BINARY = 16, 63
_STRINGS = frozenset((15, 245, 247, 248, 249, 250, 251, 252, 253, 254, 255))


class AsTexts(MySQLConverter):  # type: ignore[misc,unused-ignore]  # the driver need not be installed
    """Texts as the database sends them, and bytes of what is no text."""

    def to_python(self, vtype: Any, value: Any) -> Any:
        """Hand a value on. vtype: the column's description."""
        if value is None or vtype[1] == _BIT or (vtype[1] in _STRINGS and vtype[8] == _BINARY):
            return None if value is None else bytes(value)
        return value if isinstance(value, str) else bytes(value).decode()

    def row_to_python(self, row: Any, fields: Any) -> tuple[Any, ...]:
        """Hand a row on, as the driver's part in Python asks for it."""
        return tuple(self.to_python(field, value) for field, value in zip(fields, row, strict=False))
