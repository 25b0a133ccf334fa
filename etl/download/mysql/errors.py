"""The faults of MySQL and MariaDB, by their numbers."""

from etl.download.generic.faults import Faults

_GRANT = "Let the table's owner GRANT SELECT on it to the account of {setting}."
_LIGHTER = "Make the query lighter, or raise SOURCE_STATEMENT_SECONDS."

FAULTS = Faults(
    passing=frozenset(
        (
            *(1040, 1203, 1226),  # no more connections just now
            *(1205, 1213, 1412),  # a lock, a deadlock, a table that was altered: "please retry transaction"
            *(1317, 1927),  # somebody killed the query, or the connection
            *(1053, 1077, 1079, 1080, 1152, 1158, 1159, 1160, 1161, 4031),  # shutdowns, cut connections
            *(2002, 2003, 2005, 2006, 2013, 2055),  # what clients say of a server that is not there, or no longer
        )
    ),
    passing_texts="connection not available|lost connection|gone away",
    refusals=frozenset(
        (1044, 1045, 1049, 1130, 1129, 1227, 1251, 1698, 1820, 1862, 2019, 2026, 2049, 2054, 2059, 2061, 3118)
    ),
    refused="character set|not allowed to connect|is blocked",
    cures={
        1044: "Let the database's owner GRANT SELECT on it, or write its right name into {setting}.",
        1045: "Write the right user into {setting}, and the password there or into {password}.",
        1698: "Write the right user into {setting}, and the password there or into {password};"
        " root may sign in over the socket only.",
        1049: "Write the database's right name into {setting}.",
        1130: "Let the account sign in from this machine: CREATE USER 'name'@'host'.",
        1054: "Write the column's name as DESCRIBE shows it.",
        1060: "Give each column a name of its own (AS).",
        1064: "Write it as this version of the database knows it.",
        1142: _GRANT,
        1143: _GRANT,
        1146: "Write the table's name as SHOW TABLES shows it, with its database before it: shop.orders.",
        1205: "Look who holds the lock (SHOW ENGINE INNODB STATUS); SOURCE_LOCK_SECONDS is how long we wait for it.",
        1317: "Somebody killed the query at the server; run it again.",
        1412: "A table was altered during the night; run it again.",
        1969: _LIGHTER,
        3024: _LIGHTER,
    },
    cures_said=(("cryptography", "Install what the driver asks for: .venv/bin/pip install cryptography."),),
    line=r"at line (\d+)$",
)
