"""The questions: who is this patient, and what was dispensed to them. Read-only.

Every question takes a permit, not a user: whether somebody may ask was decided in `access`, and
written down there, before anything here runs.
"""
