"""What the settings say of a cluster, and what of that is not safe."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

ADDRESS = r"(dask|tls)://[^/\s]+:\d+"
_FILES = ("executor_ca", "executor_certificate", "executor_key")
_YES = ("1", "on", "t", "true", "y", "yes")


def executor_faults(given: Mapping[str, Any]) -> list[str]:
    """Say what is missing for an encrypted connection to a scheduler, or that one without encryption is not allowed."""
    address = str(given.get("executor") or "")
    lacking = [name.upper() for name in _FILES if not given.get(name)]
    if address.startswith("tls://") and lacking:
        return [f"{' and '.join(lacking)} must be set when EXECUTOR begins with tls://"]
    if address.startswith("dask://"):
        if len(lacking) < len(_FILES):
            return ["EXECUTOR must begin with tls:// for EXECUTOR_CA, EXECUTOR_CERTIFICATE and EXECUTOR_KEY to be used"]
        if not (_is_loopback(address) or str(given.get("executor_plain")).lower() in _YES):
            return [
                f"EXECUTOR: {address} is neither encrypted nor on this machine, and whoever reaches that port can run"
                " programs as this user: use tls:// with certificates, or set EXECUTOR_PLAIN=yes if only trusted"
                " machines can reach it"
            ]
    return []


def _is_loopback(address: str) -> bool:
    host = address.removeprefix("dask://").rpartition(":")[0].strip("[]")
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
