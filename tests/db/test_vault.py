import pytest

from db.vault import CannotOpen, Vault

KEY, OTHER = bytes(range(32)), bytes(32)


def test_what_was_sealed_for_a_row_opens_for_that_row() -> None:
    sealed = Vault(KEY).seal("张三".encode(), "in_1")

    assert Vault(KEY).open(sealed, "in_1") == "张三".encode()
    assert "张三".encode() not in sealed


def test_bytes_copied_to_another_row_do_not_open() -> None:
    sealed = Vault(KEY).seal(b"secret", "in_1")

    with pytest.raises(CannotOpen):
        Vault(KEY).open(sealed, "in_2")


@pytest.mark.parametrize("position", [0, 1, 5, 17, -1])
def test_a_changed_byte_anywhere_is_noticed(position: int) -> None:
    sealed = bytearray(Vault(KEY).seal(b"secret", "in_1"))
    sealed[position] ^= 1

    with pytest.raises(CannotOpen):
        Vault(KEY).open(bytes(sealed), "in_1")


def test_too_few_bytes_are_refused() -> None:
    for length in range(17):
        with pytest.raises(CannotOpen):
            Vault(KEY).open(Vault(KEY).seal(b"", "x")[:length], "x")


def test_after_a_change_of_key_old_rows_open_and_new_rows_use_the_new_key() -> None:
    old = Vault(OTHER).seal(b"old", "x")
    vault = Vault(KEY, older=[OTHER])

    assert vault.open(old, "x") == b"old"
    assert Vault(KEY).open(vault.seal(b"new", "x"), "x") == b"new"
    with pytest.raises(CannotOpen):
        Vault(KEY).open(old, "x")


def test_sealing_twice_gives_other_bytes() -> None:
    assert Vault(KEY).seal(b"same", "x") != Vault(KEY).seal(b"same", "x")


def test_named_secrets_come_back_and_nothing_stored_means_none() -> None:
    vault = Vault(KEY)

    assert vault.open_secrets(vault.seal_secrets({"a": "1"}, "shop/s"), "shop/s") == {"a": "1"}
    assert vault.open_secrets(b"", "shop/s") == {}
