"""WeChat's answers, as far as we read them."""

from typing import Annotated

from pydantic import BeforeValidator

from integrations.marketplaces.companies import Company
from integrations.marketplaces.reading import Body, Number, Text, or_none


class OrdersAnswer(Body):
    order_id_list: Annotated[tuple[Number, ...], BeforeValidator(or_none)] = ()
    has_more: bool = False
    next_key: Text = ""


class _Company(Body):
    delivery_id: Text = ""
    delivery_name: Text = ""


class CompaniesAnswer(Body):
    company_list: Annotated[tuple[_Company, ...], BeforeValidator(or_none)] = ()

    @property
    def companies(self) -> list[Company]:
        return [
            Company(one.delivery_id, one.delivery_id, one.delivery_name)
            for one in self.company_list
            if one.delivery_id
        ]


class _Stock(Body):
    normal_stock_num: int


class StockAnswer(Body):
    data: _Stock
