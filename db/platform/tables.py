"""People, attention, gates, outside effects, the outbox and the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Float,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from db.types import BIGINT, JSON, TIMESTAMP

_NOW = {"server_default": text("now()")}


class AccountRow(SQLModel, table=True):
    """A person who logs in."""

    __tablename__ = "account"
    id: str = Field(primary_key=True)
    login: str = Field(unique=True)
    name: str
    # Empty: nobody logs in with a password yet.
    password_hash: str = Field(default="", sa_column_kwargs={"server_default": ""})
    roles: list[str] = Field(default_factory=list, sa_type=JSON)
    language: str = "zh"
    active: bool = True
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class AccountSetupRow(SQLModel, table=True):
    """A code by which a person sets the own password, once; a newer one takes its place."""

    __tablename__ = "account_setup"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    code_sha256: str
    expires_at: datetime = Field(sa_type=TIMESTAMP)


class AccountScopeRow(SQLModel, table=True):
    """A location a person is limited to; without any they see the whole company."""

    __tablename__ = "account_scope"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    with_below: bool = True


class LoginSessionRow(SQLModel, table=True):
    """A log-in that is still good. The id is the SHA-256 of the cookie."""

    __tablename__ = "login_session"
    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    csrf_token: str
    no: str = Field(
        unique=True, sa_column_kwargs={"server_default": text("(gen_random_uuid())::text")}
    )  # its name in lists and addresses; it opens nothing
    device: str = Field(default="", sa_column_kwargs={"server_default": ""})
    address: str = Field(default="", sa_column_kwargs={"server_default": ""})
    how: str = Field(default="password", sa_column_kwargs={"server_default": "password"})
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    seen_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    expires_at: datetime = Field(sa_type=TIMESTAMP)


class DoneAloneRow(SQLModel, table=True):
    """What was given back of an order, or corrected of a SKU by somebody, without a second one."""

    __tablename__ = "done_alone"
    __table_args__ = (
        CheckConstraint("much >= 0", name="much_is_not_negative"),
        Index("done_alone_by_what", "what", "at"),
    )
    act: str = Field(primary_key=True)
    what: str = Field(primary_key=True)  # refund/ORDER or stock/WHO/LOCATION/SKU
    much: int = Field(sa_type=BIGINT)
    at: datetime = Field(sa_type=TIMESTAMP)


class ApprovalRow(SQLModel, table=True):
    """What somebody wants to do and a second person has to approve; ids and numbers only."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint(
            "state IN ('open','approved','done','refused','withdrawn','failed')",
            name="approval_state",
        ),
        CheckConstraint(
            "decided_by_id <> asked_by_id OR state IN ('open','withdrawn')", name="two_people"
        ),
        Index(
            "one_open_approval",
            "payload_sha256",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("approval_by_asker", "asked_by_id", "asked_at"),
    )
    id: str = Field(primary_key=True)
    kind: str
    subject: str
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    payload_sha256: str
    amount_minor: int = Field(default=0, sa_type=BIGINT)
    currency: str = ""
    units: int = Field(default=0, sa_type=BIGINT)
    reason: str
    asked_by_id: str  # account/… or key/…
    asked_by: str
    asked_roles: list[str] = Field(default_factory=list, sa_type=JSON)
    asked_at: datetime = Field(sa_type=TIMESTAMP)
    expires_at: datetime = Field(sa_type=TIMESTAMP)
    state: str
    decided_by_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    decided_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    decided_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    decision_reason: str = Field(default="", sa_column_kwargs={"server_default": ""})
    result: str = Field(default="", sa_column_kwargs={"server_default": ""})


class OidcIdentityRow(SQLModel, table=True):
    """Whom an identity provider vouches for, and which account that is. One account, one person."""

    __tablename__ = "oidc_identity"
    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", unique=True)
    linked_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class PendingLoginRow(SQLModel, table=True):
    """A log-in whose password was right and whose second proof is to come."""

    __tablename__ = "pending_login"
    __table_args__ = (CheckConstraint("stage IN ('code', 'enrol')", name="pending_stage"),)
    id: str = Field(primary_key=True)  # SHA-256 of the cookie
    account_id: str = Field(foreign_key="account.id", index=True)
    stage: str  # code | enrol
    expires_at: datetime = Field(sa_type=TIMESTAMP)


