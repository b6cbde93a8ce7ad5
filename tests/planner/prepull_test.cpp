// Images on the nodes before the pods exist (hack/decisions/0017) as sentences.
#include "controllers/planner/prepull.h"

#include "tests/planner/child_shop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace doorbuster::planner {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kImage = "/spec/template/spec/containers/0/image";
constexpr const char* kPulled = "/spec/template/spec/initContainers/1/image";

/// Pulls begin an hour before the ramp, which begins 30 minutes before the start.
Shop pulling_shop() {
  Shop shop = shop_to_raise();
  shop.sale.spec->capacity.image_prepull = api::ImagePrepullSpec{};
  return shop;
}

ObjectRef puller_of(const Shop& shop) { return puller_ref(shop.sale, shop.setup, "checkout"); }

const api::ImagePrepullStatus* row_of(const Shop& shop) {
  const auto& rows = shop.sale.status.image_prepull;
  return rows.empty() ? nullptr : &rows.front();
}

std::string state(const Shop& shop) {
  const auto* row = row_of(shop);
  return row == nullptr ? "" : row->state;
}

Instant lead_of(const Shop& shop) { return shop.window.prepare - hours(1); }

/// What the DaemonSet controller says of it.
void show_nodes(Shop& shop, std::int64_t nodes, std::int64_t current, std::int64_t ready) {
  shop.change(puller_of(shop),
              "/status",
              Json{R"({"observedGeneration":1,"desiredNumberScheduled":)" + std::to_string(nodes) +
                   R"(,"currentNumberScheduled":)" + std::to_string(current) +
                   R"(,"updatedNumberScheduled":)" + std::to_string(current) +
                   R"(,"numberReady":)" + std::to_string(ready) + "}"},
              "kube-controller-manager");
}

TEST(ImagePrepull, stands_from_its_lead_before_preparation_until_the_start) {
  Shop shop = pulling_shop();
  shop.run_until(lead_of(shop) - minutes(1));
  EXPECT_EQ(state(shop), "Waiting");
  EXPECT_EQ(shop.sale.status.next_reason, "images are pulled ahead");
  EXPECT_EQ(shop.sale.status.next_due, lead_of(shop));
  EXPECT_FALSE(shop.objects.contains(puller_of(shop)));
  shop.run_until(lead_of(shop));
  EXPECT_EQ(shop.at(puller_of(shop), kPulled), Value(Json{R"("shop:1")"}));
  EXPECT_EQ(shop.at(puller_of(shop), "/metadata/ownerReferences/0/uid"),
            Value(json_of_string(shop.sale.uid)));
  EXPECT_EQ(state(shop), "Pulling");
  EXPECT_EQ(row_of(shop)->images, 1);
  EXPECT_FALSE(shop.sale.has_finalizer) << "what is ours needs no finalizer";
  shop.run_until(kStart - minutes(1));
  EXPECT_TRUE(shop.objects.contains(puller_of(shop)));
  shop.run_until(kStart);
  EXPECT_FALSE(shop.objects.contains(puller_of(shop)));
  EXPECT_EQ(state(shop), "Released");
}

TEST(ImagePrepull, nothing_waits_for_it) {
  Shop shop = pulling_shop();
  shop.run_until(lead_of(shop));
  show_nodes(shop, 7, 7, 0);
  shop.run_until(kStart + minutes(1));
  EXPECT_EQ(shop.number(kCheckoutHpa, "/spec/minReplicas"), 20);
  EXPECT_EQ(shop.condition("Prepared"), "True Prepared");
}

TEST(ImagePrepull, says_how_many_nodes_have_the_images_and_still_says_so_when_it_is_over) {
  Shop shop = pulling_shop();
  shop.run_until(lead_of(shop));
  EXPECT_FALSE(row_of(shop)->nodes) << "nobody has counted them yet";
  show_nodes(shop, 7, 7, 3);
  shop.settle();
  EXPECT_EQ(state(shop), "Pulling");
  EXPECT_EQ(row_of(shop)->nodes, 7);
  EXPECT_EQ(row_of(shop)->pulled, 3);
  show_nodes(shop, 7, 7, 7);
  shop.settle();
  EXPECT_EQ(state(shop), "Pulled");
  show_nodes(shop, 8, 8, 7);  // a new node
  shop.settle();
  EXPECT_EQ(state(shop), "Pulling");
  shop.run_until(kStart);
  EXPECT_EQ(row_of(shop)->nodes, 8);
  EXPECT_EQ(row_of(shop)->pulled, 7);
}

