"""What a sandbox is started with; the demo accounts the clients must use to be let in."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SfAccount:
    partner_id: str = "ONHANDDEMO"
    checkword: str = "demo-checkword-32-characters-ok!"
    monthly_card: str = "7551234567"  # the card SF gives out for its own sandbox
    push_path: str = "carriers/sf"


@dataclass(frozen=True, slots=True)
class ZtoAccount:
    app_key: str = "onhand-demo"
    app_secret: str = "demo-zto-secret"
    account_id: str = "test"
    account_password: str = "ZTO123"  # the vendor's published test account
    push_path: str = "carriers/zto"


@dataclass(frozen=True, slots=True)
class YtoAccount:
    customer_code: str = "K00000001"
    url_token: str = "demo"
    secret: str = "demo-yto-secret"
    push_path: str = "carriers/yto"


@dataclass(frozen=True, slots=True)
class StoAccount:
    app_key: str = "onhand-demo"
    from_code: str = "ONHAND"
    secret_key: str = "demo-sto-secret"
    site_code: str = "666666"  # the vendor's published test customer
    customer_name: str = "666666000001"
    site_password: str = "abc123"
    push_path: str = "carriers/sto"


@dataclass(frozen=True, slots=True)
class JdlAccount:
    app_key: str = "onhand-demo"
    app_secret: str = "demo-jdl-secret"
    access_token: str = "demo-jdl-token"
    customer_code: str = "010K0000001"
    push_path: str = "carriers/jdl"


@dataclass(frozen=True, slots=True)
class YundaAccount:
    app_key: str = "999999"  # the vendor's public test application
    app_secret: str = "demo-yunda-secret"
    partner_id: str = "demo-partner"
    partner_secret: str = "demo-partner-secret"
    push_path: str = "carriers/yunda"


@dataclass(frozen=True, slots=True)
class Kuaidi100Account:
    customer: str = "DEMOCUSTOMER0000000000000000DEMO"
    key: str = "demoKey1"
    secret: str = "demo-kuaidi100-secret"
    salt: str = "demo-salt"
    push_path: str = "carriers/kuaidi100"


@dataclass(frozen=True, slots=True)
class TopAccount:
    app_key: str = "12345678"
    app_secret: str = "demo-top-secret"
    sessions: tuple[str, ...] = ("demo-top-session",)
    seller_nick: str = "onhand旗舰店"
    tmall: bool = False  # a Tmall shop: reviews before it pays, proves what it refuses


@dataclass(frozen=True, slots=True)
class JdAccount:
    vender_id: str = "10622317"
    app_key: str = "DEMO0JD0APP0KEY"
    app_secret: str = "demo-jd-secret"
    access_tokens: tuple[str, ...] = ("demo-jd-token",)


@dataclass(frozen=True, slots=True)
class PddAccount:
    mall_id: str = "880000001"
    client_id: str = "demo-pdd-client"
    client_secret: str = "demo-pdd-secret"
    access_tokens: tuple[str, ...] = ("demo-pdd-token",)
    refresh_token: str = "demo-pdd-refresh"
    token_life_s: int = 86_400


@dataclass(frozen=True, slots=True)
class DouyinAccount:
    shop_id: str = "4463798"
    app_key: str = "7000000000000000001"
    app_secret: str = "demo-douyin-secret"
    access_tokens: tuple[str, ...] = ("demo-douyin-token",)
    refresh_token: str = "demo-douyin-refresh"
    token_life_s: int = 7 * 86_400
    push_path: str = "douyin/douyin"  # {channel}/{our shop id}


@dataclass(frozen=True, slots=True)
class WechatAccount:
    app_id: str = "wx5823bf96d3bd56c7"
    app_secret: str = "demo-wechat-secret"
    push_token: str = "demo-wechat-push"
    aes_key: str = "demoDEMOdemoDEMOdemoDEMOdemoDEMOdemoDEMOdem"  # 43 characters
    token_life_s: int = 7200
    push_path: str = "wechat/wechat"  # {channel}/{our shop id}


@dataclass(frozen=True, slots=True)
class WooAccount:
    site: str = "https://shop.example.cn/"
    consumer_key: str = "ck_demo"
    consumer_secret: str = "cs_demo"
    webhook_secret: str = "demo-woo-webhook"
    push_path: str = "woocommerce/woocommerce"  # {channel}/{our shop id}


@dataclass(frozen=True, slots=True)
class ShopifyAccount:
    domain: str = "onhand-demo.myshopify.com"
    access_token: str = "demo-shopify-token"
    client_secret: str = "demo-shopify-secret"
    push_path: str = "shopify/shopify"  # {channel}/{our shop id}


@dataclass(frozen=True, slots=True)
class MiniAccount:
    """Our own mini program; the key is the base64 of a sentence that says that it is a demo."""

    secret: str = "whsec_" + base64.b64encode(b"onhand-demo-own-channel-secret!!").decode()
    push_path: str = "own/mini"


@dataclass(frozen=True, slots=True)
class TillsAccount:
    """The tills of our stores."""

    secret: str = "whsec_" + base64.b64encode(b"onhand-demo-tills-secret-32-bytes").decode()
    push_path: str = "pos/stores"
    stores: tuple[str, ...] = ("S-SH1", "S-SH2")


@dataclass(frozen=True, slots=True)
class WechatPayAccount:
    """RSA keys are worked out from the names by `demo_keys`."""

    mch_id: str = "1900000001"
    serial_no: str = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
    merchant: str = "merchant"
    platform: str = "wechatpay"
    platform_serial: str = "PUB_KEY_ID_0119000000012026010100000000"
    api_v3_key: str = "demo-wechatpay-apiv3-32-chars-ok"
    push_path: str = "payments/wechatpay/wechat-mini"  # {provider}/{our account id}


@dataclass(frozen=True, slots=True)
class AlipayAccount:
    app_id: str = "2021000000000001"
    merchant: str = "merchant"
    platform: str = "alipay"
    push_path: str = "payments/alipay/alipay-mini"


@dataclass(frozen=True, slots=True)
class StripeAccount:
    secret_key: str = "demo-stripe-key"
    webhook_secret: str = "demo-stripe-webhook-secret"
    push_path: str = "payments/stripe/stripe-mini"


@dataclass(frozen=True, slots=True)
class KingdeeAccount:
    app_id: str = "onhanddemo_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
    app_secret: str = "demo-kingdee-secret"
    account_set: str = "6400000000000000demo"
    user_name: str = "onhand"
    account_book: str = "001"
    session_life_s: float = 1200.0


@dataclass(frozen=True, slots=True)
class YonyouAccount:
    app_key: str = "demoyonyouappkey0000000000000000"
    app_secret: str = "demo-yonyou-secret"
    account_book: str = "0001"
    token_life_s: int = 7200


@dataclass(frozen=True, slots=True)
class NuonuoAccount:
    app_key: str = "demo-nuonuo"
    app_secret: str = "demo-nuonuo-secret"
    access_token: str = "demo-nuonuo-token"
    tax_no: str = "339901999999142"  # the vendor's published test number
    issues_after_s: float = 2.0


@dataclass(frozen=True, slots=True)
class SuppliersAccount:
    """Suppliers that take orders as JSON, and how each behaves until it is told otherwise."""

    secret: str = "whsec_" + base64.b64encode(b"onhand-demo-suppliers-secret-32b").decode()
    answer_s: float = 8.0
    behaviours: Mapping[str, str] = field(
        default_factory=lambda: {
            "shanjian": "prompt", "suqi": "short", "yunling": "late", "xingzhi": "refusing",
        }
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """`auto_pickup_s` None: parcels wait for a hand-over call before they move."""

    database: str = ":memory:"
    callback_base_url: str = "http://127.0.0.1:8000/webhooks"
    seconds_per_hop: float = 5.0
    auto_pickup_s: float | None = None
    push_retry_s: tuple[float, ...] = (1.0, 5.0, 15.0, 60.0)
    tmc_again_s: float = 300.0  # TOP gives a message that nobody confirmed again after this
    seed: int = 1
    sf: SfAccount = field(default_factory=SfAccount)
    zto: ZtoAccount = field(default_factory=ZtoAccount)
    yto: YtoAccount = field(default_factory=YtoAccount)
    sto: StoAccount = field(default_factory=StoAccount)
    jdl: JdlAccount = field(default_factory=JdlAccount)
    yunda: YundaAccount = field(default_factory=YundaAccount)
    kuaidi100: Kuaidi100Account = field(default_factory=Kuaidi100Account)
    top: TopAccount = field(default_factory=TopAccount)
    jd: JdAccount = field(default_factory=JdAccount)
    pdd: PddAccount = field(default_factory=PddAccount)
    douyin: DouyinAccount = field(default_factory=DouyinAccount)
    wechat: WechatAccount = field(default_factory=WechatAccount)
    woocommerce: WooAccount = field(default_factory=WooAccount)
    shopify: ShopifyAccount = field(default_factory=ShopifyAccount)
    mini: MiniAccount = field(default_factory=MiniAccount)
    tills: TillsAccount = field(default_factory=TillsAccount)
    wechatpay: WechatPayAccount = field(default_factory=WechatPayAccount)
    alipay: AlipayAccount = field(default_factory=AlipayAccount)
    stripe: StripeAccount = field(default_factory=StripeAccount)
    kingdee: KingdeeAccount = field(default_factory=KingdeeAccount)
    yonyou: YonyouAccount = field(default_factory=YonyouAccount)
    nuonuo: NuonuoAccount = field(default_factory=NuonuoAccount)
    suppliers: SuppliersAccount = field(default_factory=SuppliersAccount)
