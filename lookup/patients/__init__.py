"""How dispensations become one person: an answer that is exact, several, possible or none."""
