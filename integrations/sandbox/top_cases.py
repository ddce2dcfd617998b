"""How TOP takes a seller's answers to refunds: in the state they are for, once, in full."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from integrations.sandbox.settings import TopAccount
from integrations.sandbox.store import Store
from integrations.sandbox.top_refunds import REFUND
from integrations.sandbox.top_requests import Form, Refusal

_ASKED, _TO_COME, _COMES = (
    "WAIT_SELLER_AGREE",
    "WAIT_BUYER_RETURN_GOODS",
    "WAIT_SELLER_CONFIRM_GOODS",
)
_REVIEWED: Final = "reviewed_refund"
_SMS_FROM: Final = Decimal(6000)  # yuan; below it no code is sent to the seller's phone
Kept = dict[str, Any]


class TopCaseDesk:
    """`move` puts a refund into another status, and tells so."""

    def __init__(
        self, store: Store, vendor: str, account: TopAccount, move: Callable[[Kept, str], None]
    ) -> None:
        self._store = store
        self._vendor = vendor
        self._account = account
        self._move = move

    @property
    def methods(self) -> dict[str, Callable[[Form], Mapping[str, Any]]]:
        return {
            "taobao.refund.get": self.get,
            "taobao.rp.returngoods.agree": self.agree,
            "taobao.rp.refund.review": self.review,
            "taobao.rp.refunds.agree": self.pay,
            "taobao.refund.refuse": self.refuse,
        }

    def get(self, form: Form) -> Mapping[str, Any]:
        refund, fields = self._known(form.get("refund_id", "")), form.get("fields", "").split(",")
        return {"refund": {name: refund[name] for name in fields if name in refund}}

    def agree(self, form: Form) -> Mapping[str, Any]:
        """The buyer is told the address the goods go to."""
        refund = self._of_this_version(form)
        if not form.get("seller_address_id", "").isdigit():
            raise _missing("seller_address_id")
        if self._account.tmall and not form.get("remark"):
            raise _missing("remark")
        if not refund["has_good_return"] or refund["status"] != _ASKED:
            raise _wrong_status()
        self._move(refund, _TO_COME)
        return {"is_success": True}

    def review(self, form: Form) -> Mapping[str, Any]:
        """Tmall's second pair of eyes, before the money."""
        refund = self._of_this_version(form)
        if not self._account.tmall or refund["status"] not in (_ASKED, _COMES):
            raise _wrong_status()
        self._store.put(self._vendor, _REVIEWED, str(refund["refund_id"]), {})
        return {"is_success": True}

    def pay(self, form: Form) -> Mapping[str, Any]:
        """One refund at a time here. The seller pays what the buyer asks for, not less."""
        parts = form.get("refund_infos", "").split("|")
        if len(parts) != (4 if self._account.tmall else 3):
            raise _missing("refund_infos")
        refund = self._known(parts[0])
        fee = Decimal(str(refund["refund_fee"]))
        if parts[1:3] != [str(int(fee * 100)), str(refund["refund_version"])]:
            return _unpaid(parts[0], "退款金额或版本号不正确")
        if refund["status"] != (_COMES if refund["has_good_return"] else _ASKED):
            return _unpaid(parts[0], "退款状态不正确")
        if self._account.tmall and not self._is_reviewed(parts[0]):
            return _unpaid(parts[0], "退款单未审核")
        if fee >= _SMS_FROM and form.get("ignore_code") != "true":
            return {"succ": False, "message": "发送二次验证短信成功"}
        self._move(refund, "SUCCESS")
        paid = {"refund_id": parts[0], "succ": True, "message": ""}
        return {
            "succ": True,
            "msg_code": "OP_SUCC",
            "message": "",
            "results": {"refund_mapping_result": [paid]},
        }

    def refuse(self, form: Form) -> Mapping[str, Any]:
        refund = self._of_this_version(form)
        if not 2 <= len(form.get("refuse_message", "")) <= 200:
            raise _missing("refuse_message")
        if self._account.tmall and not form.get("refuse_proof"):
            raise _missing("refuse_proof")
        if refund["status"] not in (_ASKED, _COMES):
            raise _wrong_status()
        self._move(refund, "SELLER_REFUSE_BUYER")
        return {"refund": {"refund_id": refund["refund_id"], "status": "SELLER_REFUSE_BUYER"}}

    def _known(self, number: str) -> Kept:
        refund = self._store.get(self._vendor, REFUND, number)
        if refund is None:
            raise Refusal(15, "Remote service error", "isv.refund-not-exist", "退款记录不存在")
        return refund

    def _of_this_version(self, form: Form) -> Kept:
        refund = self._known(form.get("refund_id", ""))
        for name in ("refund_phase", "refund_version"):
            told = form.get(name)
            if (told or self._account.tmall) and told != str(refund[name]):
                raise Refusal(41, "Invalid Arguments", f"isv.invalid-parameter:{name}")
        return refund

    def _is_reviewed(self, number: str) -> bool:
        return self._store.get(self._vendor, _REVIEWED, number) is not None


def _missing(name: str) -> Refusal:
    return Refusal(40, "Missing Required Arguments", f"isv.missing-parameter:{name}")


def _wrong_status() -> Refusal:
    return Refusal(15, "Remote service error", "isv.refund-status-error", "退款状态不正确")


def _unpaid(number: str, why: str) -> Mapping[str, Any]:
    failed = {"refund_id": number, "succ": False, "message": why}
    return {
        "succ": False,
        "msg_code": "OP_FAILURE_UE",
        "message": why,
        "results": {"refund_mapping_result": [failed]},
    }
