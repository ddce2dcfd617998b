"""JD's answers, as far as we read them."""

from pydantic import Field

from integrations.marketplaces.jd_errors import JdError
from integrations.marketplaces.jd_order import ApiResult, JdBody
from integrations.marketplaces.reading import Body, ChinaTime, Number, Text


class Failure(Body):
    error_response: JdError | None = None
    code: Text = ""
    msg: Text = ""


class _Listed(JdBody):
    order_id: Number
    modified: ChinaTime


class Found(JdBody):
    api_result: ApiResult
    order_total: int = Field(default=0, ge=0)
    order_info_list: tuple[_Listed, ...] = ()


class _Search(Body):
    searchorderinfo_result: Found


class SearchAnswer(Body):
    jingdong_pop_order_search_responce: _Search


class _Detail(JdBody):
    api_result: ApiResult


class _Got(JdBody):
    order_detail_info: _Detail


class GetAnswer(Body):
    jingdong_pop_order_get_responce: _Got


class _Shipment(ApiResult):
    error_code: Text = ""


class _Shipped(Body):
    sopjosshipment_result: _Shipment


class ShippedAnswer(Body):
    jingdong_pop_order_shipment_responce: _Shipped


class _StockLine(JdBody):
    success: bool = False
    message: Text = ""


class _StockLines(JdBody):
    update_stock_result: tuple[_StockLine, ...] = ()


class _StockResult(JdBody):
    success: bool = False
    code: Text = ""
    message: Text = ""
    obj: _StockLines | None = None


class _StockSet(JdBody):
    return_type: _StockResult


class StockAnswer(Body):
    jingdong_ware_stock_sku_set_responce: _StockSet
