"""Why something did not happen. A class name is the code that others see: it never changes.

DomainError                a rule said no: never retried, shown to the caller
IntegrationError
├── Unavailable            they are down or slow: retried by the policy
│   └── AnswerLost         the request may have been carried out: ask before sending again
├── RateLimited            they said when: retried after `retry_after_s`
└── Rejected               they refuse this request: never retried, parks at once
    ├── CredentialsRefused nothing will work until someone renews the credentials
    │   └── SettingsRefused nothing will work until someone mends a setting of ours
    ├── NeedsPlatformWaybill only the platform that hides the receiver can make this waybill
    ├── NotOffered         they document no such service
    └── NotEnoughBalance   our money there does not cover it: top up, then the same request again
"""

from collections.abc import Iterable


class DomainError(Exception):
    """A business rule said no; asking again with the same words will not help."""


class OrderNotFound(DomainError):
    """No order has this number."""


class OrderClosed(DomainError):
    """The order is delivered, completed or cancelled; nothing can be changed any more."""


class FindingNotFound(DomainError):
    """The audit has no such finding."""


class AuditIsRunning(DomainError):
    """All numbers are being checked already; one run at a time."""


class CannotBeRepaired(DomainError):
    """The tables do not prove one right answer; a person decides."""


class EarmarkNotFound(DomainError):
    """No units are kept under this id."""


class EarmarkOver(DomainError):
    """It was released, it expired, or its order has the units."""


class EarmarkTooLate(DomainError):
    """The order was given other units already."""


class PlanChanged(DomainError):
    """The order moved on since the plan was shown; look at the new plan."""


class NoteNotFound(DomainError):
    """The order has no such note, or it was taken back."""


class TagNotFound(DomainError):
    """Nobody has made such a tag."""


class FilterNotFound(DomainError):
    """There is no such saved filter, or it is somebody else's."""


class BulkJobNotFound(DomainError):
    """No bulk job has this id."""


class RefundNotFound(DomainError):
    """No refund has this number."""


class ReturnNotFound(DomainError):
    """No return has this number."""


class PersonErased(DomainError):
    """Nobody knows any more who this order's people were."""


class ReturnClosed(DomainError):
    """The return is over; only goods that still come in reopen it."""


class UnreadablePhoto(DomainError):
    """The file is no picture of a kind that we read, or too large."""


class TooManyPhotos(DomainError):
    """The return has as many photos as one may have."""


class ClaimNotFound(DomainError):
    """No claim has this number."""


class ReceiptNotFound(DomainError):
    """No goods receipt has this number."""


class ReceiptPosted(DomainError):
    """Somebody posted the goods receipt before."""


class ShipNoticeNotFound(DomainError):
    """No ship notice has this number."""


class ReceiptCaseNotFound(DomainError):
    """No case about received goods has this number."""


class GoodsClaimNotFound(DomainError):
    """No claim for goods has this number."""


class SourceNotFound(DomainError):
    """Nothing that could be received has this number."""


class DealerReportNotFound(DomainError):
    """No report of a dealer has this number."""


class DealerReportDecided(DomainError):
    """Somebody has decided about the report, or a newer one took its place."""


class KitNotFound(DomainError):
    """No product with this code is made of others."""


class CountNotFound(DomainError):
    """There is no count with this number."""


class OwnCount(DomainError):
    """A second look at a shelf is another person's."""


class TransferNotFound(DomainError):
    """There is no transfer with this number."""


class CampaignNotFound(DomainError):
    """No campaign has this id."""


class ParcelNotFound(DomainError):
    """No parcel has this id."""


class PackingDiffers(DomainError):
    """Weight or scans are not as expected; say why, or look again."""


class WaveNotFound(DomainError):
    """No wave of picking has this number."""


class HandOverNotFound(DomainError):
    """No hand-over to a carrier has this number."""


class LotNotFound(DomainError):
    """The SKU has no such lot."""


class LotDiffers(DomainError):
    """The register knows the lot with another date; look at the goods, or correct the register."""


