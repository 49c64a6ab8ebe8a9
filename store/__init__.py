"""The shelf: what was accepted, for good. Parquet files in a DuckLake, append-only.

`Lake` opens it; `commit` keeps the accepted records of waiting submissions, each exactly once; `history`
answers what a person received, now or as of a moment; `find_persons` whom a name may mean; `upkeep` puts
files in order. Only this room speaks DuckDB.
"""
