"""The sandbox: outside systems as they speak, on one port, and the switches that disturb them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

import httpx
import structlog
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from integrations.sandbox.alipay import AlipaySandbox
from integrations.sandbox.controls import controls_of
from integrations.sandbox.douyin import DouyinSandbox
from integrations.sandbox.framework import Sandbox, Vendor
from integrations.sandbox.identity import IdentityProvider, identity_provider
from integrations.sandbox.jd import JdSandbox
from integrations.sandbox.jdl import JdlSandbox
from integrations.sandbox.kingdee import KingdeeSandbox
from integrations.sandbox.kuaidi100 import Kuaidi100Sandbox
from integrations.sandbox.mini import MiniSandbox
from integrations.sandbox.nuonuo import NuonuoSandbox
from integrations.sandbox.pages import pages
from integrations.sandbox.pdd import PddSandbox
from integrations.sandbox.settings import SandboxSettings
from integrations.sandbox.sf import SfSandbox
from integrations.sandbox.shopify import ShopifySandbox
from integrations.sandbox.sto import StoSandbox
from integrations.sandbox.stripe import StripeSandbox
from integrations.sandbox.suppliers import SuppliersSandbox
from integrations.sandbox.tills import TillsSandbox
from integrations.sandbox.top import TopSandbox
from integrations.sandbox.wechat import WechatSandbox
from integrations.sandbox.wechatpay import WechatPaySandbox
from integrations.sandbox.woocommerce import WooSandbox
from integrations.sandbox.yonyou import YonyouSandbox
from integrations.sandbox.yto import YtoSandbox
from integrations.sandbox.yunda import YundaSandbox
from integrations.sandbox.zto import ZtoSandbox

log = structlog.get_logger()

VENDORS: Final[Mapping[str, Callable[[Sandbox], Vendor]]] = {
    "sf": SfSandbox,
    "zto": ZtoSandbox,
    "yto": YtoSandbox,
    "sto": StoSandbox,
    "jdl": JdlSandbox,
    "yunda": YundaSandbox,
    "kuaidi100": Kuaidi100Sandbox,
    "top": TopSandbox,
    "jd": JdSandbox,
    "pdd": PddSandbox,
    "douyin": DouyinSandbox,
    "wechat": WechatSandbox,
    "woocommerce": WooSandbox,
    "shopify": ShopifySandbox,
    "mini": MiniSandbox,
    "tills": TillsSandbox,
    "wechatpay": WechatPaySandbox,
    "alipay": AlipaySandbox,
    "stripe": StripeSandbox,
    "kingdee": KingdeeSandbox,
    "yonyou": YonyouSandbox,
    "nuonuo": NuonuoSandbox,
    "suppliers": SuppliersSandbox,
}
_TICK_S: Final = 0.1


def create_sandbox(
    settings: SandboxSettings,
    client: httpx.AsyncClient | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Every vendor under /{name} and the controls under /sandbox.

    `app.state.sandbox` is the `Sandbox`: tests drive it with `await sandbox.step()`; a server
    does so by itself from its lifespan.
    """
    sandbox = Sandbox(settings, client or httpx.AsyncClient(timeout=5.0), now)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(sandbox))
        yield
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking
        await sandbox.aclose()

    app = FastAPI(title="Onhand sandbox", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.sandbox = sandbox
    app.include_router(controls_of(sandbox))
    app.include_router(pages(sandbox))
    app.mount("/idp", _OnDemand(lambda: identity_provider(IdentityProvider())))
    for name, vendor_class in VENDORS.items():
        vendor = vendor_class(sandbox)
        sandbox.vendors[name] = vendor
        app.mount(f"/{name}", _OnDemand(vendor.app))
        app.mount(f"/sandbox/{name}", _OnDemand(partial(_controls, vendor)))
    return app


class _OnDemand:
    """A part that is put together when somebody first speaks to it: few speak to all of them."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        self._build = build
        self._app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is None:
            self._app = self._build()
        await self._app(scope, receive, send)


def _controls(vendor: Vendor) -> FastAPI:
    app = FastAPI(openapi_url=None)
    if (controls := vendor.controls()) is not None:
        app.include_router(controls)
    return app


async def _tick(sandbox: Sandbox) -> None:
    while True:
        try:
            await sandbox.step()
        except Exception:
            log.exception("sandbox.step_failed")
        await asyncio.sleep(_TICK_S)
