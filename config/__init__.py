"""The shared config module: `load` reads one settings file (and the environment) into typed `Settings`."""

from config.reading import load
from config.settings import Settings, SettingsError

__all__ = ["Settings", "SettingsError", "load"]
