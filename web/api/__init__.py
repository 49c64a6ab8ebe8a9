"""The JSON endpoints, one module per subject."""
