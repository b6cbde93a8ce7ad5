// How often, and how soon, an analysis rolls a release back that is no worse or worse, by making
// releases up and looking at each at every scrape of an hour. Prints one JSON object, the same one
// for the same arguments. bench/curves.py draws it.

#include "bench/analyses.h"
#include "bench/latencies.h"
#include "bench/releases.h"
#include "operator/base/json.h"

#include <CLI/CLI.hpp>

#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace doorbuster::bench {
namespace {

/// Of each analysis: how many releases it rolled back at which look; [0] is the first.
using FirstAlarms = std::vector<std::vector<int>>;

FirstAlarms play(const World& world, int releases, const Random& random) {
  const std::vector<Analysis> all = analyses();
  FirstAlarms out(all.size(), std::vector<int>(kLooks, 0));
  for (int number = 0; number < releases; ++number) {
    Release release(world, random.fork(std::to_string(number)));
    std::vector<Judge> judges(all.begin(), all.end());
    std::vector<bool> done(all.size(), false);
    std::size_t left = all.size();
    for (int look = 1; look <= kLooks && left > 0; ++look) {
      const Seen& seen = release.next();
      for (std::size_t i = 0; i < judges.size(); ++i) {
        if (done[i] || !judges[i].rolls_back(seen, look)) continue;
        done[i] = true;
        --left;
        ++out[i][static_cast<std::size_t>(look - 1)];
      }
    }
  }
  return out;
}

std::vector<Step> all_along(double share) { return {{.share = share}}; }

std::vector<World> no_worse() {
  std::vector<World> out;
  for (const double rate : {0.001, 0.005, 0.009, 0.02})
    for (const double share : {0.05, 0.5})
      out.push_back({.group = "rates",
                     .name = "independent",
                     .process = {},
                     .rate = rate,
                     .steps = all_along(share)});
  const std::vector<std::pair<const char*, Process>> processes{
      {"outages", {.kind = Errors::Outages, .lasts = kMinute, .every_hours = 0.5, .size = 20}},
      {"both-vary", {.kind = Errors::BothVary, .spread = 1, .lasts = kMinute}},
      {"each-varies-little", {.kind = Errors::EachVaries, .spread = 0.5, .lasts = 1}},
      {"each-varies", {.kind = Errors::EachVaries, .spread = 1, .lasts = 1}},
      {"each-varies-long", {.kind = Errors::EachVaries, .spread = 0.5, .lasts = kMinute}},
      {"clumps", {.kind = Errors::Clumps, .size = 3}},
      {"bursts-daily",
       {.kind = Errors::PodBursts, .lasts = kMinute / 2, .every_hours = 24, .size = 0.5}},
      {"bursts", {.kind = Errors::PodBursts, .lasts = kMinute / 2, .every_hours = 2, .size = 0.5}},
  };
  for (const auto& [name, process] : processes)
    for (const double share : {0.05, 0.5})
      out.push_back(
          {.group = "processes", .name = name, .process = process, .steps = all_along(share)});
  constexpr int kQuarter = kLooks / 4, kHalf = kLooks / 2;
  for (const double rate : {0.001, 0.005})
    out.push_back(
        {.group = "steps",
         .name = "anew",
         .process = {},
         .rate = rate,
         .steps = {{kQuarter, 0.05}, {kQuarter, 0.1}, {kQuarter, 0.25}, {kQuarter, 0.5}}});
  // At half of the time the share rises, and with it (load) the errors of both sides.
  for (const bool anew : {true, false})
    out.push_back({.group = "steps",
                   .name = anew ? "load-anew" : "load-carried",
                   .process = {},
                   .steps = {{kHalf, 0.05, 1}, {kHalf, 0.5, 1.5, anew}}});
  return out;
}

std::vector<World> worse() {
  std::vector<World> out;
  for (const double share : {0.05, 0.1, 0.5}) {
    for (const double times : {1.5, 2.0, 3.0, 5.0, 10.0})
      out.push_back({.group = "worse",
                     .name = "times",
                     .process = {},
                     .worse = times,
                     .steps = all_along(share)});
    out.push_back({.group = "worse",
                   .name = "absolute",
                   .process = {},
                   .rate = 0.001,
                   .worse = 50,
                   .steps = all_along(share)});
  }
  return out;
}

std::vector<Latencies> latencies() {
  std::vector<Latencies> out;
  for (const double share : {0.05, 0.5}) {
    out.push_back({.name = "independent", .share = share});
    out.push_back({.name = "both-vary", .share = share, .spread = 0.1, .both = true});
    out.push_back({.name = "each-varies", .share = share, .spread = 0.1});
    out.push_back({.name = "slower", .share = share, .slower = 1.1});
    out.push_back({.name = "slower", .share = share, .slower = 1.5});
  }
  return out;
}

std::int64_t scaled(double value, double unit) { return std::llround(value / unit); }

Json played(const World& world, int releases, const Random& random) {
  const FirstAlarms found = play(world, releases, random);
  const std::vector<Analysis> all = analyses();
  JsonObject first;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<Json> counts;
    for (const int count : found[i]) counts.push_back(json_of(std::int64_t{count}));
    first.add(all[i].name, json_array(counts));
  }
  return JsonObject()
      .add("group", world.group)
      .add("name", world.name)
      .add("rate_ppm", scaled(world.rate, 1e-6))
      .add("share_percent", scaled(world.steps.front().share, 0.01))
      .add("worse_percent", scaled(world.worse, 0.01))
      .add("releases", std::int64_t{releases})
      .add("first", first.build())
      .build();
}

