"""The shared config module: `load` reads one settings file (and the environment) into typed `Settings`."""

from config.settings import Settings, SettingsError, load

__all__ = ["Settings", "SettingsError", "load"]
