"""Signatures of distributed content (W3C WebSub §7.1)."""

import hashlib
import hmac

import pytest

from syndicator.websub import METHODS, is_signed, signature

BODY = b"<feed/>"


@pytest.mark.parametrize("method", METHODS)
def test_what_is_signed_is_known_as_signed(method):
    said = signature(BODY, "clé", method)
    assert said == f"{method}={hmac.new('clé'.encode(), BODY, getattr(hashlib, method)).hexdigest()}"
    assert is_signed(BODY, "clé", said)
    assert is_signed(BODY, "clé", said.upper())


def test_ours_are_sha256():
    assert signature(BODY, "s").startswith("sha256=")


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "sha256",
        "sha256=",
        signature(BODY, "s")[:-1],
        signature(BODY, "s") + "0",
        signature(BODY, "s").replace("sha256", "sha512"),
        signature(BODY, "other"),
        signature(BODY + b" ", "s"),
        "md5=" + hmac.new(b"s", BODY, hashlib.md5).hexdigest(),
        "sha256=" + "é" * 64,
        signature(BODY, "s") + "\n" + "x" * 100_000,
    ],
    ids=[
        "none",
        "empty",
        "no value",
        "no digits",
        "short",
        "long",
        "method",
        "secret",
        "body",
        "md5",
        "letters",
        "huge",
    ],
)
def test_anything_else_is_no_signature(said):
    assert not is_signed(BODY, "s", said)


def test_only_known_methods_are_made():
    with pytest.raises(ValueError, match="md5"):
        signature(BODY, "s", "md5")
