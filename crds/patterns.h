#pragma once

#include <string_view>

/// The patterns of the CRD, each as a hand-written matcher of the same texts: std::regex is slow
/// and recurses over its input. tests/api/patterns_test.cpp compares every one with its regular
/// expression.
namespace doorbuster::api::patterns {

bool dns_label(std::string_view text);             ///< RFC 1123 label
bool dns_subdomain(std::string_view text);         ///< RFC 1123 subdomain
bool kind_name(std::string_view text);             ///< `Deployment`
bool api_version(std::string_view text);           ///< `apps/v1`, `v1`
bool duration_text(std::string_view text);         ///< `1h30m`
bool rollout_start(std::string_view text);         ///< the same, or `manual`
bool window_instant(std::string_view text);        ///< `start`, `end`, `-2h`, `+45m`, `45m`
bool offset_text(std::string_view text);           ///< `+45m`, `45m`
bool label_key(std::string_view text);             ///< `tier`, `app.kubernetes.io/part-of`
bool label_value(std::string_view text);           ///< `2`, `Front_End.v1`, or nothing
bool zone_name(std::string_view text);             ///< `Europe/Berlin`
bool field_pointer(std::string_view text);         ///< `/spec/http/[name=default]/retries`
bool quantity_text(std::string_view text);         ///< `2.5`, `500m`
bool signed_quantity_text(std::string_view text);  ///< `-2.5`
bool window_time(std::string_view text);   ///< `2026-11-27T09:00:00`, with or without an offset; a
                                           ///< day that exists
bool calendar_day(std::string_view text);  ///< `2026-12-25`, a day that exists
bool server_address(std::string_view text);  ///< `http://prometheus.monitoring.svc:9090/prefix`
bool web_url(std::string_view text);         ///< `https://status.example/health?of=cart`
bool metric_name(std::string_view text);     ///< `http_requests_total`
bool secret_key(std::string_view text);      ///< `token`, `ca.crt`
bool cron_text(
    std::string_view text);  ///< five fields or a macro; what they mean, parse_cron() says
bool has_offset(std::string_view text);  ///< ends in `Z` or `+01:00`

}  // namespace doorbuster::api::patterns
