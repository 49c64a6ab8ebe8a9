"""The ASAP standard as data: versions, segments, elements and code lists, from tables.

Codes are chosen by the version that TH01 names: the same code means other things in other versions.
"""
