"""Pinduoduo's answers, as far as we read them."""

from pydantic import Field

from integrations.marketplaces.companies import Company
from integrations.marketplaces.pdd_errors import PddError
from integrations.marketplaces.reading import Body, Code, Number, OptionalChinaTime, Text
from integrations.marketplaces.tokens import Tokens


class Failure(Body):
    error_response: PddError | None = None


class _Listed(Body):
    order_sn: Number
    updated_at: OptionalChinaTime = None


class Page(Body):
    total_count: int = Field(default=0, ge=0)
    order_sn_list: tuple[_Listed, ...] = ()


class PageAnswer(Body):
    order_sn_increment_get_response: Page


class _Done(Body):
    is_success: bool


class SentAnswer(Body):
    logistics_online_send_response: _Done


class StockAnswer(Body):
    goods_quantity_update_response: _Done


class _Company(Body):
    id: Number
    available: Code = 1
    logistics_company: Text = ""
    code: Text = ""


class _Companies(Body):
    logistics_companies: tuple[_Company, ...] = ()


class CompaniesAnswer(Body):
    logistics_companies_get_response: _Companies

    @property
    def in_use(self) -> list[Company]:
        listed = self.logistics_companies_get_response.logistics_companies
        return [Company(one.id, one.code, one.logistics_company) for one in listed if one.available]


class TokenAnswer(Body):
    pop_auth_token_refresh_response: Tokens
