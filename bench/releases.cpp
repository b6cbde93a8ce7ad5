#include "bench/releases.h"

#include <boost/random/gamma_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>

#include <algorithm>
#include <cmath>

namespace doorbuster::bench {
namespace {

void add(planner::Tally& to, const planner::Tally& one) {
  to.requests += one.requests;
  to.errors += one.errors;
}

/// Of mean 1.
double gamma(Chance& chance, double spread) {
  const double shape = 1 / (spread * spread);
  return boost::random::gamma_distribution<double>(shape, 1 / shape)(chance);
}

/// Whether something begins that comes once in so many hours.
bool begins(Chance& chance, double every_hours) { return chance.unit() * every_hours * kLooks < 1; }

}  // namespace

std::int64_t Chance::poisson(double mean) {
  if (!(mean > 0)) return 0;
  return boost::random::poisson_distribution<std::int64_t, double>(mean)(*this);
}

Release::Release(const World& world, Random random) : world_(world), chance_(random) {
  begin_step();
}

void Release::begin_step() {
  const Step& step = world_.steps[step_];
  left_ = step.looks;
  if (step.anew) seen_.candidate_since = seen_.stable_since = {};
  const int pods = std::max(1, static_cast<int>(std::lround(step.share * kPods)));
  candidate_.failing.resize(static_cast<std::size_t>(pods));
  stable_.failing.resize(static_cast<std::size_t>(kPods - pods));
}

/// Draws what both sides have of the rate, when it is time.
void Release::change_rates() {
  const Process& process = world_.process;
  switch (process.kind) {
    case Errors::Independent:
    case Errors::Clumps:
    case Errors::PodBursts:
      return;
    case Errors::EachVaries:
    case Errors::BothVary:
      if (look_ % process.lasts != 0) return;
      candidate_.factor = stable_.factor = gamma(chance_, process.spread);
      if (process.kind == Errors::EachVaries) stable_.factor = gamma(chance_, process.spread);
      return;
    case Errors::Outages:
      if (outage_ > 0)
        --outage_;
      else if (begins(chance_, process.every_hours))
        outage_ = process.lasts;
      candidate_.factor = stable_.factor = outage_ > 0 ? process.size : 1;
      return;
  }
}

std::int64_t Release::errors_of(Side& side, double requests, double rate) {
  const Process& process = world_.process;
  const double mean = requests * rate * side.factor;
  std::int64_t out = 0;
  if (process.kind == Errors::Clumps) {
    const double goes_on = 1 - 1 / process.size;
    for (std::int64_t clumps = chance_.poisson(mean / process.size); clumps > 0; --clumps)
      for (++out; chance_.unit() < goes_on;) ++out;
  } else {
    out = chance_.poisson(mean);
  }
  if (process.kind == Errors::PodBursts) {
    for (int& failing : side.failing) {
      if (failing > 0)
        --failing;
      else if (begins(chance_, process.every_hours))
        failing = process.lasts;
      const double of_pod = requests / static_cast<double>(side.failing.size());
      if (failing > 0) out += chance_.poisson(of_pod * process.size);
    }
  }
  return std::min(out, static_cast<std::int64_t>(requests));
}

const Seen& Release::next() {
  if (left_ == 0) {
    ++step_;
    begin_step();
  }
  change_rates();
  const Step& step = world_.steps[step_];
  const auto here = static_cast<std::int64_t>(std::lround(kRequests * step.share));
  const double rate = world_.rate * step.times;
  const auto errors = [&](Side& side, std::int64_t requests, double times) {
    return planner::Tally{requests, errors_of(side, static_cast<double>(requests), rate * times)};
  };
  seen_.candidate.push_back(errors(candidate_, here, world_.worse));
  add(seen_.candidate_since, seen_.candidate.back());
  add(seen_.stable_since, errors(stable_, kRequests - here, 1));
  ++look_;
  --left_;
  return seen_;
}

}  // namespace doorbuster::bench
