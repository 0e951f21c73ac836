"""What surprises a client of Harbor, and what can go wrong: for each, the tests that state it or stand up to it.

`contract/` states what Harbor does, and may be run against a real one; the rest is about what our clients make of it.
"""

from __future__ import annotations

_PUSH = "push/test_push_to_harbor.py"
_PUBLISH = "push/test_publish.py"
_REFUSALS = "push/test_refusals.py"
_OCI = "../unit/test_helmkit_oci_faults.py"

SURPRISES: dict[str, tuple[str, ...]] = {
    "01 any session cookie makes writes need a CSRF token": (
        "contract/test_identity.py::test_every_answer_sets_a_session_cookie",
        "contract/test_identity.py::test_a_kept_cookie_makes_the_next_write_fail",
        "client/test_reading.py::test_no_cookie_is_ever_sent",
        f"{_PUSH}::test_no_session_cookie_is_returned",
    ),
    "02 a wrong password is often 200 with the anonymous view, and a robot is no current user": (
        "contract/test_identity.py::test_a_wrong_password_sees_what_anybody_sees",
        "contract/test_identity.py::test_a_robot_has_no_current_user_but_its_secret_is_checked",
        "contract/test_registry.py::test_a_wrong_password_gets_a_token_without_rights_when_it_asks_for_a_scope",
        "client/test_reading.py::test_whoami_tells_users_robots_and_nobody_apart",
        "browse/test_browse.py::test_a_wrong_password_does_not_pass_for_an_empty_registry",
        f"{_REFUSALS}::test_a_wrong_password",
    ),
    "03 a failed login is answered late and locks a user meanwhile": (
        "client/test_reading.py::test_a_wrong_password_is_answered_late_and_locks_a_user_but_no_robot",
        f"{_REFUSALS}::test_a_wrong_password",
    ),
    "04 nested repository names are encoded twice": (
        "contract/test_names.py::test_a_slash_in_a_repository_name_is_encoded_twice",
        "contract/test_names.py::test_a_slash_encoded_once_is_not_found_behind_the_proxy",
        "contract/test_names.py::test_addition_links_are_encoded_twice",
        "contract/test_copies.py::test_the_location_of_a_nested_copy_is_encoded_once",
    ),
    "05 q is decoded once more, and unknown keys are ignored": (
        "contract/test_lists.py::test_filters",
        "contract/test_lists.py::test_a_filter_without_an_equals_sign_is_refused",
        "contract/test_lists.py::test_labels_are_filtered_by_ids_that_all_hold",
        "client/test_reading.py::test_the_filter_of_the_latest_charts_keeps_its_plus_sign",
    ),
    "06 a page holds a hundred, and size 0 everything on every page": (
        "contract/test_lists.py::test_a_page_holds_at_most_a_hundred",
        "contract/test_lists.py::test_page_size_zero_gives_everything_on_every_page",
        "contract/test_lists.py::test_a_page_past_the_end_is_empty",
        "client/test_reading.py::test_a_thousand_versions_take_ten_requests_at_once",
    ),
    "07 links to the next page cannot be followed": (
        "contract/test_lists.py::test_links_are_relative_and_their_query_is_decoded",
        "client/test_reading.py::test_a_thousand_versions_take_ten_requests_at_once",
    ),
    "08 missing is not always 404": (
        "contract/test_names.py::test_the_versions_of_a_missing_repository_are_an_empty_list",
        "contract/test_names.py::test_a_missing_project_is_told_to_administrators_only",
        "contract/test_copies.py::test_a_missing_source_is_a_bad_request",
        "contract/test_protection.py::test_a_missing_retention_policy_is_an_internal_error",
        "contract/test_registry.py::test_a_missing_project_is_401_on_the_registry_side",
        "client/test_faults.py::test_an_internal_error_is_not_tried_again",
        f"{_REFUSALS}::test_a_project_that_does_not_exist",
    ),
    "09 HEAD tells anybody logged in that a project exists": (
        "contract/test_names.py::test_head_tells_anybody_logged_in_whether_a_project_exists",
    ),
    "10 numbers are ids unless a header says otherwise": (
        "contract/test_names.py::test_a_number_is_a_project_id_but_not_below_repositories",
        "contract/test_names.py::test_a_location_holds_the_id_unless_the_name_is_asked_for",
        "client/test_reading.py::test_a_project_may_have_a_number_for_a_name",
    ),
    "11 the type follows the config, and nothing checks the layer": (
        "contract/test_charts.py::test_the_type_follows_the_config",
        "contract/test_charts.py::test_nothing_checks_the_layer_until_somebody_looks",
        "contract/test_charts.py::test_a_chart_config_that_is_not_json_is_an_internal_error",
    ),
    "12 extra_attrs is the chart's config": ("contract/test_charts.py::test_the_charts_config_is_what_harbor_shows",),
    "13 charts have three additions, empty or null where there is nothing": (
        "contract/test_charts.py::test_a_chart_has_three_additions",
        "contract/test_charts.py::test_what_a_chart_lacks_is_empty_or_null",
        "contract/test_charts.py::test_other_additions_are_refused",
        "client/test_reading.py::test_a_chart_without_dependencies_has_an_empty_list",
    ),
    "14 build metadata is a tag with an underscore": (
        "contract/test_names.py::test_a_version_with_build_metadata_is_a_tag_with_an_underscore",
        "contract/test_names.py::test_a_manifest_under_a_tag_with_a_plus_sign_is_refused",
        f"{_PUSH}::test_build_metadata_is_published_under_an_underscore",
    ),
    "15 helm push puts the manifest twice and reads it back": (
        f"{_PUSH}::test_a_pushed_chart_is_a_chart_with_all_its_texts",
        f"{_PUBLISH}::test_the_umbrella_comes_last",
    ),
    "16 other content under a version moves the tag": (
        "contract/test_charts.py::test_other_content_moves_the_tag_and_leaves_the_older_untagged",
        f"{_PUBLISH}::test_other_content_is_refused_with_both_digests_before_anything_moves",
    ),
    "17 the digest follows the file, and a push again changes nothing": (
        "contract/test_charts.py::test_pushing_the_same_again_changes_nothing",
        f"{_PUBLISH}::test_a_second_push_asks_once_for_each_chart",
        f"{_PUBLISH}::test_the_same_charts_from_another_commit_are_unchanged",
    ),
    "18 immutable tags refuse the same digest, and a refused push leaves an artifact": (
        "contract/test_protection.py::test_an_immutable_tag_refuses_even_the_same_digest",
        "contract/test_protection.py::test_a_refused_push_leaves_an_untagged_artifact_when_it_came_by_digest_first",
        "contract/test_protection.py::test_nothing_that_carries_an_immutable_tag_is_deleted",
        f"{_PUSH}::test_a_published_version_is_skipped_also_where_it_is_immutable",
        f"{_PUSH}::test_other_content_is_refused_and_leaves_nothing_behind",
    ),
    "19 the immutable flag must be asked for, and an unknown rule switches off those after it": (
        "contract/test_protection.py::test_the_immutable_status_is_false_unless_asked_for",
        "contract/test_protection.py::test_a_rule_of_an_unknown_kind_switches_off_the_rules_after_it",
        "client/test_changing.py::test_a_rule_harbor_stumbles_over_is_known_as_broken",
    ),
    "20 a copy by digest brings all tags, and moves tags without a word": (
        "contract/test_copies.py::test_a_copy_by_tag_brings_one_tag_by_digest_all",
        "contract/test_copies.py::test_a_copy_moves_an_existing_tag_without_a_word",
        "promote/test_promote.py::test_inside_one_harbor_the_server_copies",
    ),
    "21 deleting by tag deletes the artifact": (
        "contract/test_charts.py::test_removing_a_tag_leaves_the_artifact_deleting_by_tag_takes_all",
        "contract/test_registry.py::test_a_manifest_is_deleted_by_digest_only",
        "contract/test_protection.py::test_what_an_index_holds_is_not_deleted",
        "client/test_changing.py::test_tags_and_labels",
    ),
    "22 a tag is made once, without a Location": (
        "contract/test_charts.py::test_a_tag_is_made_once_and_without_a_location",
    ),
    "23 a robot's prefix is part of its name, and its secret is shown once": (
        "contract/test_identity.py::test_the_prefix_is_part_of_a_robots_name",
        "contract/test_identity.py::test_the_account_name_may_hold_a_dollar_and_a_plus",
        "contract/test_copies.py::test_a_robots_secret_is_shown_once_and_renewed_on_request",
        "contract/test_copies.py::test_robots_of_a_project_are_listed_by_a_filter_only",
        "client/test_faults.py::test_a_missing_right_is_named",
    ),
    "24 a token opens the whole project, is in token, and is no use on the API": (
        "contract/test_registry.py::test_a_token_is_in_token_and_lives_half_an_hour",
        "contract/test_registry.py::test_a_token_opens_the_whole_project_with_all_its_owner_may_do",
        "contract/test_registry.py::test_the_token_service_knows_get_and_one_service",
        "contract/test_identity.py::test_a_registry_token_is_no_use_on_the_management_api",
        f"{_PUBLISH}::test_one_token_and_six_requests_for_each_chart",
    ),
    "25 a denied push is 401, quota and read-only mode are 403": (
        "contract/test_copies.py::test_a_push_without_the_right_is_401_not_403",
        "contract/test_protection.py::test_a_full_project_refuses_the_upload_and_keeps_what_was_sent",
        f"{_REFUSALS}::test_no_right_to_push",
        f"{_REFUSALS}::test_a_full_project",
    ),
    "26 Accept is needed, texts come twice, pages are HTML and bodies empty": (
        "contract/test_registry.py::test_a_manifest_is_given_only_to_those_who_accept_its_kind",
        "contract/test_registry.py::test_errors_of_the_registry_side_say_everything_twice",
        "contract/test_registry.py::test_the_proxy_answers_unknown_old_paths_with_a_page",
        "contract/test_charts.py::test_a_chart_without_layers_is_taken_and_breaks_with_an_empty_body",
        "contract/test_lists.py::test_a_boolean_that_is_none_counts_as_false",
        f"{_REFUSALS}::test_errors_are_ours_alone",
    ),
    "27 what has a subject is no version, and its count ignores the filter": (
        "contract/test_registry.py::test_what_has_a_subject_is_a_referrer_and_no_version",
        "promote/test_promote.py::test_signatures_come_along",
    ),
    "28 a single POST stores nothing, a mount works inside what one owns": (
        "contract/test_registry.py::test_a_single_post_with_a_digest_stores_nothing",
        "contract/test_registry.py::test_a_blob_is_mounted_from_a_repository_of_the_same_owner",
        f"{_PUBLISH}::test_a_push_that_was_cut_goes_on_where_it_was",
    ),
    "29 the audit log has a new name, and is empty for those it is not for": (
        "contract/test_copies.py::test_the_audit_log_names_who_pushed",
        "contract/test_copies.py::test_the_old_audit_log_and_others_log_are_not_refused_but_empty",
        "contract/test_copies.py::test_search_shows_robots_nothing",
        "browse/test_browse.py::test_who_pushed_is_left_out_when_the_log_is_not_for_us",
    ),
    "30 request ids are taken over, and what never happened has a date": (
        "contract/test_registry.py::test_unknown_paths_and_methods_of_the_api_answer_in_json",
        "contract/test_charts.py::test_the_charts_config_is_what_harbor_shows",
        f"{_PUSH}::test_a_pushed_chart_is_a_chart_with_all_its_texts",
    ),
}

