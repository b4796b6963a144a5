"""Subcommands of ``draggan-widget`` that belong to no other group."""