TEST(ImagePrepull, nodes_that_nobody_may_use_are_not_called_pulled) {
  Shop shop = pulling_shop();
  shop.run_until(lead_of(shop));
  show_nodes(shop, 0, 0, 0);
  shop.settle();
  EXPECT_EQ(state(shop), "Pulling");
  EXPECT_THAT(row_of(shop)->message, HasSubstr("no node"));
}

TEST(ImagePrepull, follows_the_template_and_counts_anew) {
  Shop shop = pulling_shop();
  shop.run_until(lead_of(shop));
  show_nodes(shop, 7, 7, 7);
  shop.settle();
  shop.change(kCheckout, kImage, Json{R"("shop:2")"}, "helm");
  EXPECT_EQ(shop.settle(), 1);
  EXPECT_EQ(shop.at(puller_of(shop), kPulled), Value(Json{R"("shop:2")"}));
  shop.change(puller_of(shop), "/metadata/generation", json_of(std::int64_t{2}), "apiserver");
  shop.settle();
  EXPECT_EQ(state(shop), "Pulling");
  EXPECT_FALSE(row_of(shop)->pulled) << "what is counted is of the old template";
  EXPECT_EQ(shop.settle(), 0);
}

TEST(ImagePrepull, a_failure_is_told_in_plain_words_and_is_a_warning) {
  Shop shop = pulling_shop();
  shop.run_until(lead_of(shop));
  show_nodes(shop, 7, 7, 0);
  shop.pods[puller_of(shop)].reasons = {{"ImageNotPulled", 7, "shop:1: ImagePullBackOff"},
                                        {"Starting", 1, ""}};
  shop.settle();
  EXPECT_THAT(row_of(shop)->message, HasSubstr("shop:1: ImagePullBackOff"));
  EXPECT_EQ(shop.sale.status.verdict, "Warn");
  EXPECT_THAT(shop.sale.status.message, HasSubstr("ImagePullBackOff"));
}

TEST(ImagePrepull, a_quota_that_refuses_its_pods_is_named) {
  Shop shop = pulling_shop();
  shop.run_until(lead_of(shop));
  show_nodes(shop, 7, 2, 2);
  shop.pods[puller_of(shop)].not_created =
      "pods \"flash-x\" is forbidden: exceeded quota: compute, requested: pods=1";
  shop.settle();
  EXPECT_THAT(row_of(shop)->message, HasSubstr("exceeded quota: compute"));
  EXPECT_EQ(row_of(shop)->pulled, 2);
}

TEST(ImagePrepull, leaves_the_quota_to_the_pods_of_the_sale_and_does_not_come_again) {
  Shop shop = pulling_shop();
  shop.run_until(shop.window.prepare + minutes(1));
  ASSERT_TRUE(shop.objects.contains(puller_of(shop)));
  shop.unready = {"checkout"};
  shop.pods[kCheckout].reasons = {{"QuotaExceeded", 3, "exceeded quota: compute"}};
  shop.run_until(shop.window.prepare + minutes(3));
  ASSERT_FALSE(shop.target("checkout")->pending.empty());
  EXPECT_FALSE(shop.objects.contains(puller_of(shop)));
  EXPECT_EQ(state(shop), "Released");
  EXPECT_THAT(row_of(shop)->message, HasSubstr("quota"));
  shop.unready.clear();
  shop.pods.clear();
  shop.run_until(shop.window.prepare + minutes(6));
  EXPECT_FALSE(shop.objects.contains(puller_of(shop)));
}

struct NoneCase {
  const char* sentence;
  std::function<void(Shop&)> make;
  const char* state;
  const char* message;
};

