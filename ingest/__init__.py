"""The door: bytes arrive, and become rows that can be ruled and kept.

The SFTP door takes files and shows the worker only whole ones; the vault keeps the bytes as they
came; `segments.py` and `rows.py` read them; `pipeline.py` tells the whole story on one page.
Reading needs only the base install; speaking SFTP and keeping the ledger need the server's parts.
"""
