"""The generated page about the settings."""

from __future__ import annotations

import types
from typing import Any, get_args, get_origin

from reference_pages import table

from pdmp.settings import Settings


SETTINGS_HEAD = """\
Every setting, with a default that suits one machine. A setting comes from the environment, else from `settings.toml`
in the home folder (there in small letters and without `PDMP_`, such as `web_port = 8443`), else from here. Secrets are
not settings: the program makes them in the home folder.

"""


def settings() -> str:
    """Every setting: its variable, type, default and meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "must be given" if field.is_required() else _default(field.default)
        rows.append([f"`PDMP_{name.upper()}`", _type(field.annotation), default, field.description or ""])
    return SETTINGS_HEAD + table(["Variable", "Type", "Default", "Meaning"], rows)


def _type(annotation: Any) -> str:  # noqa: ANN401  what a field was annotated with
    if isinstance(annotation, types.UnionType):
        return ", or ".join(_type(part) for part in get_args(annotation) if part is not type(None))
    if get_origin(annotation) is tuple:
        return f"list of {_type(get_args(annotation)[0])}"
    words: dict[str, str] = {
        "str": "text",
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
        "Path": "path",
    }
    name: str = annotation.__name__
    return words.get(name, name)


def _default(value: Any) -> str:  # noqa: ANN401  any setting's value
    if value is None:
        return "unset"
    if value == ():
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
