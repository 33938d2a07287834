"""What is secret by its name, and what URLs and headers hide."""

from __future__ import annotations

import pytest

from voicetest.scenario.credentials import credentials, is_secret_name, mask_addresses, parts


@pytest.mark.parametrize(
    "name",
    ["api_key", "apiKey", "key", "x-api-key", "X-Auth-Token", "token", "idToken", "password", "sig",
     "X-Amz-Signature", "client_secret", "Authorization", "conversation_signature", "MY_TOKEN"],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["monkey", "max_tokens", "author", "keys", "model", "design", ""])
def test_other_names_are_no_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("wss://me:word@host/x", "wss://me:***@host/x"),
        ("cannot reach wss://me:word@host:9/x?", "cannot reach wss://me:***@host:9/x?"),
        ("https://tok123@host/x", "https://***@host/x"),
        ("wss://me:${env.PW}@host/", "wss://me:${env.PW}@host/"),
        ("wss://h/?api_key=a&model=m&sig=b#c", "wss://h/?api_key=***&model=m&sig=***#c"),
        ("see '/call?token=abc', please", "see '/call?token=***', please"),
        ("wss://h/?token=${env.T}&key=***", "wss://h/?token=${env.T}&key=***"),
        ("https://host/a@b", "https://host/a@b"),
        ("a = b & c", "a = b & c"),
        ("mail me@host.com, http://host", "mail me@host.com, http://host"),
    ],
)
def test_passwords_and_tokens_in_addresses_are_masked(text: str, masked: str) -> None:
    assert mask_addresses(text) == masked
    assert mask_addresses(masked) == masked


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wss://me:w%20rd@host/?token=a%2Fb&model=m", ["w rd", "a/b"]),
        ("https://tok@host/", ["tok"]),
        ("https://host/?a=b", []),
        ("no address", []),
        ("http://[broken", []),
    ],
)
def test_the_credentials_of_an_address_are_found(text: str, found: list[str]) -> None:
    assert list(credentials(text)) == found


@pytest.mark.parametrize(
    ("secret", "found"),
    [
        ("Bearer abc.def", ["abc.def"]),
        ("basic dTpwdw==", ["dTpwdw==", "pw"]),
        ("Basic nothing", ["nothing"]),
        ("Digest username=\"u\", response=\"0123456789abcdef\"",
         ["username=\"u\", response=\"0123456789abcdef\"", "0123456789abcdef"]),
        ("session=0123456789ab; lang=en", ["0123456789ab"]),
        ("just one", []),
    ],
)  # fmt: skip
def test_a_secret_text_has_secret_parts(secret: str, found: list[str]) -> None:
    assert list(parts(secret)) == [secret, *found]
