"""What somebody else named is printed as it is: it neither commands the terminal nor ends the command."""

from __future__ import annotations

import pytest
from rich.table import Table

from pdmp import console


@pytest.fixture(autouse=True)
def plain_consoles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consoles of this test's own, so that they write to what it captures."""
    monkeypatch.setattr(console, "out", console._console(stderr=False))
    monkeypatch.setattr(console, "err", console._console(stderr=True))


@pytest.mark.parametrize("name", ["[/red]", "[red]A[/red]", "[link=x]", "folder [1]", "\\[bold]"])
def test_what_looks_like_markup_is_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    console.say(name)
    console.complain(name)
    console.headline("[bold]x[/bold] ", name)
    table = Table("name", box=None)
    table.add_row(name)
    console.out.print(table)
    shown = capsys.readouterr()
    assert [line.strip() for line in shown.out.splitlines()] == [name, f"x {name}", "name", name]
    assert shown.err.strip() == name


@pytest.mark.parametrize("sequence", ["\x1b[2J", "\x9b31m", "\x07", "\u202e", "\r", "\ud800"])
def test_what_commands_a_terminal_is_shown_instead(sequence: str, capsys: pytest.CaptureFixture[str]) -> None:
    console.say(f"a{sequence}b")
    console.headline("", f"a{sequence}b")
    console.complain(f"a{sequence}b")
    shown = capsys.readouterr()
    visible = f"a{ascii(sequence)[1:-1]}b"
    assert shown.out.splitlines() == [visible, visible]
    assert shown.err.splitlines() == [visible]
