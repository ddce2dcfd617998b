"""Nobody gets anywhere that was not opened to them by name."""

import inspect

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import Mount

from api.app import create_app
from api.errors import STATUS, TITLES
from db.engine import Sessions
from domain.platform.permissions import ROLES_OF, Permission, Role, may, may_resolve
from domain.platform.routes import ROUTES
from domain.shared import errors
from runtime.settings import Settings
from tests.api.served import browser, key_for


def _routes() -> set[str]:
    app = create_app(Settings())
    return {
        f"{method} {context.path}"
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in context.methods or ()
    }


def test_every_route_is_listed_and_every_listed_route_exists() -> None:
    assert _routes() == set(ROUTES)


def test_nothing_but_files_is_served_outside_the_table() -> None:
    others = [
        route
        for route in create_app(Settings()).routes
        if not isinstance(route, APIRoute) and not hasattr(route, "effective_route_contexts")
    ]

    assert [route.path for route in others if isinstance(route, Mount)] == ["/static"]
    assert len(others) == 1


def test_every_permission_has_roles_and_every_refusal_a_status() -> None:
    refusals = {
        name
        for name, found in inspect.getmembers(errors, inspect.isclass)
        if issubclass(found, errors.DomainError) and found is not errors.DomainError
    }

    assert set(ROLES_OF) == set(Permission) - {Permission.PUBLIC}
    assert refusals == set(STATUS)
    assert refusals <= set(TITLES)


@pytest.mark.parametrize(
    ("role", "permission", "allowed"),
    [
        (Role.CUSTOMER_SERVICE, Permission.CHANGE_ORDERS, True),
        (Role.CUSTOMER_SERVICE, Permission.WORK_IN_WAREHOUSE, False),
        (Role.WAREHOUSE, Permission.WORK_IN_WAREHOUSE, True),
        (Role.WAREHOUSE, Permission.REVEAL_RECEIVERS, False),
        (Role.WAREHOUSE, Permission.RESOLVE_STEPS, False),
        (Role.MANAGER, Permission.CHANGE_ORDERS, False),
        (Role.ADMIN, Permission.MANAGE_ACCOUNTS, True),
        (Role.CUSTOMER_SERVICE, Permission.MANAGE_ACCOUNTS, False),
    ],
)
def test_roles_may_do_their_work_and_no_more(
    role: Role, permission: Permission, allowed: bool
) -> None:
    assert may(frozenset({role}), permission) is allowed


@pytest.mark.parametrize(
    ("role", "system", "allowed"),
    [
        (Role.FINANCE, "erp/kingdee-hq", True),
        (Role.FINANCE, "payment", True),
        (Role.FINANCE, "carrier/sf", False),
        (Role.FINANCE, "", False),
        (Role.CUSTOMER_SERVICE, "carrier/sf", True),
        (Role.MANAGER, "erp/kingdee-hq", False),
    ],
)
def test_finance_decides_about_money_and_books_alone(
    role: Role, system: str, allowed: bool
) -> None:
    assert may_resolve(frozenset({role}), system) is allowed


async def test_strangers_get_401_from_every_api_route(anonymous: httpx.AsyncClient) -> None:
    api = [route for route in ROUTES if " /api/" in route]
    assert len(api) > 15
    for route in api:
        method, path = route.split(" ")
        answer = await anonymous.request(method, path.replace("{", "").replace("}", ""))

        assert answer.status_code == 401, route
        assert answer.json()["code"] == "NotLoggedIn"
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_every_role_is_refused_what_is_not_its_own(
    app: FastAPI, web_sessions: Sessions
) -> None:
    for role in Role:
        async with browser(app, **await key_for(web_sessions, role, name=role)) as client:
            for route, permission in ROUTES.items():
                method, path = route.split(" ")
                if " /api/" not in route or may(frozenset({role}), permission):
                    continue
                answer = await client.request(method, path)

                assert answer.status_code == 403, (role, route)
                assert answer.json()["code"] == "NotAllowed"


async def test_a_route_that_nobody_listed_is_refused_to_the_administrator(
    app: FastAPI, web_sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(ROUTES, "GET /api/v1/me")
    async with browser(app, **await key_for(web_sessions, Role.ADMIN)) as client:
        answer = await client.get("/api/v1/me")

    assert answer.status_code == 403
