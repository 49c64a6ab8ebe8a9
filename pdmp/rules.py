"""From settings to the rules about people: passwords, sessions, lock-outs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from access.passwords import PasswordRules
from access.sessions import SessionRules
from access.throttle import ACCOUNT, FEED, RULES, ThrottleRule
from pdmp.settings import Settings


def password_rules(settings: Settings) -> PasswordRules:
    """How long a password holds (P-145, L-08)."""
    return replace(PasswordRules(), lifetime=timedelta(days=settings.password_days))


def throttles(settings: Settings) -> Mapping[str, ThrottleRule]:
    """What failed log-ins lock, for how long (L-09)."""
    lock = replace(RULES[ACCOUNT], failures=settings.lockout_failures, lock=timedelta(minutes=settings.lockout_minutes))
    return {**RULES, ACCOUNT: lock, FEED: lock}


def session_rules(settings: Settings) -> SessionRules:
    """How long a session lasts (P-176)."""
    return replace(
        SessionRules(),
        idle=timedelta(minutes=settings.session_idle_minutes),
        absolute=timedelta(hours=settings.session_hours),
        throttles=throttles(settings),
    )
