"""What a field of our description holds in an example, by the field's name: one small company.

Orders of it are placed at a shop on Tmall, leave a warehouse in Hangzhou and travel with SF.
"""

from typing import Final

_REASON: Final = "顾客来电要求"
_HASH: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_ORDER: Final = "261126-000042"
_SKU: Final = "TEA-LJ-100"
_LOCATION: Final = "WH-HZ"
_ACCOUNT: Final = "kefu"

WORDS: Final[dict[str, str]] = {
    "receipt_no": "GR261126-0000001", "transit_location": "R-GZ-transit",
    "from_location": _LOCATION, "to_location": "R-GZ",
    "approved_by": "zhuguan", "condition": "good", "cancel_reason": _REASON,
    "about": "store", "workflow_id": "transfer/T-2611-0001",
    "account": "sales", "action": "hold", "actions": "hold", "actor": _ACCOUNT,
    "address": "203.0.113.9", "again_of": "cmp_0192f3", "amount": "268.00", "answer": "approve",
    "area": "650000",
    "answer_reason": _REASON, "asked": "orders", "asked_by": _ACCOUNT, "assignee": _ACCOUNT,
    "attention_id": "att_0192f3", "author": _ACCOUNT, "auto_release": "payment",
    "base_url": "https://partner.example", "basis": "net", "because": "inventory_first",
    "bin": "A-03-2", "bins": "A-03-2", "buyer_ref": "buyer-7", "buyer_remark": "请工作日送",
    "by": _ACCOUNT, "carrier": "sf", "carrier_ref": "SF-REF-1", "carton": "C3",
    "category": "food", "cause": "InvalidInput", "changed_by": _ACCOUNT, "channel": "top",
    "channel_state": "open", "channel_status": "WAIT_SELLER_SEND_GOODS", "choices": "sf",
    "city": "杭州市", "claim_no": "CL261126-0000001", "closed_by": _ACCOUNT, "code": "sf",
    "codes": "SF1000000000007", "colour": "blue", "column": "sku", "content": "aGVsbG8=",
    "cost": "86.50", "country": "CN", "created_by": _ACCOUNT, "currency": "CNY",
    "cutoff": "17:30:00", "at": "17:30", "data": "aGVsbG8=", "decided_by": "zhuguan",
    "decision": "approve",
    "decision_reason": _REASON, "deduction": "0.00", "detail": "文三路 1 号", "device": "Chrome",
    "disposition": "resell", "district": "西湖区", "division_code": "330106",
    "document": "pick list", "document_no": "GRN-261126-01", "doubts": "address",
    "driver": "王师傅", "email": "invoice@example.com", "ended_by": _ACCOUNT,
    "ended_reason": _REASON, "erasure_id": "era_0192f3", "error": "no such phone",
    "from_place": "supplier", "holder": "HQ", "lifted_by": _ACCOUNT,
    "document_kind": "goods_receipt", "message": "请停止食用，我们取回。",
    "phone_last4": "5678",
    "show": "near", "signed": "", "started_by": _ACCOUNT, "to_place": "location:HQ",
    "unit_id": "0199f3a1", "verb": "receive", "why_lifted": "检验合格",
    "event_id": "evt_0192f3", "event_ids": "evt_0192f3", "event_type": "shipment.shipped",
    "events": "shipment.shipped", "example": "TEA-LJ-100", "expires_on": "2027-05-31",
    "external_id": "100200300", "external_line_no": "2600000000000002-1",
    "external_no": "2600000000000002", "external_sku": "tmall-6601", "fallen_out": _ORDER,
    "fault": "sku", "field": "phone", "fingerprint": "label|sf|masked", "following": _ORDER,
    "found_by": "waybill_no", "gate": "carrier/sf", "gate_by": _ACCOUNT, "gate_reason": _REASON,
    "given_by": _ACCOUNT, "goes_with": _ORDER, "goods_code": "1030307000000000000",
    "goodwill": "0.00", "gtin": "06901234567892", "hash": _HASH, "hint": "七天内有效",
    "hold": "manual", "holds": "manual", "how": "retry", "id": "0192f3", "ids": "0192f3",
    "incident": "masked", "input": "{}", "inspection_id": "ins_0192f3", "intercept_nos": _ORDER,
    "invoice_no": "24332000000012345678", "invoice_request": "公司抬头", "item_ids": "att_0192f3",
    "key": "scan-0192f3a7", "kind": "manual", "label_no": "1", "lacking": _SKU,
    "language": "zh", "lead": _ORDER, "left_why": "closed", "limited_by": "buffer", "line": _SKU,
    "line_id": f"{_ORDER}/1", "line_ids": f"{_ORDER}/1", "line_nos": "1",
    "link": "https://onhand.example/login/new?key=0192f3",
    "lines": _SKU, "location": _LOCATION, "location_id": _LOCATION, "login": "xiaoli",
    "lot": "L2605", "moved": _SKU, "name": "李雷", "new_password": "correct horse battery",
    "next_cursor": "", "no": _ORDER, "note": "外箱压痕", "notices_to": "https://shop.example/hook",
    "number": "1", "obstacle": "handed_over", "on": "2026-11-27", "opened_by": _ACCOUNT,
    "order_id": "ord_0192f3", "order_line_id": f"{_ORDER}/1", "order_no": _ORDER,
    "order_nos": _ORDER, "origin": "shop", "other": "SF1000000000008", "others": _ORDER,
    "outcome": "went_on", "call": "carriers.sf.label",
    "carrier_before": "sf", "carrier_after": "jd",
    "case_no": "RC261126-7KQ4M2P", "corrected_by": _ACCOUNT, "notice_no": "SN261126-7KQ4M2P",
    "posted_by": _ACCOUNT,
    "sender": "acme", "serial": "SN-0001", "serials": "SN-0001",
    "source_no": "PO261126-7KQ4M2P", "why": _REASON, "next": "GR261126-7KQ4M2P",
    "cases": "RC261126-7KQ4M2P",
    "owner": "HQ", "parcel_id": "par_0192f3", "parent": "HQ", "parked_reason": _REASON,
    "party": "top", "path": "receiver.phone", "said": "EXP_RECV 收件人号码有误",
    "password": "correct horse battery", "paused_by": _ACCOUNT,
    "permissions": "read_orders", "phone": "13800000001", "picker": "jianhuo",
    "place": _LOCATION, "placed_by": _ACCOUNT, "plan": _HASH, "plan_hash": _HASH,
    "price": "134.00", "print_data": "", "problem": "stock", "problems": "stock",
    "product": "2", "provider": "alipay", "province": "浙江省",
    "public_key": "-----BEGIN PUBLIC KEY-----\n" + "MIIBIjANBgkqhkiG9w0B" * 6,
    "purpose": "login", "pushes_to": "https://onhand.example/webhooks/carriers/sf",
    "q": "13800000001", "query": "status=on_hold&shop=tmall", "question": "请补拍外箱照片",
    "reason": _REASON, "reference": "20261126-88", "refund_no": "RF261126-0000001",
    "refusal": "", "refused_because": "", "released_by": _ACCOUNT, "remark": "壶嘴磕了一下",
    "removed_by": _ACCOUNT, "request_id": "5f0c2a", "resolution": "retry",
    "resolved_by": _ACCOUNT, "result": "went_on", "return_carrier": "sf",
    "return_no": "RT261126-0000001", "return_waybill_no": "SF1000000000008",
    "riders": "signature", "roles": "customer_service", "routes": "GET /orders",
    "routing_code": "571WJ", "rule": "cheapest", "secret": "whsec_…", "seller_remark": "加急",
    "shipment": f"{_ORDER}-1", "shipment_no": f"{_ORDER}-1", "shipment_nos": f"{_ORDER}-1",
    "shop": "tmall", "shop_id": "tmall", "signature": "M10 20 L40 22", "sku": _SKU, "skus": _SKU,
    "source": "page", "stage": "label", "state": "open", "status": "ok", "step": "label",
    "step_id": "label", "stop_asked_by": _ACCOUNT, "stopped_because": "failures",
    "store": "STORE-XH", "subject": _ORDER, "system": "carrier/sf", "tag": "VIP",
    "takes_back": "stock", "tax_no": "91330106MA00000000", "text": "已电话联系顾客",
    "ticket": "RT261126-0000001", "till": "POS-1", "title": "某某贸易有限公司", "told": "buyer",
    "topic": "order", "transaction_id": "2026112622001400", "tried_error": "Unavailable",
    "type": "about:blank", "undo": "release", "undo_reason": _REASON, "undoes": "scan-0192f3a6",
    "unit_price": "134.00", "until": "picked", "value": "138****0001",
    "uri": "otpauth://totp/Onhand:xiaoli", "url": "https://erp.example/onhand",
    "vendor": "kingdee", "vendor_code": "8016", "vendor_refund_id": "2026112621001",
    "vendor_status": "SUCCESS", "voucher_no": "V261126-0001", "waits_for": "pick",
    "wanted_by": _ACCOUNT, "wave_no": "W261126-01", "waybill_no": "SF1000000000007",
    "words": "已签收", "zone": "A",
    "abc": "A", "auto_approve": "500.00", "budget": "20000.00", "consent": "王总电话同意",
    "factor": "1.5", "fixed_by": _ACCOUNT, "fixed_reason": _REASON, "lead_source": "receipts",
    "limits": "budget", "measure": "fill", "season_id": "sea_0192f3", "service": "0.98",
    "shape": "poisson", "suggestion_id": "sug_0192f3",
}  # fmt: skip
"""By the field's name: texts, and what fields of several types hold."""

