#pragma once

#include "controllers/planner/ledger.h"
#include "controllers/planner/settle.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace doorbuster::planner {

inline const ObjectRef kHpa{"autoscaling", "HorizontalPodAutoscaler", "shop", "checkout"};
inline const Who kWho{"shop/flash", "event-1", "here"};
inline const Instant kNow{std::chrono::milliseconds(1'800'000'000'000)};
inline constexpr const char* kMin = "/spec/minReplicas";
inline constexpr const char* kMax = "/spec/maxReplicas";

/// An autoscaler as a server would show it; everything else is changed by merge patches, as in
/// life.
struct HeldObject {
  Json object{
      R"({"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"checkout","namespace":"shop",)"
      R"("uid":"hpa-1","resourceVersion":"100"},"spec":{"minReplicas":3,"maxReplicas":10},"status":{}})"};
  int version = 100;

  std::shared_ptr<const Document> document() const { return Document::parse(object.text).value(); }
  Present present() const {
    auto parsed = document();
    return {.uid = parsed->string("/metadata/uid"),
            .version = parsed->string("/metadata/resourceVersion"),
            .as_of = kNow,
            .deleting = false,
            .api_version = "autoscaling/v2",
            .object = parsed};
  }
  void set(std::string_view pointer, const Value& value) {
    object = with_value(object, pointer, value).value();
  }
  /// Somebody else changes a field: value, and who owns it from now on.
  void change(const std::string& pointer,
              const Value& value,
              const std::string& manager,
              const std::string& time) {
    set(pointer, value);
    bump();
    std::string fields = "{}";
    for (std::size_t at = pointer.size(); at > 0;) {
      const std::size_t slash = pointer.rfind('/', at - 1);
      fields = "{\"f:" + pointer.substr(slash + 1, at - slash - 1) + "\":" + fields + "}";
      at = slash;
    }
    set("/metadata/managedFields",
        Json{"[{\"manager\":\"" + manager + "\",\"operation\":\"Update\",\"time\":\"" + time +
             "\",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":" + fields + "}]"});
  }
  void bump() { set("/metadata/resourceVersion", json_of_string(std::to_string(++version))); }
  void apply(const Write& write) {
    ASSERT_EQ(write.only_if_uid, present().uid);
    ASSERT_EQ(write.only_if_version, present().version);
    if (write.type == Write::Type::Json) {
      set("/metadata/managedFields", std::nullopt);
    } else {
      const auto made = merge_patched(object, write.patch);
      ASSERT_TRUE(made.ok()) << made.error().message;
      object = *made;
      // A request owns the fields that it changes.
      if (JsonView::parse(write.patch.text)->at("/spec").ok())
        set("/metadata/managedFields",
            Json{
                R"([{"manager":"doorbuster","operation":"Update","time":"2027-01-15T08:00:00Z","fieldsV1":)"
                R"({"f:spec":{"f:minReplicas":{},"f:maxReplicas":{}}}}])"});
    }
    bump();
  }
  std::int64_t number(const char* pointer) const {
    return document()->integer(pointer).value_or(-1);
  }
  std::string annotation() const {
    return document()->string("/metadata/annotations/doorbuster.dev~1holds");
  }
};

/// Runs rounds against a cluster and remembers what a status would.
struct Holding {
  HeldObject cluster;
  Witness witness;
  ObjectWants asked;
  Settled last;
  Instant now = kNow;

  void want(const char* pointer,
            int value,
            Ask::Op op = Ask::Op::Max,
            const std::string& name = "checkout") {
    asked.releases.clear();
    std::erase_if(asked.wants, [&](const auto& one) {
      return one.second.field.pointer == pointer && one.second.name == name;
    });
    asked.wants.push_back({"capacity",
                           HoldWant{.field = {kHpa, pointer, ""},
                                    .ask = {.op = op, .operand = json_of(std::int64_t{value})},
                                    .name = name,
                                    .reason = {"CapacityHeld", "test"}}});
  }
  void release(bool leave = false) {
    asked.wants.clear();
    asked.releases.push_back(
        {"capacity",
         Release{.name = "checkout", .reason = {"Over", "test"}, .leave_value = leave}});
  }
  void remember() {
    std::map<FieldPath, HeldField> fields;
    for (const FieldReport& one : last.fields) {
      const FieldPath path{one.field.pointer, one.field.inside};
      witness.ledger.uid = one.uid;
      witness.ledger.serial = one.serial;
      witness.contests[path] = one.contest;
      if (one.entry) fields[path] = *one.entry;
    }
    witness.ledger.fields = fields;
    witness.ledger.state =
        fields.empty() && last.fields.empty() ? Ledger::State::None : Ledger::State::Good;
  }
  /// Decides and writes, at most `most` times; how many writes it took until nothing was left to
  /// do.
  int settle(int most = 5) {
    for (int writes = 0; writes <= most; ++writes) {
      last = settle_object(kHpa, cluster.present(), witness, asked, kWho, now);
      remember();
      if (!last.write) return writes;
      cluster.apply(*last.write);
    }
    return most + 1;
  }
  const FieldReport* report(const char* pointer) const {
    for (const FieldReport& one : last.fields) {
      if (one.field.pointer == pointer) return &one;
    }
    return nullptr;
  }
  std::string state(const char* pointer) const {
    return report(pointer) != nullptr ? report(pointer)->state : "none";
  }
};

}  // namespace doorbuster::planner
