// links: api
// Any bytes as a SaleEvent, a SaleSchedule or a SaleAction, from a file and from the API server:
// what is accepted is written and read again as the same, and quantities that are read multiply by
// one into themselves.
#include "crds/reader.h"
#include "tests/fuzz/require.h"

#include <cstdint>

namespace doorbuster::api {
namespace {

using fuzz::require;

std::string whole_event(const SaleEvent& event) {
  return JsonObject()
      .add("apiVersion", kApiVersion)
      .add("kind", kSaleEventKind)
      .add("metadata", JsonObject().add("name", "again").build())
      .add("spec", to_json(event.spec))
      .add("status", to_json(event.status))
      .build()
      .text;
}

void check_schedule(const SaleSchedule& schedule) {
  check_meaning(schedule.spec);
  const Reading again =
      read_sale_schedule(JsonObject()
                             .add("apiVersion", kApiVersion)
                             .add("kind", kSaleScheduleKind)
                             .add("metadata", JsonObject().add("name", "again").build())
                             .add("spec", to_json(schedule.spec))
                             .add("status", to_json(schedule.status))
                             .build()
                             .text);
  require(again.accepted(), "what was accepted is accepted when written");
  require(again.schedule->spec == schedule.spec, "a spec reads as it was written");
  require(again.schedule->status == schedule.status, "a status reads as it was written");
}

void check_action(const SaleAction& action) {
  const Reading again =
      read_sale_action(JsonObject()
                           .add("apiVersion", kApiVersion)
                           .add("kind", kSaleActionKind)
                           .add("metadata", JsonObject().add("name", "again").build())
                           .add("spec", to_json(action.spec))
                           .add("status", to_json(action.status))
                           .build()
                           .text);
  require(again.accepted(), "what was accepted is accepted when written");
  require(again.action->spec == action.spec, "a spec reads as it was written");
  require(again.action->status == action.status, "a status reads as it was written");
}

void check_reading(const Reading& reading) {
  require(reading.findings.size() <= 2 * kMaxFindings, "findings are bounded");
  for (const Finding& finding : reading.findings)
    require(!to_text(finding).empty(), "a finding has a text");
  if (reading.schedule) check_schedule(*reading.schedule);
  if (reading.action) check_action(*reading.action);
  if (!reading.event) return;
  check_meaning(reading.event->spec);
  const Reading again = read_sale_event(whole_event(*reading.event));
  require(again.accepted(), "what was accepted is accepted when written");
  require(again.event->spec == reading.event->spec, "a spec reads as it was written");
  require(again.event->status == reading.event->status, "a status reads as it was written");
}

void check_quantity(std::string_view text) {
  const auto value = parse_quantity(text);
  if (!value) return;
  require(value->nanos <= kMaxNanos && value->nanos >= -kMaxNanos,
          "a quantity stays within its bounds");
  const auto same = multiplied(value->source, Json{"1"});
  require(same && quantity_of(*same)->nanos == value->nanos, "once a quantity is that quantity");
}

void check_text(std::string_view text) {
  check_reading(read_sale_event(text));
  check_reading(read_sale_schedule(text));
  check_reading(read_sale_action(text));
  for (const Document& document : read_documents(text)) check_reading(document.reading);
  check_quantity(text.substr(0, 64));
}

}  // namespace
}  // namespace doorbuster::api

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::api::check_text({reinterpret_cast<const char*>(data), size});
  return 0;
}
