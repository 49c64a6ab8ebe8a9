"""A prescriber asks for a patient's report over HTTP, as any program may, and prints it as a table."""

from __future__ import annotations

from typing import Any

import httpx
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pdmp.demonstration.people import LogIn
from sample_data.world import Patient


def ask(base_url: str, login: LogIn, patient: Patient) -> dict[str, Any]:
    """Log in, search, attest, read the report, log out; the report as the API gives it.

    Raises:
        httpx.HTTPStatusError: the API refused a step.
    """
    with httpx.Client(base_url=base_url, timeout=30, trust_env=False) as client:
        session = _post(client, "/v1/login", {"email": login.name, "password": login.password})
        client.headers["Authorization"] = f"Bearer {session['token']}"
        purpose = {"reason": "treatment", "attested": ["P-105", "P-110"]}
        criteria = {
            "last_name": patient.last,
            "first_name": patient.first,
            "date_of_birth": patient.birth.isoformat(),
        }
        found = _post(client, "/v1/patients/search", {**criteria, **purpose})
        references = [candidate["reference"] for candidate in found["candidates"]]
        report = _post(client, "/v1/reports", {"references": references, **purpose})
        client.post("/v1/logout").raise_for_status()
    return {**report, "grade": found["grade"]}


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(path, json=body)
    answer.raise_for_status()
    parsed: dict[str, Any] = answer.json()
    return parsed


def readable(report: dict[str, Any]) -> RenderableType:
    """The report as a person reads it in a terminal."""
    return Group(_head(report), _fills(report), _foot(report))


def _head(report: dict[str, Any]) -> Text:
    lines = []
    for person in report["identities"]:
        name = " ".join(filter(None, (person["first_name"], person["middle_name"], person["last_name"])))
        place = ", ".join(filter(None, (person["city"], person["state"], person["zip"])))
        lines.append(f"{name} · born {person['date_of_birth']} (age {person['age']}) · {person['gender']} · {place}")
    summary = report["summary"]
    mme = summary["opioid_mme_per_day"]
    lines += [
        f"{summary['dispensations']} dispensations of {summary['prescriptions']} prescriptions, by "
        f"{summary['prescribers']} prescribers, at {summary['pharmacies']} pharmacies; {summary['active']} active now"
        + (f", {mme:g} MME/day" if mme is not None else ""),
        f"{report['freshness']['sentence']} {report['criteria']['scope']}",
    ]
    return Text("\n".join(lines))


def _fills(report: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("filled", "drug", "C", "qty", "days", "MME/day", "prescriber", "pharmacy", "paid by", "active"):
        numeric = column in {"qty", "days", "MME/day"}
        table.add_column(column, justify="right" if numeric else "left", no_wrap=column == "filled")
    for fill in report["dispensations"]:
        drug, mme = fill["drug"], fill["mme_per_day"]
        words = [drug["name"]]
        words += [word for word in (drug["strength"], drug["form"]) if word]
        table.add_row(
            fill["filled_on"],
            " ".join(words),
            drug["schedule"] or "",
            f"{fill['quantity']:g}" if fill["quantity"] is not None else "",
            str(fill["days_supply"]),
            f"{mme:g}" if mme is not None else "",
            fill["prescriber"]["name"] or "",
            fill["pharmacy"]["name"] or "",
            fill["payment"] or "",
            {True: "yes", False: "", None: "?"}[fill["active"]],
        )
    return table


def _foot(report: dict[str, Any]) -> Text:
    return Text("\n".join(statement["text"] for statement in report["disclaimers"]), style="dim")
