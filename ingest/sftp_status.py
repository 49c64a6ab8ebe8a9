"""The status codes of SFTP version 3 (draft-ietf-secsh-filexfer-02, section 7), as far as the door uses them."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """How a request ended."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    OP_UNSUPPORTED = 8
