"""The version of the package: the one source for the wheel, the command line and session files."""

__version__ = "0.1.0"
