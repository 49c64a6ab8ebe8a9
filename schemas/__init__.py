"""The nouns: what every room speaks, and nothing that acts.

Read these in order and you know how a fact travels through the house:

1. `schemas.asap`: the ASAP standard as data; what may stand in a file, version by version.
2. `schemas.submission`: one file as it came, and the states it goes through.
3. `schemas.reading`: what the reader made of its bytes.
4. `schemas.dispensation`: the row everybody speaks, each column declared once.
5. `schemas.finding`: what is wrong, where, and under which rule; never the value.
6. `schemas.dispenser`: who reports, what kind, how often.

Imports nothing of ours, so that anybody may import it.
"""