Json played(const Latencies& world, int releases, const Random& random) {
  const HigherFound found = find_higher(world, releases, random);
  return JsonObject()
      .add("name", world.name)
      .add("share_percent", scaled(world.share, 0.01))
      .add("slower_percent", scaled(world.slower, 0.01))
      .add("releases", std::int64_t{releases})
      .add("at_one_look", std::int64_t{found.at_one_look})
      .add("at_any_look", std::int64_t{found.at_any_look})
      .add("at_one_look_limited", std::int64_t{found.at_one_look_limited})
      .add("at_any_look_limited", std::int64_t{found.at_any_look_limited})
      .build();
}

/// Each world has a stream of its own, so that another one more changes none of them.
Random stream(const Random& random, const World& world) {
  return random.fork(world.group + " " + world.name + " " +
                     std::to_string(scaled(world.rate, 1e-6)) + " " +
                     std::to_string(scaled(world.steps.front().share, 0.01)) + " " +
                     std::to_string(scaled(world.worse, 0.01)));
}

Random stream(const Random& random, const Latencies& world) {
  return random.fork("latencies " + world.name + " " + std::to_string(scaled(world.share, 0.01)) +
                     " " + std::to_string(scaled(world.slower, 0.01)));
}

void run(int releases, std::uint64_t seed) {
  const Random random(seed);
  std::vector<Json> errors, values;
  for (const World& world : no_worse())
    errors.push_back(played(world, releases, stream(random, world)));
  for (const World& world : worse())
    errors.push_back(played(world, releases / 4, stream(random, world)));
  for (const Latencies& world : latencies())
    values.push_back(played(world, releases / 4, stream(random, world)));
  const JsonObject out = JsonObject()
                             .add("seed", static_cast<std::int64_t>(seed))
                             .add("scrape_seconds", std::int64_t{kScrapeSeconds})
                             .add("looks", std::int64_t{kLooks})
                             .add("pods", std::int64_t{kPods})
                             .add("errors", json_array(errors))
                             .add("values", json_array(values));
  std::puts(out.build().text.c_str());
}

}  // namespace
}  // namespace doorbuster::bench

int main(int argc, char** argv) {
  CLI::App app("Prints false alarms and detections of analyses of releases, by simulation");
  int releases = 4000;
  std::uint64_t seed = 1;
  app.add_option("--releases", releases, "of each kind that is no worse; a quarter of the others")
      ->check(CLI::Range(4, 1'000'000));
  app.add_option("--seed", seed);
  CLI11_PARSE(app, argc, argv);
  doorbuster::bench::run(releases, seed);
}
