"""One whole message of every kind, as its vendor sends it."""

import base64
from datetime import UTC, datetime
from typing import Any

from tests.integrations.marketplaces import (
    douyin_orders,
    jd_orders,
    messages,
    orders,
    pdd_orders,
    trades,
    wechat_orders,
    woocommerce_orders,
)
from tests.integrations.marketplaces.test_shopify_stock import LEVEL

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
SECRET = base64.b64encode(b"secret").decode()
AES_KEY = "demoDEMOdemoDEMOdemoDEMOdemoDEMOdemoDEMOdem"
MODULE = {
    "object_id": "O_1_1_P1",
    "waybill_code": "SF1",
    "print_data": '{"encryptedData":"AES:1"}',
    "parent_waybill_code": "",
}
WHOLE: dict[str, Any] = {
    "top": {
        "trade_fullinfo_get_response": {
            "trade": trades.trade(
                trades.line(divide_order_fee="99.00", outer_iid=None, sku_id="1", num_iid=2),
                oaid="1abc",
                est_con_time="2026-05-03",
                step_paid_fee=None,
                step_trade_status="",
            )
        }
    },
    "jd": jd_orders.answer(
        jd_orders.order(
            jd_orders.item(outerSkuId=None),
            consigneeInfo=jd_orders.consignee(oaid="1", telephone="1"),
            orderPayment="1.00",
            waybill="W",
            open_id_buyer="1",
        )
    ),
    "jd_slips": {
        "jingdong_asc_query_list_responce": {
            "pageResult": {
                "success": True,
                "totalCount": 1,
                "data": [
                    {
                        "serviceId": 1,
                        "orderId": 2,
                        "customerExpect": 10,
                        "serviceStatus": 10005,
                        "skuId": 3,
                        "actualPayPrice": "1.00",
                        "applyTime": 1578664268000,
                        "updateDate": "2026-05-01 12:00:00",
                        "questionTypeCid1Name": "不想要了",
                    }
                ],
            }
        }
    },
    "pdd": pdd_orders.answer(
        pdd_orders.order(
            pdd_orders.item(outer_id=None),
            trade_type=1,
            step_order_info={"step_trade_status": 1, "advanced_paid_fee": "1.00"},
            is_pre_sale=1,
            pre_sale_time="2026-05-08 12:00:00",
            open_address_id="1",
            receiver_name_mask="张*",
        )
    ),
    "pdd_cases": {
        "refund_increment_get_response": {
            "total_count": 1,
            "refund_list": [
                {
                    "id": 1,
                    "order_sn": "1",
                    "after_sales_status": 2,
                    "after_sales_type": 3,
                    "refund_amount": "1.00",
                    "sku_id": "1",
                    "updated_time": "1777609083",
                }
            ],
        }
    },
    "douyin": douyin_orders.answer(
        douyin_orders.order(
            douyin_orders.line(code=None, given_product_type="FREE"),
            encrypt_post_receiver="##abc##",
            mask_post_addr={"detail": "*"},
            open_address_id="#1",
            appointment_ship_time=1777609805,
            logistics_info=[{"tracking_no": "1", "company": "shunfeng"}],
        )
    ),
    "douyin_cases": {
        "data": {
            "total": 1,
            "items": [
                {
                    "aftersale_info": {
                        "aftersale_id": "1",
                        "aftersale_status": 11,
                        "aftersale_type": 0,
                        "update_time": 1777609805,
                        "refund_amount": 100,
                        "return_logistics_code": "R1",
                    },
                    "order_info": {
                        "shop_order_id": "2",
                        "related_order_info": [{"sku_order_id": "3"}],
                    },
                    "text_part": {"reason_text": "不想要了"},
                }
            ],
        }
    },
    "douyin_push": [
        {
            "tag": "206",
            "msg_id": "m1",
            "data": {
                "p_id": 1,
                "s_id": 2,
                "shop_id": 1,
                "aftersale_id": 3,
                "aftersale_status": 12,
                "aftersale_type": 1,
                "refund_amount": 100,
                "success_time": 1777609805,
            },
        }
    ],
    "wechat": wechat_orders.answer(
        wechat_orders.order(
            wechat_orders.product(sku_code=None, out_sku_id="1"),
            delivery={"ewaybill_order_code": "e", "delivery_product_info": [{"waybill_id": "1"}]},
        )
    ),
    "wechat_case": {
        "after_sale_order": {
            "after_sale_order_id": "1",
            "order_id": 2,
            "status": "USER_WAIT_RETURN",
            "type": "RETURN",
            "update_time": 1777609805,
            "product_info": {"product_id": "1", "sku_id": "2"},
            "refund_info": {"amount": 100, "refund_reason": "不想要了"},
            "return_info": {"waybill_id": "R1", "delivery_id": "SF"},
        }
    },
    "wechat_push": {
        "Event": "channels_ec_aftersale_update",
        "CreateTime": 1777609805,
        "finder_shop_aftersale_status_update": {
            "status": "USER_WAIT_RETURN",
            "after_sale_order_id": 1,
            "order_id": "2",
        },
    },
    "woocommerce": {
        "order": woocommerce_orders.order(
            woocommerce_orders.line(sku=None, variation_id=8),
            refunds=[{"id": 900, "total": "-95.00", "reason": "不想要了"}],
            payment_method="cod",
        ),
        "refunds": [woocommerce_orders.refund(l1=1)],
    },
    "woo_order": woocommerce_orders.order(shipping=None),
    "woo_push": woocommerce_orders.order(refunds=[{"id": 900, "total": "-95.00"}]),
    "shopify": orders.order(
        orders.item(
            variant_id=49148385,
            current_quantity=1,
            discount_allocations=[{"amount": "1.00"}],
            tax_lines=[{"price": "1.00"}],
        ),
        shipping_address={"name": "A", "latitude": 1.5, "country_code": "GB"},
        refunds=[{"transactions": [{"amount": "1.00", "kind": "refund", "status": "success"}]}],
        payment_gateway_names=["cod"],
        customer={"id": 1},
    ),
    "top_refunds": {
        "refunds_receive_get_response": {
            "total_results": 1,
            "refunds": {
                "refund": [
                    {
                        "refund_id": 1,
                        "tid": 2,
                        "oid": 3,
                        "status": "WAIT_SELLER_AGREE",
                        "refund_fee": "9.90",
                        "reason": "不想要了",
                        "has_good_return": True,
                        "company_name": "SF",
                        "sid": "SF1",
                        "modified": "2026-05-01 12:00:00",
                    }
                ]
            },
        }
    },
    "top_queue": {
        "tmc_messages_consume_response": {
            "messages": {
                "tmc_message": [
                    {
                        "id": 1,
                        "topic": "taobao_refund_RefundCreated",
                        "user_nick": "a",
                        "content": '{"tid": 2, "refund_id": 1, "modified": "2026-05-01 12:00:00"}',
                    }
                ]
            }
        }
    },
    "shopify_refund": {
        "id": 1,
        "order_id": 2,
        "created_at": "2026-05-01T12:00:00Z",
        "note": "broken",
        "refund_line_items": [{"line_item_id": 3, "quantity": 1, "restock_type": "return"}],
        "transactions": [
            {"amount": "1.00", "kind": "refund", "status": "success", "currency": "CNY"}
        ],
    },
    "shopify_level": LEVEL,
    "top_waybill": {
        "cainiao_waybill_ii_get_response": {
            "modules": {"waybill_cloud_print_response": [MODULE]},
        }
    },
    "top_waybills_known": {
        "cainiao_waybill_ii_query_by_tradecode_response": {
            "modules": {
                "waybill_cloud_print_with_result_desc_response": [
                    {"success": True, "object_id": "1", "waybill_cloud_print_response": MODULE}
                ]
            }
        }
    },
    "pdd_waybill": {"pdd_waybill_get_response": {"modules": [MODULE]}},
    "douyin_waybill": {
        "data": {
            "ebill_infos": [{"track_no": "SF1", "order_id": 1, "pack_id": "1"}],
            "err_infos": [{"err_code": 1, "err_msg": "x"}],
        }
    },
    "douyin_print": {"data": {"waybill_infos": [{"print_data": "AES:1", "sign": "s"}]}},
    "wechat_waybill": {"waybill_id": "SF1", "print_info": "e30=", "delivery_error_msg": ""},
    "wechat_found": {"order_info": {"ewaybill_order_id": 1, "waybill_id": "SF1"}},
    "own": messages.message(messages.line(list="120.00", tax="1.00"), freight="8.00"),
}
WHOLE |= {"shopify_push": WHOLE["shopify"], "own_push": WHOLE["own"]}
