"""A site says who its user is: what is believed, and what never is."""

from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from chat.widget.commands import read_origin, revoke_key
from chat.widget.keys import BadToken, Claims, Expired, read_public_key, read_token, secrets_of
from chat.widget.models import Algorithm, WidgetKey
from chat.widget.queries import is_shown_on
from helpdesk.core.clock import FrozenClock
from helpdesk.core.text import BadText
from helpdesk.desk import Desk
from helpdesk.people.commands import change_person
from helpdesk.permissions import SYSTEM, Role
from tests.conftest import TUESDAY
from tests.people import Cast

from .build import Frame, a_key, a_widget, claims_for, frame_tab, sign

SECRET = "the secret of this desk"
OWN = Ed25519PrivateKey.generate()
PEM = OWN.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
HS = WidgetKey(id=1, widget_id=1, kid="k1", algorithm=Algorithm.HS256, created_at=TUESDAY)
ED = WidgetKey(
    id=2, widget_id=1, kid="k2", algorithm=Algorithm.EDDSA, public_key=PEM, created_at=TUESDAY
)
GOOD = {"sub": "u1", "aud": "w1", "exp": int(TUESDAY.timestamp()) + 600}


def secret_of(kid: str = "k1") -> str:
    return secrets_of(SECRET, kid)[0]


def read(token: str, *keys: WidgetKey, secret: str = SECRET) -> Claims:
    return read_token(token, "w1", keys or (HS, ED), secret, TUESDAY)


def made(key: Any = None, algorithm: str = "HS256", kid: str = "", **claims: Any) -> str:
    payload = {name: value for name, value in {**GOOD, **claims}.items() if value is not None}
    headers = {"kid": kid} if kid else None
    return jwt.encode(payload, key or secret_of(), algorithm=algorithm, headers=headers)


def test_both_kinds_of_keys_are_believed_with_and_without_their_name() -> None:
    for token in (
        made(),
        made(kid="k1"),
        made(OWN, "EdDSA"),
        made(OWN, "EdDSA", "k2"),
        made(aud=["other", "w1"]),
    ):
        assert read(token).sub == "u1"
    turned = read(made(), secret=f"a newer secret,{SECRET}")  # the desk's own key is changing
    assert turned.kid == "k1"


BAD = {
    "another secret": made("x" * 43),
    "no signature": jwt.encode(GOOD, "", algorithm="none"),
    "the public key as a secret": made(PEM.encode().hex(), kid="k2"),
    "another algorithm": made("x" * 64, algorithm="HS512"),
    "another's name": made(kid="k9"),
    "the name of the other key": made(kid="k2"),
    "for another widget": made(aud="w2"),
    "for nobody": made(aud=None),
    "for ever": made(exp=None),
    "for years": made(exp=int((TUESDAY + timedelta(days=300)).timestamp())),
    "exp of words": made(exp="tomorrow"),
    "exp beyond time": made(exp=10**30),
    "not yet": made(nbf=int(TUESDAY.timestamp()) + 300),
    "of nobody": made(sub=None),
    "of an empty one": made(sub="  "),
    "of a number": jwt.encode({**GOOD, "sub": "u" * 201}, secret_of(), algorithm="HS256"),
    "a name of lines": made(name="Nina\nBcc: x"),
    "too long": made(name="n" * 5_000),
}


@pytest.mark.parametrize("why", BAD)
def test_what_is_wrong_in_one_thing_says_nothing(why: str) -> None:
    with pytest.raises(BadToken) as caught:
        read(BAD[why])
    assert not isinstance(caught.value, Expired)


def test_an_expired_one_asks_for_another_and_a_revoked_key_is_no_key() -> None:
    with pytest.raises(Expired):
        read(made(exp=int(TUESDAY.timestamp()) - 60))
    revoked = WidgetKey(**{**HS.model_dump(), "revoked_at": TUESDAY})
    with pytest.raises(BadToken):
        read(made(), revoked)


@given(st.text(max_size=80) | st.binary(max_size=40).map(lambda raw: f"a.{raw.hex()}.b"))
def test_any_text_is_refused_and_never_more_than_that(text: str) -> None:
    with pytest.raises(BadToken):
        read(text)


@given(st.integers(0, 400), st.integers(1, 255))
def test_no_changed_byte_of_a_token_passes(place: int, change: int) -> None:
    token = made(kid="k1").encode()
    at = place % (len(token) - 1)  # of the last sign some bits are not used
    bent = bytearray(token)
    bent[at] ^= change
    if bytes(bent) == token:
        return
    try:
        found = read(bent.decode("latin-1"))
    except BadToken:
        return
    assert found == read(token.decode())


