"""A rule set is stamped on rulings, so a changed one has another name."""

from __future__ import annotations

import hashlib

from validation.catalogue import RULE_SET, all_rules
from validation.exemptions import EXEMPTIONS


# The rules of each rule set that was ever released, by digest. If this fails, a rule came, went, or weighs
# otherwise: give `validation.catalogue.RULE_SET` a new name, say why in CHANGELOG, and add a line here.
DIGESTS = {"ct-2026.1": "065d68ecaef9085a"}


def digest() -> str:
    lines = [
        f"{its.code} {its.severity} {its.scope} {its.tier} {its.segment} {its.versions} {its.title}"
        for its in all_rules()
    ]
    lines += [f"{each.rule.code} {each.disposition} {each.since} {each.until}" for each in EXEMPTIONS]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def test_a_rule_set_is_what_its_name_says() -> None:
    assert DIGESTS[RULE_SET] == digest()
