"""Cloud Storage as a data folder: paths with pathlib's interface (universal_pathlib) over gcsfs.

There are no folders in a bucket, only objects whose names have slashes; every look is at the bucket itself, and what
goes wrong is a StorageError, which is an OSError, too.
"""

import errno
import logging
import os
from collections.abc import Mapping
from typing import Any

os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # it would ask for every bucket what kind it is

import aiohttp
import requests
from fsspec.asyn import FSTimeoutError, sync
from gcsfs.core import GCSFileSystem
from gcsfs.retry import HttpError, NonRetryableError, is_retriable
from google.auth.exceptions import GoogleAuthError, TransportError
from upath.implementations.cloud import GCSPath
from upath.registry import register_implementation

from etl.core.errors import StorageError
from etl.core.google import Account

EMULATOR = "STORAGE_EMULATOR_HOST"
"""The variable by which Google's libraries know an emulator's address."""

_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_FIRST_CALL = 15.0
"""Seconds within which the bucket has to answer when it is first asked."""
_CALL = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)
"""Seconds of silence after which a call is made again; gcsfs' own default is to wait for ever."""
_AHEAD = 4 * 1024 * 1024
"""Bytes that are read ahead of what was asked for."""
_AT_ONCE = 8 * 1024 * 1024
"""Bytes that are sent at a time."""
_FAULTS = (
    OSError,
    HttpError,
    NonRetryableError,
    ValueError,
    TimeoutError,
    aiohttp.ClientError,
    requests.RequestException,
    GoogleAuthError,
)
_REFUSED = (
    "Grant the account roles/storage.objectUser and roles/storage.legacyBucketReader on the bucket, or check"
    " BIGQUERY_CREDENTIALS; a VM also needs the access scope cloud-platform."
)

logging.getLogger("gcsfs").setLevel(logging.CRITICAL)  # it logs tracebacks of what it raises as well


class Bucket(GCSFileSystem):  # type: ignore[misc]
    """What gcsfs does, without its memory of listings, with time-outs, and faults told as sentences."""

    def __init__(self, account: Account | None, **options: Any) -> None:
        token = account.credentials(_SCOPE) if account else "anon"
        super().__init__(
            token=token,
            use_listings_cache=False,
            requests_timeout=_CALL,
            session_kwargs={"trust_env": True},  # the proxy that Google's own libraries would take
            block_size=_AT_ONCE,
            **options,
        )

    def greet(self, folder: str) -> None:
        """Ask for a folder's objects, with little patience: whoever cannot come to it is to know soon."""
        try:
            self.credentials.maybe_refresh()
        except _FAULTS as error:
            raise _told(f"gs://{folder}", error) from None
        try:
            sync(self.loop, self._named, folder, "*", timeout=_FIRST_CALL)
        except FileNotFoundError:
            bucket = self.split_path(folder)[0]
            raise StorageError(
                f"There is no bucket {bucket}.", "Create it where the dataset is, or correct DATA_DIR."
            ) from None
        except FSTimeoutError:
            raise _unreachable(f"gs://{folder}") from None

    def named(self, folder: str, pattern: str) -> list[str]:
        """List the objects beneath a folder whose names, without the folder's, match a pattern of Cloud Storage."""
        found: list[str] = sync(self.loop, self._named, folder, pattern)
        return found

    def create(self, path: str, data: bytes) -> None:
        """Write an object that is not there yet, in one step. Raises FileExistsError where another's is."""
        try:
            self.pipe_file(path, data, mode="create")
        except FileExistsError:
            try:
                ours = self.cat_file(path) == data  # the first answer was lost
            except FileNotFoundError:  # it went meanwhile
                self.pipe_file(path, data, mode="create")
                return
            if not ours:
                raise

    def remove_all(self, folder: str) -> None:
        """Remove every object beneath a folder."""
        try:
            if objects := self.find(folder):
                self.rm(objects)
        except FileNotFoundError:
            pass  # a first answer was lost: they are gone
        except StorageError:
            raise
        except OSError as error:  # one object of a batch, of which the library tells the text alone
            raise _told(f"gs://{folder}", error) from None

    async def _named(self, folder: str, pattern: str) -> list[str]:
        bucket, beneath, _ = self.split_path(folder)
        prefix = f"{beneath}/" if beneath else ""
        asked = {"prefix": prefix, "matchGlob": prefix + pattern, "fields": "items/name,nextPageToken"}
        found: list[str] = []
        token = None
        while True:
            page = await self._call("GET", "b/{}/o", bucket, json_out=True, pageToken=token, **asked)
            found += [str(item["name"]).removeprefix(prefix) for item in page.get("items", ())]
            if not (token := page.get("nextPageToken")):
                return found

    async def _info(self, path: str, **_: object) -> dict[str, Any]:
        """Look at an object; a folder is nothing that could be looked at."""
        found: dict[str, Any] = await self._get_object(self._strip_protocol(path))
        return found

    async def _isfile(self, path: str) -> bool:
        found: bool = await self._exists(path)
        return found

    async def _request(self, method: str, path: str, *names: str, **options: Any) -> Any:
        try:
            return await super()._request(method, path, *names, **options)
        except FileExistsError:
            raise
        except FileNotFoundError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), _asked(path, names)) from None
        except _FAULTS as error:
            raise _told(_asked(path, names), error) from None


