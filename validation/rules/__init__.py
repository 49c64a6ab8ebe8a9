"""The rules, one module per subject; each is a record with its authority and its sentence."""
