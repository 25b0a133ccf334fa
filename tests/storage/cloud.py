"""A Cloud Storage emulator on the loopback interface, what it lacks, and a look into its buckets."""

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config import Settings
from etl.core.manifest import RawManifest, StarManifest
from etl.core.runs import Store
from tests.load.emulator import free_ports
from tests.load.proxy import Answer, Proxy, Rule, refusal

_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_DEADLINE = 20.0


@dataclass(frozen=True)
class Emulator:
    """Its address, and the folder in which its objects are files: <bucket>/<name>."""

    url: str
    objects: Path

    def bucket(self) -> str:
        """Make a bucket; gives its name."""
        name = f"b-{uuid.uuid4().hex[:12]}"
        asked = json.dumps({"name": name, "softDeletePolicy": {"retentionDurationSeconds": "0"}}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/storage/v1/b?project=p", asked, headers)  # noqa: S310 -- ours
        _OPENER.open(request, timeout=10).close()
        return name

    def files(self, bucket: str) -> dict[str, bytes]:
        """Read every object of a bucket."""
        folder = self.objects / bucket
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def running_storage(folder: Path) -> Iterator[Emulator]:
    """Start an emulator that keeps its objects in `folder`, and stop it."""
    (port,) = free_ports(1)
    start = ["start", "--host", "127.0.0.1", "--port", str(port), "--quiet"]
    with (folder / "emulator.log").open("wb") as log:
        command = [sys.executable, "-m", "gcp_storage_emulator", "--data-dir", str(folder), *start]
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _wait_for(f"http://127.0.0.1:{port}/storage/v1/b?project=p", process)
        yield Emulator(f"http://127.0.0.1:{port}", folder / ".cloudstorage")
    finally:
        process.kill()
        process.wait()


class Preconditions(Proxy):
    """A proxy that adds what the emulator lacks: an object that is to be made only if it is not there.

    made: the names of the objects that were written, in order.
    """

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.made: list[str] = []

    def answer(self, request: str, body: bytes) -> Answer | None:
        """Answer like Cloud Storage where the object is there; note what is written."""
        bucket = re.match(r"P\w+ /upload/storage/v1/b/([^/]+)/o", request)
        if bucket is None:
            return None
        named = re.search(r"[?&]name=([^&]+)", request) or re.search(
            r'"name": ?"([^"]+)"', body[:1000].decode("latin-1")
        )
        name = urllib.parse.unquote_plus(named[1]) if named else ""
        if "ifGenerationMatch=0" in request and self.has(bucket[1], name):
            error = {"code": 412, "message": "At least one of the pre-conditions you specified did not hold."}
            return 412, {"Content-Type": "application/json"}, json.dumps({"error": error}).encode()
        if name not in self.made[-1:]:
            self.made.append(name)
        return None

    def has(self, bucket: str, name: str) -> bool:
        """Whether the emulator has an object."""
        try:
            _OPENER.open(f"{self.target}/storage/v1/b/{bucket}/o/{urllib.parse.quote(name, safe='')}").close()
        except urllib.error.HTTPError:
            return False
        return True


def forbidden(request: str = "") -> Rule:
    """Let Cloud Storage answer that this account may not, in the form in which it does."""
    message = (
        "etl@p.iam.gserviceaccount.com does not have storage.objects.list access to the Google Cloud Storage bucket."
    )
    return refusal(request, 403, "forbidden", message, times=1000)


def bucket_store(bucket: str, local: Path, folder: str = "/etl") -> Store:
    """Open a data folder of a bucket."""
    return Store.of(
        Settings(warehouse="duckdb", business_time_zone="UTC", data_dir=f"gs://{bucket}{folder}", local_dir=local)
    )


def of_raw(manifest: RawManifest) -> dict[str, Any]:
    """Give what a raw run holds: its files' blocks with their hashes, and receipts."""
    return {name: (table.file, table.bytes, table.blocks, table.receipt) for name, table in manifest.tables.items()}


def of_star(manifest: StarManifest) -> dict[str, Any]:
    """Give what a star holds: its files with their hashes, receipts, rejects, and key maps."""
    tables = {name: (t.files, t.receipt, t.rejected, t.unknown, t.handed) for name, t in manifest.tables.items()}
    return tables | {"keys": manifest.keys}


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + _DEADLINE
    while process.poll() is None and time.monotonic() < give_up:
        try:
            _OPENER.open(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the emulator did not start")
