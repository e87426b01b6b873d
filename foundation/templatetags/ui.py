"""The library under the name pages load; the settings have it as a builtin, too."""

from foundation.templatetags.house import register

__all__ = ["register"]
