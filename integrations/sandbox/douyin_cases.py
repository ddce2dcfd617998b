"""How Douyin takes a seller's answers to after-sales: each operation in the states it is for."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from integrations.sandbox.douyin_requests import BUSINESS, Asked, No, invalid

_WRONG_STATUS: Final = "isv.business-failed:20309541"
_EVIDENCE_CODE: Final = 2  # a reason of refusal that wants a picture
# type → kind of case, statuses it may be in, status it comes to.
_OPERATIONS: Final[Mapping[int, tuple[int, tuple[int, ...], int]]] = {
    101: (0, (6, 27), 7),
    102: (0, (6,), 27),
    111: (0, (7, 11, 29), 12),
    112: (0, (11,), 29),
    201: (1, (6, 27), 12),
    202: (1, (6,), 27),
    301: (3, (6, 27), 7),
    302: (3, (6,), 27),
    312: (3, (11,), 29),
    401: (2, (6,), 12),
}
_REFUSALS: Final = (102, 112, 202, 302, 312)
_GOODS_BACK: Final = (101, 301)
Case = dict[str, Any]


class DouyinCaseDesk:
    """`find` is a case by its number, `move` puts it into another status, and tells so."""

    def __init__(
        self, find: Callable[[str], Case | None], move: Callable[[Case, int], None]
    ) -> None:
        self._find = find
        self._move = move

    def detail(self, asked: Asked) -> dict[str, Any]:
        case = self._known(asked.get("after_sale_id"))
        info = {
            "after_sale_id": int(case["aftersale_id"]),
            "after_sale_status": case["aftersale_status"],
            "after_sale_type": case["aftersale_type"],
            "apply_time": case["apply_time"],
            "update_time": case["update_time"],
            "refund_total_amount": case["refund_amount"],
        }
        return {"process_info": {"after_sale_info": info}}

    def operate(self, asked: Asked) -> dict[str, Any]:
        """All of the call's cases or none; here one at a time."""
        items, kind = asked.get("items"), asked.get("type")
        one = isinstance(items, list) and len(items) == 1
        if not one or type(kind) is not int or kind not in _OPERATIONS:
            raise invalid("type或items不正确")
        assert isinstance(items, list)
        item = items[0]
        case = self._known(item.get("aftersale_id"))
        of_kind, statuses, becomes = _OPERATIONS[kind]
        if case["aftersale_type"] != of_kind or case["aftersale_status"] not in statuses:
            raise No(BUSINESS, _WRONG_STATUS, "售后状态错误")
        if item.get("update_time") not in (None, case["update_time"]):
            raise No(BUSINESS, _WRONG_STATUS, "售后单版本已变更")
        self._check(kind, item)
        self._move(case, becomes)
        done = {"aftersale_id": int(case["aftersale_id"]), "status_code": 0, "status_msg": ""}
        return {"items": [done]}

    def _check(self, kind: int, item: Mapping[str, Any]) -> None:
        if kind in _REFUSALS:
            code = item.get("reject_reason_code")
            if type(code) is not int or not item.get("reason") or not item.get("remark"):
                raise invalid("拒绝原因不能为空")
            if code == _EVIDENCE_CODE and not item.get("evidence"):
                raise invalid("拒绝凭证不能为空")
        if kind in _GOODS_BACK:
            address = (item.get("logistics") or {}).get("receiver_address_id")
            if type(address) is not int or address <= 0:
                raise invalid("收货地址不能为空")

    def _known(self, number: Any) -> Case:
        case = self._find(str(number or ""))
        if case is None:
            raise No(20000, "isp.service-error:10000", "存在无效的售后单")
        return case
