"""The type of a file is what its content says; its name may only agree."""

import pytest

from helpdesk.evidence.archives import examine, is_appended
from helpdesk.evidence.names import clean_name, extension_of
from helpdesk.evidence.sniff import HEAD, Refused, media_type_of

from . import samples


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.png", samples.png(), "image/png"),
        ("a.JPG", samples.jpeg_with_place(), "image/jpeg"),
        ("a.gif", samples.animation(), "image/gif"),
        ("a.pdf", samples.PDF, "application/pdf"),
        ("team.log", samples.LOG, "text/plain"),
        ("team.log.3", samples.LOG, "text/plain"),
        ("team", samples.LOG, "text/plain"),
        ("a.csv", b"a,b\n1,2\n", "text/csv"),
        ("a.json", b'{"a": 1}', "application/json"),
        ("a.txt", "grüße".encode("utf-16"), "text/plain"),
        ("crash.log", b"started\n" * 100 + b"\0\0\0" + b"again\n" * 100, "text/plain"),
        ("colours.log", b"\x1b[31mred\x1b[0m\n", "text/plain"),
        ("irc.txt", b"<nina> hello\n", "text/plain"),
        ("a.eml", samples.MAIL, "message/rfc822"),
        ("a.zip", samples.archive(("a.txt", b"a")), "application/zip"),
    ],
)
def test_what_is_accepted_is_known_by_its_content(name: str, content: bytes, kind: str) -> None:
    assert media_type_of(content[:HEAD], name) == kind


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("virus.log", samples.EXE, "Windows program"),
        ("virus.png", samples.EXE, "Windows program"),
        ("a.log", samples.ELF, "Linux program"),
        ("a", samples.MACH_O, "macOS program"),
        ("a.txt", b"#!/bin/sh\nrm -rf ~\n", "script"),
        ("a.txt", b"<?php system($_GET['c']);", "script"),
        ("a.png", samples.SVG, "drawing"),
        ("a.log", samples.HTML, "web page"),
        ("a.txt", b"\xef\xbb\xbf  \n<HTML><body>", "web page"),
        ("a.txt", b"\xff\xfe" + samples.SVG.decode().encode("utf-16-le"), "drawing"),
        ("a.svg", b"<!-- x --><svg/>", "drawing"),
        ("a.xml", b'<?xml version="1.0"?><a/>', "XML"),
        ("a.svgz", b"\x1f\x8b\x08\0" + b"\0" * 50, "gzip"),
        ("a.tiff", b"II*\0" + b"\0" * 50, "TIFF"),
        ("a.psd", b"8BPS\0\x01" + b"\0" * 50, "Photoshop"),
        ("a.ico", b"\0\0\x01\0\x01\0" + b"\0" * 50, "icon"),
        ("a.heic", b"\0\0\0\x18ftypheic" + b"\0" * 50, "HEIC"),
        ("a.eps", b"%!PS-Adobe-3.0\n", "PostScript"),
        ("a.rar", b"Rar!\x1a\x07\x01\0" + b"\0" * 50, "RAR"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99, "old Office"),
        ("noise.log", bytes(range(256)) * 20, "not accepted"),
        ("run.bat", b"echo hello\r\n", ".bat"),
        ("a.pdf.exe", samples.PDF, ".exe"),
    ],
)
def test_what_is_dangerous_or_unknown_is_refused_in_words(
    name: str, content: bytes, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        media_type_of(content[:HEAD], name)
    assert words.lower() in str(refused.value).lower() or "do not know" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "both"),
    [
        ("photo.png", samples.jpeg_with_place(), (".png", "JPEG")),
        ("team.log", samples.png(), (".log", "PNG")),
        ("a.pdf", samples.LOG, (".pdf", "text")),
        ("a.zip", samples.PDF, (".zip", "PDF")),
    ],
)
def test_a_wrong_ending_is_refused_naming_both(
    name: str, content: bytes, both: tuple[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        media_type_of(content[:HEAD], name)
    assert all(word in str(refused.value) for word in both)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\nina\\a.png", "a.png"),
        ("\u200b.htaccess", "htaccess"),
        ("a\ufeff.png", "a.png"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("a.png. .", "a.png"),
        ("a.txt::$DATA", "a.txt"),
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("a\r\nSet-Cookie: x=1.png", "aSet-Cookie_ x=1.png"),
        ('"><img src=x onerror=alert(1)>.png', "___img src=x onerror=alert(1)_.png"),
        ("a\0.png", "a.png"),
        ("", "file"),
        ("...", "file"),
        ("ａ.ｐｎｇ", "a.png"),
        ("／etc／passwd", "passwd"),
        ("\ud800.png", "?.png".replace("?", "_")),
    ],
)
def test_a_name_is_made_plain(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_a_long_name_keeps_its_ending() -> None:
    name = clean_name("ü" * 300 + ".png")
    assert len(name.encode()) <= 255
    assert name.endswith("ü.png")
    assert len(clean_name("a" + "\u0301" * 10_000)) < 20


def test_the_ending_is_the_last_one_that_is_no_number() -> None:
    assert extension_of("a.tar.GZ") == "gz"
    assert extension_of("team.log.2026-06-01") == "log"
    assert extension_of("team") == ""


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (samples.archive_bomb(), "far more"),
        (samples.archive_of_many(10_001), "too many"),
        (samples.archive(("inner.zip", samples.archive(("a", b"a")))), "other archives"),
        (samples.archive(("../../evil.sh", b"x")), "unsafe paths"),
        (samples.archive(("C:\\evil.sh", b"x")), "unsafe paths"),
        (samples.archive(("a", b"a"))[:-10], "damaged"),
        (b"PK\x03\x04" + b"\0" * 200, "damaged"),
    ],
    ids=["bomb", "many", "nested", "upwards", "drive", "cut", "empty"],  # archives know the time
)
def test_a_dangerous_archive_is_refused(tmp_path, content: bytes, words: str) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "a.zip"
    file.write_bytes(content)
    with pytest.raises(Refused, match=words):
        examine(file, "application/zip")


def test_an_archive_is_listed_and_not_unpacked(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "a.zip"
    file.write_bytes(samples.archive(("logs/team.log", b"x" * 10), ("b.txt", b"")))
    kind, details = examine(file, "application/zip")
    assert kind == "application/zip"
    assert details["list"] == [["logs/team.log", 10], ["b.txt", 0]]


def test_a_document_is_known_by_its_parts_and_may_hold_no_macros(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "a"
    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    file.write_bytes(samples.document("word"))
    assert examine(file, word)[0] == word
    file.write_bytes(samples.document("word", ("word/vbaProject.bin", b"x")))
    with pytest.raises(Refused, match="macros"):
        examine(file, word)
    file.write_bytes(samples.archive(("a.txt", b"a")))
    with pytest.raises(Refused, match="plain ZIP"):
        examine(file, word)


def test_an_archive_behind_another_file_is_found() -> None:
    assert is_appended(samples.PDF + samples.archive(("a", b"a")))
    assert not is_appended(samples.PDF)
