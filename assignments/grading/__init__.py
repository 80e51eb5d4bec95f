"""Builds, checks and grades the graded sets; nbgrader keeps the format, the gradebook and the feedback."""

import sys

# jsonschema uses it where it is there, for kinds of addresses that no notebook holds; its import takes three
# seconds, for every submission anew.
sys.modules.setdefault("rfc3987_syntax", None)
