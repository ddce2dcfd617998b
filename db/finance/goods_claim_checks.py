"""Proofs about claims for goods, from the tables alone."""

from typing import Final

from db.checks import Check

GOODS_CLAIM_CHECKS: Final = (
    Check(
        "goods_claims_are_what_their_ledger_says",
        "What was accepted of a claim for goods, came, was set off or written off is in its ledger",
        """
        SELECT c.claim_no, c.accepted_minor, c.received_minor, c.set_off_minor, c.written_off_minor
        FROM goods_claim c LEFT JOIN (
            SELECT claim_no, sum(amount_minor) FILTER (WHERE kind = 'accepted') AS accepted,
                   sum(amount_minor) FILTER (WHERE kind = 'received') AS received,
                   sum(amount_minor) FILTER (WHERE kind = 'set_off') AS set_off,
                   sum(amount_minor) FILTER (WHERE kind = 'written_off') AS written_off
            FROM goods_claim_money GROUP BY claim_no) m USING (claim_no)
        WHERE c.accepted_minor <> coalesce(m.accepted, 0)
           OR c.received_minor <> coalesce(m.received, 0)
           OR c.set_off_minor <> coalesce(m.set_off, 0)
           OR c.written_off_minor <> coalesce(m.written_off, 0)""",
    ),
    Check(
        "goods_claims_are_told_to_the_books_once",
        "The books were told of every line of claims for goods once, and of nothing else",
        """
        SELECT m.id, f.subject, m.amount_minor, f.amount_minor AS told
        FROM goods_claim_money m
        FULL JOIN (SELECT * FROM book_fact WHERE kind = 'goods_claim') f ON f.subject = m.id
        WHERE m.id IS NULL OR f.id IS NULL OR m.amount_minor <> f.amount_minor""",
    ),
    Check(
        "what_is_credited_is_claimed",
        "Every case that a supplier credits and every claimed difference of ours is a claim",
        """
        SELECT c.no, 'receipt' AS origin FROM receipt_case c
        LEFT JOIN goods_claim g ON g.claim_no = c.no
        WHERE (c.state = 'credited') <> (g.claim_no IS NOT NULL)
        UNION ALL
        SELECT d.id, 'transfer' FROM stock_transfer_difference d
        JOIN stock_transfer_line l ON l.transfer_no = d.transfer_no AND l.line_no = d.line_no
        LEFT JOIN goods_claim g ON g.claim_no = d.id
        WHERE (d.decision = 'carrier_claim' AND l.owner = 'own') <> (g.claim_no IS NOT NULL)""",
    ),
)