TEST(ImagePrepull, is_not_made_where_it_would_be_of_no_use_and_the_row_says_why) {
  const auto change = [](const char* pointer, const char* value) {
    return [=](Shop& shop) { shop.change(kCheckout, pointer, Json{value}, "kubectl"); };
  };
  const NoneCase cases[] = {
      {"a dry run", [](Shop& shop) { shop.sale.spec->mode = api::Mode::DryRun; }, "Planned", ""},
      {"suspended", [](Shop& shop) { shop.sale.spec->suspend = true; }, "", ""},
      {"an account that may not make DaemonSets",
       [](Shop& shop) { shop.denied = {"DaemonSet"}; },
       "Forbidden",
       "may not create"},
      {"a target that is not there",
       [](Shop& shop) { shop.remove(kCheckout); },
       "Refused",
       "does not exist"},
      {"a target that sleeps on purpose", change("/spec/replicas", "0"), "NotNeeded", "on purpose"},
      {"a workload without a pod template",
       [](Shop& shop) { shop.change(kCheckout, "/spec/template", std::nullopt, "kubectl"); },
       "Refused",
       "no pod template"},
      {"images that are never pulled",
       change("/spec/template/spec/containers/0/imagePullPolicy", R"("Never")"),
       "NotNeeded",
       "imagePullPolicy"},
      {"pods for Windows",
       change("/spec/template/spec/nodeSelector", R"({"kubernetes.io/os":"windows"})"),
       "Refused",
       "Windows"},
      {"a name that is somebody else's",
       [](Shop& shop) { shop.add(puller_of(shop), R"({"spec":{},"status":{}})"); },
       "Refused",
       "somebody else's"},
      {"a target of which nothing is known",
       [](Shop& shop) { shop.instead[kCheckout] = Unread{"too old"}; },
       "Unknown",
       "not read"},
  };
  for (const NoneCase& one : cases) {
    SCOPED_TRACE(one.sentence);
    Shop shop = pulling_shop();
    one.make(shop);
    shop.clock = lead_of(shop) + minutes(1);
    shop.settle();
    EXPECT_THAT(shop.log, Not(Contains(StartsWith("create"))));
    EXPECT_EQ(state(shop), one.state);
    const std::string message = row_of(shop) == nullptr ? "" : row_of(shop)->message;
    EXPECT_THAT(message, HasSubstr(one.message));
  }
}

TEST(ImagePrepull, what_stands_goes_when_it_is_not_wanted_and_stays_when_that_is_not_known) {
  const auto wrong = [](Shop& shop) {
    shop.sale.spec = Error{.kind = ErrorKind::Invalid, .message = "spec: wrong"};
  };
  const std::vector<EndCase> cases = end_cases({
      {"the spec does not ask for it any more",
       [](Shop& shop) { shop.sale.spec->capacity.image_prepull.reset(); },
       true},
      {"the account loses its right", [](Shop& shop) { shop.denied = {"DaemonSet"}; }, true},
      {"not accepted before the start", wrong, false},
      {"not accepted at the start",
       [&wrong](Shop& shop) {
         wrong(shop);
         shop.clock = kStart;
       },
       true},
      {"the namespace is being deleted",
       [](Shop& shop) { shop.namespace_terminating = true; },
       true},
  });
  expect_ends(cases, pulling_shop, lead_of, puller_of);
}

TEST(ImagePrepull, marks_that_were_copied_to_another_object_do_not_make_it_go) {
  Shop shop = pulling_shop();
  shop.run_until(lead_of(shop));
  for (const char* where : {"/metadata/labels", "/metadata/annotations"})
    shop.change(kCheckout, where, shop.at(puller_of(shop), where), "kubectl");
  shop.run_until(kStart);
  EXPECT_TRUE(shop.objects.contains(kCheckout));
  EXPECT_FALSE(shop.objects.contains(puller_of(shop)));
}

TEST(ImagePrepull, an_answer_that_is_lost_makes_no_second_child) {
  Shop shop = pulling_shop();
  lose_answers_at(shop, lead_of(shop));
  EXPECT_THAT(shop.log, testing::ElementsAre(StartsWith("create")));
}

}  // namespace
}  // namespace doorbuster::planner
