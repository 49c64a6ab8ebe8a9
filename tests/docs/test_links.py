"""What a document points at exists: files, headings, make targets, commands, settings, rooms."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest


ROOT = Path(__file__).resolve().parents[2]
SKIPPED = {".venv", ".git", "build", "dist", "demo-home", "bench-home"}
DOCUMENTS = sorted(
    path.relative_to(ROOT) for path in ROOT.rglob("*.md") if not SKIPPED & set(path.relative_to(ROOT).parts[:-1])
)

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(text: str) -> set[str]:
    """The anchors of a page: its headings, as a forge makes them, and those set by hand."""
    plain = FENCED.sub("", text)
    headings = re.findall(r"^#+ (.+)$", plain, re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return made | set(re.findall(r'<a id="([^"]+)">', text))


def dead_links(document: Path, text: str) -> list[str]:
    """The relative links of `text` that lead nowhere."""
    dead = []
    for target in LINK.findall(FENCED.sub("", text)):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = unquote(target).partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file.read_text("utf-8"))):
            dead.append(target)
    return dead


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_links_lead_somewhere(document: Path) -> None:
    assert dead_links(document, (ROOT / document).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_make_targets_exist(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z.][a-z.-]*):", makefile, re.MULTILINE))
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)`", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert named <= targets


def test_a_dead_link_is_seen() -> None:
    text = "[a](gone.md) [b](#gone) [c](LICENSE) [d](README.md#two-commands)\n```\n[e](gone.md)\n```\n"
    assert dead_links(Path("CONTRIBUTING.md"), text) == ["gone.md", "#gone"]


def test_the_readme_names_every_room() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert rooms == set(re.findall(r"^\| `(\w+)/` \|", text, re.MULTILINE))


def test_the_glossary_holds_the_words_of_the_house() -> None:
    text = (ROOT / "GLOSSARY.md").read_text(encoding="utf-8")
    defined = re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE)
    words = "submission segment row finding ruling dispensation dispenser prescriber patient candidate report permit"
    assert defined[:12] == words.split()
    assert len(defined) == len(set(defined))


def test_the_makefile_explains_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z.][a-z.-]*):(?!=)(.*)$", makefile, re.MULTILINE)
    wanted = {".venv", "demo", "test", "test-long", "check", "serve", "docs", "accept", "bench", "clean", "help"}
    assert wanted <= {name for name, _rest in targets}
    assert [name for name, rest in targets if "## " not in rest] == []
