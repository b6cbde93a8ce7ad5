// links: adapters
// Any bytes as a pod, alone and three times, and as a Job: a value is a count or 0 or 1, anything
// else says why.
#include "controllers/adapters/cluster_answer.h"
#include "tests/fuzz/require.h"

#include <cmath>
#include <cstdint>
#include <string>

namespace {

using doorbuster::adapters::Reading;
using doorbuster::fuzz::require;

void require_sound(const Reading& reading) {
  require(!reading.text.empty(), "a reading has a text");
  require(std::isfinite(reading.value) && reading.value >= 0, "nothing is counted below zero");
  require(reading.says == Reading::Says::Value || reading.value == 0, "only a value has one");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using doorbuster::adapters::PodTrouble;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const doorbuster::Instant since{std::chrono::hours(498'000)};
  doorbuster::kube::Page one;
  one.items.push_back({.meta = {}, .text = text});
  doorbuster::kube::Page three = one;
  three.items.resize(3, one.items.front());
  for (const PodTrouble what :
       {PodTrouble::NotReady, PodTrouble::Restarts, PodTrouble::OutOfMemory}) {
    const Reading single = doorbuster::adapters::read_pods(one, what, since);
    const Reading triple = doorbuster::adapters::read_pods(three, what, since);
    require_sound(single);
    require_sound(triple);
    require(triple.says == single.says && triple.value == 3 * single.value, "pods add up");
  }
  const Reading job = doorbuster::adapters::read_job("smoke", text);
  require_sound(job);
  require(job.value == 0 || job.value == 1, "a Job is complete or not");
  return 0;
}
