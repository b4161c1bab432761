"""Which system and browser somebody uses, as far as their browser says. A first guess to edit."""

import re

LONGEST = 400  # characters of a header worth reading

_SYSTEMS = (
    (re.compile(r"Windows NT 10\.0"), "Windows 10 or 11"),
    (re.compile(r"Windows NT 6\.3"), "Windows 8.1"),
    (re.compile(r"Windows NT 6\.1"), "Windows 7"),
    (re.compile(r"Windows"), "Windows"),
    (re.compile(r"(?:iPhone|iPod)[^)]{0,80} OS (\d+)_(\d+)"), "iOS {0}.{1}"),
    (re.compile(r"iPad[^)]{0,80} OS (\d+)_(\d+)"), "iPadOS {0}.{1}"),
    (re.compile(r"Android (\d+)"), "Android {0}"),
    (re.compile(r"CrOS"), "ChromeOS"),
    (re.compile(r"Mac OS X (\d+)[_.](\d+)"), "macOS"),  # browsers froze this number years ago
    (re.compile(r"Macintosh"), "macOS"),
    (re.compile(r"Linux"), "Linux"),
)
# The first that fits: most browsers also name those they descend from.
_BROWSERS = (
    (re.compile(r"(?:Edg|EdgA|EdgiOS)/(\d+)"), "Edge {0}"),
    (re.compile(r"OPR/(\d+)"), "Opera {0}"),
    (re.compile(r"SamsungBrowser/(\d+)"), "Samsung Internet {0}"),
    (re.compile(r"(?:Firefox|FxiOS)/(\d+)"), "Firefox {0}"),
    (re.compile(r"(?:Chrome|CriOS|Chromium)/(\d+)"), "Chrome {0}"),
    (re.compile(r"Version/(\d+)(?:\.(\d+))?[^ ]* (?:Mobile/\S+ )?Safari/"), "Safari {0}"),
)


def read_user_agent(header: str) -> tuple[str, str]:
    """The system and the browser; empty where the header does not say."""
    header = header[:LONGEST]
    return _first(_SYSTEMS, header), _first(_BROWSERS, header)


def _first(known: tuple[tuple[re.Pattern[str], str], ...], header: str) -> str:
    for pattern, name in known:
        if found := pattern.search(header):
            return name.format(*found.groups())
    return ""
