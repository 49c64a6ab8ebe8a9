"""The judge: a reading goes in, a ruling comes out.

Pure: no file, no clock, no network. All it knows besides the bytes stands in a `Context`, and bad
data is never an exception: it is a finding, which names place and rule and never the value.
A rule is a record (`catalogue.py`); `rules/` holds them by subject; `ruling.py` is the answer.
"""
