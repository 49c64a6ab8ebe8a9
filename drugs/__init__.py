"""PUBLISHED DRUG KNOWLEDGE, by edition: what a product is, what the law calls it, what it weighs.

Start with `products.load`: one row per NDC (`table.DRUG_SCHEMA`). `schedules.schedule` answers for a
state and a day; `mme` turns a fill into morphine milligram equivalents per day, or says why it cannot.
`directory` makes a new edition of the table from the FDA's NDC directory. Sources: data/README.md.
"""

from drugs.mme import DailyMme, NotComputable, daily_mme, mme_per_day, mme_reason
from drugs.products import EDITION, load
from drugs.schedules import schedule


__all__ = ["EDITION", "DailyMme", "NotComputable", "daily_mme", "load", "mme_per_day", "mme_reason", "schedule"]
