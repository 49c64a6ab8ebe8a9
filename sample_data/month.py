"""Thirty days of the sample state: every file that its dispensers send, in order, with the truth about it.

Pharmacies, the hospital and the methadone clinic send every day what they dispensed the day before (P-018), or
that there was nothing; veterinarians send weekly (P-019); a chain sends its stores in one file. The
methadone clinic's rows are reported like any other, since L-03 took effect on 2022-07-01. One pharmacy
never sends, one stops after ten days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from random import Random

from sample_data.courses import Fill, fills_on
from sample_data.planting import Plan, foreign_file, planned_files, sent_again
from sample_data.sample_file import SampleFile, zero_report
from sample_data.world import Dispenser, World


WEEK = 7
SUNDAY = 6


def month(world: World, first_day: date, days: int = 30) -> Iterator[SampleFile]:
    """The files of a month, day by day and sender by sender; the same world and day give the same bytes.

    Args:
        world: the sample state.
        first_day: the first day covered; its file is sent on the second.
        days: how many days; mistakes are planted in the first seventeen.
    """
    random = Random(f"{world.seed}/{first_day}")  # noqa: S311  repeatable on purpose, and no secret
    plan = Plan(_single_senders(world))
    latest: dict[str, SampleFile] = {}
    for number in range(days):
        today = first_day + timedelta(days=number)
        for sender, dispensers in _due(world, number, days):
            since = today - timedelta(days=number % WEEK if dispensers[0].cadence == "weekly" else 0)
            fills = _fills(world, dispensers, since, today, first_day)
            busy = [each for each in dispensers if any(fill.course.dispenser is each for fill in fills)]
            idle = [each for each in dispensers if each not in busy]
            if idle:
                yield zero_report(sender, idle, since, today)
            if busy:
                for file in planned_files(plan, sender, number, busy, fills, (since, today), random):
                    latest[sender] = file
                    yield file
        if "charteroak" in latest and plan.takes("sent_again", number):
            yield sent_again(latest["charteroak"])
        if plan.plain and plan.takes("foreign", number):
            yield foreign_file(world, plan.first, plan.plain, today)


def _single_senders(world: World) -> tuple[str, ...]:
    """Accounts of one pharmacy that reports all month: the mistakes are theirs."""
    rights = world.senders()
    return tuple(
        each.sender
        for each in world.pharmacies
        if len(rights[each.sender]) == 1 and each.silent_from is None and each.kind == "pharmacy"
    )


def _due(world: World, number: int, days: int) -> Iterator[tuple[str, list[Dispenser]]]:
    """Who sends on a day: daily reporters, and weekly ones at the end of each week."""
    week_ends = number % WEEK == WEEK - 1 or number == days - 1
    for sender, group in groupby(world.dispensers, key=lambda each: each.sender):
        due = [
            each
            for each in group
            if (each.silent_from is None or number < each.silent_from) and (each.cadence == "daily" or week_ends)
        ]
        if due:
            yield sender, due


def _fills(world: World, dispensers: Sequence[Dispenser], since: date, until: date, first_day: date) -> list[Fill]:
    """What these dispensers dispensed, by dispenser and patient. Sunday's of a closed one come on Monday."""
    found: list[tuple[int, int, Fill]] = []
    wanted = {each.dispenser_id: place for place, each in enumerate(dispensers)}
    for index, patient in enumerate(world.patients):
        for course in patient.courses:
            place = wanted.get(course.dispenser.dispenser_id)
            if place is None:
                continue
            for number in range((until - since).days + 1):
                today = since + timedelta(days=number)
                asked = [today]
                if course.dispenser.closed_on_sunday and today.weekday() == SUNDAY:
                    asked = []
                elif course.dispenser.closed_on_sunday and today.weekday() == 0:
                    asked = [today - timedelta(days=1), today]
                for planned in asked:
                    fills = fills_on(patient, course, planned, (planned - first_day).days)
                    found += [(place, index, replace(fill, filled=today)) for fill in fills]
    found.sort(key=lambda each: each[:2])
    return [fill for _, _, fill in found]
