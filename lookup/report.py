"""The report: a permit and chosen candidates become everything the store holds on them.

The report says what it was made from and can be made again: the same references, period and moment
give the same lines, for ever, since the store only appends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from access.permissions import record_report_outcome
from access.permit import Act, Permit
from lookup.coverage import reported_through
from lookup.desk import Desk
from lookup.errors import PeriodRefused, ReferencesDiffer
from lookup.freshness import freshness
from lookup.lines import line, visible_fills, with_doses
from lookup.permits import check
from lookup.references import Chosen
from lookup.search import ANIMAL, HUMAN, species_word
from lookup.statements import statements
from lookup.summary import summarise
from schemas.criteria import Period
from schemas.report import Dispensation, Identity, PatientReport, ReportCriteria, Stamp
from store.history import history, latest
from store.persons import identity


# A year is what most systems show; two let a reader see what changed.
DEFAULT_YEARS = 2


def default_period(today: date) -> Period:
    """Two years back from today.

    >>> default_period(date(2024, 2, 29))
    Period(filled_from=datetime.date(2022, 2, 28), filled_to=datetime.date(2024, 2, 29))
    """
    year = today.year - DEFAULT_YEARS
    try:
        begins = today.replace(year=year)
    except ValueError:  # the 29th of February
        begins = today.replace(year=year, day=28)
    return Period(begins, today)


def open_references(references: Sequence[str], account_id: str, desk: Desk, now: datetime) -> tuple[Chosen, ...]:
    """What the references say, each once, in their order.

    Raises:
        ReferenceRefused: one was not sealed here, not for this account, or has expired.
        ReferencesDiffer: they come from different searches.
    """
    opened = [desk.seal.open(reference, account_id, now) for reference in references]
    chosen = {(one.person_key, one.identity): one for one in reversed(opened)}
    if len({one.search_id for one in opened}) > 1:
        raise ReferencesDiffer
    return tuple(reversed(chosen.values()))


def make_report(
    permit: Permit,
    chosen: Sequence[Chosen],
    period: Period,
    desk: Desk,
    now: datetime,
    peer: str = "",
) -> PatientReport:
    """The report on the chosen identities, all of them together one patient; in the audit trail before it is returned.

    Args:
        permit: to read a report, made by `access` for this one report.
        chosen: at least one, from `open_references`.
        period: the days of filling to list.
        desk: what every question needs.
        now: UTC.
        peer: network address of the client, for the trail.

    Raises:
        PermitRefused: the permit is not for this.
        Forbidden: the permit was never granted, or has been used.
        PeriodRefused: the period ends before it begins.
        StoreError: the lake cannot be read.
        AuditUnavailable: the report cannot be written down.
    """
    check(permit, Act.READ_REPORT)
    if period.filled_to < period.filled_from:
        raise PeriodRefused
    today = desk.today(now)
    newest = latest(desk.lake)
    fills = _Fills.read(permit, chosen, newest, desk)
    listed = fills.listed(period, desk, today)
    people = tuple(item for item, species in listed if species == HUMAN)
    animals = tuple(item for item, species in listed if species == ANIMAL)
    texts = statements(desk.state, desk.mme_edition)
    with desk.database.reading() as session:
        dispensers = reported_through(session)
    report = PatientReport(
        stamp=_stamp(permit, chosen[0].search_id, newest or now, now, desk, texts.version),
        criteria=ReportCriteria(
            patient=chosen[0].criteria,
            period=period,
            states_asked=(desk.state_code,),
            scope=f"{desk.state} only; no other state was asked.",
        ),
        identities=tuple(_header(number, one, fills.newest_of(one), today) for number, one in enumerate(chosen, 1)),
        summary=summarise(people, outside_period=fills.people - len(people)),
        dispensations=people,
        animals=animals,
        freshness=freshness(
            dispensers, here=fills.dispensers(), today=today, latest_recorded_at=newest, state=desk.state
        ),
        disclaimers=texts.disclaimers,
        definitions=texts.definitions,
    )
    record_report_outcome(desk.database, permit, len(people) + len(animals), now, peer)
    return report


@dataclass(frozen=True)
class _Fills:
    """The chosen identities' fills that the asker may see, newest first."""

    rows: Sequence[Mapping[str, Any]]
    numbers: Mapping[tuple[int, str], int]

    @classmethod
    def read(cls, permit: Permit, chosen: Sequence[Chosen], as_of: datetime | None, desk: Desk) -> _Fills:
        numbers = {(one.person_key, one.identity): number for number, one in enumerate(chosen, 1)}
        # By identity, not only by key: two identities may share one.
        kept = history(
            desk.lake, [one.person_key for one in chosen], as_of, identities=[one.identity for one in chosen]
        ).with_columns(identity=identity())
        wanted = pl.DataFrame(list(numbers), schema={"person_key": pl.UInt64, "identity": pl.String}, orient="row")
        frame = with_doses(kept.join(wanted, on=["person_key", "identity"], how="semi"), desk.drugs)
        return cls(list(visible_fills(frame, desk.drugs, permit.hidden_classes)), numbers)

    @property
    def people(self) -> int:
        """How many there are of people, in any period."""
        return sum(species_word(row["species"]) == HUMAN for row in self.rows)

    def listed(self, period: Period, desk: Desk, today: date) -> list[tuple[Dispensation, str]]:
        """The lines of the period, each with its species."""
        return [
            (line(row, self._number(row), desk.drugs, desk.state_code, today), species_word(row["species"]))
            for row in self.rows
            # A row without a fill date is shown rather than lost.
            if row["filled_on"] is None or period.filled_from <= row["filled_on"] <= period.filled_to
        ]

    def newest_of(self, one: Chosen) -> Mapping[str, Any] | None:
        """The newest fill of one identity."""
        number = self.numbers[one.person_key, one.identity]
        return next((row for row in self.rows if self._number(row) == number), None)

    def dispensers(self) -> frozenset[str]:
        """Who dispensed."""
        return frozenset(row["dispenser_id"] for row in self.rows if row["dispenser_id"])

    def _number(self, row: Mapping[str, Any]) -> int:
        return self.numbers[row["person_key"], row["identity"]]


