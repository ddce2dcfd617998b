"""Proofs about claims against carriers, from the tables alone."""

from typing import Final

from db.checks import Check

CLAIM_CHECKS: Final = (
    Check(
        "claims_are_what_their_ledger_says",
        "What carriers accepted and paid, and what of it was written off, is in the ledger of each",
        """
        SELECT c.claim_no, c.accepted_minor, c.received_minor, c.booked_off_minor,
               coalesce(m.accepted, 0) AS accepted, coalesce(m.received, 0) AS received,
               coalesce(m.written_off, 0) AS written_off
        FROM carrier_claim c LEFT JOIN (
            SELECT claim_no, sum(amount_minor) FILTER (WHERE kind = 'accepted') AS accepted,
                   sum(amount_minor) FILTER (WHERE kind = 'received') AS received,
                   sum(amount_minor) FILTER (WHERE kind = 'written_off') AS written_off
            FROM claim_money GROUP BY claim_no) m USING (claim_no)
        WHERE c.accepted_minor <> coalesce(m.accepted, 0)
           OR c.received_minor <> coalesce(m.received, 0)
           OR c.booked_off_minor <> coalesce(m.written_off, 0)""",
    ),
    Check(
        "closed_claims_are_settled",
        "Of a closed claim everything came or was given up, and its carrier owes nothing",
        """
        SELECT claim_no, outcome, claimed_minor, accepted_minor, received_minor, booked_off_minor,
               written_off_minor
        FROM carrier_claim
        WHERE outcome <> '' AND (claimed_minor <> received_minor + written_off_minor
                                 OR accepted_minor <> received_minor + booked_off_minor)""",
    ),
    Check(
        "one_claim_a_parcel",
        "Every claim is of a parcel that left, and no parcel has two",
        """
        SELECT c.parcel_id, count(*) AS claims, min(s.status) AS status
        FROM carrier_claim c JOIN parcel p ON p.id = c.parcel_id
        JOIN shipment s ON s.no = p.shipment_no
        GROUP BY c.parcel_id
        HAVING count(*) > 1
            OR bool_or(s.status NOT IN ('handed_over', 'in_transit', 'delivered', 'exception'))""",
    ),
    Check(
        "money_of_claims_is_told_to_the_books",
        "The books were told of everything in the ledgers of claims, and of nothing else",
        """
        SELECT m.id, f.subject, m.amount_minor, f.amount_minor AS told
        FROM claim_money m
        FULL JOIN (SELECT * FROM book_fact WHERE kind = 'claim') f ON f.subject = m.id
        WHERE m.id IS NULL OR f.id IS NULL OR m.amount_minor <> f.amount_minor""",
    ),
)
