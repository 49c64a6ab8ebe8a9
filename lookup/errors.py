"""Why a question is refused. None of these holds a patient's value, and none is worth a retry as it stands."""

from __future__ import annotations


class LookupRefused(Exception):
    """A question that is not answered; the message says what to do instead."""


class PermitRefused(LookupRefused):
    """The permit is not one that `access` made for this act."""


class ReferenceRefused(LookupRefused):
    """A candidate's reference does not open.

    A forged one, an expired one, and one of another account are told apart by nobody: which of the
    three it was would already be news about somebody else's search.
    """

    def __init__(self) -> None:
        super().__init__("This candidate reference is not valid or has expired; search for the patient again.")


class ReferencesDiffer(LookupRefused):
    """References of several searches were put together."""

    def __init__(self) -> None:
        super().__init__(
            "The candidate references come from different searches; choose candidates of one search, "
            "so that the report can state what was searched."
        )


class PeriodRefused(LookupRefused):
    """The period asked for ends before it begins."""

    def __init__(self) -> None:
        super().__init__("The period ends before it begins; exchange filled_from and filled_to.")


class CriteriaRefused(LookupRefused):
    """A name to search for has nothing in it that tells one name from another.

    Attributes:
        field: which one.
    """

    def __init__(self, field: str) -> None:
        super().__init__("must hold at least one letter")
        self.field = field
