"""Published drug knowledge, by edition: what an NDC is, its schedule, class and MME factor.

A product is known, or unknown, or ambiguous; it is never guessed.
"""
