"""What is claimed of security, and the tests that prove each claim. The threat model names the same tests."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """``tests`` are ``file::test``, below ``tests/``."""

    says: str
    tests: tuple[str, ...]


CLAIMS: Final[dict[str, Claim]] = {
    "S1": Claim(
        says="A node cannot publish, subscribe or connect as another; no id reaches a topic or a file unchecked.",
        tests=(
            "integration/test_mosquitto_access.py::test_what_a_node_writes_as_another_reaches_nobody",
            "integration/test_mosquitto_access.py::test_a_node_writes_its_own_topics_only",
            "integration/test_mosquitto_access.py::test_a_wildcard_gives_a_node_nothing_of_others",
            "integration/test_mosquitto_access.py::test_a_will_on_anothers_topic_is_not_published",
            "integration/test_mosquitto_access.py::test_a_client_id_does_not_take_over_cores_session",
            "unit/test_broker_credentials.py::test_a_bad_id_never_reaches_the_files",
            "unit/test_broker_credentials.py::test_a_node_cannot_take_a_name_of_ours",
            "unit/test_broker_mosquitto.py::test_nothing_crosses_from_one_realm_to_the_other",
        ),
    ),
    "S2": Claim(
        says="TLS 1.2 or newer for everybody outside; the plain listener is bound to this machine alone.",
        tests=(
            "integration/test_mosquitto_tls.py::test_current_tls_is_spoken",
            "integration/test_mosquitto_tls.py::test_tls_1_1_is_refused_by_the_broker",
            "integration/test_mosquitto_tls.py::test_a_broker_of_another_authority_is_refused_by_the_client",
            "integration/test_mosquitto_tls.py::test_micropython_refuses_another_authority",
            "integration/test_mosquitto_access.py::test_the_plain_listener_is_bound_to_this_machine_alone",
        ),
    ),
    "S3": Claim(
        says="Who holds the broker or a password, but not a node's key, cannot speak for a node that seals, nor to it.",
        tests=(
            "scenario/test_sealed_nodes.py::test_a_flood_that_nobody_sealed_is_none",
            "scenario/test_sealed_nodes.py::test_what_was_sealed_before_is_taken_once",
            "scenario/test_sealed_nodes.py::test_a_status_must_be_sealed_too",
            "scenario/test_sealed_nodes.py::test_an_old_credential_seals_nothing",
            "integration/test_sealed_node.py::test_a_rogue_with_the_password_invents_no_flood",
            "integration/test_sealed_node.py::test_a_false_acknowledgement_frees_nothing",
            "unit/test_payload_seal.py::test_one_changed_byte_breaks_it",
        ),
    ),
    "S4": Claim(
        says="No bytes on the broker's wire break core, nor a node.",
        tests=(
            "unit/test_broker_link.py::test_a_malformed_publish_is_refused",
            "scenario/test_hostile_payloads.py::test_no_bytes_break_a_turn_or_decide_anything",
            "architecture/test_samples.py::test_a_bad_sample_is_refused_with_a_reason",
            "unit/test_cap_in.py::test_no_bytes_do_more_than_be_refused",
        ),
    ),
    "S5": Claim(
        says="A provider's callback counts only with its signature, for our address, once.",
        tests=(
            "integration/test_twilio_callbacks.py::test_a_missing_or_wrong_signature_is_refused",
            "integration/test_twilio_callbacks.py::test_a_signature_for_another_address_is_refused",
            "integration/test_twilio_callbacks.py::test_the_very_same_report_again_is_a_replay",
            "integration/test_twilio_callbacks.py::test_the_host_header_is_not_believed",
            "integration/test_twilio_callbacks.py::test_an_endless_body_is_cut_off",
        ),
    ),
    "S6": Claim(
        says="Guessing is slowed without locking the owner out, and says nothing about who is a user.",
        tests=(
            "unit/test_accounts_guesses.py::test_strangers_do_not_hold_up_the_owners_browser",
            "unit/test_accounts_guesses.py::test_an_address_that_tries_many_names_has_to_wait",
            "integration/test_web_accounts.py::test_strangers_who_guess_do_not_shut_the_owner_out",
            "integration/test_web_accounts.py::test_whoever_is_wrong_gets_the_same_words_after_the_same_time",
            "unit/test_accounts_passwords.py::test_nobody_takes_as_long_as_somebody",
        ),
    ),
    "S7": Claim(
        says="Every route of the application is refused to every role but those of its line, and without its token.",
        tests=(
            "architecture/test_web_routes.py::test_every_route_has_its_line_and_every_line_its_route",
            "architecture/test_web_routes.py::test_each_role_gets_what_the_table_says_and_nothing_else",
            "architecture/test_web_routes.py::test_no_form_is_taken_without_the_token_of_its_session",
            "integration/test_web_accounts.py::test_a_login_form_of_another_site_logs_nobody_in",
        ),
    ),
    "S8": Claim(
        says="A manual public warning takes two people, or one and a time-out; nobody is two people.",
        tests=(
            "scenario/test_notice_flow.py::test_a_manual_notice_takes_two_people",
            "scenario/test_notice_flow.py::test_one_person_and_a_time_out_are_enough_for_a_manual_notice",
            "unit/test_notices.py::test_a_manual_notice_never_goes_on_one_persons_word_without_the_time_out",
            "unit/test_notices.py::test_spellings_of_one_person",
            "integration/test_web_decisions.py::test_raced_from_two_windows_one_approves_and_the_other_is_told_so",
        ),
    ),
    "S9": Claim(
        says="Subscribing cannot be turned into messages to strangers, premium numbers, or a bill.",
        tests=(
            "scenario/test_subscription.py::test_only_indonesian_mobile_numbers_get_a_code",
            "scenario/test_subscription.py::test_a_number_gets_three_codes_a_day_and_the_page_does_not_say_so",
            "scenario/test_subscription.py::test_an_address_may_ask_only_so_often",
            "scenario/test_subscription.py::test_the_days_budget_ends_codes_and_not_leaving",
            "scenario/test_subscription.py::test_the_switch_closes_joining_at_once_and_over_a_restart",
            "scenario/test_subscription.py::test_codes_wait_behind_every_warning",
        ),
    ),
    "S10": Claim(
        says="Names that people gave are text: in messages, pages, tables, and configurations.",
        tests=(
            "unit/test_public_texts.py::test_no_name_breaks_a_text",
            "unit/test_texts.py::test_every_text_is_one_part_on_one_line",
            "unit/test_texts.py::test_no_text_holds_anything_that_a_phone_makes_a_link_of",
            "unit/test_recipients_csv.py::test_names_that_hide_something_are_refused",
            "unit/test_recipients_csv.py::test_no_spreadsheet_runs_what_is_exported",
            "browser/test_station_page.py::test_what_people_typed_is_text",
            "unit/test_channel_settings.py::test_a_path_that_would_end_a_line_of_the_configuration_is_refused",
        ),
    ),
    "S11": Claim(
        says="No secret and no number is in a log, on a command line, in an error or in the audit log.",
        tests=(
            "integration/test_secrets_at_rest.py::test_no_secret_is_on_a_command_line_in_an_environment_or_in_a_log",
            "scenario/test_recipient_privacy.py::test_no_number_is_in_clear_anywhere",
            "scenario/test_recipient_privacy.py::test_a_number_can_be_typed_without_standing_in_the_list_of_processes",
            "scenario/test_outbox_core.py::test_no_file_of_the_journal_has_the_number",
            "integration/test_apprise_channel.py::test_no_address_text_or_secret_reaches_a_log_or_a_reason",
            "integration/test_web_accounts.py::test_every_change_is_in_the_audit_log_and_no_secret_is",
            "contract/test_history_influx.py::test_secrets_are_not_in_the_targets_text",
        ),
    ),
    "S12": Claim(
        says="Everything about a person comes out on request, and goes on request.",
        tests=(
            "scenario/test_recipient_commands.py::test_an_erased_person_is_nowhere_and_can_come_again",
            "scenario/test_recipient_privacy.py::test_clear_data_come_out_only_on_purpose",
            "scenario/test_recipient_retention.py::test_the_outbox_keeps_the_count_and_forgets_the_person",
            "scenario/test_recipient_retention.py::test_what_was_sealed_is_overwritten_on_disk",
        ),
    ),
    "S13": Claim(
        says="An audit row that was changed, taken out or put in is named.",
        tests=(
            "scenario/test_audit_verify.py::test_a_changed_row_is_named",
            "scenario/test_audit_verify.py::test_a_row_that_was_taken_out_is_seen_at_the_next",
            "scenario/test_audit_verify.py::test_a_row_that_was_put_in_is_named",
            "scenario/test_audit_verify.py::test_a_head_that_was_noted_shows_that_the_end_was_cut_off",
        ),
    ),
    "S14": Claim(
        says="Pages run no script but ours, serve no file but theirs, and fetch nothing that a stranger names.",
        tests=(
            "architecture/test_web_routes.py::test_every_answer_forbids_scripts_and_styles_of_others_and_inline",
            "browser/test_station_page.py::test_a_wrong_address_is_one_sentence",
            "browser/test_station_page.py::test_what_people_typed_is_text",
            "unit/test_accounts_sessions.py::test_the_way_back_leads_to_our_own_pages",
            "integration/test_nowcast.py::test_no_other_host_is_asked",
        ),
    ),
    "S15": Claim(
        says="A node obeys its own installation only: orders and firmware are sealed, numbered, and whole.",
        tests=(
            "unit/test_firmware_orders.py::test_an_order_is_obeyed_once",
            "unit/test_firmware_orders.py::test_every_flipped_bit_is_noticed",
            "unit/test_firmware_update.py::test_a_file_that_is_not_what_the_manifest_says",
            "unit/test_firmware_update.py::test_an_order_that_is_not_ours",
            "integration/test_node_provisioning.py::test_three_nodes_one_swapped_one_revoked",
            "integration/test_node_provisioning.py::test_a_new_credential_reaches_a_node",
            "integration/test_node_provisioning.py::test_a_stolen_credential_in_a_second_node",
        ),
    ),
    "S16": Claim(
        says="A signed CAP message with one changed byte is rejected.",
        tests=(
            "unit/test_cap_signature.py::test_one_changed_byte_is_rejected",
            "unit/test_cap_signature.py::test_a_byte_more_or_less_is_rejected",
            "unit/test_cap_signature.py::test_only_the_certificate_that_is_trusted_counts",
        ),
    ),
    "S17": Claim(
        says="Logins by the hundred do not hold warnings up.",
        tests=("integration/test_web_accounts.py::test_many_logins_at_once_do_not_hold_core_up",),
    ),
    "S18": Claim(
        says="Nothing starts with a default, short or readable secret, nor with a login that anybody guesses.",
        tests=(
            "unit/test_checks.py::test_secrets_that_anybody_guesses",
            "unit/test_checks.py::test_our_services_with_a_short_password",
            "unit/test_broker_credentials.py::test_a_short_or_damaged_secret_is_refused",
            "unit/test_broker_credentials.py::test_a_secret_that_others_can_read_is_refused",
            "unit/test_accounts_passwords.py::test_a_weak_password_is_refused_with_a_reason",
            "unit/test_accounts_commands.py::test_settings_that_would_open_the_pages_are_refused",
        ),
    ),
}
