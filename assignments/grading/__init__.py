"""Builds, checks and grades the graded sets; nbgrader keeps the format, the gradebook and the feedback."""
