"""What is said through the workflow engine is sealed there, and opened by whoever has the key."""

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure

from db.vault import CannotOpen, Vault
from runtime.codec import ENCODING, SealedPayloads, converter

OLD_KEY, NEW_KEY = bytes(range(32)), bytes(reversed(range(32)))
OLD, BOTH, NEW = Vault(OLD_KEY), Vault(NEW_KEY, older=[OLD_KEY]), Vault(NEW_KEY)
PLAIN = Payload(metadata={"encoding": b"json/plain"}, data='{"name": "金丝雀"}'.encode())


async def test_a_payload_is_sealed_and_names_its_key() -> None:
    [sealed] = await SealedPayloads(NEW).encode([PLAIN])

    assert "金丝雀".encode() not in sealed.SerializeToString()
    assert sealed.metadata["encoding"] == ENCODING
    assert sealed.metadata["key-id"] == NEW.key_id.hex().encode()
    assert await SealedPayloads(NEW).decode([sealed]) == [PLAIN]


async def test_old_keys_open_and_what_was_never_sealed_is_read() -> None:
    [sealed] = await SealedPayloads(OLD).encode([PLAIN])

    assert await SealedPayloads(BOTH).decode([sealed, PLAIN]) == [PLAIN, PLAIN]
    with pytest.raises(CannotOpen, match=OLD.key_id.hex()):
        await SealedPayloads(NEW).decode([sealed])


async def test_words_and_traces_of_failures_are_sealed() -> None:
    told, failure = converter(NEW), Failure()
    try:
        raise ValueError("canary-in-a-failure")
    except ValueError as error:
        await told.encode_failure(error, failure)

    assert b"canary-in-a-failure" not in failure.SerializeToString()
    assert str(await told.decode_failure(failure)) == "ValueError: canary-in-a-failure"
