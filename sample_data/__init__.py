"""SYNTHETIC DATA, deterministic: nobody in here exists.

`make` is the public face of the generator: a sample state, the files of its month, files of any size.
`asap/` holds small files by hand, each named for what it shows, and `expected/` what becomes of each.
It writes ASAP by its own hand and shares no code with the reader or the judge.
"""
