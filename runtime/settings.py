"""Everything that can be set from outside: `ONHAND_*` variables, also from a `.env` file."""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.orders.returns.model import ReturnPolicy
from domain.orders.sourcing.model import Strategy
from domain.platform.permissions import Role

PREFIX: Final = "ONHAND_"
CORE_MODULES: Final = ("inventory", "orders")
OPTIONAL_MODULES: Final = ("channels", "logistics", "analytics")
_KEY_BYTES: Final = 32

Port = Annotated[int, Field(ge=1, le=65535)]


class StartRefused(Exception):
    """Onhand cannot start or run a command; the text is one clear sentence for a person."""


class SettingsError(StartRefused):
    """The settings cannot be used; `problems` has one sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """One deployment of Onhand. Everything has a default that suits `make up` on one machine."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True
    )

    port: Port = Field(default=8000, description="Web pages and API; must be free")
    host: str = Field(default="127.0.0.1", description="Address the web server listens on")
    public_url: str = Field(
        default="",
        description="How others reach it, for links and callbacks; http://localhost:PORT",
    )
    internal_url: str = Field(
        default="", description="How sandbox and warehouse reach the API; http://127.0.0.1:PORT"
    )
    data_dir: Path = Field(
        default=Path(".onhand"), description="Embedded servers keep their data and keys here"
    )
    modules: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(*CORE_MODULES, *OPTIONAL_MODULES),
        description="Comma-separated; inventory and orders cannot be left out",
    )
    demo: bool = Field(default=True, description="Seed the demo company when the database is empty")
    secret_key: SecretStr | None = Field(
        default=None,
        description="Base64 of 32 bytes that encrypt names, phones and addresses; "
        "required with ONHAND_DATABASE_URL, else made once in the data folder",
    )

    old_secret_keys: SecretStr | None = Field(
        default=None,
        description="Keys that ONHAND_SECRET_KEY took the place of, comma-separated; they open "
        "what they sealed until onhand reseal has sealed it anew",
    )

    reveals_per_hour: int = Field(
        default=30,
        ge=0,
        le=10_000,
        description="More whole receivers looked at by one person within an hour become attention",
    )
    audit_anchor: Path | None = Field(
        default=None,
        description="File the head of the audit trail is kept in, best on another disk than the "
        "database's; audit-anchor.jsonl in the data folder",
    )

    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql://user:password@host/name; empty = embedded PostgreSQL 18",
    )
    temporal_address: str | None = Field(
        default=None, description="host:port; empty = embedded Temporal"
    )
    temporal_namespace: str = Field(default="default", description="Temporal namespace")
    temporal_port: Port = Field(
        default=7233, description="Embedded Temporal; another free port is taken when it is in use"
    )
    temporal_ui_port: Port = Field(
        default=8233,
        description="Embedded Temporal UI; another free port is taken when it is in use",
    )
    temporal_tls: bool = Field(
        default=False, description="Use TLS; implied by a certificate or API key"
    )
    temporal_tls_ca: Path | None = Field(
        default=None, description="PEM file of the server's authority"
    )
    temporal_tls_cert: Path | None = Field(
        default=None, description="PEM file of our client certificate"
    )
    temporal_tls_key: Path | None = Field(default=None, description="PEM file of our client key")
    temporal_api_key: SecretStr | None = Field(
        default=None, description="API key of Temporal Cloud"
    )
    build_id: str = Field(
        default="", description="Turns Temporal worker versioning on under this name"
    )

    sandbox: bool = Field(default=True, description="Run the sandbox of marketplaces and carriers")
    sandbox_port: Port = Field(
        default=8010, description="Sandbox; another free port is taken when it is in use"
    )
    sandbox_url: str = Field(
        default="", description="How workers reach the sandbox; http://127.0.0.1:SANDBOX_PORT"
    )
    simulator_speed: float = Field(
        default=1.0,
        ge=0,
        le=1000,
        description="Simulated warehouse, parcels and buyers: 1 = watchable, 0 = off",
    )
    simulator_returns: float = Field(
        default=0.4,
        ge=0,
        le=1,
        description="Share of the simulated mini program's orders that are sent back; 0 = none",
    )

    unpaid_expiry_minutes: int = Field(
        default=30,
        ge=1,
        le=525_600,
        description="An unpaid order gives its stock back after this time",
    )
    risk_amount_minor: int = Field(
        default=500_000,
        ge=0,
        le=10**15,
        description="Orders from this sum on are held for a look (cents)",
    )
    sourcing_strategy: Strategy = Field(
        default=Strategy.CHEAPEST,
        description="Which places send an order: cheapest, nearest, inventory_first (fewest "
        "parcels, then where most is left) or priority (the places' own order); shops may differ",
    )
    max_parcels: int = Field(
        default=4, ge=1, le=20, description="An order is sent in at most so many parcels"
    )
    completed_after_days: int = Field(
        default=7, ge=0, le=3650, description="A delivered order is completed after this many days"
    )
    tracking_stalled_hours: int = Field(
        default=72,
        ge=1,
        le=8760,
        description="A parcel without news for this long becomes attention",
    )

    return_window_days: int = Field(
        default=7, ge=0, le=3650, description="Returns without a reason after delivery, in days"
    )
    return_fault_window_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="Returns for which we are at fault after delivery, in days",
    )
    return_auto_approve_minor: int = Field(
        default=50_000,
        ge=0,
        le=10**15,
        description="Returns up to this sum are approved by the rules (cents); 0 = by people alone",
    )
    return_most: int = Field(
        default=3,
        ge=0,
        le=10_000,
        description="So many returns of one buyer within half a year before people decide",
    )
    return_looked_at_skus: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Comma-separated SKUs whose returns people decide about"
    )
    return_approve_hours: int = Field(
        default=48, ge=1, le=8760, description="A return is decided within this time"
    )
    return_inspect_hours: int = Field(
        default=72, ge=1, le=8760, description="Goods that came back are inspected within this time"
    )
    return_send_days: int = Field(
        default=7, ge=1, le=3650, description="An approved return ends when nothing is sent so long"
    )
    return_missing_days: int = Field(
        default=15,
        ge=1,
        le=3650,
        description="A returned parcel that did not arrive so long becomes attention",
    )
    return_warn_hours: int = Field(
        default=8, ge=0, le=8760, description="People are warned so long before a return is late"
    )
    goodwill_limit_minor: int = Field(
        default=5_000,
        ge=0,
        le=10**15,
        description="Goodwill up to this sum needs no manager (cents)",
    )

    oidc_issuer: str = Field(
        default="", description="Log-in through this identity provider too (OpenID Connect)"
    )
    oidc_client_id: str = Field(default="onhand", description="Our name at the identity provider")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Our secret at the identity provider"
    )
    oidc_groups_claim: str = Field(
        default="groups", description="Where its token names the groups of a person"
    )
    oidc_roles: Annotated[tuple[tuple[str, Role], ...], NoDecode] = Field(
        default=(),
        description="Comma-separated group=role; when set, groups say the roles at every log-in, "
        "and who is in none of them stays outside",
    )
    oidc_first_login: Literal["known", "create"] = Field(
        default="known",
        description="Who comes for the first time: known = needs an account of the same log-in "
        "name, create = gets one if a group gives a role",
    )
    requests_per_minute: int = Field(
        default=6_000,
        ge=0,
        le=10**7,
        description="So many requests of one account, key or strange address a minute are answered "
        "by each API process; log-ins, exports and revealing have tighter limits; 0 = no limits",
    )
    two_person_refund_minor: int = Field(
        default=1_000_000,
        ge=0,
        le=10**15,
        description="Refunds above this sum that a person causes need a second one (cents); "
        "0 = never",
    )
    two_person_stock_units: int = Field(
        default=1_000,
        ge=0,
        le=10**9,
        description="Corrections of stock above so many units need a second person; 0 = never",
    )
    earmark_hours: int = Field(
        default=72,
        ge=1,
        le=8760,
        description="Units are kept for a cart, a quote or an unpaid order for so many hours at "
        "most",
    )
    audit_repairs: bool = Field(
        default=False,
        description="The nightly audit repairs what has one provable right answer; else it waits "
        "for a person",
    )
    count_days_a: int = Field(
        default=30, ge=0, le=3650, description="Days between counts of class A; 0 = never by itself"
    )
    count_days_b: int = Field(default=90, ge=0, le=3650, description="The same for class B")
    count_days_c: int = Field(default=180, ge=0, le=3650, description="The same for class C")
    count_lines_a_day: int = Field(
        default=20,
        ge=0,
        le=2000,
        description="Products that each place counts a day at most; 0 = no counts by themselves",
    )
    count_tolerance_units: int = Field(
        default=0, ge=0, le=10**6, description="Units a count may be off before a second look"
    )
    count_tolerance_percent: int = Field(
        default=0, ge=0, le=100, description="The same in percent of what the books have"
    )
    approval_hours: int = Field(
        default=72, ge=1, le=8760, description="What waits for a second person ends after this time"
    )
    second_factor_roles: Annotated[tuple[Role, ...], NoDecode] = Field(
        default=(),
        description="Comma-separated roles that give a code of their own device at log-in, "
        "for example admin,finance",
    )

    webhooks_to_private: bool = Field(
        default=False,
        description="Let outgoing webhooks reach private addresses; for trying out only",
    )
    smtp_url: str = Field(
        default="",
        description="Mail server for purchase orders: smtp://user:password@host:587 or smtps://…; "
        "empty = nothing goes by e-mail",
    )
    mail_from: str = Field(
        default="purchasing@localhost", description="Whom e-mail to suppliers comes from"
    )
    purchase_auto_approve_minor: int = Field(
        default=5_000_000,
        ge=0,
        le=10**15,
        description="Purchase orders up to this sum go without a second person (cents); "
        "0 = never without",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Log level"
    )
    log_format: Literal["console", "json"] = Field(default="console", description="console or json")

    @classmethod
    def load(cls, env_file: Path | None = Path(".env")) -> Self:
        """Read the process environment over `env_file`; SettingsError names whatever is wrong."""
        problems = _unknown(os.environ, "the environment")
        if env_file is not None and env_file.is_file():
            problems += _unknown(dotenv_values(env_file), str(env_file))
        source: dict[str, Any] = {"_env_file": env_file, "_env_file_encoding": "utf-8"}
        try:
            settings = cls(**source)
        except ValidationError as error:
            problems += [_sentence(one["loc"], one["msg"]) for one in error.errors()]
        if problems:
            raise SettingsError(tuple(problems))
        return settings

    @field_validator("modules", "return_looked_at_skus", "second_factor_roles", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _group_and_role(cls, value: object) -> object:
        if isinstance(value, str):
            parts = (part.partition("=") for part in value.split(",") if part.strip())
            return tuple((group.strip(), role.strip()) for group, _, role in parts)
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _private_issuer(cls, value: str) -> str:
        local = ("http://localhost", "http://127.0.0.1")
        if value and not value.startswith(("https://", *local)):
            raise ValueError("it must begin with https://")
        return value

    @field_validator("modules")
    @classmethod
    def _known_modules(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := sorted(set(value) - {*CORE_MODULES, *OPTIONAL_MODULES}):
            raise ValueError(f"there is no module {', '.join(unknown)}")
        if missing := [name for name in CORE_MODULES if name not in value]:
            raise ValueError(f"{' and '.join(missing)} cannot be left out")
        return value

    @field_validator("database_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        schemes = ("postgresql://", "postgres://", "postgresql+psycopg://")
        if value is not None and not value.get_secret_value().startswith(schemes):
            raise ValueError("it must begin with postgresql://")
        return value

    @field_validator("temporal_address")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        if value is not None:
            host, _, port = value.rpartition(":")
            if not host or not port.isdecimal() or not 1 <= int(port) <= 65535:
                raise ValueError("it must be host:port")
        return value

    @field_validator("public_url", "internal_url", "sandbox_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("it must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("secret_key")
    @classmethod
    def _key_of_32_bytes(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(_decoded(value.get_secret_value())) != _KEY_BYTES:
            raise ValueError("it must be 32 bytes in Base64")
        return value

    @field_validator("old_secret_keys")
    @classmethod
    def _keys_of_32_bytes(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(key) != _KEY_BYTES for key in _keys(value)):
            raise ValueError("each must be 32 bytes in Base64, with commas between them")
        return value

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.database_url is not None and self.secret_key is None:
            raise ValueError("ONHAND_SECRET_KEY is required when ONHAND_DATABASE_URL is set.")
        if (self.temporal_tls_cert is None) != (self.temporal_tls_key is None):
            raise ValueError(
                "ONHAND_TEMPORAL_TLS_CERT and ONHAND_TEMPORAL_TLS_KEY must be set together."
            )
        return self

    @property
    def return_policy(self) -> ReturnPolicy:
        """The company's terms for returns."""
        return ReturnPolicy(
            timedelta(days=self.return_window_days),
            timedelta(days=self.return_fault_window_days),
            self.return_auto_approve_minor,
            self.return_most,
            frozenset(self.return_looked_at_skus),
            timedelta(hours=self.return_approve_hours),
            timedelta(hours=self.return_inspect_hours),
            timedelta(days=self.return_send_days),
            timedelta(days=self.return_missing_days),
            self.goodwill_limit_minor,
            timedelta(hours=self.return_warn_hours),
        )

    @property
    def base_url(self) -> str:
        """How a browser reaches the pages, without a slash at the end."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def api_url(self) -> str:
        """How our own processes reach the API, without a slash at the end."""
        return self.internal_url or f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_base_url(self) -> str:
        """How workers reach the sandbox of shops and carriers, without a slash at the end."""
        return self.sandbox_url or f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def audit_anchor_file(self) -> Path:
        """Where the head of the audit trail is kept, outside the database."""
        return self.audit_anchor or self.data_dir / "audit-anchor.jsonl"

    def encryption_key(self) -> bytes:
        """The 32 bytes that encrypt personal data; made once in the data folder if not set."""
        if self.secret_key is not None:
            return _decoded(self.secret_key.get_secret_value())
        path = self.data_dir / "secret.key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            _write_once(path, base64.b64encode(secrets.token_bytes(_KEY_BYTES)))
        key = _decoded(path.read_text("ascii").strip())
        if len(key) != _KEY_BYTES:
            raise SettingsError((f"{path} does not hold 32 bytes in Base64.",))
        return key

    def older_keys(self) -> tuple[bytes, ...]:
        """Keys that open what they sealed, and seal nothing any more."""
        return _keys(self.old_secret_keys) if self.old_secret_keys is not None else ()


def _keys(told: SecretStr) -> tuple[bytes, ...]:
    texts = (text.strip() for text in told.get_secret_value().split(","))
    return tuple(_decoded(text) for text in texts if text)


def variable(name: str) -> str:
    """The environment variable of the setting `name`."""
    return PREFIX + name.upper()


def _unknown(variables: Mapping[str, str | None], where: str) -> list[str]:
    known = {variable(name) for name in Settings.model_fields}
    return [
        f"{name} in {where} is not a setting of Onhand; .env.example lists them all."
        for name in sorted(variables)
        if name.upper().startswith(PREFIX) and name.upper() not in known
    ]


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    """One sentence about one malformed setting, without the value: it may be a secret."""
    text = message.removeprefix("Value error, ")
    if not location:
        return text
    return f"{variable(str(location[0]))} cannot be used: {text[:1].lower()}{text[1:]}."


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _write_once(path: Path, content: bytes) -> None:
    """Create a file that only its owner can read; whoever comes first wins, nobody sees half."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
