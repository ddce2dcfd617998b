"""What bad input gets, kind by kind, and the tests that prove it.

Always: never a failure of ours, never taken in silence, one form of refusal, nothing changed.
A kind whose proof was renamed or removed is a failing test here.
"""

import ast
from functools import cache
from pathlib import Path
from typing import Final

import pytest

_TESTS: Final = Path(__file__).parents[1]

_INPUT: Final = "api/platform/test_input.py"
_BODIES: Final = "api/platform/test_bodies.py::test_no_field_takes_a_value_of_another_form"
_BODY: Final = f"{_INPUT}::test_a_bad_body_is_refused_and_nothing_is_changed"
_FUZZ: Final = ("api/test_fuzz.py::test_no_request_made_from_the_description_gets_a_failure_or_"
                "an_undocumented_answer")  # fmt: skip
_OWNERS: Final = "api/platform/test_owners.py"
_EDGE: Final = "web/test_edge.py"
_IMPORTS: Final = "web/test_imports.py"
_READING: Final = "integrations/test_guarded_reading.py"
_SHEETS: Final = "integrations/test_spreadsheet.py"
_TARGETS: Final = "integrations/test_webhooks.py"

# The kind of input, the accepted result, the proofs.
CATALOGUE: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "requests made from the description": ("no failure, no undocumented answer", (_FUZZ,)),
    "whatever a browser sends to a page": (
        "an answer", ("web/test_input.py::test_no_page_fails_at_what_is_sent_to_it",)),
    "malformed JSON, bad UTF-8, a number of 5,000 digits, 100,000 nestings": ("422", (_BODY,)),
    "a body that is not JSON": ("415", (f"{_INPUT}::test_another_media_type_is_415",)),
    "units of 2^31, prices of 1e20 and 1e400": ("422", (_BODIES,)),
    "no units, fewer than none": ("422", (_BODIES, _FUZZ)),
    'units as "5", 1.0 or true': ("422", (_BODIES,)),
    "NaN and Infinity": ("422", (_BODIES, _BODY)),
    "NUL bytes and lone surrogates": ("422", (_BODIES, _BODY)),
    "right to left, zero width, emoji, four bytes, both scripts": (
        "stored exactly, shown by itself, found literally",
        ("web/test_texts.py::test_a_note_is_stored_exactly_and_shown_by_itself",
         "web/test_texts.py::test_what_a_form_brings_back_is_what_was_stored",
         f"{_INPUT}::test_a_search_is_taken_literally")),
    "a field nobody asked for": ("422", (_BODIES,)),
    "a key given twice": ("422", (_BODIES,)),
    "150 MB, a gzip bomb, a caller who is slow": (
        "413 before it is read, 422, 408",
        (f"{_INPUT}::test_a_body_over_a_megabyte_is_413_before_it_is_read",
         f"{_INPUT}::test_a_compressed_body_is_not_unpacked",
         "api/test_slow_callers.py::test_headers_that_never_end_are_not_waited_for",
         "api/test_slow_callers.py::test_a_body_that_never_comes_is_answered_with_408")),
    "10,000 lines, limit=1e9": (
        "422", (f"{_INPUT}::test_a_bad_query_is_422",
                f"{_INPUT}::test_lists_in_bodies_end_somewhere")),
    "another currency or an unknown SKU from a marketplace": (
        "taken, and held for a person: the money is already there",
        ("domain/orders/test_payment.py::test_money_of_another_currency_is_for_a_person_to_look_at",
         "workflows/test_order.py::test_an_unmapped_sku_holds_the_order_until_it_is_mapped")),
    "SQL and wildcards in ids, sorts and searches": (
        "literally, or 422",
        (f"{_INPUT}::test_a_search_is_taken_literally", f"{_INPUT}::test_a_bad_query_is_422")),
    "names of files that lead elsewhere": (
        "a name of ours", (f"{_IMPORTS}::test_what_a_file_is_called_leads_nowhere",)),
    "bombs, entities, wrong kinds and a million blank rows in workbooks": (
        "a sentence, in a process that can be ended alone",
        (f"{_SHEETS}::test_a_bomb_is_stopped_while_it_unpacks",
         f"{_SHEETS}::test_a_zip_that_is_no_workbook_is_refused",
         f"{_READING}::test_what_is_no_honest_list_is_refused_by_a_sentence",
         f"{_READING}::test_a_million_blank_rows_are_no_rows",
         f"{_READING}::test_reading_that_takes_too_much_memory_ends_alone")),
    "one bad row, the same file twice": (
        "nothing applied and a report per row; nothing twice",
        ("activities/platform/test_importing.py::"
         "test_one_bad_row_keeps_all_out_unless_the_good_ones_alone_are_wanted",
         "activities/platform/test_importing.py::"
         "test_the_same_file_twice_is_one_import_until_it_is_discarded",
         f"{_IMPORTS}::test_bad_rows_come_back_in_the_file_and_nothing_is_applied")),
    "cells that begin like formulas": (
        "text in every file we write",
        (f"{_IMPORTS}::test_nothing_in_an_exported_file_runs",
         "web/test_claims.py::test_the_list_is_a_file_with_sums_and_no_formulas",
         "web/test_finance.py::test_files_have_every_entry_and_run_no_formula")),
    "every route and every foreign id": (
        "404", (f"{_OWNERS}::test_over_the_api_what_is_another_places_does_not_exist",
                f"{_OWNERS}::test_on_pages_what_is_another_places_does_not_exist")),
    "every route and every role": (
        "403, also of a route that nobody listed",
        ("api/platform/test_permissions.py::test_every_role_is_refused_what_is_not_its_own",
         "api/platform/test_permissions.py::"
         "test_a_route_that_nobody_listed_is_refused_to_the_administrator",
         "web/test_rights.py::test_a_role_sees_its_pages_and_no_others")),
    "forged tokens, and a session after a log-out or another role": (
        "nobody", ("integrations/test_oidc.py::"
                   "test_a_forged_token_proves_nothing_and_nothing_it_names_is_fetched",
                   "web/test_rights.py::test_a_role_that_was_taken_away_is_gone_at_once",
                   "web/test_login.py::test_logging_out_ends_the_session_on_the_server")),
    "a thousand log-ins, one password at many names, asking who exists": (
        "429 after ten, the same answer, and nobody is locked out by others",
        ("web/test_sessions.py::test_forty_attempts_at_once_are_judged_ten_times",
         "web/test_sessions.py::"
         "test_a_stranger_locks_out_strangers_and_not_the_browser_that_was_in_before",
         "web/test_sessions.py::test_unknown_names_are_counted_as_known_ones_are",
         "web/test_login.py::test_a_wrong_password_and_an_unknown_name_get_the_same_answer")),
    "forms of other sites, other origins, frames": (
        "403, no permission for the origin, never framed",
        (f"{_EDGE}::test_a_form_counts_only_from_our_own_origin",
         f"{_EDGE}::test_no_other_origin_is_let_in_by_a_preflight",
         "web/test_login.py::test_answers_are_not_kept_by_browsers_and_not_shown_in_frames",
         f"{_EDGE}::test_every_route_of_the_table_answers_strangers_with_all_headers")),
    "webhook addresses within a network, by whichever spelling, redirect or later change": (
        "422 when saved, not called later",
        ("api/platform/test_subscribers.py::test_no_private_or_strange_address_is_taken",
         "api/platform/test_subscribers.py::test_an_address_that_turns_private_later_is_not_called",
         f"{_TARGETS}::test_private_addresses_are_not_called",
         f"{_TARGETS}::test_other_spellings_of_this_machine_are_resolved_and_refused",
         f"{_TARGETS}::test_targets_other_than_plain_https_are_refused",
         f"{_TARGETS}::"
         "test_any_answer_but_2xx_is_tried_again_and_redirects_are_not_followed")),
    "too many requests; a known message with another body": (
        "429; 409",
        ("api/platform/test_rates.py::"
         "test_whoever_asks_too_often_is_told_when_to_come_again_and_others_are_not",
         "api/channels/test_webhooks.py::test_a_known_message_id_with_another_body_is_a_conflict",
         "activities/channels/test_accepting.py::"
         "test_the_same_id_with_another_body_is_refused_and_leaves_nothing")),
    "line ends and colours meant for the log": (
        "one line an event",
        ("runtime/test_logs.py::test_what_others_send_writes_no_line_and_no_colour_of_its_own",
         "runtime/test_logs.py::test_a_traceback_shows_no_local_variables")),
    "a failure of ours": (
        "its number and nothing else",
        (f"{_INPUT}::test_a_failure_of_ours_tells_nothing_but_its_number",)),
    "metrics, the description and whatever is not in the table of routes": (
        "for this machine, for those who may, closed",
        (f"{_INPUT}::test_metrics_are_for_this_machine_and_those_who_may",
         "api/platform/test_permissions.py::test_nothing_but_files_is_served_outside_the_table")),
    "secrets that vendors trust us with": (
        "in no table, no log, no history",
        ("e2e/test_secrets.py::test_what_vendors_trust_us_with_is_nowhere",)),
}  # fmt: skip


@cache
def _names(path: str) -> frozenset[str]:
    tree = ast.parse((_TESTS / path).read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in tree.body if isinstance(node, functions))


@pytest.mark.parametrize("kind", CATALOGUE)
def test_every_kind_of_bad_input_has_its_proof(kind: str) -> None:
    result, proofs = CATALOGUE[kind]

    assert result
    assert proofs
    for proof in proofs:
        path, _, name = proof.partition("::")
        assert name in _names(path), f"{proof} is gone: what proves that {kind} gets {result}?"
