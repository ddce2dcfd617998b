"""What customer service left on the orders of the day: notes, tags, saved lists, a bulk job."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from db.orders.bulk import end_job, open_job, tell_result
from db.orders.notes import write_note
from db.orders.saved_filters import save_filter
from db.orders.tags import put_tag_on
from domain.orders.desk import BulkAction, Deed, TagColour
from tests.people import VAULT

JOB = "blk_day"


async def seed_desk(session: AsyncSession, ids: Sequence[str]) -> None:
    """On the first order of these; the job held two of them and was refused by a third."""
    await write_note(session, VAULT, ids[0], "note_1", "买家来电，周六再送。\n已答应。", "客服小王")
    await put_tag_on(session, ids[0], "催单", "客服小王", TagColour.RED)
    await put_tag_on(session, ids[0], "老客户" * 10, "客服小王", TagColour.PURPLE)
    await put_tag_on(session, ids[3], "待核实地址", "客服小王", TagColour.YELLOW)
    await save_filter(session, "客服小王", "今天要发的加急单" * 5, "late=1", shared=True)
    deed = Deed(BulkAction.HOLD, reason="批次召回，请勿发货")
    await open_job(session, JOB, deed, list(ids[:4]), "客服小王")
    for place, (state, code) in enumerate(
        (("done", ""), ("done", ""), ("refused", "ActionNotAllowed")), 1
    ):
        await tell_result(session, JOB, place, state, code)
    await end_job(session, JOB, stopped=True)
