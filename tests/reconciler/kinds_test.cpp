#include "controllers/reconciler/kinds.h"

#include "controllers/products/allow_list.h"
#include "operator/base/yaml.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace doorbuster::reconciler {
namespace {

TEST(Kinds, ReadsTheScalePathsOfCustomKinds) {
  EXPECT_EQ(pointer_of_scale_path(".spec.replicas"), "/spec/replicas");
  EXPECT_EQ(pointer_of_scale_path(".spec.worker.count"), "/spec/worker/count");
  EXPECT_EQ(pointer_of_scale_path("spec.replicas"), "");
  EXPECT_EQ(pointer_of_scale_path(".spec..replicas"), "");
  EXPECT_EQ(pointer_of_scale_path(".spec.items[0]"), "");
  EXPECT_EQ(pointer_of_scale_path("."), "");
  EXPECT_EQ(pointer_of_scale_path(""), "");
}

const Node* rule_of(const Node& rules, const std::string& group) {
  for (const Node& rule : rules.items) {
    if (rule.find("apiGroups") == nullptr) continue;  // of a path, not of kinds
    for (const Node& one : rule.find("apiGroups")->items) {
      const bool holds = one.text == group && rule.find("verbs")->items.size() == 4;
      if (holds && rule.find("resources")->items.front().text != "namespaces" &&
          group != "doorbuster.dev")
        return &rule;
    }
  }
  return nullptr;
}

bool names_something_like(const Node& resources, std::string kind) {
  for (char& one : kind) one = static_cast<char>(std::tolower(static_cast<unsigned char>(one)));
  // The plural is the API's choice; all of them begin like the kind.
  const std::string stem = kind.substr(0, kind.size() - 1);
  for (const Node& one : resources.items) {
    if (kind == "*" ? one.text == "*" : one.text.starts_with(stem)) return true;
  }
  return false;
}

YamlText shipped_roles() {
  std::ifstream file(std::string(DOORBUSTER_SOURCE_DIR) + "/charts/manifests/rbac.yaml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return read_yaml(text);
}

TEST(Kinds, TheShippedRoleReachesWhatTheBuiltInListAllowsAndNothingElse) {
  const YamlText yaml = shipped_roles();
  ASSERT_FALSE(yaml.problem) << to_text(*yaml.problem);
  ASSERT_FALSE(yaml.documents.empty());
  const Node& role = yaml.documents.front().root;
  ASSERT_EQ(role.find("kind")->text, "ClusterRole");
  const Node& rules = *role.find("rules");
  std::map<std::string, std::size_t> allowed;
  for (const products::AllowedKind& one : products::AllowList::standard().kinds) {
    SCOPED_TRACE(one.group + " " + one.kind);
    ++allowed[one.group];
    const Node* rule = rule_of(rules, one.group);
    ASSERT_NE(rule, nullptr);
    EXPECT_TRUE(names_something_like(*rule->find("resources"), one.kind));
  }
  for (const auto& [group, kinds] : allowed) {
    EXPECT_EQ(rule_of(rules, group)->find("resources")->items.size(), kinds) << group;
  }
  for (const Node& rule : rules.items) {
    if (rule.find("apiGroups") == nullptr) continue;
    for (const Node& verb : rule.find("verbs")->items) {
      const std::string group = rule.find("apiGroups")->items.front().text;
      EXPECT_NE(verb.text, "*");
      EXPECT_TRUE(verb.text != "delete" || group == "doorbuster.dev") << group;
      EXPECT_TRUE(verb.text != "create" || group == "authorization.k8s.io" ||
                  group == "events.k8s.io" || group == "doorbuster.dev")
          << group;
    }
  }
}

TEST(Kinds, WhatStandsBesideTargetsMayBeMadeAndRemovedAndNothingElse) {
  const YamlText yaml = shipped_roles();
  ASSERT_FALSE(yaml.problem) << to_text(*yaml.problem);
  const auto found =
      std::find_if(yaml.documents.begin(), yaml.documents.end(), [](const auto& one) {
        return one.root.find("kind")->text == "ClusterRole" &&
               one.root.find("metadata")->find("name")->text == "doorbuster-beside-targets";
      });
  ASSERT_NE(found, yaml.documents.end());
  std::set<std::string> granted;
  for (const Node& rule : found->root.find("rules")->items) {
    for (const Node& resource : rule.find("resources")->items) {
      for (const Node& verb : rule.find("verbs")->items)
        granted.insert(verb.text + " " + rule.find("apiGroups")->items.front().text + "/" +
                       resource.text);
    }
  }
  std::set<std::string> used;
  for (const char* kind : {"/services",
                           "apps/daemonsets",
                           "apps/deployments",
                           "autoscaling/horizontalpodautoscalers",
                           "autoscaling.x-k8s.io/capacitybuffers",
                           "networking.k8s.io/ingresses"}) {
    used.insert(std::string("create ") + kind);
    used.insert(std::string("delete ") + kind);
  }
  EXPECT_EQ(granted, used);
}

}  // namespace
}  // namespace doorbuster::reconciler
