#include "operator/commands/watch_keys.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace doorbuster::commands {
namespace {

struct KeyVerb {
  int key;
  api::ActionVerb verb;
  const char *name, *asks;
};
constexpr std::array kKeys = {
    KeyVerb{'r', api::ActionVerb::RollBack, "[r] roll back", "Roll back all that it rolls out?"},
    KeyVerb{'p', api::ActionVerb::Promote, "[p] promote", "End the step that its rollouts are at?"},
    KeyVerb{' ', api::ActionVerb::Pause, "[space] pause", "Keep its rollouts where they are?"},
    KeyVerb{' ', api::ActionVerb::Resume, "[space] resume", "Let its rollouts go on?"},
};

/// The one that a key is for, as things stand.
bool is_offered(const KeyVerb& one, const api::SaleEvent& shown) {
  const auto& rows = shown.status.rollouts;
  const bool paused = std::any_of(rows.begin(), rows.end(), [](const auto& row) {
    return row.state == "Paused" || row.state == "Inconclusive";
  });
  if (one.verb == api::ActionVerb::Pause) return !paused;
  return one.verb != api::ActionVerb::Resume || paused;
}

const KeyVerb& key_of(api::ActionVerb verb) {
  return *std::find_if(
      kKeys.begin(), kKeys.end(), [verb](const KeyVerb& one) { return one.verb == verb; });
}

}  // namespace

bool WatchKeys::press(int key, const api::SaleEvent* shown) {
  if (asked_) {
    const api::ActionVerb verb = *std::exchange(asked_, std::nullopt);
    if (shown != nullptr && (key == 'y' || key == 'Y'))
      send(verb, shown->metadata.name);
    else
      told_ = "nothing was done";
    return true;
  }
  if (key == 'q' || key == 'Q') return false;
  if (shown == nullptr || shown->status.rollouts.empty() || sending()) return true;
  for (const KeyVerb& one : kKeys) {
    if (one.key == key && is_offered(one, *shown)) asked_ = one.verb;
  }
  return true;
}

void WatchKeys::send(api::ActionVerb verb, const std::string& event) {
  api::SaleActionSpec spec;
  spec.event = event;
  spec.action = verb;
  spec.reason = "kubectl sale watch";
  told_ = std::string(api::to_string(verb)) + " is being sent";
  sent_ = std::async(std::launch::async, create_, std::move(spec));
}

std::string WatchKeys::line(const api::SaleEvent* shown) {
  if (sent_.valid() && sent_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    const Result<std::string> made = sent_.get();
    told_ = made.ok() ? "saleaction " + *made : "not sent: " + made.error().message;
  }
  if (asked_) return std::string(key_of(*asked_).asks) + " [y/N]";
  std::string out;
  if (shown != nullptr && !shown->status.rollouts.empty() && !sending()) {
    for (const KeyVerb& one : kKeys) {
      if (is_offered(one, *shown)) out.append(one.name).append(" ");
    }
  }
  out += "[q] quit";
  return told_.empty() ? out : out + "   " + told_;
}

}  // namespace doorbuster::commands