def test_only_ed25519_keys_and_sites_with_a_scheme_are_taken() -> None:
    rsa = generate_private_key(65537, 2048).public_key()
    other = rsa.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for pem in ("", "no key", other):
        with pytest.raises(BadText):
            read_public_key(pem)
    good = {
        "https://WWW.Example.com/": "https://www.example.com",
        "https://shop.example.com:8443": "https://shop.example.com:8443",
        "https://*.example.com": "https://*.example.com",
        "http://localhost:3000": "http://localhost:3000",
        "https://münchen.example": "https://xn--mnchen-3ya.example",
    }
    assert {typed: read_origin(typed) for typed in good} == good
    for typed in ("example.com", "http://example.com", "https://*.com", "https://*", "*",
                  "https://a.b/path", "https://a.b;script-src *", "javascript:alert(1)",
                  "https://a.b:port", "https://u@a.b", "https://a b.c"):  # fmt: skip
        with pytest.raises(BadText):
            read_origin(typed)
    assert is_shown_on(["https://*.example.com"], "https://a.b.example.com")
    for stranger in ("https://example.com", "http://a.example.com", "https://aexample.com"):
        assert not is_shown_on(["https://*.example.com"], stranger)


# Who it is then


async def who(cast: Cast, frame: Frame) -> dict[str, Any]:
    tab = await frame_tab(str(frame.client.base_url).split("/widget")[0], frame.session)
    hello = await tab.until(lambda one: one["t"] == "hello")
    await tab.leave()
    return dict(hello["you"])


async def test_a_user_is_the_same_person_each_time_and_never_one_of_staff(
    site: str, desk: Desk, cast: Cast
) -> None:
    widget = await a_widget(cast)
    key = await a_key(cast, widget)

    async def come(sub: str, **claims: Any) -> dict[str, Any]:
        async with Frame(site, widget) as frame:
            answer = await frame.identify(sign(desk, key, claims_for(desk, widget, sub, **claims)))
            assert answer.status_code == 200, answer.text
            return await who(cast, frame)

    first = await come("u1", name="Zoe", email="zoe@example.com", email_verified=True)
    again = await come("u1", name="Else", email="else@example.com", email_verified=True)
    assert first["id"] == again["id"]
    assert (await come("u2", email="nina@example.com", email_verified=True))["id"] == cast.nina.id
    # What is not proven, or belongs to staff, is met by nobody.
    for sub, address in (("u3", "finn@example.com"), ("u4", "pete@desk.example.com")):
        found = await come(sub, email=address, email_verified=sub == "u4")
        assert found["id"] not in {person.id for person in cast.people.values()}
        assert not found["staff"]
    assert (await come("u3", email="finn@example.com", email_verified=True))["id"] != cast.finn.id

    # Somebody who becomes staff is out, also with a session begun before.
    async with Frame(site, widget) as frame:
        token = sign(desk, key, claims_for(desk, widget, "u2"))
        await frame.identify(token)
        async with desk.transaction(SYSTEM) as tx:
            await change_person(tx, "nina@example.com", [Role.AGENT])
        assert (await frame.identify(token)).status_code == 403
        assert (await frame.get("start", types="1")).json()["guest"]
        assert (await who(cast, frame))["id"] == 0


async def test_a_session_ends_with_its_token_and_a_token_for_once_is_used_once(
    site: str, desk: Desk, cast: Cast, clock: FrozenClock
) -> None:
    widget, other = await a_widget(cast), await a_widget(cast)
    key = await a_key(cast, widget)
    async with Frame(site, widget) as frame, Frame(site, other) as elsewhere:
        once = sign(desk, key, claims_for(desk, widget, jti="just once"))
        assert (await frame.identify(once)).status_code == 200
        assert not (await frame.get("start", types="1")).json()["guest"]
        again = await Frame(site, widget).identify(once)
        assert (again.status_code, again.json()["refresh"]) == (401, True)
        assert (await elsewhere.identify(once)).status_code == 422

        # The token opens the frame of its widget, and nothing else: no cookie, no API, no desk.
        cookie = {"cookie": f"{desk.settings.session_cookie}={frame.session}"}
        assert (await frame.client.get(f"{site}/account", headers=cookie)).status_code == 303
        tickets = f"{site}/api/v1/tickets"
        assert (await frame.client.get(tickets, headers=frame.headers)).status_code == 401
        elsewhere.session = frame.session
        assert (await elsewhere.get("start", types="1")).json()["guest"]
        # And a cookie of the desk opens no frame.
        nina = {"cookie": await cast.session("nina")}
        shown = await frame.client.get("start?types=1", headers=nina)
        assert shown.json()["guest"]

        clock.advance(minutes=11)
        assert (await frame.get("start", types="1")).json()["guest"]
        over = {"exp": int(clock.now().timestamp()) - 60}
        late = await frame.identify(sign(desk, key, claims_for(desk, widget) | over))
        assert (late.status_code, late.json()["refresh"]) == (401, True)

        async with desk.transaction(await cast.actor("max")) as tx:
            assert key.id
            await revoke_key(tx, widget.id, key.id)
        fresh = sign(desk, key, claims_for(desk, widget))
        assert (await frame.identify(fresh)).status_code == 422