def _header(number: int, one: Chosen, fill: Mapping[str, Any] | None, today: date) -> Identity:
    if fill is None:  # nothing that may be seen: what was asked is all there is to say
        fill = {"last_name": one.criteria.last_name, "first_name": one.criteria.first_name}
        fill["date_of_birth"] = one.criteria.date_of_birth
    born: date | None = fill.get("date_of_birth")
    return Identity(
        number=number,
        species=species_word(fill.get("species")),
        last_name=fill.get("last_name"),
        first_name=fill.get("first_name"),
        middle_name=fill.get("middle_name"),
        name_suffix=fill.get("name_suffix"),
        date_of_birth=born,
        age=age_on(today, born),
        gender=fill.get("gender"),
        animal_name=fill.get("animal_name"),
        address=tuple(text for text in (fill.get("address_1"), fill.get("address_2")) if text),
        city=fill.get("city"),
        state=fill.get("state"),
        zip=fill.get("zip"),
    )


def age_on(day: date, born: date | None) -> int | None:
    """Completed years; null where no date of birth is known or it lies ahead.

    >>> age_on(date(2024, 2, 28), date(1980, 2, 29))
    43
    """
    if born is None or born > day:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _stamp(
    permit: Permit, search_id: str, as_of: datetime, now: datetime, desk: Desk, disclaimers_version: str
) -> Stamp:
    return Stamp(
        report_id=permit.id,
        search_id=search_id,
        generated_at=now,
        as_of=as_of,
        account_id=permit.account_id,
        role=permit.role,
        on_behalf_of=permit.on_behalf_of,
        reason=permit.reason.value,
        attested=permit.attested,
        program_version=desk.program_version,
        drug_edition=desk.drug_edition,
        mme_edition=desk.mme_edition,
        disclaimers_version=disclaimers_version,
    )