class SecondFactorRow(SQLModel, table=True):
    """The secret of a person's authenticator; the step of the last code that was used."""

    __tablename__ = "second_factor"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    sealed: bytes = Field(sa_type=LargeBinary)
    last_step: int = Field(default=0, sa_type=BIGINT, sa_column_kwargs={"server_default": "0"})
    confirmed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class RecoveryCodeRow(SQLModel, table=True):
    """A code for a lost authenticator, good once; only its SHA-256 is kept."""

    __tablename__ = "recovery_code"
    account_id: str = Field(primary_key=True, foreign_key="account.id")
    sha256: str = Field(primary_key=True)
    used_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class LoginAttemptRow(SQLModel, table=True):
    """A failed log-in, counted per login and per address."""

    __tablename__ = "login_attempt"
    __table_args__ = (Index("login_attempt_by_subject", "subject", "at"),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BIGINT)
    subject: str  # login:…, ip:…, code:… or device:…
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class ApiKeyRow(SQLModel, table=True):
    """A key of a program; only its SHA-256 is kept."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    name: str
    key_sha256: str = Field(unique=True)
    roles: list[str] = Field(default_factory=list, sa_type=JSON)
    # Of what its roles may do, these alone; none = all of it.
    permissions: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    active: bool = True
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    expires_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    used_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class ApiKeyScopeRow(SQLModel, table=True):
    """A location a key is limited to; without any it sees the whole company."""

    __tablename__ = "api_key_scope"
    key_id: str = Field(primary_key=True, foreign_key="api_key.id")
    location_id: str = Field(primary_key=True, foreign_key="location.id")
    with_below: bool = True


class AttentionRow(SQLModel, table=True):
    """A step that waits for a person. One open row per workflow and step."""

    __tablename__ = "attention"
    __table_args__ = (
        Index(
            "one_open_attention_per_step",
            "workflow_id",
            "step_id",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index("attention_open", "fingerprint", postgresql_where=text("resolved_at IS NULL")),
        Index("attention_by_order", "order_id"),
        Index("attention_by_cause", "fingerprint", "first_seen"),
        Index("attention_by_step", "workflow_id", "step_id"),
        CheckConstraint(
            "outcome IN ('','went_on','parked_again','interrupted')", name="attention_outcome"
        ),
    )
    id: str = Field(primary_key=True)
    workflow_id: str
    step_id: str
    order_id: str | None = None
    shipment_no: str | None = None
    system: str = ""
    cause: str  # the error's class: Unavailable, Rejected, CredentialsRefused, a DomainError, Bug
    code: str = ""
    error: str = ""
    fingerprint: str
    attempts: int = 1
    actions: list[str] = Field(default_factory=list, sa_type=JSON)
    input_fields: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    first_seen: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    last_seen: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    resolved_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    resolved_by: str = ""
    resolution: str = ""
    note: str = ""
    # What became of the decision; '' = the step is being tried, or nobody decided yet.
    outcome: str = Field(default="", sa_column_kwargs={"server_default": text("''")})
    outcome_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    assignee: str = Field(default="", sa_column_kwargs={"server_default": text("''")})


class StepTryRow(SQLModel, table=True):
    """One try of a step that did not succeed: when, at which system, and what came back over the
    wire. What was sent and what they said is sealed, with the key of the order it is for."""

    __tablename__ = "step_try"
    __table_args__ = (
        CheckConstraint("attempt > 0", name="step_try_counts"),
        Index("step_try_by_step", "workflow_id", "step_id", "at"),
        Index("step_try_by_time", "at"),
    )
    id: str = Field(primary_key=True)
    workflow_id: str
    step_id: str
    order_id: str | None = None
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    system: str
    attempt: int
    cause: str  # the error's class
    code: str = ""  # their own
    calls: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    sealed: bytes = Field(sa_type=LargeBinary)


class AttentionNoteRow(SQLModel, table=True):
    """What somebody found out about a step that waits; append-only."""

    __tablename__ = "attention_note"
    __table_args__ = (Index("attention_note_of_item", "attention_id", "id"),)
    id: str = Field(primary_key=True)
    attention_id: str = Field(foreign_key="attention.id")
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    actor: str
    text: str


class EffectRow(SQLModel, table=True):
    """One thing we ask of the outside, written before the call. The key never changes."""

    __tablename__ = "effect"
    __table_args__ = (
        CheckConstraint(
            "state IN ('intended','confirmed','unknown','rejected','undone')", name="effect_state"
        ),
        Index("effect_by_subject", "subject"),
    )
    key: str = Field(primary_key=True)
    kind: str
    system: str
    subject: str
    state: str = "intended"
    attempts: int = 0
    result: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    updated_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class CorrectionRow(SQLModel, table=True):
    """Values a person gave for a parked step; workflows carry only the id."""

    __tablename__ = "correction"
    id: str = Field(primary_key=True)
    workflow_id: str
    step_id: str
    data: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    actor: str = ""
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class GateRow(SQLModel, table=True):
    """Whether we talk to an outside system now."""

    __tablename__ = "gate"
    __table_args__ = (
        CheckConstraint("state IN ('flowing','holding','draining')", name="gate_state"),
        CheckConstraint("at_once BETWEEN 1 AND 100", name="gate_wakes_a_few"),
    )
    system: str = Field(primary_key=True)  # carrier/sf, shop/tmall-flagship
    state: str = "flowing"
    reason: str = ""
    window_started_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    calls: int = 0
    failures: int = 0
    last_call_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    changed_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    changed_by: str = "system"
    at_once: int | None = None  # how many steps are woken at a time; None = as many as usual
    # The windows before the present one, the latest first: when it began, calls, failures.
    windows: list[dict[str, Any]] = Field(
        default_factory=list, sa_type=JSON, sa_column_kwargs={"server_default": text("'[]'")}
    )


class CredentialsRow(SQLModel, table=True):
    """When the secrets of an outside system were entered, and until when they serve."""

    __tablename__ = "credentials"
    system: str = Field(primary_key=True)  # carrier/sf, shop/tmall-flagship
    changed_at: datetime = Field(sa_type=TIMESTAMP)
    changed_by: str
    expires_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    renews: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    renewing_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)  # somebody is at it


class GateWaitRow(SQLModel, table=True):
    """A step that waits for a gate, to be woken in order."""

    __tablename__ = "gate_wait"
    __table_args__ = (Index("gate_wait_in_order", "system", "since"),)
    workflow_id: str = Field(primary_key=True)
    step_id: str = Field(primary_key=True)
    system: str
    since: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class OutboxRow(SQLModel, table=True):
    """Fan-out that follows a commit: a signal to a workflow or a webhook to a subscriber."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_due", "due_at", postgresql_where=text("sent_at IS NULL")),)
    id: int | None = Field(default=None, primary_key=True, sa_type=BIGINT)
    kind: str  # signal | webhook
    target: str  # workflow id or endpoint id
    name: str  # signal name or event type
    payload: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    event_id: str = ""
    created_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    due_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    sent_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    attempts: int = 0
    error: str = ""


