"""The demo company's shops at the sandbox marketplaces: addresses and secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from integrations.sandbox.settings import SandboxSettings


@dataclass(frozen=True, slots=True)
class DemoShop:
    """`path` is below the sandbox's address, empty for channels that only tell us something."""

    id: str
    channel: str
    external_id: str
    name: str
    path: str
    secrets: Mapping[str, str] = field(repr=False)


def demo_shops(accounts: SandboxSettings) -> tuple[DemoShop, ...]:
    """One shop of each channel."""
    top, jd, pdd, shopify = accounts.top, accounts.jd, accounts.pdd, accounts.shopify
    douyin, wechat, woo = accounts.douyin, accounts.wechat, accounts.woocommerce
    return (
        DemoShop(
            "tmall", "top", "tmall-demo", "天猫旗舰店", "/top/router/rest",
            {"app_key": top.app_key, "app_secret": top.app_secret, "session": top.sessions[0]},
        ),
        DemoShop(
            "jd", "jd", jd.vender_id, "京东旗舰店", "/jd/routerjson",
            {"app_key": jd.app_key, "app_secret": jd.app_secret,
             "access_token": jd.access_tokens[0]},
        ),
        DemoShop(
            "pdd", "pdd", pdd.mall_id, "拼多多专营店", "/pdd/api/router",
            {"client_id": pdd.client_id, "client_secret": pdd.client_secret,
             "access_token": pdd.access_tokens[0]},
        ),
        DemoShop(
            "douyin", "douyin", douyin.shop_id, "抖音旗舰店", "/douyin",
            {"app_key": douyin.app_key, "app_secret": douyin.app_secret,
             "access_token": douyin.access_tokens[0]},
        ),
        DemoShop(
            "wechat", "wechat", wechat.app_id, "微信小店", "/wechat",
            {"app_secret": wechat.app_secret, "push_token": wechat.push_token,
             "aes_key": wechat.aes_key},
        ),
        DemoShop(
            "woocommerce", "woocommerce", woo.site, "WooCommerce 独立站", "/woocommerce",
            {"consumer_key": woo.consumer_key, "consumer_secret": woo.consumer_secret,
             "webhook_secret": woo.webhook_secret},
        ),
        DemoShop(
            "shopify", "shopify", shopify.domain, "Shopify 国际站", "/shopify",
            {"access_token": shopify.access_token, "webhook_secret": shopify.client_secret},
        ),
        DemoShop("mini", "own", "mini", "自有小程序", "", {"secret": accounts.mini.secret}),
        DemoShop("stores", "pos", "stores", "直营门店收银", "", {"secret": accounts.tills.secret}),
    )  # fmt: skip