class BucketPath(GCSPath):
    """A path in Cloud Storage. Its one option is the account, which goes with it to workers; an emulator needs none."""

    __slots__ = ()

    @classmethod
    def _fs_factory(cls, urlpath: str, protocol: str, storage_options: Mapping[str, Any]) -> Bucket:
        return Bucket(**storage_options)

    def open(self, mode: str = "r", *others: Any, **options: Any) -> Any:
        """Open the object; one that is to be new is not refused: a call that is repeated may find its own first try."""
        if "r" in mode:
            options = {"cache_type": "readahead", "block_size": _AHEAD} | options
        return super().open(mode.replace("x", "w"), *others, **options)

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing, for there are no folders."""

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the object."""
        try:
            self.fs.rm_file(self.path)
        except FileNotFoundError:
            if not missing_ok:
                raise


register_implementation("gs", BucketPath, clobber=True)


def bucket_path(address: str, account: Account) -> Any:
    """Return the path of an address gs://bucket/…, which is called for. Raises StorageError, and EtlError."""
    options: dict[str, Any] = {"account": None if EMULATOR in os.environ else account}
    folder = BucketPath(address, **options)
    folder.fs.greet(folder.path)
    return folder


def _asked(path: str, names: tuple[str, ...]) -> str:
    """Name what a call was about."""
    return "gs://" + "/".join(names) if names else path.partition("?")[0]


def _told(what: str, error: Exception) -> StorageError:
    """Explain what gcsfs raises."""
    code = getattr(error, "code", None)
    if str(error).startswith("Forbidden"):
        return StorageError(f"Cloud Storage refused {what}: this account is not allowed to.", _REFUSED)
    refused = isinstance(error, GoogleAuthError | NonRetryableError) and not isinstance(error, TransportError)
    if str(code) == "401" or refused:
        return StorageError(f"Cloud Storage refused {what}: it did not accept the credentials.", _REFUSED)
    if isinstance(error, HttpError | ValueError) and not is_retriable(error):
        said = " ".join(str(error).split())
        return StorageError(f"Cloud Storage refused {what}: {said}.", "Read what it says; the bucket is as it was.")
    return _unreachable(what)


def _unreachable(what: str) -> StorageError:
    emulator = f" and {EMULATOR}" if EMULATOR in os.environ else ""
    return StorageError(
        f"Cloud Storage cannot be reached, or did not answer in time, for {what}.",
        f"Check the network{emulator}, and try again.",
        transient=True,
    )
