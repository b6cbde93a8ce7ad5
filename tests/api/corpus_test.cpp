// Every manifest of tests/api/corpus says in its comments what the API server makes of it: which
// fields it refuses and which it drops. Here the reader must say the same;
// tests/cluster/corpus_check.py asks a real API server.
#include "crds/reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace doorbuster::api {
namespace {

constexpr std::size_t kLeastManifests = 150;

std::vector<std::filesystem::path> manifests() {
  std::vector<std::filesystem::path> out;
  const std::filesystem::path corpus =
      std::filesystem::path(DOORBUSTER_SOURCE_DIR) / "tests/api/corpus";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The words after `# key:` in the comments at the top.
std::set<std::string> said(const std::string& text, const std::string& key) {
  std::set<std::string> out;
  std::istringstream lines(text);
  const std::string prefix = "# " + key + ": ";
  for (std::string line; std::getline(lines, line) && line.substr(0, 1) == "#";) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.substr(0, prefix.size()) != prefix) continue;
    std::istringstream words(line.substr(prefix.size()));
    for (std::string word; words >> word;) out.insert(word);
  }
  return out;
}

std::set<std::string> paths(const std::vector<Finding>& findings, Severity severity) {
  std::set<std::string> out;
  for (const Finding& finding : findings) {
    if (finding.severity == severity)
      out.insert(finding.path.empty() ? "<document>" : finding.path);
  }
  return out;
}

std::string all_of(const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) out += to_text(finding) + "\n";
  return out;
}

TEST(Corpus, IsLargeEnough) { EXPECT_GE(manifests().size(), kLeastManifests); }

TEST(Corpus, ReaderRefusesAndDropsWhatTheApiServerDoes) {
  for (const auto& path : manifests()) {
    SCOPED_TRACE(path.filename().string());
    const std::string text = text_of(path);
    const auto documents = read_documents(text);
    ASSERT_EQ(documents.size(), 1U);
    const Reading& reading = documents.front().reading;
    EXPECT_EQ(paths(reading.findings, Severity::Error), said(text, "refused"))
        << all_of(reading.findings);
    EXPECT_EQ(paths(reading.findings, Severity::Strict), said(text, "dropped"))
        << all_of(reading.findings);
    EXPECT_EQ(reading.accepted(), said(text, "refused").empty());
  }
}

TEST(Corpus, EveryFindingOfAFileHasALineAndAMessageThatSaysWhatMustBe) {
  for (const auto& path : manifests()) {
    SCOPED_TRACE(path.filename().string());
    for (const Document& document : read_documents(text_of(path))) {
      for (const Finding& finding : document.reading.findings) {
        EXPECT_GT(finding.mark.line, 0U) << to_text(finding);
        EXPECT_GT(finding.mark.column, 0U) << to_text(finding);
        EXPECT_EQ(finding.message.substr(0, 5), "must ") << to_text(finding);
      }
    }
  }
}

Json spec_of(const Reading& read) {
  if (read.event) return to_json(read.event->spec);
  return read.schedule ? to_json(read.schedule->spec) : to_json(read.action->spec);
}

TEST(Corpus, WhatWasReadFromYamlIsReadFromItsJsonAgain) {
  for (const auto& path : manifests()) {
    SCOPED_TRACE(path.filename().string());
    const auto documents = read_documents(text_of(path));
    if (!documents.front().reading.accepted()) continue;
    const Reading& first = documents.front().reading;
    const std::string json = JsonObject()
                                 .add("apiVersion", kApiVersion)
                                 .add("kind", documents.front().kind)
                                 .add("metadata", JsonObject().add("name", "again").build())
                                 .add("spec", spec_of(first))
                                 .build()
                                 .text;
    const Reading again = first.event      ? read_sale_event(json)
                          : first.schedule ? read_sale_schedule(json)
                                           : read_sale_action(json);
    ASSERT_TRUE(again.accepted()) << all_of(again.findings);
    EXPECT_TRUE(first.event      ? again.event->spec == first.event->spec
                : first.schedule ? again.schedule->spec == first.schedule->spec
                                 : again.action->spec == first.action->spec);
  }
}

TEST(Examples, AreAcceptedWithoutAnyFinding) {
  const std::filesystem::path folder =
      std::filesystem::path(DOORBUSTER_SOURCE_DIR) / "crds/examples";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().filename().string());
    for (const Document& document : read_documents(text_of(entry.path()))) {
      ASSERT_TRUE(document.reading.accepted());
      EXPECT_TRUE(document.reading.findings.empty()) << all_of(document.reading.findings);
      const auto& [event, schedule, action, findings] = document.reading;
      if (event) {
        EXPECT_TRUE(check_meaning(event->spec).empty());
      }
      if (schedule) {
        EXPECT_TRUE(check_meaning(schedule->spec).empty());
      }
    }
  }
}

}  // namespace
}  // namespace doorbuster::api
