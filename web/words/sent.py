"""Values that were sent to outside systems, by the names of their fields."""

from typing import Final

from api.language import N_

SENT: Final = {
    "order_ref": N_("Our reference"),
    "reference": N_("Our reference"),
    "ref": N_("Our reference"),
    "key": N_("Our reference"),
    "carrier": N_("Carrier"),
    "product": N_("Carrier's product"),
    "sender": N_("Sender"),
    "receiver": N_("Receiver"),
    "contact": N_("Contact"),
    "goods_to": N_("Goods go back to"),
    "location_id": N_("Place"),
    "name": N_("Name"),
    "name_mask": N_("Name"),
    "phone": N_("Phone"),
    "phone_mask": N_("Phone"),
    "company": N_("Company"),
    "country": N_("Country"),
    "province": N_("Province"),
    "city": N_("City"),
    "district": N_("District"),
    "detail": N_("Street and number"),
    "postcode": N_("Postcode"),
    "division_code": N_("Division code"),
    "longitude": N_("Longitude"),
    "latitude": N_("Latitude"),
    "parcel": N_("Box"),
    "weight_g": N_("Weight (g)"),
    "length_mm": N_("Length (mm)"),
    "width_mm": N_("Width (mm)"),
    "height_mm": N_("Height (mm)"),
    "cargo": N_("Goods"),
    "items": N_("Goods"),
    "lines": N_("Lines"),
    "backs": N_("Taken back"),
    "entries": N_("Entries"),
    "remark": N_("Remark"),
    "cash_on_delivery_minor": N_("Cash on delivery"),
    "insured_minor": N_("Insured value"),
    "pickup": N_("Pickup"),
    "begin": N_("From"),
    "end": N_("To"),
    "external_no": N_("Number at the channel"),
    "after_sale_no": N_("Number of the case"),
    "waybill_no": N_("Waybill number"),
    "partial": N_("Only a part"),
    "partly": N_("Only a part"),
    "whole": N_("All of it"),
    "shipped_at": N_("Left at"),
    "refund_no": N_("Refund number"),
    "transaction_id": N_("Payment"),
    "merchant_ref": N_("Payment made under"),
    "amount_minor": N_("Amount"),
    "total_minor": N_("Total"),
    "refund_minor": N_("Amount"),
    "currency": N_("Currency"),
    "reason": N_("Reason"),
    "verdict": N_("Answer"),
    "returns_goods": N_("Goods come back"),
    "booked_on": N_("Day of booking"),
    "text": N_("Text"),
    "at": N_("Time"),
    "buyer": N_("Buyer"),
    "title": N_("Title of the invoice"),
    "tax_no": N_("Tax number"),
    "email": N_("Mail address"),
    "blue_number": N_("Blue invoice"),
}


def sent_path(path: str) -> list[str]:
    """The parts people name it by; of whom a street is, is enough."""
    return [part for part in path.split(".") if part != "address"]


def sent_value(path: str, value: str) -> str:
    """A value as people read it: sums in whole units."""
    if path.endswith("_minor") and value.isascii() and value.isdigit():
        return f"{int(value) / 100:.2f}"
    return value
