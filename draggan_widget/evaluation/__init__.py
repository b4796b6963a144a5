"""Measures of drags against exact truth."""
