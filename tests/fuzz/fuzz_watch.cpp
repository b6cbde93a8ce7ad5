// links: kube
// Any bytes as what an API server answers to lists and watches: the machine neither crashes nor
// loops, and how a stream is cut does not change what it says.
#include "operator/kube/watch.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::kube {
namespace {

using fuzz::require;

constexpr int kCodes[] = {200, 200, 200, 400, 403, 404, 410, 429, 500, 504};

/// A machine that is fed, and what it said so far.
struct Fed {
  Fed() : machine({"apps", "v1", "deployments", "Deployment", true, {}, {}}, "shop", bounds()) {
    step(Begin{});
  }

  static WatchSettings bounds() {
    WatchSettings settings;
    settings.frame_bytes = 4'096;
    settings.page_bytes = 8'192;
    settings.objects = 50;
    return settings;
  }

  void step(const WatchInput& input) {
    int opened = 0;
    for (const WatchOutput& output : machine.step(input, now, 0.5)) {
      std::visit([this, &opened](const auto& what) { take(what, opened); }, output);
    }
    require(opened <= 1, "one step asks for one answer at most");
  }
  void take(const OpenAnswer& what, int& opened) {
    ++opened;
    answer = what.ticket;
    said += "open " + what.target + "\n";
  }
  void take(const CloseAnswer&, int&) { said += "close\n"; }
  void take(const SetTimer& what, int&) {
    timer = what.ticket;
    require(what.after >= Duration(100), "no timer fires at once");
  }
  void take(const DeliverPage& what, int&) {
    for (const ObjectView& item : what.page.items) object(item.meta, item.text);
    said += "page v" + what.page.version + "\n";
  }
  void take(const DeliverUpsert& what, int&) { object(what.meta, what.text); }
  void take(const DeliverDelete& what, int&) {
    said += "gone ";
    object(what.meta, what.text);
  }
  void take(const DeliverBookmark& what, int&) { said += "bookmark " + what.version + "\n"; }
  void take(const DeliverUndecodable& what, int&) { said += "skipped " + what.why + "\n"; }
  void take(const DeliverState& what, int&) {
    said += std::string(to_string(what.report.state)) + "\n";
  }
  void object(const Meta& meta, std::string_view text) {
    require(!meta.name.empty(), "an object has a name");
    require(text.starts_with('{') && text.ends_with('}'), "an object's text is an object");
    said.append(meta.name).append(" ").append(text).append("\n");
  }

  void to_watch() {
    step(AnswerBegan{answer, 200, {}});
    step(AnswerBytes{answer, R"({"metadata":{"resourceVersion":"10"},"items":[]})"});
    step(AnswerEnded{answer, true, ""});
    step(AnswerBegan{answer, 200, {}});
  }

  WatchMachine machine;
  Instant now{Duration(1'000'000)};
  std::uint64_t answer = 0, timer = 0;
  std::string said;
};

/// Whole, and cut at places that the bytes themselves choose.
void stream(std::string_view bytes) {
  Fed whole, cut;
  whole.to_watch();
  cut.to_watch();
  whole.step(AnswerBytes{whole.answer, bytes});
  const std::uint64_t answer = cut.answer;
  std::size_t at = 0, salt = bytes.size();
  while (at < bytes.size()) {
    salt = salt * 31 + static_cast<unsigned char>(bytes[at]);
    const std::size_t size = 1 + salt % 97;
    cut.step(AnswerBytes{answer, bytes.substr(at, size)});
    at += size;
  }
  // A frame beyond its bound is noticed sooner or later, depending on the pieces.
  if (bytes.size() <= Fed::bounds().frame_bytes)
    require(whole.said == cut.said, "cutting changes nothing");
}

void page(std::string_view bytes) {
  Fed fed;
  fed.step(AnswerBegan{fed.answer, 200, {}});
  fed.step(AnswerBytes{fed.answer, bytes});
  fed.step(AnswerEnded{fed.answer, true, ""});
}

/// A whole history: each piece of input answers whatever is being asked.
void history(std::string_view bytes) {
  Fed fed;
  int in_a_row = 0;
  while (bytes.size() > 2) {
    const auto choice = static_cast<unsigned char>(bytes[0]);
    const std::size_t size =
        std::min<std::size_t>(static_cast<unsigned char>(bytes[1]) * 4U, bytes.size() - 2);
    const std::string_view part = bytes.substr(2, size);
    bytes.remove_prefix(2 + size);
    if (fed.machine.stage() == WatchMachine::Stage::Backoff) {
      fed.step(TimerFired{fed.timer});
      in_a_row = 0;
    }
    const std::uint64_t before = fed.answer;
    fed.step(AnswerBegan{before, kCodes[choice % 10], {}});
    fed.step(AnswerBytes{before, part});
    if (fed.answer == before) fed.step(AnswerEnded{before, choice % 2 == 0, "x"});
    // Pages may follow one another without a pause, as many as they have tokens; but no more than
    // the bytes can name.
    require(++in_a_row < 10'000, "it pauses");
  }
}

}  // namespace
}  // namespace doorbuster::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      doorbuster::kube::stream(bytes);
      break;
    case 1:
      doorbuster::kube::page(bytes);
      break;
    default:
      doorbuster::kube::history(bytes);
  }
  return 0;
}