FAULTS: dict[str, tuple[str, ...]] = {
    "wrong password": (f"{_REFUSALS}::test_a_wrong_password", "client/test_faults.py::test_a_wrong_password"),
    "expired token": (
        f"{_PUBLISH}::test_a_token_that_expires_in_the_middle_is_renewed_once",
        f"{_PUSH}::test_an_expired_token_is_renewed",
    ),
    "missing token": (f"{_REFUSALS}::test_nobody_is_logged_in", "client/test_faults.py::test_no_login_at_all"),
    "no right to push": (f"{_REFUSALS}::test_no_right_to_push",),
    "project missing": (f"{_REFUSALS}::test_a_project_that_does_not_exist",),
    "quota exceeded": (f"{_REFUSALS}::test_a_full_project", "client/test_changing.py::test_a_full_project_is_named"),
    "immutable tag": (
        f"{_REFUSALS}::test_a_fault_is_told_with_place_and_remedy",
        "client/test_changing.py::test_what_is_immutable_can_neither_go_nor_move",
    ),
    "429 and 5xx": (
        f"{_REFUSALS}::test_what_passes_is_outwaited",
        f"{_OCI}::test_the_server_says_how_long_to_wait",
        f"{_OCI}::test_what_stays_broken_is_given_up",
        "client/test_faults.py::test_patience_ends",
    ),
    "connection cut in the middle of a blob": (
        f"{_PUSH}::test_a_connection_cut_in_the_middle_of_a_blob",
        f"{_PUBLISH}::test_a_push_that_was_cut_goes_on_where_it_was",
        "promote/test_promote.py::test_a_blob_cut_in_the_middle_is_sent_again",
    ),
    "manifest whose blobs are missing": (
        f"{_PUBLISH}::test_blobs_that_the_registry_only_believes_to_have_are_sent_again",
        "contract/test_registry.py::test_a_manifest_whose_blobs_are_missing_is_refused",
    ),
    "slow server": (f"{_REFUSALS}::test_a_server_that_is_too_slow", "client/test_faults.py::test_a_slow_server"),
    "not Harbor": (
        "client/test_reading.py::test_a_harbor_is_told_from_another_registry",
        "setup/test_ensure.py::test_a_registry_that_is_no_harbor_is_refused",
        f"{_REFUSALS}::test_a_fault_is_told_with_place_and_remedy",
    ),
    "behind a proxy with another host name": (
        f"{_PUSH}::test_a_harbor_behind_a_proxy_with_another_name",
        "setup/test_ensure.py::test_doctor_sees_a_proxy_with_another_name",
    ),
    "HTML error page in place of JSON": (
        f"{_REFUSALS}::test_a_fault_is_told_with_place_and_remedy",
        f"{_OCI}::test_a_web_page_is_no_registry",
        "client/test_faults.py::test_a_login_page_in_place_of_data",
    ),
    "images of the same name": (f"{_PUBLISH}::test_images_of_the_same_name_are_not_pushed_over",),
}
