"""What WooCommerce's refusals mean: HTTP statuses, with a code and words in the body."""

from typing import Final

from pydantic import ValidationError

from domain.shared.errors import CredentialsRefused, Rejected
from integrations.http import Answer
from integrations.marketplaces.reading import Body, Text

_WHO: Final = (401, 403)


class _Refusal(Body):
    code: Text = ""
    message: Text = ""


def refusal_of(answer: Answer) -> Rejected | None:
    """The error to raise; None for an answer that is none. 429 and 5xx do not come this far."""
    if 200 <= answer.status < 300:
        return None
    try:
        told = _Refusal.model_validate_json(answer.body)
    except ValidationError:
        told = _Refusal()
    code = told.code[:100] or str(answer.status)
    text = told.message or f"answered HTTP {answer.status}"
    kind = CredentialsRefused if answer.status in _WHO else Rejected
    return kind(text, code=code, system="woocommerce")
