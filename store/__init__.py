"""The shelf: what was accepted, for good.

A DuckLake of append-only events: a dispensation is never changed, a later event says that it no
longer holds. One submission's rows are committed together, exactly once. The only speaker of DuckDB.
"""
