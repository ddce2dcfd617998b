"""Every table of every module, so that metadata is complete wherever it is compared or created."""

from sqlmodel import SQLModel

import db.channels.tables
import db.finance.erp_tables
import db.finance.goods_claim_tables
import db.finance.invoice_tables
import db.finance.tables
import db.inventory.count_tables
import db.inventory.dealer_tables
import db.inventory.earmark_tables
import db.inventory.kit_tables
import db.inventory.lot_tables
import db.inventory.partner_tables
import db.inventory.planning_tables
import db.inventory.preorder_tables
import db.inventory.purchase_tables
import db.inventory.quarantine_tables
import db.inventory.recall_tables
import db.inventory.receiving_tables
import db.inventory.serial_tables
import db.inventory.sum_tables
import db.inventory.tables
import db.inventory.transfer_tables
import db.logistics.claim_tables
import db.logistics.tables
import db.orders.customer_tables
import db.orders.desk_tables
import db.orders.floor_tables
import db.orders.payment_tables
import db.orders.return_tables
import db.orders.tables
import db.orders.ticket_tables
import db.platform.campaign_tables
import db.platform.finding_tables
import db.platform.import_tables
import db.platform.tables  # noqa: F401  (imported for what it registers)

METADATA = SQLModel.metadata