class LotMissing(DomainError):
    """The SKU asks for the lot of every unit that goes on sale."""


class SerialNotFound(DomainError):
    """No unit of the SKU has this serial number."""


class SerialTaken(DomainError):
    """This unit cannot be where somebody says it is: look at its serial number again."""


class SerialsMissing(DomainError):
    """The SKU asks for the serial number of every unit."""


class RecallNotFound(DomainError):
    """No recall has this number."""


class StepNotParked(DomainError):
    """The step does not wait for anybody; it went on or was resolved by someone else."""


class ActionNotAllowed(DomainError):
    """This action is not offered for this step or state."""


class PrintedElsewhere(DomainError):
    """Only the platform knows the receiver: its own component prints this label."""


class MoreThanOwn(DomainError):
    """Nobody gives others more than he has himself."""


class OwnApproval(DomainError):
    """Nobody approves what he asked for himself."""


class ApprovalOver(DomainError):
    """Somebody decided already, or it waited too long."""


class WrongProof(DomainError):
    """The password or the code is wrong."""


class WeakPassword(DomainError):
    """Others would guess this password."""


class InvalidInput(DomainError):
    """The given values cannot be used; the text says which."""


class UnknownSku(DomainError):
    """No SKU has this code."""


class UnknownLocation(DomainError):
    """No location has this code."""


class UnknownPolicy(DomainError):
    """This SKU is not planned at this location."""


class SuggestionNotFound(DomainError):
    """There is no such suggestion."""


class RateUnknown(DomainError):
    """The company has a budget, and nobody wrote down what this currency is worth."""


class SuggestionDecided(DomainError):
    """Somebody decided about the suggestion, or the planner took it back."""


class InsufficientStock(DomainError):
    """There is not enough available stock for what was asked."""


class SupplierNotFound(DomainError):
    """No supplier has this code."""


class PurchaseNotFound(DomainError):
    """No purchase order has this number."""


class OverReceipt(DomainError):
    """More goods came than were ordered, beyond what is tolerated; the text says how many."""


class ReservationResolved(DomainError):
    """The reservation was already used, voided or expired in another way."""


class SubscriberNotFound(DomainError):
    """No subscriber of webhooks has this id."""


class TargetRefused(DomainError):
    """This address is not called: it is none, or leads into a private network."""


class ImportNotFound(DomainError):
    """No import has this id."""


class IdempotencyMismatch(DomainError):
    """The same idempotency key came with different content."""


class GateHolding(DomainError):
    """The outside system is not called at the moment; the step is queued and will be woken."""


class IntegrationError(Exception):
    """An outside system did not do what we asked. `code` is the vendor's own, shown raw."""

    def __init__(self, message: str, *, code: str = "", system: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.system = system


class Unavailable(IntegrationError):
    """They are down, slow or unreachable."""


class AnswerLost(Unavailable):
    """The request was sent and no answer came: it may or may not have been carried out."""


class RateLimited(IntegrationError):
    """They ask us to slow down."""

    def __init__(
        self, message: str, *, retry_after_s: float, code: str = "", system: str = ""
    ) -> None:
        super().__init__(message, code=code, system=system)
        self.retry_after_s = retry_after_s


class Rejected(IntegrationError):
    """They refuse this request as it is."""

    def says(self, words: Iterable[str]) -> bool:
        """Whether one of these words is in the refusal: some tell in words alone what it means."""
        return any(word in str(self) for word in words)


class CredentialsRefused(Rejected):
    """They refuse who we are: a token or key must be renewed."""


class SettingsRefused(CredentialsRefused):
    """What is set here for a shop, carrier or account cannot be used; the text says which key.

    Like refused credentials it stops the whole system, and one person has to see to it once.
    """


class NotOffered(Rejected):
    """They document no such service: it is done another way, or by hand."""


class NeedsPlatformWaybill(Rejected):
    """The receiver is masked: only the platform that sold the order can have a label made."""


class NotEnoughBalance(Rejected):
    """Our balance at the payment provider does not cover the refund: top up, then try again."""
