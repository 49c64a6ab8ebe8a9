from lookup.statements import statements


def test_the_disclaimers_stand_in_order() -> None:
    texts = statements("Connecticut", "CDC 2022")
    assert [entry.id for entry in texts.disclaimers] == [
        "P-106",
        "P-107",
        "P-188",
        "P-189",
        "P-190",
        "P-191",
        "P-192",
    ]
    assert texts.disclaimers[2].text == (
        "The State of Connecticut does not warrant that the information in this report is accurate or complete."
    )


def test_nothing_is_left_to_fill_in_and_the_edition_is_named() -> None:
    texts = statements("Connecticut", "CDC 2022")
    for entry in texts.disclaimers + texts.definitions:
        assert "{" not in entry.text
        assert entry.text.endswith(".")
    assert "CDC 2022" in next(entry.text for entry in texts.definitions if entry.id == "mme")
    assert texts.version
