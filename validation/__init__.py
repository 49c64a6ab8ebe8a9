"""The judge: a reading goes in, a ruling comes out.

Pure: no file, no clock, no network. All it knows besides the bytes stands in a `Context`, and bad
data is never an exception: it is a finding, which names place and rule and never the value.
A rule is a record (`rule.py`); `rules/` holds them by subject, `exemptions.py` what the law does not
want, `catalogue.py` all of them; `judge.py` tells the story and `ruling.py` is the answer.
"""
