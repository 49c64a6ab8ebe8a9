"""The verdict on one file, as `pdmp check --json` prints it: a contract that scripts rely on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from schemas.finding import FINDING_SCHEMA
from validation.explain import sentences
from validation.totals import totals


if TYPE_CHECKING:
    from schemas.reading import Reading
    from validation.ruling import Ruling


def check_result(name: str, reading: Reading, ruling: Ruling) -> dict[str, Any]:
    """One entry of ``{"files": […]}``.

    Args:
        name: the file, as the caller named it.
        reading: of the file.
        ruling: of the reading.

    Returns:
        ``file, versions, kind, test, outcome, totals, findings``. A finding has the columns of
        `FINDING_SCHEMA` and a ``message``, which says what is wrong and then what to do.
    """
    return {
        "file": name,
        "versions": reading.transactions["version"].unique(maintain_order=True).to_list(),
        "kind": ruling.kind.value,
        "test": ruling.test,
        "outcome": ruling.outcome.value,
        "totals": asdict(totals(ruling)),
        "findings": [
            {name: told[name] for name in FINDING_SCHEMA} | {"message": f"{told['message']} {told['remedy']}"}
            for told in sentences(ruling.findings, reading.refusals)
        ],
    }
