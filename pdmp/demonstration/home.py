"""The demo's own home, and the mark that says so."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

from pdmp.exit_codes import CommandError, ExitCode
from pdmp.settings import DEMO_MARK


def fresh_home(path: Path, last_day: date) -> Path:
    """An empty home for the demo; an earlier demo's is replaced.

    Raises:
        CommandError: something that is not a demo's home is there.
    """
    if path.exists():
        if not path.is_dir() or not ((path / DEMO_MARK).is_file() or not any(path.iterdir())):
            raise CommandError(
                f"{path} exists and is not the home of a demo, so it is left alone; name another with --into DIR.",
                ExitCode.USAGE,
            )
        shutil.rmtree(path)
    path.mkdir(parents=True, mode=0o700)
    mark = {"demo": "Everything in this folder is synthetic.", "last_day": last_day.isoformat()}
    (path / DEMO_MARK).write_text(json.dumps(mark, indent=1) + "\n", encoding="utf-8")
    # Ports of their own, so that the demo can be served beside anything else.
    (path / "settings.toml").write_text("sftp_port = 0\nweb_port = 0\n", encoding="utf-8")
    return path
