"""The demo company: places, goods, shops, carriers with sample rates, people, opening stock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from commands.demo_dealers import seed_dealers
from commands.demo_finance import seed_invoicing, seed_ledgers
from commands.demo_floor import gtin_of, seed_floor
from commands.demo_lots import opening_lot, seed_lots
from commands.demo_moves import seed_moves
from commands.demo_planning import seed_planning
from commands.demo_receiving import seed_receiving
from commands.demo_serials import seed_serials
from commands.demo_suppliers import follow_sandbox, seed_purchases, seed_suppliers
from db.channels.tables import ChannelSkuRow, ListingRow, ShopRow
from db.engine import create_engine
from db.engine import sessions as sessions_of
from db.inventory.repository import StockRepository
from db.inventory.tables import LocationRow, SkuRow
from db.logistics.tables import CarrierAccountRow, TariffRow, TariffZoneRow
from db.orders.payment_tables import PaymentAccountRow
from db.platform.accounts import DEMO_ACCOUNTS, DEMO_PASSWORD, Accounts, seed_demo_accounts
from db.sql import run
from db.vault import Vault, carrier_context, payment_context, shop_context
from domain.inventory.stock import Document, StockKey, StockLine
from domain.logistics.divisions.divisions import normalise
from domain.platform.permissions import Role
from domain.shared.address import Address
from domain.shared.ids import LocationId, Sku
from integrations.sandbox import douyin_orders, pdd_orders, wechat_orders
from integrations.sandbox.demo_carriers import DemoCarrier, demo_carriers
from integrations.sandbox.demo_payments import DemoPayment, demo_payments
from integrations.sandbox.demo_shop import PRODUCTS
from integrations.sandbox.demo_shops import DemoShop, demo_shops
from integrations.sandbox.demo_waybills import demo_waybills
from integrations.sandbox.jd_orders import sku_id_of
from integrations.sandbox.settings import MiniAccount, SandboxSettings
from runtime.settings import Settings

LOGINS: Final = tuple(
    (f"{role.replace('_', ' ')} {name}", login, DEMO_PASSWORD)
    for login, name, role in DEMO_ACCOUNTS
)
"""What somebody does and is called, the log-in and the password."""
# The simulated warehouse logs in with it; it exists only where the demo company does.
DEMO_KEY: Final = "ohk_demo-warehouse-simulator"
PUSH_SECRET: Final = "demo"  # the sandbox of a carrier that does not sign knows it
OWN_SECRET: Final = MiniAccount().secret

_PLACES: Final = (
    # id, name, kind, parent, province, city, district, detail, priority, units of each SKU
    ("HQ-HZ", "杭州总仓", "hq", None, "浙江省", "杭州市", "余杭区", "仓前街道良睦路 1 号", 10, 400),
    (
        "R-GZ",
        "广州区域仓",
        "region",
        "HQ-HZ",
        "广东省",
        "广州市",
        "白云区",
        "太和镇 88 号",
        20,
        120,
    ),
    (
        "R-CD",
        "成都区域仓",
        "region",
        "HQ-HZ",
        "四川省",
        "成都市",
        "双流区",
        "航港大道 6 号",
        20,
        80,
    ),
    (
        "R-BJ",
        "北京区域仓",
        "region",
        "HQ-HZ",
        "北京市",
        "北京市",
        "大兴区",
        "京南物流园 3 号",
        20,
        80,
    ),
    (
        "S-SH1",
        "上海徐汇店",
        "store",
        "HQ-HZ",
        "上海市",
        "上海市",
        "徐汇区",
        "漕溪北路 18 号",
        40,
        12,
    ),
    (
        "S-SH2",
        "上海静安店",
        "store",
        "HQ-HZ",
        "上海市",
        "上海市",
        "静安区",
        "南京西路 1038 号",
        40,
        8,
    ),
    ("D-WH", "武汉经销商", "dealer", "R-GZ", "湖北省", "武汉市", "洪山区", "珞喻路 726 号", 60, 9),
    (
        "D-XA",
        "西安经销商",
        "dealer",
        "R-CD",
        "陕西省",
        "西安市",
        "雁塔区",
        "小寨西路 26 号",
        60,
        20,
    ),
)
_SHOPS_OF_DEALERS: Final = {"pdd": "D-WH", "woocommerce": "D-XA"}
_COST_PERCENT: Final = 55  # of the price, made up for the demo
_WEIGHTS_G: Final = (320, 260, 400, 270, 310, 480, 1450, 360)
# Sample rates, made up for the demo: (carrier, product, how far, first kg price, step price).
_RATES: Final = (
    ("sf", "2", "within", 1200, 200),
    ("sf", "2", "between", 1500, 500),
    ("sf", "2", "remote", 2200, 1300),
    ("zto", "standard", "within", 600, 100),
    ("zto", "standard", "between", 850, 300),
    ("zto", "standard", "remote", 1800, 1200),
    ("yto", "standard", "within", 620, 110),
    ("yto", "standard", "between", 820, 310),
    ("yto", "standard", "remote", 1850, 1250),
    ("sto", "standard", "within", 590, 120),
    ("sto", "standard", "between", 860, 290),
    ("sto", "standard", "remote", 1780, 1300),
    ("jdl", "ed-m-0001", "within", 1000, 180),
    ("jdl", "ed-m-0001", "between", 1300, 420),
    ("jdl", "ed-m-0001", "remote", 2000, 1150),
    ("yunda", "standard", "within", 610, 90),
    ("yunda", "standard", "between", 840, 320),
    ("yunda", "standard", "remote", 1750, 1350),
    # Labels through an aggregator cost more: it is taken when the others do not answer.
    ("kuaidi100", "yuantong", "within", 1100, 200),
    ("kuaidi100", "yuantong", "between", 1400, 500),
    ("kuaidi100", "yuantong", "remote", 2400, 1500),
)
_SANDBOX_HERE: Final = (
    r"^http://127\.0\.0\.1:[0-9]+"
    r"(?=/(top|jd|pdd|douyin|wechat|woocommerce|shopify|sf|zto|yto|sto|jdl|yunda|kuaidi100"
    r"|wechatpay|alipay|stripe|kingdee|yonyou|nuonuo)(/|$))"
)
_FOLLOW_SANDBOX: Final = (
    "UPDATE shop SET base_url = regexp_replace(base_url, :here, :sandbox) WHERE base_url ~ :here",
    "UPDATE invoice_account SET base_url = regexp_replace(base_url, :here, :sandbox)"
    " WHERE base_url ~ :here",
    "UPDATE payment_account SET base_url = regexp_replace(base_url, :here, :sandbox)"
    " WHERE base_url ~ :here",
    "UPDATE erp_account SET base_url = regexp_replace(base_url, :here, :sandbox)"
    " WHERE base_url ~ :here",
    "UPDATE carrier_account SET base_url = regexp_replace(base_url, :here, :sandbox)"
    " WHERE base_url ~ :here",
)
# The demo company looks often, so that one sees things happen.
_QUICK: Final = {
    "interval_s": 5,
    "after_sale_interval_s": 5,
    "message_interval_s": 3,
    "read_back_s": 60,
    "read_settle_s": 5,
}
# Regions by the first two digits of their provinces.
_REGIONS: Final = {
    "east": ("31", "32", "33", "34", "35", "36", "37"),
    "north": ("11", "12", "13", "14"),
    "northeast": ("21", "22", "23"),
    "central": ("41", "42", "43"),
    "south": ("44", "45", "46"),
    "southwest": ("50", "51", "52", "53"),
    "northwest": ("61", "62"),
    "remote": ("15", "54", "63", "64", "65", "71", "81", "82"),
}


async def seed_demo(database_url: str, settings: Settings) -> None:
    """Fill an empty database with the demo company; one that has places is left as it is.

    Only the sandbox's address follows its port, which may be another one at every start.
    """
    engine = create_engine(database_url, "onhand_office")
    try:
        sessions = sessions_of(engine)
        async with sessions.begin() as session:
            if (await session.exec(select(LocationRow.id).limit(1))).first() is not None:
                await _follow_sandbox(session, settings.sandbox_base_url)
                await follow_sandbox(session, _vault(settings), settings.sandbox_base_url)
                return
        partners = _partners(settings)
        async with sessions.begin() as session:
            await _places_and_goods(session)
            await _outside(session, settings, partners)
            await _opening_stock(session)
            await seed_moves(session)
            await seed_lots(session)
            await seed_receiving(session)
            await seed_serials(session)
            await seed_demo_accounts(session)
            await seed_suppliers(session, _vault(settings), settings.sandbox_base_url)
            await seed_purchases(session)
            await Accounts(session).keep_key(DEMO_KEY, "simulated warehouse", [Role.WAREHOUSE])
            await seed_planning(session)
            await seed_dealers(session)
    finally:
        await engine.dispose()


async def _places_and_goods(session: AsyncSession) -> None:
    for id, name, kind, parent, province, city, district, detail, priority, _ in _PLACES:
        place = normalise(Address("CN", province, city, district, detail))
        session.add(
            LocationRow(
                id=id, name=name, kind=kind, parent_id=parent, province=province, city=city,
                district=district, detail=detail, division_code=place.division_code,
                longitude=place.longitude, latitude=place.latitude, contact_name=name,
                contact_phone="4008000000", priority=priority, handling_minor=150,
                ships=kind != "dealer",
            )
        )  # fmt: skip
        await session.flush()
    for product, weight_g in zip(PRODUCTS, _WEIGHTS_G, strict=True):
        session.add(
            SkuRow(
                code=product.sku, name=product.title, gtin=gtin_of(product.sku),
                brand=product.brand, category=product.category, weight_g=weight_g,
                length_mm=180, width_mm=120, height_mm=90, price_minor=int(product.price * 100),
                cost_minor=int(product.price * _COST_PERCENT),
            )
        )  # fmt: skip
    await session.flush()
    for id, _, kind, *_ in _PLACES:
        seed_floor(session, id, kind)
    await session.flush()


@dataclass(frozen=True, slots=True)
class _Partners:
    """Whom the company deals with. Making their keys takes seconds on a slow machine: it is done
    before the transaction, which may not rest for so long."""

    accounts: SandboxSettings
    shops: Sequence[DemoShop]
    payments: Sequence[DemoPayment]
    carriers: Sequence[DemoCarrier]


def _partners(settings: Settings) -> _Partners:
    accounts = SandboxSettings()
    return _Partners(
        accounts, tuple(demo_shops(accounts)), tuple(demo_payments(accounts)),
        tuple(demo_carriers(accounts, f"{settings.base_url}/webhooks")),
    )  # fmt: skip


def _vault(settings: Settings) -> Vault:
    return Vault(settings.encryption_key(), older=settings.older_keys())


async def _outside(session: AsyncSession, settings: Settings, partners: _Partners) -> None:
    vault = _vault(settings)
    accounts = partners.accounts
    sandbox = settings.sandbox_base_url
    # What platforms want to hear besides our SKU when they are told stock.
    ids = {
        "jd": lambda sku: {"sku_id": sku_id_of(sku)},
        "pdd": lambda sku: _texts(pdd_orders.ids_of(sku)),
        "douyin": lambda sku: _texts(douyin_orders.ids_of(sku)),
        "wechat": lambda sku: _texts(wechat_orders.ids_of(sku)),
    }
    for shop in partners.shops:
        sealed = vault.seal_secrets(shop.secrets, shop_context(shop.id))
        session.add(
            ShopRow(id=shop.id, channel=shop.channel, external_id=shop.external_id, name=shop.name,
                    base_url=f"{sandbox}{shop.path}" if shop.path else "", secrets=sealed,
                    settings={**_QUICK, **demo_waybills(shop.channel)},
                    belongs_to=_SHOPS_OF_DEALERS.get(shop.id))
        )  # fmt: skip
        await session.flush()
        for product in PRODUCTS:
            session.add(ChannelSkuRow(shop_id=shop.id, external_sku=product.sku, sku=product.sku))
            if shop.channel in ids:
                told = ids[shop.channel](product.sku)
                session.add(ListingRow(shop_id=shop.id, external_sku=product.sku, ids=told))
    for payment in partners.payments:
        session.add(
            PaymentAccountRow(
                id=payment.id, provider=payment.provider, shop_id="mini", name=payment.name,
                base_url=f"{sandbox}{payment.path}",
                secrets=vault.seal_secrets(payment.secrets, payment_context(payment.id)),
            )
        )  # fmt: skip
    await seed_ledgers(session, vault, accounts, sandbox)
    await seed_invoicing(session, vault, accounts, sandbox)
    for carrier in partners.carriers:
        sealed = vault.seal_secrets(carrier.secrets, carrier_context(carrier.code))
        session.add(
            CarrierAccountRow(
                code=carrier.code, name=carrier.name, base_url=f"{sandbox}{carrier.path}",
                secrets=sealed, settings=carrier.settings, push_secret=PUSH_SECRET,
            )
        )  # fmt: skip
    await session.flush()
    for code, service, far, first_minor, step_minor in _RATES:
        for origin, destination in _ways(far):
            session.add(
                TariffRow(
                    id=f"sample-{code}-{origin}-{destination}", carrier=code,
                    product=service, origin_zone=origin, destination_zone=destination,
                    first_g=1000, first_minor=first_minor, step_g=1000, step_minor=step_minor,
                    volumetric_divisor=8000, valid_from=date(2020, 1, 1),
                )
            )  # fmt: skip
    for carrier in partners.carriers:
        for region, provinces in _REGIONS.items():
            for province in provinces:
                session.add(
                    TariffZoneRow(
                        carrier=carrier.code, province_code=f"{province}0000", zone=region
                    )
                )


def _texts(ids: Mapping[str, int]) -> dict[str, str]:
    return {name: str(number) for name, number in ids.items()}


def _ways(far: str) -> list[tuple[str, str]]:
    """(from, to) of the zones that lie so far from each other."""
    if far == "within":
        return [(region, region) for region in _REGIONS if region != "remote"]
    return [("*", "remote"), ("remote", "*")] if far == "remote" else [("*", "*")]


async def _follow_sandbox(session: AsyncSession, sandbox: str) -> None:
    for statement in _FOLLOW_SANDBOX:
        await run(session, statement, sandbox=sandbox, here=_SANDBOX_HERE)


async def _opening_stock(session: AsyncSession) -> None:
    await session.flush()
    stock = StockRepository(session)
    for id, *_, units in _PLACES:
        if units:
            document = Document("opening", f"OPEN-{id}", f"opening:{id}", "demo")
            lines = [
                StockLine(StockKey(Sku(sku), LocationId(id), opening_lot(sku)), units)
                for sku in (product.sku for product in PRODUCTS)
            ]
            await stock.receive(document, lines)
