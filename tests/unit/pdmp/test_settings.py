from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from pdmp.settings import DEMO_MARK, Settings, load


def test_defaults_suit_one_machine_and_listen_on_it_only(tmp_path: Path) -> None:
    settings = load(tmp_path / "a home")
    assert (settings.sftp_host, settings.web_host) == ("127.0.0.1", "127.0.0.1")
    assert settings.people_url == f"sqlite:///{tmp_path / 'a home' / 'people.sqlite'}"
    assert settings.lake_root.parent == tmp_path / "a home"
    assert not settings.demo


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name


def test_the_file_is_read_and_the_environment_goes_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "settings.toml").write_text('state = "Example"\nweb_port = 1\n', encoding="utf-8")
    monkeypatch.setenv("PDMP_WEB_PORT", "2")
    settings = load(tmp_path)
    assert (settings.state, settings.web_port) == ("Example", 2)


def test_an_unknown_setting_in_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("web_prot = 1\n", encoding="utf-8")
    with pytest.raises(ValidationError, match="web_prot"):
        load(tmp_path)


def test_a_demos_home_heeds_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What the environment names is the real installation's: its database, above all.
    (tmp_path / DEMO_MARK).write_text("{}", encoding="utf-8")
    (tmp_path / "settings.toml").write_text("web_port = 0\n", encoding="utf-8")
    monkeypatch.setenv("PDMP_DATABASE_URL", "postgresql://real.example/pdmp")
    monkeypatch.setenv("PDMP_CATALOG_URL", "postgresql://real.example/lake")
    monkeypatch.setenv("PDMP_WEB_PORT", "8080")
    settings = load(tmp_path)
    assert settings.people_url == f"sqlite:///{tmp_path / 'people.sqlite'}"
    assert (settings.catalog_url, settings.web_port) == (None, 0)
