"""Who may do what: one table from permission to roles. Which route asks for which is in
`domain.platform.routes`."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    CUSTOMER_SERVICE = "customer_service"
    WAREHOUSE = "warehouse"
    BUYER = "buyer"
    FINANCE = "finance"
    DEALER = "dealer"
    MANAGER = "manager"
    ADMIN = "admin"


class Permission(StrEnum):
    PUBLIC = "public"  # everybody, without logging in
    LOGGED_IN = "logged_in"  # everybody with an account or a key
    READ_ORDERS = "read_orders"
    CHANGE_ORDERS = "change_orders"
    READ_NOTES = "read_notes"  # they may name people
    WRITE_NOTES = "write_notes"
    READ_CUSTOMERS = "read_customers"  # the company's customer book, masked
    REVEAL_RECEIVERS = "reveal_receivers"
    ERASE_PEOPLE = "erase_people"  # for good: the keys of their orders are destroyed
    BLOCK_BUYERS = "block_buyers"
    DECIDE_RETURNS = "decide_returns"
    TAKE_DIFFERENCES = "take_differences"  # what buyers owe for exchanges came in
    SEE_PHOTOS = "see_photos"  # of goods that come back; people may be on them
    APPROVE_GOODWILL = "approve_goodwill"  # more than the limit of everybody else
    CLAIM_FROM_CARRIERS = "claim_from_carriers"
    WRITE_OFF_CLAIMS = "write_off_claims"
    READ_ATTENTION = "read_attention"
    ANSWER_ATTENTION = "answer_attention"  # of those, what one's roles decide about
    RESOLVE_STEPS = "resolve_steps"
    READ_STOCK = "read_stock"
    TRY_SOURCING = "try_sourcing"  # shows stock and costs of every location
    READ_CLAIMS = "read_claims"
    READ_PLANNING = "read_planning"  # what is to be ordered, and at what cost
    PLAN_STOCK = "plan_stock"  # order what is suggested, fix safety stock, set how is planned
    CHANGE_STOCK = "change_stock"
    READ_RECEIVING = "read_receiving"  # what comes in, from whom, and what is wrong with it
    SETTLE_RECEIPTS = "settle_receipts"  # goods that came otherwise than agreed
    CHANGE_PRODUCTS = "change_products"  # and suppliers
    READ_PURCHASES = "read_purchases"  # with what suppliers ask for their goods
    BUY = "buy"
    HOLD_LOTS = "hold_lots"  # and correct their dates
    RECALL_LOTS = "recall_lots"
    ANSWER_RECALLS = "answer_recalls"  # what became of units, as far as one sees them
    WORK_IN_WAREHOUSE = "work_in_warehouse"
    READ_MOVES = "read_moves"  # transfers, counts, kits and every move of the ledger
    DRAFT_TRANSFERS = "draft_transfers"
    APPROVE_TRANSFERS = "approve_transfers"
    PLAN_COUNTS = "plan_counts"
    READ_DEALER_REPORTS = "read_dealer_reports"
    REPORT_DEALER_STOCK = "report_dealer_stock"  # a dealer for himself, sales for him
    DECIDE_DEALER_REPORTS = "decide_dealer_reports"
    READ_CHANNELS = "read_channels"
    CHANGE_CHANNELS = "change_channels"
    READ_BOOKS = "read_books"
    KEEP_BOOKS = "keep_books"
    MANAGE_ACCOUNTS = "manage_accounts"  # of people and keys, as far as one sees oneself
    MANAGE_COMPANY = "manage_company"  # accounts with others, shops, carriers, subscribers, the key
    READ_METRICS = "read_metrics"
    READ_ENGINE = "read_engine"  # what workflows were told, as they heard it
    READ_AUDIT = "read_audit"  # who did what, and why


_P, _R = Permission, Role
_EVERYBODY: Final = frozenset(Role)
COLLEAGUES: Final = _EVERYBODY - {Role.DEALER}
_DECIDERS: Final = frozenset({_R.BUYER, _R.CUSTOMER_SERVICE, _R.FINANCE, _R.MANAGER, _R.ADMIN})

# Every permission that needs a role, with the roles that have it.
ROLES_OF: Final[dict[Permission, frozenset[Role]]] = {
    _P.LOGGED_IN: _EVERYBODY,
    _P.READ_ORDERS: _EVERYBODY,
    _P.CHANGE_ORDERS: frozenset({_R.CUSTOMER_SERVICE, _R.ADMIN}),
    _P.READ_NOTES: frozenset({_R.CUSTOMER_SERVICE, _R.WAREHOUSE, _R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.WRITE_NOTES: frozenset(
        {_R.CUSTOMER_SERVICE, _R.WAREHOUSE, _R.FINANCE, _R.MANAGER, _R.ADMIN}
    ),
    _P.READ_CUSTOMERS: frozenset({_R.CUSTOMER_SERVICE, _R.MANAGER, _R.ADMIN}),
    _P.REVEAL_RECEIVERS: frozenset({_R.CUSTOMER_SERVICE, _R.ADMIN}),
    _P.ERASE_PEOPLE: frozenset({_R.ADMIN}),
    _P.BLOCK_BUYERS: frozenset({_R.CUSTOMER_SERVICE, _R.MANAGER, _R.ADMIN}),
    _P.DECIDE_RETURNS: frozenset({_R.CUSTOMER_SERVICE, _R.MANAGER, _R.ADMIN}),
    _P.TAKE_DIFFERENCES: frozenset({_R.CUSTOMER_SERVICE, _R.FINANCE, _R.ADMIN}),
    _P.SEE_PHOTOS: frozenset({_R.CUSTOMER_SERVICE, _R.WAREHOUSE, _R.MANAGER, _R.ADMIN}),
    _P.APPROVE_GOODWILL: frozenset({_R.MANAGER, _R.ADMIN}),
    _P.READ_ATTENTION: _DECIDERS,
    _P.ANSWER_ATTENTION: _DECIDERS,
    _P.RESOLVE_STEPS: frozenset({_R.CUSTOMER_SERVICE, _R.FINANCE, _R.ADMIN}),
    _P.CLAIM_FROM_CARRIERS: frozenset({_R.CUSTOMER_SERVICE, _R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.WRITE_OFF_CLAIMS: frozenset({_R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.READ_STOCK: _EVERYBODY,
    _P.TRY_SOURCING: COLLEAGUES,
    _P.READ_CLAIMS: COLLEAGUES,
    _P.READ_PLANNING: frozenset({_R.BUYER, _R.WAREHOUSE, _R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.PLAN_STOCK: frozenset({_R.BUYER, _R.MANAGER, _R.ADMIN}),
    _P.CHANGE_STOCK: frozenset({_R.WAREHOUSE, _R.ADMIN}),
    _P.READ_RECEIVING: COLLEAGUES,
    _P.SETTLE_RECEIPTS: frozenset({_R.WAREHOUSE, _R.BUYER, _R.MANAGER, _R.ADMIN}),
    _P.CHANGE_PRODUCTS: frozenset({_R.BUYER, _R.ADMIN}),
    _P.READ_PURCHASES: frozenset({_R.BUYER, _R.WAREHOUSE, _R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.BUY: frozenset({_R.BUYER, _R.ADMIN}),
    _P.HOLD_LOTS: frozenset({_R.WAREHOUSE, _R.BUYER, _R.MANAGER, _R.ADMIN}),
    _P.RECALL_LOTS: frozenset({_R.MANAGER, _R.ADMIN}),
    _P.ANSWER_RECALLS: _EVERYBODY - {_R.FINANCE},
    _P.WORK_IN_WAREHOUSE: frozenset({_R.WAREHOUSE, _R.ADMIN}),
    _P.READ_MOVES: COLLEAGUES,
    _P.DRAFT_TRANSFERS: frozenset({_R.BUYER, _R.WAREHOUSE, _R.MANAGER, _R.ADMIN}),
    _P.APPROVE_TRANSFERS: frozenset({_R.BUYER, _R.MANAGER, _R.ADMIN}),
    _P.PLAN_COUNTS: frozenset({_R.WAREHOUSE, _R.MANAGER, _R.ADMIN}),
    _P.READ_DEALER_REPORTS: frozenset(
        {_R.DEALER, _R.CUSTOMER_SERVICE, _R.BUYER, _R.MANAGER, _R.ADMIN}
    ),
    _P.REPORT_DEALER_STOCK: frozenset({_R.DEALER, _R.CUSTOMER_SERVICE, _R.ADMIN}),
    _P.DECIDE_DEALER_REPORTS: frozenset({_R.CUSTOMER_SERVICE, _R.MANAGER, _R.ADMIN}),
    _P.READ_CHANNELS: frozenset({_R.CUSTOMER_SERVICE, _R.MANAGER, _R.ADMIN}),
    _P.CHANGE_CHANNELS: frozenset({_R.CUSTOMER_SERVICE, _R.ADMIN}),
    _P.READ_BOOKS: frozenset({_R.FINANCE, _R.MANAGER, _R.ADMIN}),
    _P.KEEP_BOOKS: frozenset({_R.FINANCE, _R.ADMIN}),
    _P.MANAGE_ACCOUNTS: frozenset({_R.ADMIN}),
    _P.MANAGE_COMPANY: frozenset({_R.ADMIN}),
    _P.READ_ENGINE: frozenset({_R.ADMIN}),
    _P.READ_AUDIT: frozenset({_R.ADMIN, _R.MANAGER}),
    _P.READ_METRICS: frozenset({_R.ADMIN, _R.MANAGER}),
}


# What is the company's: for those who see all of it alone.
OF_THE_COMPANY: Final = frozenset({_P.MANAGE_COMPANY, _P.READ_ENGINE, _P.READ_CUSTOMERS})


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """All that these roles give."""
    return frozenset(permission for permission in ROLES_OF if may(roles, permission))


def may(roles: frozenset[Role], permission: Permission) -> bool:
    """Whether somebody with these roles has the permission."""
    return permission is Permission.PUBLIC or bool(ROLES_OF[permission] & roles)


# Who may take a list away as a file; people in it are masked for those who may not change it.
EXPORT_OF: Final[dict[str, Permission]] = {
    "products": _P.READ_STOCK,
    "stock": _P.READ_STOCK,
    "orders": _P.READ_ORDERS,
    "suppliers": _P.CHANGE_PRODUCTS,
    "supplier_items": _P.READ_PURCHASES,
    "dealers": _P.READ_CHANNELS,
    "users": _P.MANAGE_ACCOUNTS,
    "customers": _P.READ_CUSTOMERS,
}

# Who may bring a list in from a file, by the kind of list.
IMPORT_OF: Final[dict[str, Permission]] = {
    "products": _P.CHANGE_PRODUCTS,
    "stock": _P.CHANGE_STOCK,
    "suppliers": _P.CHANGE_PRODUCTS,
    "supplier_items": _P.BUY,
    "ship_notices": _P.CHANGE_STOCK,
    "dealers": _P.CHANGE_CHANNELS,
    "orders": _P.CHANGE_CHANNELS,
    "users": _P.MANAGE_ACCOUNTS,
    "customers": _P.CHANGE_ORDERS,
    "dealer_stock": _P.REPORT_DEALER_STOCK,
}


# Whose lists have people in full; of customers not everybody who may bring them in: the whole book
# would be read without a reason.
PEOPLE_IN: Final[dict[str, Permission]] = {**IMPORT_OF, "customers": _P.ERASE_PEOPLE}

# Lists of the whole company: nobody with limits brings one in, nor takes that of people away.
OF_THE_WHOLE: Final = frozenset({"dealers", "users", "customers"})

# What deeds of the audit trail are about that not everybody sees who reads it.
_SEEN_WITH: Final[dict[str, Permission]] = {
    "account": _P.MANAGE_ACCOUNTS,
    "key": _P.MANAGE_ACCOUNTS,
    "payment": _P.MANAGE_COMPANY,
    "erasure": _P.ERASE_PEOPLE,
}


def hidden_from(roles: frozenset[Role]) -> tuple[str, ...]:
    """The kinds of subjects of which somebody with these roles is not told who did what."""
    return tuple(kind for kind, asked in _SEEN_WITH.items() if not may(roles, asked))


# What finance decides about: books, invoices and money, by the kind of the system that waits.
OF_FINANCE: Final = frozenset({"erp", "invoice", "payment"})


def may_resolve(roles: frozenset[Role], system: str) -> bool:
    """Whether somebody with these roles decides about a step that waits for this system."""
    if not may(roles, Permission.ANSWER_ATTENTION):
        return False
    kind, _, name = system.partition("/")
    if kind == "promise":  # who is told of a promise says that he saw it
        return bool(roles & {Role.ADMIN, name})
    if kind == "audit":
        return Role.ADMIN in roles
    if kind == "supplier":
        return bool(roles & {Role.BUYER, Role.ADMIN})
    others = roles & ROLES_OF[Permission.RESOLVE_STEPS] - {Role.FINANCE}
    return bool(others) or (Role.FINANCE in roles and kind in OF_FINANCE)


# Who opens and shuts the gate of a system, by its kind.
_TENDS: Final[dict[str, Permission]] = {
    "shop": _P.CHANGE_CHANNELS,
    "carrier": _P.CHANGE_CHANNELS,
    "payment": _P.MANAGE_COMPANY,
    "erp": _P.KEEP_BOOKS,
    "invoice": _P.KEEP_BOOKS,
    "supplier": _P.BUY,
}


def tending(system: str) -> Permission:
    """What opening and shutting the gate of this system asks for."""
    return _TENDS.get(system.partition("/")[0], _P.MANAGE_COMPANY)