class WebhookEndpointRow(SQLModel, table=True):
    """Where somebody hears what happened to the orders of one shop, or of all."""

    __tablename__ = "webhook_endpoint"
    id: str = Field(primary_key=True)
    shop_id: str | None = Field(default=None, foreign_key="shop.id", index=True)  # none: all shops
    url: str
    name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    # Empty: every event.
    events: list[str] = Field(
        default_factory=list, sa_type=JSON, sa_column_kwargs={"server_default": text("'[]'")}
    )
    secret: bytes = Field(default=b"", sa_type=LargeBinary)
    # Signs beside the new one until then.
    old_secret: bytes = Field(
        default=b"", sa_type=LargeBinary, sa_column_kwargs={"server_default": text("''")}
    )
    old_until: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    active: bool = True  # false: removed
    paused_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    paused_by: str = Field(default="", sa_column_kwargs={"server_default": ""})
    failing_since: datetime | None = Field(default=None, sa_type=TIMESTAMP)
    created_at: datetime | None = Field(
        default=None, sa_type=TIMESTAMP, nullable=False, sa_column_kwargs=_NOW
    )


class WebhookTryRow(SQLModel, table=True):
    """One try to tell a subscriber: when, how it went and how long it took; never the answer."""

    __tablename__ = "webhook_try"
    __table_args__ = (
        CheckConstraint("duration_ms >= 0", name="webhook_try_takes_time"),
        Index("webhook_try_by_endpoint", "endpoint_id", "at"),
        Index("webhook_try_by_event", "event_id"),
        Index("webhook_try_by_time", "at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIGINT)
    endpoint_id: str = Field(foreign_key="webhook_endpoint.id")
    event_id: str
    event_type: str
    attempt: int
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    duration_ms: int
    status: int | None = None  # what it answered, when it did
    error: str = ""
    next_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class IdempotencyKeyRow(SQLModel, table=True):
    """The first answer to a keyed request; the same key with other content is refused."""

    __tablename__ = "idempotency_key"
    principal: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_sha256: str
    status: int | None = None
    sealed: bytes = Field(sa_type=LargeBinary, sa_column_kwargs={"server_default": text("''")})
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class AuditRow(SQLModel, table=True):
    """Who did what to what, and why; append-only."""

    __tablename__ = "audit_log"
    __table_args__ = (
        UniqueConstraint("request_id", "action", "subject"),
        Index("audit_by_subject", "subject", "at"),
        Index("audit_by_time", "at"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=BIGINT)
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    actor: str
    action: str
    subject: str
    reason: str = ""
    before: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    after: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    request_id: str


class AuditChainRow(SQLModel, table=True):
    """A link of the audit trail: its hash covers the row and the hash before; append-only."""

    __tablename__ = "audit_chain"
    seq: int = Field(primary_key=True, sa_type=BIGINT, sa_column_kwargs={"autoincrement": False})
    audit_id: int = Field(unique=True, sa_type=BIGINT)
    hash: str
    at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)


class DigestKeyRow(SQLModel, table=True):
    """A key that digests are made with, wrapped by the master key."""

    __tablename__ = "digest_key"
    name: str = Field(primary_key=True)
    wrapped: bytes = Field(sa_type=LargeBinary)


class OrderKeyRow(SQLModel, table=True):
    """What everything that tells of an order's people is sealed with, wrapped by the master key.

    Of erased people it is destroyed: `wrapped` is empty, and the order never gets another.
    """

    __tablename__ = "order_key"
    __table_args__ = (
        CheckConstraint(
            "(destroyed_at IS NULL) = (length(wrapped) > 0)", name="destroyed_keys_are_gone"
        ),
        Index("erased_orders", "order_id", postgresql_where=text("destroyed_at IS NOT NULL")),
    )
    order_id: str = Field(primary_key=True)
    wrapped: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=TIMESTAMP, sa_column_kwargs=_NOW)
    destroyed_at: datetime | None = Field(default=None, sa_type=TIMESTAMP)


class RateBucketRow(SQLModel, table=True):
    """How many calls of a vendor's method are left now, and until when the vendor wants none."""

    __tablename__ = "rate_bucket"
    key: str = Field(primary_key=True)
    tokens: float = Field(sa_type=Float(53))
    refilled_at: datetime = Field(sa_type=TIMESTAMP)
    held_until: datetime = Field(
        sa_type=TIMESTAMP, sa_column_kwargs={"server_default": text("'-infinity'")}
    )
