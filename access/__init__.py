"""People: who they are, what they may do, and what they did.

The only maker of permits: it writes the audit event first, in the same transaction, so that nobody
sees a history without having left a trace. Unknown role, reason or permission means refusal.
"""
