"""The generated reference pages, each from the code that is the truth of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.asap.specification import VERSIONS, Element, load
from schemas.dispensation import EVENT, ORIGIN, PATIENT, PHARMACY, PRESCRIBER, PRESCRIPTION, SCAFFOLD
from schemas.submission import TRANSITIONS, SubmissionState


ELEMENTS_HEAD = """\
What a file may hold, version by version. In each version's column: **R** required, **S** where the circumstances ask
for it, **X** defined and no longer sent, empty where the version does not know the element; then the longest length.
Formats: AN any characters, N digits, D decimal, DT date CCYYMMDD, TM time.
Source and open points: [the tables' own page](../../schemas/asap/README.md).
"""

DISPENSATION_HEAD = """\
One row is one fill of one prescription: one DSP segment with the patient, prescriber and pharmacy that govern it.
Columns marked **patient** identify or describe a patient, and never stand in a log, an error text, a finding, a metric
or a file name.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def elements() -> str:
    """Every segment and element, side by side in the five versions, and every code list."""
    versions = {name: load(name) for name in VERSIONS}
    parts = [ELEMENTS_HEAD]
    lists: dict[str, dict[str, str]] = {}
    newest = versions[VERSIONS[-1]]
    for segment_id, segment in newest.segments.items():
        where = f", inside {segment.parent}" if segment.parent else ""
        parts.append(f"## {segment_id}: {segment.name}{where}\n")
        widest = max(len(version.segments[segment_id].elements) for version in versions.values())
        ids = [f"{segment_id}{position:02}" for position in range(1, widest + 1)]
        rows = []
        for element_id in ids:
            present = {name: _element(versions[name].segments[segment_id].elements, element_id) for name in VERSIONS}
            known = [element for element in present.values() if element is not None]
            names = sorted({element.code_list for element in known if element.code_list})
            lists |= {element.code_list: dict(element.codes) for element in known if element.code_list}
            cells = [f"{element.usage.value} {element.max_length}" if element else "" for element in present.values()]
            codes = ", ".join(f"[{name}](#list-{name})" for name in names)
            rows.append([element_id, known[-1].name, known[-1].format, *cells, codes])
        parts.append(table(["Element", "Name", "Format", *VERSIONS, "Codes"], rows))
    parts.append(
        "## Code lists\n\nA version in a list's name means: from that version on, until a later list takes its place.\n"
    )
    for name, meanings in sorted(lists.items()):
        parts.append(f'<a id="list-{name}"></a>\n\n### {name}\n')
        parts.append(table(["Code", "Meaning"], meanings.items()))
    return "\n".join(parts)


def _element(found: Sequence[Element], element_id: str) -> Element | None:
    return next((element for element in found if element.id == element_id), None)


def dispensation() -> str:
    """The columns of the dispensation row, by where they come from."""
    groups = {
        "Where a row came from": ORIGIN,
        "What leads the judge to the governing segments (not kept)": SCAFFOLD,
        "The pharmacy, as sent": PHARMACY,
        "The patient, as sent": PATIENT,
        "The prescription and its fill, as sent": PRESCRIPTION,
        "The prescriber, as sent": PRESCRIBER,
        "What the store adds": EVENT,
    }
    parts = [DISPENSATION_HEAD]
    for title, columns in groups.items():
        rows = [
            [
                f"`{column.name}`",
                _type(column.dtype),
                column.description,
                ", ".join(column.elements),
                "patient" if column.identifies else "",
            ]
            for column in columns
        ]
        parts.append(f"## {title}\n\n{table(['Column', 'Type', 'Meaning', 'Elements', 'Marked'], rows)}")
    return "\n".join(parts)


def _type(dtype: object) -> str:
    """A column's type in a few words: ``list of struct`` rather than all of its fields."""
    name = str(dtype)
    return "list of struct" if name.startswith("List(Struct") else name


def states() -> str:
    """The states of a submission and the steps between them, as a diagram and a table."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {SubmissionState.RECEIVED.value}"]
    for before, afters in TRANSITIONS.items():
        lines += [f"    {before.value} --> {after.value}" for after in sorted(afters)]
    final = [state for state in SubmissionState if state not in TRANSITIONS]
    lines += [f"    {state.value} --> [*]" for state in final] + ["```", ""]
    rows = [
        [
            f"`{state.value}`",
            ", ".join(f"`{after.value}`" for after in sorted(TRANSITIONS.get(state, ()))) or "none: final",
        ]
        for state in SubmissionState
    ]
    intro = "Where a submission stands, for the machine. What became of it, for its sender, is its outcome.\n\n"
    return intro + "\n".join(lines) + "\n" + table(["State", "May become"], rows)
