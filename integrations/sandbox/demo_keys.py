"""RSA keys of the sandbox, worked out from a name: the same in every process, and in no file.

Whoever reads this can make them, so they protect nothing but the demo.
"""

import random
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
    rsa_crt_iqmp,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

_BITS: Final = 1024  # of each prime
_EXPONENT: Final = 65_537
_WITNESSES: Final = 24
_SMALL: Final = tuple(
    n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))
)


@cache
def demo_key(name: str) -> RSAPrivateKey:
    """The 2048-bit key of a demo party."""
    chance = random.Random(f"onhand sandbox key of {name}")
    p, q = _prime(chance), _prime(chance)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = RSAPrivateNumbers(
        p, q, d, rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q), rsa_crt_iqmp(p, q),
        RSAPublicNumbers(_EXPONENT, p * q),
    )  # fmt: skip
    return numbers.private_key()


def private_pem(name: str) -> str:
    """The key as its owner keeps it."""
    key = demo_key(name)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(name: str) -> str:
    """The key as others have it."""
    key = demo_key(name).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _prime(chance: random.Random) -> int:
    """A prime with the two highest bits set, so that the product has all its bits."""
    high = 0b11 << (_BITS - 2)
    while True:
        number = chance.getrandbits(_BITS) | high | 1
        if all(number % small for small in _SMALL) and _is_prime(number, chance):
            return number


def _is_prime(number: int, chance: random.Random) -> bool:
    """Miller-Rabin."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(_WITNESSES):
        power = pow(chance.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return (number - 1) % _EXPONENT != 0
