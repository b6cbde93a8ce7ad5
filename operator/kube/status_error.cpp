#include "operator/base/json_read.h"
#include "operator/base/utf8.h"
#include "operator/kube/client.h"

#include <algorithm>
#include <charconv>

namespace doorbuster::kube {
namespace {

constexpr std::size_t kMaxStatusBytes = 1U << 20U;
constexpr std::size_t kMaxMessageBytes = 1024;
constexpr std::size_t kMaxCauses = 64;
constexpr std::chrono::seconds kMaxRetryAfter{600};

/// What a Status object (meta/v1) says.
struct Status {
  std::string message, reason, object_name;
  std::vector<FieldCause> causes;
  bool version_too_large = false;
  std::optional<Duration> retry_after;
};

std::string shortened(std::string text) {
  if (text.size() <= kMaxMessageBytes) return text;
  std::size_t end = 0;
  while (end < kMaxMessageBytes - 4) end += std::max<std::size_t>(utf8_length(text, end), 1);
  return text.substr(0, end) + "...";
}

std::optional<Duration> retry_after_of(std::int64_t seconds) {
  if (seconds <= 0) return std::nullopt;
  return std::chrono::seconds(std::min<std::int64_t>(seconds, kMaxRetryAfter.count()));
}

std::optional<Status> parse_status(std::string_view body) {
  if (body.size() > kMaxStatusBytes) return std::nullopt;
  const auto root = JsonView::parse(body);
  if (!root || text_at(*root, "/kind") != "Status") return std::nullopt;
  Status status;
  status.message = shortened(text_at(*root, "/message"));
  status.reason = text_at(*root, "/reason");
  status.object_name = text_at(*root, "/details/name");
  if (const auto seconds = root->at("/details/retryAfterSeconds")) {
    status.retry_after = retry_after_of(seconds->integer().value_or(0));
  }
  if (const auto causes = root->at("/details/causes")) {
    for (const JsonView& cause : causes->elements()) {
      if (text_at(cause, "/reason") == "ResourceVersionTooLarge") status.version_too_large = true;
      if (status.causes.size() < kMaxCauses) {
        status.causes.push_back(
            {shortened(text_at(cause, "/field")), shortened(text_at(cause, "/message"))});
      }
    }
  }
  // Older servers say it only in words.
  if (status.message.find("Too large resource version") != std::string::npos)
    status.version_too_large = true;
  return status;
}

std::string header(const Response& response, std::string_view name) {
  const auto same = [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a + 32 : a) == (b >= 'A' && b <= 'Z' ? b + 32 : b);
  };
  for (const auto& [key, value] : response.headers) {
    if (key.size() == name.size() && std::equal(key.begin(), key.end(), name.begin(), same))
      return value;
  }
  return {};
}

/// Seconds only; the form with a date would need a clock, and the API server does not use it.
std::optional<Duration> retry_after_of(const Response& response) {
  const std::string text = header(response, "Retry-After");
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return retry_after_of(seconds);
}

bool names_field(const Status& status, std::string_view field) {
  return std::any_of(status.causes.begin(), status.causes.end(), [field](const FieldCause& cause) {
    return cause.field == field;
  });
}

ErrorKind kind_of(int code, const std::optional<Status>& status) {
  if (status && status->version_too_large)
    return ErrorKind::Unavailable;  // the server will catch up
  if (status && (status->reason == "Expired" || status->reason == "Gone")) return ErrorKind::Gone;
  // A patch whose metadata names another uid meets validation, not the precondition: the object is
  // another one now.
  if (code == 422 && status && names_field(*status, "metadata.uid")) return ErrorKind::Conflict;
  switch (code) {
    case 400:
    case 405:
    case 406:
    case 413:
    case 415:
    case 422:
      return ErrorKind::Invalid;
    case 401:
    case 403:
      return ErrorKind::Denied;
    case 404:
      // Only a Status that names the object says that the object does not exist. A load balancer's
      // page, or a path that is not served at this moment, says nothing of it.
      return status && status->reason == "NotFound" && !status->object_name.empty()
                 ? ErrorKind::NotFound
                 : ErrorKind::Unavailable;
    case 409:
      return ErrorKind::Conflict;
    case 410:
      return ErrorKind::Gone;
    case 429:
      return ErrorKind::Throttled;
    default:
      return ErrorKind::Unavailable;
  }
}

std::string fallback_message(const Response& response) {
  std::string text = "HTTP " + std::to_string(response.status);
  if (response.status / 100 == 3) return text + ", redirects are not followed";
  if (response.status == 404) return text + ", this path is not served";
  std::string line;
  for (const char c : response.body.substr(0, 200)) line += c >= ' ' && c < 127 ? c : ' ';
  return line.empty() ? text : text + ": " + line;
}

}  // namespace

std::optional<Error> error_of(const Response& response) {
  if (response.status >= 200 && response.status < 300) return std::nullopt;
  std::optional<Status> status = parse_status(response.body);
  Error error{kind_of(response.status, status), {}, {}, {}};
  error.message = status && !status->message.empty() ? status->message : fallback_message(response);
  if (error.kind == ErrorKind::Invalid && status) error.causes = std::move(status->causes);
  if (is_transient(error.kind)) {
    error.retry_after = retry_after_of(response);
    if (!error.retry_after && status) error.retry_after = status->retry_after;
  }
  return error;
}

}  // namespace doorbuster::kube
