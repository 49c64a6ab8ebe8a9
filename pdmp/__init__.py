"""The front door: settings, command line and wiring.

It imports every room and none imports it. Clock, environment and paths are read here, once, and
handed down as arguments.
"""
