"""URLs of databases and web addresses as texts: where the password stands, and whether it can be told for certain.

Programs disagree about where the host begins in `user:Summer@Rain/x@host`, so such a URL is refused: a part of the
password would be taken for a host, and be looked up, tried and printed.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote

_SCHEME = re.compile(r"([A-Za-z][\w+.-]*)://(.*)", re.DOTALL)
_HOST = r"(?:\[[0-9A-Fa-f:.]+(?:%\w+)?\]|[\w.%-]*)(?::\d*)?"
_HOSTS = re.compile(rf"{_HOST}(?:,{_HOST})*")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SECRET_NAME = re.compile(r"pass(word|wd)?$|pwd$|secret|token", re.IGNORECASE)
_KEYWORDS = re.compile(r"(\w+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S*))", re.DOTALL)

ESCAPES = "an @, / or # in the password is written %40, %2F, %23, a ? %3F and a % %25"


@dataclass(frozen=True)
class Parts:
    """What stands where in a URL. hosts: with their ports; rest: path, query and fragment."""

    scheme: str
    userinfo: str
    hosts: str
    rest: str

    @classmethod
    def of(cls, url: str, ends: str = "/?") -> "Parts | None":
        """Take a URL apart; None where it is none. ends: the characters that end the hosts."""
        found = _SCHEME.fullmatch(url)
        if not found:
            return None
        authority = re.split(f"[{ends}]", found[2], maxsplit=1)[0]
        userinfo, _, hosts = authority.rpartition("@")
        return cls(found[1].lower(), userinfo, hosts, found[2][len(authority) :])

    @property
    def user(self) -> str:
        """The user, decoded."""
        return unquote(self.userinfo.partition(":")[0])


def is_folder(url: str) -> bool:
    """Whether a URL names a folder of files: file:inbox, file:/srv/inbox."""
    return re.match(r"file:(?!//[^/])", url, re.IGNORECASE) is not None


def is_keywords(text: str) -> bool:
    """Whether a text is what libpq takes besides URLs: host=db.internal dbname=shop."""
    return "://" not in text and re.match(r"\s*\w+\s*=", text) is not None


def database_fault(url: str) -> str:
    """Return what is wrong with a database's URL, without repeating any of it; nothing if all is well."""
    if is_keywords(url) or is_folder(url):
        return ""
    parts = Parts.of(url)
    if parts is None:
        return "it is not a database URL: write e.g. postgresql://user:password@host:5432/database"
    checked = url if parts.scheme.startswith("postgres") else parts.userinfo
    is_plain = not _BAD_PERCENT.search(checked) and _HOSTS.fullmatch(parts.hosts)
    if is_plain and "@" not in parts.userinfo and not ("@" in parts.rest and (parts.hosts or parts.userinfo)):
        return ""
    return f"it is not a database URL such as postgresql://user:password@host:5432/database: {ESCAPES}"


def web_fault(url: str) -> str:
    """Return what is wrong with a web address, without repeating any of it; nothing if all is well."""
    parts = Parts.of(url, "/?#")
    if parts is None or parts.scheme not in ("http", "https"):
        return "it is not an address that begins with https://"
    host, _, port = parts.hosts.rpartition(":") if parts.hosts[-1:].isdigit() else (parts.hosts, "", "")
    doubtful = "@" in parts.rest and (parts.userinfo or (port and "." not in host))
    if "@" in parts.userinfo or doubtful or not parts.hosts or not re.fullmatch(_HOST, parts.hosts):
        return f"it is not an address such as https://host/path: {ESCAPES}"
    return ""


def passwords_in(url: str) -> list[str]:
    """Return what is secret in a database's URL: its password, however it is given, as it is written there."""
    if is_keywords(url):
        pairs = [(name, quoted or plain) for name, quoted, plain in _KEYWORDS.findall(url)]
        return [value for name, value in pairs if _SECRET_NAME.search(name) and value]
    parts = Parts.of(url)
    if parts is None:
        return [] if is_folder(url) else [url]
    query = parse_qsl(parts.rest.partition("?")[2])
    found = [parts.userinfo.partition(":")[2], *(value for name, value in query if _SECRET_NAME.search(name))]
    odbc = next((value for name, value in query if name.lower() == "odbc_connect"), "")
    found += re.findall(r"(?:PWD|Password)\s*=\s*([^;]+)", odbc, re.IGNORECASE)
    return [value for value in found if value]


def with_password(url: str, password: str) -> str:
    """Put a password into a database's URL that has none; returns nothing where it names no user to put it after."""
    encoded, parts = quote(password, safe=""), Parts.of(url)
    if parts is None:  # libpq's keywords
        escaped = password.replace("\\", "\\\\").replace("'", "\\'")
        return f"{url} password='{escaped}'"
    if parts.userinfo:
        return f"{parts.scheme}://{parts.userinfo.rstrip(':')}:{encoded}@{parts.hosts}{parts.rest}"
    if parts.scheme.startswith("postgres"):
        return f"{url}{'&' if '?' in parts.rest else '?'}password={encoded}"
    return ""


def secrets_in_address(url: str) -> list[str]:
    """Return what is secret in a web address: all of it, its user and password, the long parts of its path."""
    parts = Parts.of(url, "/?#")
    if parts is None:
        return [url]
    long = [part for part in re.split(r"[/?&=#]", parts.rest) if len(part) >= _LONG]
    return [url, parts.rest.lstrip("/"), parts.userinfo.partition(":")[2] or parts.userinfo, *long]


_LONG = 12
"""Characters from which on a part of a path is a token, and no word."""
