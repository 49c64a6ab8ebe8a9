"""What a person may ask: which patient, which period."""

# Annotations are read at run time (the counter serialises these types), so they are not postponed.
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class PatientCriteria:
    """The three fields of the request form (L-07), as entered.

    Attributes:
        last_name: the patient's last name.
        first_name: the patient's first name.
        date_of_birth: the patient's date of birth.
    """

    last_name: str
    first_name: str
    date_of_birth: date


@dataclass(frozen=True)
class Period:
    """Days of filling, both ends included.

    Attributes:
        filled_from: the first day asked for.
        filled_to: the last day asked for.
    """

    filled_from: date
    filled_to: date
