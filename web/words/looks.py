"""How a status looks."""

from typing import Final

# How a status looks: the name of a colour in app.css.
TONE: Final = {
    "received": "calm", "on_hold": "wait", "backordered": "wait", "allocated": "go",
    "in_fulfilment": "go", "picking": "go", "packing": "go", "packed": "go", "labelled": "go",
    "handed_over": "go", "shipped": "go", "in_transit": "go", "picked_up": "go",
    "out_for_delivery": "go", "at_pickup_point": "go", "delivered": "done", "completed": "done",
    "cancelled": "off", "exception": "stop", "returning": "stop", "returned": "stop",
    "lost": "stop", "unknown": "off", "flowing": "done", "draining": "go", "holding": "wait",
    "requested": "wait", "approved": "go", "inspected": "wait", "refunding": "go",
    "closed": "off", "refunded": "done", "replaced": "done", "nothing_due": "off",
    "rejected": "stop", "sent_back": "stop",
    "opened": "wait", "filed": "go", "accepted": "go", "refused": "stop", "paid": "done",
    "written_off": "off", "found": "done",
    "counted": "wait", "short": "stop", "posted": "done", "draft": "wait", "reserved": "go",
    "open": "wait",
    "awaiting_approval": "wait", "sent": "go", "acknowledged": "go",
    "partly_received": "go",
    "expired": "off", "withdrawn": "off",
    "waiting": "wait", "processing": "go", "issued": "done", "failed": "stop",
    "wanted": "go", "confirmed": "done", "by_hand": "done", "skipped": "off",
    "checking": "go", "checked": "wait", "applying": "go", "done": "done", "discarded": "off",
    "running": "go", "stopped": "wait", "left_out": "off",
    "paused": "wait", "credentials": "stop", "settings": "stop", "switched_off": "off",
    "canary": "wait", "finished": "done", "went_on": "done",
    "parked_again": "stop", "silent": "stop", "gone": "off", "left": "off", "deciding": "go",
    "decided": "go", "intended": "wait", "undone": "off",
}  # fmt: skip
