"""Files for the demonstration, drawn and written here: screenshots and application logs."""

from io import BytesIO
from random import Random

from PIL import Image, ImageDraw

INK, PAPER, LINE, ACCENT, WARN = "#1c2330", "#ffffff", "#d9dee7", "#2b50c8", "#b3261e"


def screenshot(random: Random) -> tuple[str, bytes]:
    """A window with a list and a message, as PNG."""
    image = Image.new("RGB", (960, 600), PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 960, 56), fill=ACCENT)
    draw.text((24, 20), "Marketplace    Jobs    Contracts    Payments", fill=PAPER)
    for row in range(6):
        top = 96 + row * 64
        draw.rectangle((40, top, 640, top + 44), outline=LINE, width=2)
        draw.text(
            (56, top + 14), f"Milestone {row + 1}    {random.randrange(90, 990)}.00", fill=INK
        )
    draw.rectangle((680, 96, 920, 200), outline=WARN, width=3)
    draw.text((700, 130), "Something went wrong (E-503)", fill=WARN)
    out = BytesIO()
    image.save(out, "PNG")
    return f"screenshot-{random.randrange(100, 999)}.png", out.getvalue()


def team_log(random: Random) -> tuple[str, bytes]:
    """A few thousand lines of a time tracker."""
    lines = []
    for number in range(random.randrange(800, 4000)):
        clock = f"{9 + number // 900:02}:{number // 15 % 60:02}:{number * 4 % 60:02}"
        level = "WARN" if number % 97 == 0 else "INFO"
        what = random.choice(["tick", "screenshot saved", "upload ok", "idle check", "sync"])
        if level == "WARN":
            what = "timer resumed before display, clock kept at last tick"
        lines.append(f"{clock} {level} tracker[{random.randrange(300, 320)}] {what}")
    return "team.log", "\n".join(lines).encode()
