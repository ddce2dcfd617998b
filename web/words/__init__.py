"""Codes of the business in plain words. Sentences are English here; catalogues translate them."""

from api.orders.sourcing_words import CARRIER
from api.platform.import_words import EXPORT_LIST, IMPORT_STATE, ROW_STATE
from api.platform.import_words import KIND as IMPORT_KIND
from web.words.approvals import ADJUSTMENT_REASON, APPROVAL_KIND, APPROVAL_STATE
from web.words.channels import (
    AFTER_SALE_KIND,
    AFTER_SALE_STAGE,
    CHANNEL,
    EXTERNAL_ID,
    GATE,
    MATCH,
    RANGE_ASKED,
    TENDER,
    TICKET,
)
from web.words.claims import (
    CLAIM_ACTION,
    CLAIM_BASIS,
    CLAIM_EFFECT,
    CLAIM_KIND,
    CLAIM_LIMIT,
    CLAIM_MONEY,
    CLAIM_ORIGIN,
    CLAIM_OUTCOME,
    CLAIM_QUEUE,
    CLAIM_STATUS,
    CLAIM_WAITS,
)
from web.words.desk import (
    AUTO_RELEASE,
    BULK_ACTION,
    BULK_ITEM,
    BULK_STATE,
    DOING,
    DOING_EFFECTS,
    DOING_ICON,
    DOING_KEY,
    EFFECT_ON,
    KEYS,
    OBSTACLE,
    TAG_COLOUR,
    UNDO,
)
from web.words.finance import ERP, EXPORT_STATE, INVOICE_STATE, ISSUER, RED_REASON
from web.words.looks import TONE
from web.words.money import (
    ACCOUNT,
    BOOKED,
    PAYMENT_PROVIDER,
    PAYMENT_PURPOSE,
    REFUND_STATE,
)
from web.words.orders import (
    CHANNEL_STATE,
    CLOSED,
    EFFECT,
    FOUND_BY,
    HOLD,
    LINE_KIND,
    NOTHING,
    ORDER_STATUS,
    WAITS_FOR,
    waits_code,
)
from web.words.parcels import (
    FAULT,
    INCIDENT,
    INTERCEPT_STATE,
    LOCATION_KIND,
    PARCEL_STATUS,
    RETURN_STATE,
    SHIPMENT_STATUS,
)
from web.words.returns import (
    CASE_VERDICT,
    DISPOSITION,
    REMEDY,
    RETURN_CHOICE,
    RETURN_DECISION,
    RETURN_DOUBT,
    RETURN_EFFECT,
    RETURN_FOR_BUYER,
    RETURN_KIND,
    RETURN_KIND_MEANS,
    RETURN_ORIGIN,
    RETURN_OUTCOME,
    RETURN_QUEUE,
    RETURN_REASON,
    RETURN_STATUS,
    RETURN_WAITS,
)
from web.words.steps import (
    ACTION,
    ACTION_MEANS,
    CAUSE,
    INPUT,
    STEP,
    deed,
    step_kind,
)
from web.words.story import (
    ACTOR,
    ROLE,
    STORY,
    STORY_ICON,
    story_values,
)

__all__ = (
    "ACCOUNT", "ACTION", "ACTION_MEANS", "ACTOR", "ADJUSTMENT_REASON", "AFTER_SALE_KIND",
    "AFTER_SALE_STAGE", "APPROVAL_KIND", "APPROVAL_STATE", "AUTO_RELEASE", "BOOKED", "BULK_ACTION",
    "BULK_ITEM", "BULK_STATE", "CARRIER", "CASE_VERDICT", "CAUSE", "CHANNEL", "CHANNEL_STATE",
    "CLAIM_ACTION", "CLAIM_BASIS", "CLAIM_EFFECT", "CLAIM_KIND", "CLAIM_LIMIT", "CLAIM_MONEY",
    "CLAIM_ORIGIN", "CLAIM_OUTCOME", "CLAIM_QUEUE", "CLAIM_STATUS", "CLAIM_WAITS", "CLOSED",
    "DISPOSITION", "DOING", "DOING_EFFECTS", "DOING_ICON", "DOING_KEY", "EFFECT", "EFFECT_ON",
    "ERP", "EXPORT_LIST", "EXPORT_STATE", "EXTERNAL_ID", "FAULT", "FOUND_BY", "GATE", "HOLD",
    "IMPORT_KIND", "IMPORT_STATE", "INCIDENT", "INPUT", "INTERCEPT_STATE", "INVOICE_STATE",
    "ISSUER", "KEYS", "LINE_KIND", "LOCATION_KIND", "MATCH", "NOTHING", "OBSTACLE", "ORDER_STATUS",
    "PARCEL_STATUS", "PAYMENT_PROVIDER", "PAYMENT_PURPOSE", "RANGE_ASKED", "RED_REASON",
    "REFUND_STATE", "REMEDY", "RETURN_CHOICE", "RETURN_DECISION", "RETURN_DOUBT", "RETURN_EFFECT",
    "RETURN_FOR_BUYER", "RETURN_KIND", "RETURN_KIND_MEANS", "RETURN_ORIGIN", "RETURN_OUTCOME",
    "RETURN_QUEUE", "RETURN_REASON", "RETURN_STATE", "RETURN_STATUS", "RETURN_WAITS", "ROLE",
    "ROW_STATE", "SHIPMENT_STATUS", "STEP", "STORY", "STORY_ICON", "TAG_COLOUR", "TENDER",
    "TICKET", "TONE", "UNDO", "WAITS_FOR", "deed", "step_kind", "story_values", "waits_code",
)  # fmt: skip
