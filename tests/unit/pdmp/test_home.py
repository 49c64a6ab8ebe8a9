"""What is asked of the home folder and its settings before anything is opened (P-128)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pdmp.exit_codes import CommandError, ExitCode
from pdmp.settings import load
from pdmp.wiring import opened, settings_of


def test_an_empty_folder_that_was_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    with opened(load(home)):
        assert home.stat().st_mode & 0o777 == 0o700


def test_a_home_in_which_everybody_may_write_is_refused(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with opened(load(home)):
        pass
    home.chmod(0o777)
    with pytest.raises(CommandError, match="everybody may write") as refused, opened(load(home)):
        pass
    assert refused.value.code is ExitCode.CONFIGURATION


@pytest.mark.parametrize(
    "text", ['database_ur1 = "postgresql://u:S3CRET@db/pdmp"\n', 'web_port = "S3CRET"\n', 'state = "S3CRET']
)
def test_settings_that_do_not_fit_are_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "settings.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CommandError) as refused:
        settings_of(tmp_path)
    assert refused.value.code is ExitCode.CONFIGURATION
    assert "settings.toml" in str(refused.value)
    assert "S3CRET" not in str(refused.value)
