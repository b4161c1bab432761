"""Tokens by which a site says who its user is (RFC 7519), and the keys that sign them.

Of an HS256 key only its name is in the database: the secret is made from the desk's secret key,
shown once, and made again to check a signature. Of an EdDSA key the site keeps the private part.
"""

import base64
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from helpdesk.core.text import BadText
from helpdesk.core.tokens import derived_key

from .models import Algorithm, WidgetKey

LONGEST_TOKEN = 4_096  # characters
LONGEST_LIFE = timedelta(days=1)
SKEW = timedelta(seconds=30)  # two clocks are never the same
LONGEST_ID, LONGEST_NAME, LONGEST_JTI = 200, 120, 100
ROLES = ("client", "freelancer")


class BadToken(Exception):
    """The token says nothing; the sentence is for whoever builds the site."""


class Expired(BadToken):
    """It was good once: the site is asked for a new one."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a site says of its user."""

    sub: str
    expires_at: datetime
    kid: str
    jti: str = ""
    email: str = ""
    email_verified: bool = False
    name: str = ""
    role: str = "client"


def secrets_of(secret_key: str, kid: str) -> list[str]:
    """The key's secret, by every part of the desk's own: the first one is shown."""
    parts = [part.strip() for part in secret_key.split(",") if part.strip()]
    made = (derived_key(part, f"widget-key:{kid}") for part in parts)
    return [base64.urlsafe_b64encode(secret).rstrip(b"=").decode() for secret in made]


def read_public_key(pem: str) -> str:
    """The PEM of an Ed25519 public key, as it is kept."""
    wrong = "Paste an Ed25519 public key in PEM: it begins with -----BEGIN PUBLIC KEY-----."
    try:
        key = load_pem_public_key(pem.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadText(wrong) from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadText(wrong)
    return pem.strip() + "\n"


def read_token(
    token: str, widget_key: str, keys: Sequence[WidgetKey], secret_key: str, now: datetime
) -> Claims:
    """Checked: the signature by a key of this widget, who it is for, and that it is in time.

    The algorithm is that of the key, whatever the token claims (RFC 8725, 3.1).
    """
    if len(token) > LONGEST_TOKEN:
        raise BadToken("The token is too long.")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError:
        raise BadToken("This is no JSON Web Token.") from None
    fitting = [key for key in keys if key.revoked_at is None and key.algorithm == header.get("alg")]
    if "kid" in header:
        fitting = [key for key in fitting if key.kid == header["kid"]]
    for key in fitting:
        for secret in verifiers(key, secret_key):
            payload = signed(token, secret, key.algorithm, widget_key)
            if payload is not None:
                return claims_of(payload, key.kid, now)
    raise BadToken("No key of this widget has signed the token.")


def verifiers(key: WidgetKey, secret_key: str) -> list[str]:
    if key.algorithm is Algorithm.HS256:
        return secrets_of(secret_key, key.kid)
    return [key.public_key] if key.public_key else []


def signed(token: str, secret: str, algorithm: Algorithm, widget_key: str) -> Any:
    """The payload; None when another key has signed it. Times are judged by the desk's clock."""
    checks: Any = {
        "require": ["exp", "aud", "sub"],
        **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat"), False),
    }
    try:
        return jwt.decode(
            token, secret, algorithms=[algorithm.value], audience=widget_key, options=checks
        )
    except jwt.InvalidSignatureError:
        return None
    except jwt.InvalidAudienceError:
        raise BadToken("The audience (aud) is not the key of this widget.") from None
    except jwt.MissingRequiredClaimError as fault:
        raise BadToken(f"The token lacks {fault.claim}.") from None
    except jwt.PyJWTError:
        raise BadToken("The token cannot be read.") from None


def claims_of(payload: dict[str, Any], kid: str, now: datetime) -> Claims:
    expires_at = moment(payload, "exp")
    if expires_at is None or expires_at - now > LONGEST_LIFE + SKEW:
        raise BadToken("A token lives for a day at most (exp).")
    begins = moment(payload, "nbf")
    if begins is not None and begins > now + SKEW:
        raise BadToken("The token is not valid yet (nbf).")
    if expires_at + SKEW <= now:
        raise Expired("The token has expired.")
    role = words(payload, "role", 20)
    sub = words(payload, "sub", LONGEST_ID)
    if not sub:
        raise BadToken("The token names nobody (sub).")
    return Claims(
        sub,
        expires_at,
        kid,
        jti=words(payload, "jti", LONGEST_JTI),
        email=words(payload, "email", 254),
        email_verified=payload.get("email_verified") is True,
        name=words(payload, "name", LONGEST_NAME),
        role=role if role in ROLES else ROLES[0],
    )


def moment(payload: dict[str, Any], name: str) -> datetime | None:
    found = payload.get(name)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        raise BadToken(f"{name} is not a number of seconds.")
    try:
        return datetime.fromtimestamp(found, UTC)
    except (OverflowError, ValueError, OSError):
        raise BadToken(f"{name} is no time.") from None


def words(payload: dict[str, Any], name: str, longest: int) -> str:
    found = payload.get(name, "")
    if not isinstance(found, str) or len(found) > longest or not found.isprintable():
        raise BadToken(f"{name} is not a short text.")
    return found.strip()
