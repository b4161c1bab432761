"""Where the directories lie that come with the program but are no Python packages."""

from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def shipped(name: str) -> Path:
    """Beside the packages in a checkout; an installed wheel carries it inside the package."""
    installed = PACKAGE / f"_{name}"
    return installed if installed.is_dir() else PACKAGE.parent / name
