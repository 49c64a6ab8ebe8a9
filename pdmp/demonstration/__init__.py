"""The demo: a synthetic state for thirty days, through the real doors. Nobody in it exists.

home.py      a home of its own, and the mark that says so
people.py    who may do what in it, with random passwords
sending.py   the month's files over SFTP, as thirteen senders would
figures.py   what came of them, as tables
reading.py   a prescriber asks for a report over HTTP
story.py     all of it, in order
"""
