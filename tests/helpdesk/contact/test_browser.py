"""What a browser says of itself, and what is made of it."""

import pytest

from helpdesk.contact.browser import read_user_agent

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SAID = [
    (f"{WINDOWS} {WEBKIT} Chrome/141.0.0.0 Safari/537.36", "Windows 10 or 11", "Chrome 141"),
    (f"{WINDOWS} {WEBKIT} Chrome/141.0 Safari/537.36 Edg/141.0", "Windows 10 or 11", "Edge 141"),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", "Linux",
     "Firefox 141"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/18.5 Safari/605.1.15", "macOS", "Safari 18"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Version/18.5 Mobile/15E148 Safari/604.1", "iOS 18.5", "Safari 18"),
    ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/141.0.0.0 Mobile Safari/537.36", "Android 15", "Chrome 141"),
    ("curl/8.5.0", "", ""),
    ("", "", ""),
    ("<script>" * 1000, "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("header", "system", "browser"), SAID)
def test_system_and_browser_are_read(header: str, system: str, browser: str) -> None:
    assert read_user_agent(header) == (system, browser)
