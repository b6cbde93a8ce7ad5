// The committed C++ and reference page are what hack/generate makes of the CRDs, and rules and
// twins are one to one.
#include "crds/reader.h"
#include "crds/schema.h"
#include "operator/base/yaml.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace doorbuster::api {
namespace {

const std::filesystem::path kRoot = DOORBUSTER_SOURCE_DIR;
constexpr const char* kCrds[] = {"crds/doorbuster.dev_saleevents.yaml",
                                 "crds/doorbuster.dev_saleschedules.yaml",
                                 "crds/doorbuster.dev_saleactions.yaml"};

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::multiset<std::string> all_matches(const std::string& text, const std::string& pattern) {
  std::multiset<std::string> out;
  const std::regex regex(pattern);
  for (auto at = std::sregex_iterator(text.begin(), text.end(), regex);
       at != std::sregex_iterator();
       ++at) {
    out.insert((*at)[1]);
  }
  return out;
}

std::string all_crds() {
  std::string out;
  for (const char* crd : kCrds) out += text_of(kRoot / crd);
  return out;
}

template <class Visit>
void visit(const Schema& schema, const Visit& visitor) {
  visitor(schema);
  for (const Field& field : schema.fields) visit(*field.schema, visitor);
  if (schema.items) visit(*schema.items, visitor);
}

template <class Visit>
void visit_all(const Visit& visitor) {
  visit(kSaleEventSpecSchema, visitor);
  visit(kSaleEventStatusSchema, visitor);
  visit(kSaleScheduleSpecSchema, visitor);
  visit(kSaleScheduleStatusSchema, visitor);
  visit(kSaleActionSpecSchema, visitor);
  visit(kSaleActionStatusSchema, visitor);
}

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "doorbuster-generate-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

TEST(Generated, FilesAreWhatHackGenerateMakes) {
  const TemporaryFolder out;
  const std::string command = (kRoot / "hack/generate").string() + " --out " + out.path().string();
  ASSERT_EQ(WEXITSTATUS(std::system(command.c_str())), 0) << command;
  for (const char* name : {"crds/sale_event.h",
                           "crds/sale_event_schema.cpp",
                           "crds/sale_event_bind.cpp",
                           "docs/reference/api.md",
                           "crds/doorbuster.dev_saleschedules.yaml",
                           "crds/sale_schedule.h",
                           "crds/sale_schedule_schema.cpp",
                           "crds/sale_schedule_bind.cpp",
                           "docs/reference/saleschedule.md",
                           "crds/doorbuster.dev_saleactions.yaml",
                           "crds/sale_action.h",
                           "crds/sale_action_schema.cpp",
                           "crds/sale_action_bind.cpp",
                           "docs/reference/saleaction.md"}) {
    const std::string fresh = text_of(out.path() / name);
    EXPECT_FALSE(fresh.empty());
    EXPECT_TRUE(fresh == text_of(kRoot / name))
        << name << " is not what hack/generate makes: run it";
  }
}

TEST(Generated, SchemaStaysSmallEnoughForClientSideApply) {
  // As kubectl apply keeps it, twice: as JSON. Indentation and comments are of the file alone.
  for (const char* crd : kCrds) {
    const std::string text = text_of(kRoot / crd);
    const YamlText read = read_yaml(text);
    ASSERT_EQ(read.documents.size(), 1U) << crd;
    EXPECT_LT(json_of(read.documents.front().root).text.size(), 120U * 1024U) << crd;
  }
}

TEST(Generated, EveryListAndStringOfTheSchemaIsBounded) {
  visit_all([](const Schema& schema) {
    const bool sized = schema.type == SchemaType::String || schema.type == SchemaType::Array ||
                       schema.type == SchemaType::IntOrString;
    if (!sized) return;
    const bool bounded =
        schema.at_most < std::numeric_limits<std::uint32_t>::max() || !schema.allowed.empty();
    EXPECT_TRUE(bounded) << schema.pattern.regex;
  });
}

TEST(Generated, EveryFieldIsDescribed) {
  visit_all([](const Schema& schema) {
    for (const Field& field : schema.fields) EXPECT_FALSE(field.description.empty()) << field.name;
  });
}

TEST(Twins, EveryRuleOfTheCrdIsInTheTablesWithTheSameMessage) {
  std::multiset<std::string> tables;
  visit_all([&tables](const Schema& schema) {
    for (const Rule& rule : schema.rules) tables.emplace(rule.message);
  });
  const std::string crd = all_crds();
  std::multiset<std::string> written = all_matches(crd, R"(\n +message: \"?([^\"\n]+)\"?)");
  EXPECT_EQ(tables, written);
  EXPECT_EQ(all_matches(crd, R"(\n +(- rule): )").size(), tables.size());
}

TEST(Twins, EveryTwinIsNamedByARuleAndEveryRuleNamesATwin) {
  const auto named = all_matches(all_crds(), "# twin: ([a-z0-9_]+)\n");
  const auto declared =
      all_matches(text_of(kRoot / "crds/twins.h"), R"(bool ([a-z0-9_]+)\(const Node& self\);)");
  EXPECT_EQ(std::set<std::string>(named.begin(), named.end()),
            std::set<std::string>(declared.begin(), declared.end()));
}

TEST(Twins, EveryRuleIsBrokenBySomeManifestOfTheCorpus) {
  std::set<std::string> broken, rules;
  visit_all([&rules](const Schema& schema) {
    for (const Rule& rule : schema.rules) rules.emplace(rule.message);
  });
  for (const auto& entry : std::filesystem::directory_iterator(kRoot / "tests/api/corpus/bad")) {
    for (const Document& document : read_documents(text_of(entry.path()))) {
      for (const Finding& finding : document.reading.findings) broken.insert(finding.message);
    }
  }
  rules.erase("must not be changed; create another SaleAction");  // only an update breaks it
  for (const std::string& rule : rules) EXPECT_TRUE(broken.contains(rule)) << rule;
}

TEST(Twins, MessagesSayWhatMustBe) {
  visit_all([](const Schema& schema) {
    for (const Rule& rule : schema.rules) {
      EXPECT_EQ(rule.message.substr(0, 5), "must ") << rule.message;
      EXPECT_NE(rule.message.back(), '.') << rule.message;
    }
  });
}

}  // namespace
}  // namespace doorbuster::api
