#include "controllers/planner/refusal.h"

#include <algorithm>
#include <string_view>

namespace doorbuster::planner {
namespace {

constexpr std::size_t kCauses = 8;  ///< that are told of one refusal

/// Without what the server puts before the sentence of a rule and nobody has written.
std::string plain(std::string text) {
  constexpr std::string_view kBefore = "Invalid value: \"object\": ";
  if (text.starts_with(kBefore)) text.erase(0, kBefore.size());
  return text;
}

/// The server tells so of rules that it did not come to.
bool says_nothing(const FieldCause& cause) { return cause.field == "<nil>"; }

bool is_same_write(const Refusal& refusal, const Write& write) {
  return refusal.uid == write.only_if_uid && refusal.generation == write.generation &&
         refusal.patch == without_version(write.patch);
}

}  // namespace

Json without_version(const Json& patch) {
  auto out = with_value(patch, "/metadata/resourceVersion", std::nullopt);
  return out ? std::move(out).value() : patch;
}

bool is_refusal(const Error& error) {
  return error.kind == ErrorKind::Invalid || error.kind == ErrorKind::Denied;
}

std::string refusal_text(const Error& error) {
  std::string said;
  std::size_t told = 0;
  for (const FieldCause& one : error.causes) {
    if (says_nothing(one) || ++told > kCauses) continue;
    said += (said.empty() ? "" : "; ") + (one.field.empty() ? "" : one.field + ": ") +
            plain(one.message);
  }
  if (said.empty()) said = error.message;
  return "the API server refuses what is to be written: " + said +
         ". Change what the event asks for, or the object; it is tried again within 30 s";
}

void Refusals::note(const Write& write, const Outcome& done, Instant now) {
  if (done) {
    known_.erase(write.object);
    return;
  }
  if (!is_refusal(done.error())) return;
  if (!known_.contains(write.object) && known_.size() >= kRefusals) {
    known_.erase(std::min_element(known_.begin(), known_.end(), [](const auto& a, const auto& b) {
      return a.second.at < b.second.at;
    }));
  }
  Refusal& last = known_[write.object];
  const bool again = is_same_write(last, write);
  last = {.uid = write.only_if_uid,
          .patch = without_version(write.patch),
          .generation = write.generation,
          .why = refusal_text(done.error()),
          .times = again ? last.times + 1 : 1,
          .at = now};
}

Instant tried_again(const Refusal& refusal, const Write& write) {
  constexpr int kMostDoublings = 10;
  if (!is_same_write(refusal, write)) return refusal.at + kFirstRetry;
  const int doublings = std::clamp(refusal.times - 1, 0, kMostDoublings);
  return refusal.at + std::min<Duration>(kFirstRetry * (1 << doublings), kLongestRetry);
}

}  // namespace doorbuster::planner
