"""Where the parts become one system: settings, assembly, processes, commands."""

__version__ = "0.1.0"
