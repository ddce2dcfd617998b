"""Which account a voucher's side stands on in an ERP."""

from hypothesis import given
from hypothesis import strategies as st

from domain.finance.accounts import Account, Side
from domain.finance.exports import ExportStatus, code_of, summary_of, without_code

ACCOUNTS = st.sampled_from(Account)
PARTIES = st.sampled_from(("", "payment/wx", "payment/ali", "shop/mini"))
CODES = st.dictionaries(
    st.tuples(ACCOUNTS.map(str), PARTIES), st.text("0123456789.", min_size=1, max_size=8)
)
SIDES = st.builds(Side, ACCOUNTS, PARTIES)


def test_a_party_s_own_code_comes_before_the_account_s() -> None:
    codes = {("cash_at_provider", ""): "1012", ("cash_at_provider", "payment/wx"): "1012.01"}

    assert code_of(Side(Account.CASH_AT_PROVIDER, "payment/wx"), codes) == "1012.01"
    assert code_of(Side(Account.CASH_AT_PROVIDER, "payment/ali"), codes) == "1012"
    assert code_of(Side(Account.BANK), codes) == ""


@given(st.lists(SIDES, max_size=8), CODES)
def test_an_account_is_missing_exactly_when_one_of_its_sides_has_no_code(
    sides: list[Side], codes: dict[tuple[str, str], str]
) -> None:
    missing = without_code(sides, codes)

    assert set(missing) == {str(side.account) for side in sides if not code_of(side, codes)}
    assert len(missing) == len(set(missing))
    if not missing:
        assert all(code_of(side, codes) in codes.values() for side in sides)


def test_a_paper_is_named_once() -> None:
    assert summary_of("stock", "O-1", "O-1", "shop/mini") == "商品收发 O-1 shop/mini"
    assert summary_of("payment", "", "T1") == "支付渠道收款 T1"
    assert summary_of("something new", "", "") == "something new"


def test_only_what_is_wanted_is_not_settled() -> None:
    assert [status for status in ExportStatus if not status.is_settled] == [ExportStatus.WANTED]
