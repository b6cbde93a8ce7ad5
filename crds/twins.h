#pragma once

#include "operator/base/node.h"

/// The CEL rules of the CRDs in C++, by the names that they give them ("twin: NAME"). Each gets
/// the same value as the rule's `self`, whose shape (types, required fields, bounds of length) has
/// been found right, and says whether it holds.
namespace doorbuster::api::twins {

bool local_time_has_zone(const Node& self);
bool offsets_have_no_zone(const Node& self);
bool end_after_start(const Node& self);
bool at_most_24_hours(const Node& self);
bool at_most_7_days(const Node& self);
bool at_most_30_days(const Node& self);
bool at_most_60_days(const Node& self);
bool at_least_1_minute(const Node& self);
bool created_before_prepared(const Node& self);
bool one_target_per_workload(const Node& self);
bool ref_or_selector(const Node& self);
bool kinds_are_of_selector(const Node& self);
bool selector_says_something(const Node& self);
bool values_of_operator(const Node& self);
bool ceiling_covers_replicas(const Node& self);
bool ceiling_covers_profile(const Node& self);
bool profile_is_of_need(const Node& self);
bool profile_in_order(const Node& self);
bool target_is_a_workload(const Node& self);
bool target_is_in_own_namespace(const Node& self);
bool one_need(const Node& self);
bool rps_has_rps_per_pod(const Node& self);
bool margins_are_of_rps(const Node& self);
bool zones_are_of_zone_loss(const Node& self);
bool rate_in_range(const Node& self);
bool multiplier_in_range(const Node& self);
bool after_names_holds(const Node& self);
bool not_after_itself(const Node& self);
bool template_is_opt_in(const Node& self);
bool kind_may_be_held(const Node& self);
bool group_may_be_held(const Node& self);
bool field_may_be_held(const Node& self);
bool field_is_not_ours(const Node& self);
bool factor_in_range(const Node& self);
bool until_not_before_from(const Node& self);
bool freeze_names_something(const Node& self);
bool instant_in_range(const Node& self);
bool begin_in_range(const Node& self);
bool is_not_changed(const Node& self);  ///< of an update; true of what is read
bool extension_says_by(const Node& self);
bool approval_names_gate(const Node& self);
bool approval_says_who(const Node& self);
bool rollouts_are_of_a_rollout(const Node& self);
bool one_provider(const Node& self);
bool bad_is_of_numbers(const Node& self);
bool stale_after_three_intervals(const Node& self);
bool token_over_https(const Node& self);
bool one_bound(const Node& self);
bool one_strategy(const Node& self);
bool one_router(const Node& self);
bool service_is_switched(const Node& self);
bool pods_are_shared(const Node& self);
bool one_template(const Node& self);
bool one_match(const Node& self);
bool one_gate(const Node& self);
bool asked_over_https(const Node& self);
bool analysis_asks_something(const Node& self);
bool share_above_half(const Node& self);
bool alarm_in_range(const Node& self);
bool at_least_1_second(const Node& self);
bool at_most_1_hour(const Node& self);

}  // namespace doorbuster::api::twins
