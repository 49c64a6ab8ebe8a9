"""From settings to what the web app works with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from access.passwords import Passwords
from drugs import products
from ingest.acknowledge import Letterhead
from lookup.desk import Desk
from lookup.drug_facts import DrugTable
from lookup.references import Seal
from pdmp.rules import password_rules, session_rules
from pdmp.wiring import Installation, now, program
from web.services import Services


@contextmanager
def web_services(installation: Installation) -> Iterator[Services]:
    """The services of the web app, over a lake opened for reading.

    Raises:
        LakeMissingError: there is no lake yet; the worker makes it.
    """
    settings = installation.settings
    with installation.lake(read_only=True) as lake:
        yield Services(
            desk=Desk(
                database=installation.database,
                lake=lake,
                drugs=DrugTable(products.load()),
                drug_edition=products.EDITION,
                mme_edition=products.EDITIONS["mme_factors"],
                seal=Seal(installation.secrets.person_key),
                state=settings.state,
                state_code=settings.state_code,
                zone=installation.zone,
                program_version=version("open-pdmp"),
            ),
            database=installation.database,
            ledger=installation.ledger,
            letterhead=Letterhead(settings.state, settings.contact, program()),
            passwords=Passwords(password_rules(settings)),
            session_rules=session_rules(settings),
            clock=now,
            version=version("open-pdmp"),
        )