MAPS: Final[dict[str, dict[str, object]]] = {
    "secrets": {"app_key": "23000000", "app_secret": "s3cret-of-the-vendor"},
    "settings": {"location_id": _LOCATION}, "values": {"phone": "13800000001"},
    "ids": {"num_iid": "6601"}, "metadata": {"encoding": "anNvbi9wbGFpbg=="},
    "contents": {_SKU: 2}, "counts": {"open": 3}, "input_fields": {"phone": "text"},
    "obstacles": {"handed_over": 1}, "problems": {"stock": "short"},
    "days": {"": 3, "650000": 7}, "above": {_LOCATION: 40},
}  # fmt: skip
"""By the field's name: what a table of any keys holds."""

NUMBERS: Final[dict[str, int]] = {
    "weight_g": 1120, "length_mm": 300, "width_mm": 200, "height_mm": 150, "tare_g": 120,
    "most_g": 15000, "quantity": 2, "rate_bp": 1300, "rate_per_minute": 30, "canary": 5,
    "stop_percent": 20, "window_minutes": 120, "overlap_hours": 24, "wave_size": 20,
    "tolerance_g": 50, "tolerance_percent": 5, "at_once": 10, "max_parcels": 2,
}  # fmt: skip
"""By the field's name; any other number is 1."""
