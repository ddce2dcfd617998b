"""What goes through the workflow engine, sealed: it keeps histories for ever and is no vault."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
)

from db.vault import CannotOpen, Vault

ENCODING: Final = b"binary/onhand-sealed"
_CONTEXT: Final = "temporal"


class SealedPayloads(PayloadCodec):
    """Seals with the master key of now, opens with older ones; what was never sealed is read as it
    is. The key's id stands beside each, so that one knows which keys are still needed.
    """

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._key_id = vault.key_id.hex().encode()

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Every payload sealed as a whole, with its metadata."""
        return [
            Payload(
                metadata={"encoding": ENCODING, "key-id": self._key_id},
                data=self._vault.seal(payload.SerializeToString(), _CONTEXT),
            )
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """As they were. Raises CannotOpen."""
        return opened(self._vault, payloads)


def opened(vault: Vault, payloads: Iterable[Payload]) -> list[Payload]:
    """Payloads as they were before they were sealed. Raises CannotOpen."""
    return [_opened(vault, payload) for payload in payloads]


def converter(vault: Vault | None) -> DataConverter:
    """How values become payloads; with a vault sealed ones, and words of failures too."""
    if vault is None:
        return pydantic_data_converter
    return replace(
        pydantic_data_converter,
        payload_codec=SealedPayloads(vault),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


def _opened(vault: Vault, payload: Payload) -> Payload:
    if payload.metadata.get("encoding") != ENCODING:
        return payload
    try:
        return Payload.FromString(vault.open(payload.data, _CONTEXT))
    except CannotOpen as error:
        key_id = payload.metadata.get("key-id", b"").decode("ascii", "replace")
        raise CannotOpen(f"a payload needs the key {key_id[:16]!a}") from error
