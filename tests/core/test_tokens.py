import pytest

from helpdesk.core.tokens import Signer, hash_token, secret_token

KEY = "k" * 40


def test_tokens_are_long_random_and_safe_in_a_url():
    tokens = {secret_token() for _ in range(1_000)}
    assert len(tokens) == 1_000
    assert all(len(token) >= 43 and token.isascii() for token in tokens)
    assert len({token[:4] for token in tokens}) > 900


def test_what_is_stored_of_a_token_is_not_the_token():
    token = secret_token()
    assert hash_token(token) == hash_token(token)
    assert len(hash_token(token)) == 64
    assert token not in hash_token(token)


def test_a_signed_value_comes_back():
    for value in ("7", "a.b.c", "", "grüße"):
        assert Signer(KEY, "link").unsign(Signer(KEY, "link").sign(value)) == value


@pytest.mark.parametrize("change", ["", ".", "x", "7", "7.", ".x", "7.x", "\udce4", "7.\udce4"])
def test_what_nobody_signed_is_refused(change):
    assert Signer(KEY, "link").unsign(change) is None


def test_a_changed_value_or_signature_is_refused():
    signed = Signer(KEY, "link").sign("7")
    assert Signer(KEY, "link").unsign("8" + signed[1:]) is None
    assert Signer(KEY, "link").unsign(signed[:-1]) is None


def test_a_signature_is_good_for_one_purpose_only():
    assert Signer(KEY, "reset").unsign(Signer(KEY, "link").sign("7")) is None


def test_keys_can_be_changed_without_breaking_what_was_signed():
    old = Signer("o" * 40, "link").sign("7")
    both = Signer("n" * 40 + ", " + "o" * 40, "link")
    assert both.unsign(old) == "7"
    assert both.sign("7") == Signer("n" * 40, "link").sign("7")
    assert Signer("n" * 40, "link").unsign(old) is None
    with pytest.raises(ValueError, match="secret key"):
        Signer(" , ", "link")
