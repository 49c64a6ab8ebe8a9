"""Synthetic files and the outcomes expected of them. Nobody in here exists.

The generator writes ASAP by its own hand and shares no code with the reader, so that a mistake in
one cannot hide in the other.
"""
