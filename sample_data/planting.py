"""What is planted in the sample month besides honest reports, and when.

Each strange file comes once, on or after its day, with the next file that can carry it; mistakes in records
come one every other day. The first pharmacy with an account of its own sends the test file, the revision,
the void and what is not reportable; the second the wrong count, the torn upload and the Latin-1 name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from sample_data.courses import Fill
from sample_data.formulary import drugs_for
from sample_data.mistakes import RECORD_MISTAKES, Mistake, Planted, innocent, spoiled
from sample_data.sample_file import SampleFile, dispensed
from sample_data.world import Dispenser, World


# The first day (from 0) on which each special file may come; it comes with the next file that can carry it.
SPECIAL_DAYS = {
    "test": 2,
    "wrong_count": 4,
    "sent_again": 8,
    "torn": 9,
    "foreign": 12,
    "revision": 14,
    "void": 15,
    "latin": 16,
}


class Plan:
    """What is still to be planted."""

    def __init__(self, senders: tuple[str, ...]) -> None:
        self.senders = senders
        self.first, self.second = senders[:2]
        self.special = dict(SPECIAL_DAYS)
        self.mistakes = list(RECORD_MISTAKES)
        self.plain: Fill | None = None

    def takes(self, special: str, number: int) -> bool:
        """True once for each special file, on or after its day."""
        if number < self.special.get(special, number + 1):
            return False
        del self.special[special]
        return True

    def mistake(self, number: int) -> Mistake | None:
        """The next mistake in a record, at most one every other day."""
        done = len(RECORD_MISTAKES) - len(self.mistakes)
        return self.mistakes.pop(0) if self.mistakes and number > 2 * done else None


@dataclass(frozen=True)
class _Edit:
    """A sender's fills of the day as they are written, and how."""

    fills: list[Fill]
    shows: str = ""
    miscount: int = 0
    encoding: str | None = None


def planned_files(
    plan: Plan,
    sender: str,
    number: int,
    busy: Sequence[Dispenser],
    fills: list[Fill],
    covers: tuple[date, date],
    random: Random,
) -> Iterator[SampleFile]:
    """A sender's file of the day with what is planted in it, after the strange files beside it."""
    if sender == plan.first and plan.takes("test", number):
        yield dispensed(sender, busy, fills, covers, shows="a test file", test=True)
    if sender == plan.second and plan.takes("torn", number):
        yield _torn(dispensed(sender, busy, fills, covers))
    if sender == plan.first:
        edit = _first_sender(plan, number, fills, covers[1], random)
        plan.plain = plan.plain or _plain(fills)
    elif sender in plan.senders:
        edit = _other_sender(plan, sender, number, fills, random)
    else:
        edit = _Edit(fills)
    yield dispensed(sender, busy, edit.fills, covers, shows=edit.shows, miscount=edit.miscount, encoding=edit.encoding)


def _first_sender(plan: Plan, number: int, fills: list[Fill], today: date, random: Random) -> _Edit:
    """Sends what is not reportable now and then, one revision and one void."""
    if number % 4 == 1:
        return _Edit([*fills, _ordinary(fills[0], random, today)], "a product that is not reportable")
    if plan.plain and plan.takes("revision", number):
        revision = replace(plan.plain, status="01", quantity=plan.plain.quantity + 1)
        return _Edit([*fills, revision], "a revision")
    if plan.plain and plan.takes("void", number):
        return _Edit([*fills, replace(plan.plain, status="02")], "a void")
    return _Edit(fills)


def _other_sender(plan: Plan, sender: str, number: int, fills: list[Fill], random: Random) -> _Edit:
    """Sends a wrong count and a Latin-1 name once, and the mistakes in records in turn."""
    if sender == plan.second and plan.takes("wrong_count", number):
        return _Edit(fills, "TP01 counts TH and IS, TT02 is right", miscount=2)
    if sender == plan.second and plan.takes("latin", number):
        person = fills[0].patient
        renamed = replace(person, last="Muñoz")
        written = [replace(fill, patient=renamed) if fill.patient is person else fill for fill in fills]
        return _Edit(written, "a name in Latin-1", encoding="latin-1")
    mistake = plan.mistake(number) if _plain(fills) else None
    if mistake:
        return _Edit(_with_mistake(fills, mistake, random), f"a mistake: {mistake.kind}")
    return _Edit(fills)


def _plain(fills: Sequence[Fill]) -> Fill | None:
    """The first fill of a person with no other fill in the file, so that a mistake touches one record."""
    for fill in fills:
        alone = sum(other.patient is fill.patient for other in fills) == 1
        if alone and not fill.patient.animal and innocent(fill) is None and not fill.changes:
            return fill
    return None


def _with_mistake(fills: Sequence[Fill], mistake: Mistake, random: Random) -> list[Fill]:
    chosen = _plain(fills)
    return [spoiled(fill, mistake, random) if fill is chosen else fill for fill in fills]


def _ordinary(like: Fill, random: Random, today: date) -> Fill:
    """A fill of an ordinary drug for the same patient."""
    course = replace(
        like.course, drug=random.choice(drugs_for("not_reportable")), serial=90_000 + today.timetuple().tm_yday
    )
    return replace(
        like,
        course=course,
        rx_number=f"{course.serial:05d}000",
        quantity=course.drug.quantity,
        days=course.drug.days,
        number=0,
        partial=0,
        written=today,
        filled=today,
    )


def _torn(file: SampleFile) -> SampleFile:
    """The first half of a file, cut inside a segment; the whole one follows."""
    cut = len(file.data) // 2
    return replace(
        file,
        name=file.name.replace(".dat", "_torn.dat"),
        data=file.data[:cut],
        shows="a torn upload: it ends inside a segment",
        planted=(Planted("torn", None, None, "refused"),),
    )


def sent_again(file: SampleFile) -> SampleFile:
    """The same bytes under another name."""
    return replace(
        file,
        name=file.name.replace(".dat", "sent_again.dat"),
        shows="the same file sent twice",
        planted=(Planted("sent_again", None, None, "duplicate"),),
    )


def foreign_file(world: World, sender: str, like: Fill, today: date) -> SampleFile:
    """A file for a pharmacy that its sender has no rights to: the chain's first store."""
    store = world.pharmacies[0]
    fill = replace(
        like, course=replace(like.course, dispenser=store), rx_number="99000001", filled=today, written=today
    )
    file = dispensed(sender, [store], [fill], (today, today), shows="a pharmacy outside the sender's rights")
    return replace(
        file,
        name=file.name.replace(".dat", "foreign_file.dat"),
        planted=(Planted("foreign_pharmacy", None, None, "held"),),
    )
