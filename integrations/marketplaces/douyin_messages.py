"""Douyin's answers, as far as we read them."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from integrations.marketplaces.companies import Company
from integrations.marketplaces.reading import (
    Body,
    Number,
    OptionalUnixTime,
    Text,
    or_none,
)
from integrations.marketplaces.tokens import Tokens


class _Listed(Body):
    order_id: Number
    update_time: OptionalUnixTime = None


class Page(Body):
    total: int = Field(default=0, ge=0)
    shop_order_list: Annotated[tuple[_Listed, ...], BeforeValidator(or_none)] = ()


class PageAnswer(Body):
    data: Page


class _Company(Body):
    id: Text = ""
    code: Text = ""
    name: Text = ""


class CompaniesAnswer(Body):
    data: Annotated[tuple[_Company, ...], BeforeValidator(or_none)] = ()

    @property
    def companies(self) -> list[Company]:
        """What the shipping call wants is their code."""
        return [Company(one.code, one.code, one.name) for one in self.data if one.code]


class TokenAnswer(Body):
    data: Tokens
