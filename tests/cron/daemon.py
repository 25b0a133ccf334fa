"""Debian's cron as a daemon of a test's own: a private mount namespace gives it its crontabs, mail and run folder."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

SETTLE = """
set -e
mount --make-rprivate /
for folder in /var/spool/cron /run /usr/sbin /etc/pam.d; do
    mkdir -p "{place}$folder"
    [ -d "$folder" ] || mkdir -p "$folder"
    mount --bind "{place}$folder" "$folder"
done
mkdir -p "{place}/empty"
for folder in /etc/cron.d; do [ ! -d "$folder" ] || mount --bind "{place}/empty" "$folder"; done
[ ! -f /etc/crontab ] || mount --bind /dev/null /etc/crontab
exec env -i TZ="{zone}" "{cron}" -f
"""


def binary(folder: Path) -> Path | str:
    """Give Debian's cron, unpacked and not installed, or the reason why there is none."""
    if os.geteuid() != 0:
        return "cron is for root to run"
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return "this is no Debian"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        return "mount namespaces are not allowed here"
    for command in (["apt-get", "update"], ["apt-get", "download", "cron"]):
        subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=120)
        if packages := list(folder.glob("cron_*.deb")):
            subprocess.run(["dpkg-deb", "-x", packages[0], folder / "package"], check=True)
            return folder / "package/usr/sbin/cron"
    return "the package cron cannot be downloaded"


class Daemon:
    """A cron with one crontab of root's. mails: what it sent."""

    def __init__(self, cron: Path, place: Path, zone: str = "Europe/Madrid") -> None:
        self._cron, self.place, self._zone = cron, place, zone

    @property
    def mails(self) -> str:
        """Everything that was mailed."""
        box = self.place / "mail"
        return box.read_text(encoding="utf-8", errors="replace") if box.exists() else ""

    @contextmanager
    def running(self, crontab: str) -> Iterator[None]:
        """Let the daemon run; `@reboot` lines run each time."""
        spool = self.place / "var/spool/cron/crontabs"
        spool.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.place / "run", ignore_errors=True)
        for folder in ("usr/sbin", "etc/pam.d"):
            (self.place / folder).mkdir(parents=True, exist_ok=True)
        (self.place / "etc/pam.d/cron").write_text(
            "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n"
        )
        mailer = self.place / "usr/sbin/sendmail"
        mailer.write_text(f"#!/bin/sh\ncat >>{self.place}/mail\n")
        mailer.chmod(0o755)
        table = spool / "root"
        table.write_text(crontab, encoding="utf-8")
        table.chmod(0o600)
        script = SETTLE.format(place=self.place, cron=self._cron, zone=self._zone)
        daemon = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", script], start_new_session=True
        )
        try:
            yield
        finally:
            daemon.kill()  # and with it all that it started: they are of its own process namespace
            daemon.wait()


def wait_until(happened: Callable[[], object], seconds: float = 90) -> None:
    """Wait for something to happen."""
    give_up = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.2)
