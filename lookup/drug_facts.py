"""What a dispensed product is, as far as our drug table knows; honest where it does not.

UNKNOWN IS NOT OTHER. A product that the table does not have keeps the class "unknown" and the code that
the sender gave, so that a reader sees a hole instead of a harmless word. A compound has no NDC of its
own: it is what its reportable ingredients are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from drugs.schedules import schedule
from schemas.asap.specification import VERSIONS, load
from schemas.identifiers import canonical_ndc_number
from schemas.report import Drug


UNKNOWN: Final = "unknown"
COMPOUND: Final = "compound"
CANNABIS: Final = "cannabis"

# DSP07 (asap.md).
NDC_CODE, COMPOUND_CODE, CANNABIS_CODE = "01", "06", "07"


class DrugTable:
    """The drug table of one edition, ready to be asked by NDC."""

    def __init__(self, products: pl.DataFrame) -> None:
        self.products = products
        self._rows: dict[str, int] = {ndc: row for row, ndc in enumerate(products["ndc"])}

    def product(self, code: str | None) -> Mapping[str, Any] | None:
        """The product's row, of `DRUG_SCHEMA`, by its NDC in any spelling; None where the table has none.

        An ingredient's code stands as it was sent; were only one spelling recognised, a hyphen would be enough
        to show what a role may not see (L-04).
        """
        row = self._rows.get(canonical_ndc_number(code) or "" if code else "")
        return None if row is None else self.products.row(row, named=True)


def drug_of(fill: Mapping[str, Any], table: DrugTable, state_code: str) -> Drug:
    """What one fill was.

    Args:
        fill: a dispensation, with the columns of `EVENT_SCHEMA`.
        table: the drug table.
        state_code: the state whose schedules apply, on the day of the fill.
    """
    kind = _kind(fill)
    product = table.product(fill["ndc"])
    if product is not None:
        return _known(product, fill, kind, state_code)
    if fill["product_qualifier"] == COMPOUND_CODE:
        return _compound(fill, kind, table, state_code)
    if fill["product_qualifier"] == CANNABIS_CODE:
        return _unnamed(
            fill, kind, "Medical marijuana", CANNABIS, _schedule({"ingredients": CANNABIS}, fill, state_code)
        )
    named = fill["product_id"] or "no code given"
    return _unnamed(fill, kind, f"Not in the drug table ({kind or 'product'} {named})", UNKNOWN, None)


def classes_of(fill: Mapping[str, Any], table: DrugTable) -> frozenset[str]:
    """Every class that the fill holds: one for a product, that of each ingredient for a compound."""
    product = table.product(fill["ndc"])
    if product is not None:
        return frozenset({product["drug_class"]})
    if fill["product_qualifier"] == CANNABIS_CODE:
        return frozenset({CANNABIS})
    inside = frozenset(_class_of(table.product(part["product_id"])) for part in fill["ingredients"] or ())
    return inside or frozenset({UNKNOWN})


def visible(fill: Mapping[str, Any], table: DrugTable, hidden: frozenset[str]) -> Mapping[str, Any] | None:
    """The fill without what this role may not see (L-04: naloxone); None where nothing of it is left."""
    if not classes_of(fill, table) - hidden:
        return None
    if not hidden or not fill["ingredients"]:
        return fill
    shown = [part for part in fill["ingredients"] if _class_of(table.product(part["product_id"])) not in hidden]
    return {**fill, "ingredients": shown}


def _class_of(product: Mapping[str, Any] | None) -> str:
    return UNKNOWN if product is None else str(product["drug_class"])


def _known(product: Mapping[str, Any], fill: Mapping[str, Any], kind: str | None, state_code: str) -> Drug:
    return Drug(
        known=True,
        name=product["name"],
        strength=product["strength"],
        form=product["form"],
        schedule=_schedule(product, fill, state_code),
        drug_class=product["drug_class"],
        ndc=fill["ndc"],
        product_id=fill["product_id"],
        product_kind=kind,
        ingredients=(),
    )


def _compound(fill: Mapping[str, Any], kind: str | None, table: DrugTable, state_code: str) -> Drug:
    parts = [(part, table.product(part["product_id"])) for part in fill["ingredients"] or ()]
    classes = {_class_of(product) for _part, product in parts}
    schedules = {_schedule(product, fill, state_code) for _part, product in parts if product is not None} - {None}
    return Drug(
        known=bool(parts) and all(product is not None for _part, product in parts),
        name="Compound",
        strength=None,
        form=None,
        # The strictest: "II" sorts before "III".
        schedule=min((text for text in schedules if text is not None), default=None),
        drug_class=classes.pop() if len(classes) == 1 else COMPOUND,
        ndc=fill["ndc"],
        product_id=fill["product_id"],
        product_kind=kind,
        ingredients=tuple(_ingredient(part, product) for part, product in parts),
    )


def _unnamed(fill: Mapping[str, Any], kind: str | None, name: str, drug_class: str, schedule_: str | None) -> Drug:
    return Drug(
        known=drug_class != UNKNOWN,
        name=name,
        strength=None,
        form=None,
        schedule=schedule_,
        drug_class=drug_class,
        ndc=fill["ndc"],
        product_id=fill["product_id"],
        product_kind=kind,
        ingredients=(),
    )


def _ingredient(part: Mapping[str, Any], product: Mapping[str, Any] | None) -> str:
    if product is None:
        named = f"not in the drug table ({part['product_id'] or 'no code given'})"
    else:
        named = " ".join(text for text in (product["name"], product["strength"], product["form"]) if text)
    units = words("CDI05", None, part["dosage_units"])
    return named if part["quantity"] is None else f"{named}: {part['quantity']:g}{f' {units}' if units else ''}"


def _schedule(product: Mapping[str, Any], fill: Mapping[str, Any], state_code: str) -> str | None:
    day: date | None = fill["filled_on"]
    return schedule({"schedule": None, **product}, state_code, day or date.max)


def _kind(fill: Mapping[str, Any]) -> str | None:
    return words("DSP07", fill["version"], fill["product_qualifier"])


def words(element: str, version: str | None, code: str | None) -> str | None:
    """The meaning of a code in the version it was sent in; the code itself where the version has no such code."""
    if code is None:
        return None
    standard = load(version if version in VERSIONS else VERSIONS[-1])
    return standard.element(element).codes.get(code, f"code {code}")
