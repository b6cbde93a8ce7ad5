#include "operator/commands/inputs.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace doorbuster::commands {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Inputs : public ::testing::Test {
 protected:
  void SetUp() override {
    folder =
        fs::path(::testing::TempDir()) /
        ("inputs-" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }
  std::string write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name, std::ios::binary) << text;
    return (folder / name).string();
  }
  std::vector<std::string> names(const Result<std::vector<InputFile>>& files) const {
    std::vector<std::string> out;
    for (const InputFile& one : files.value())
      out.push_back(fs::path(one.name).lexically_relative(folder).string());
    return out;
  }

  fs::path folder;
  std::istringstream nothing;
};

TEST_F(Inputs, OfAFolderItsManifestsComeInTheOrderOfTheirNames) {
  for (const char* name : {"b.yaml", "a.yml", "c.json", "README.md", "d.yaml.bak", "below/e.yaml"})
    write(name, "x: 1\n");
  EXPECT_THAT(names(read_inputs({folder.string()}, false, nothing)),
              ElementsAre("a.yml", "b.yaml", "c.json"));
  EXPECT_THAT(names(read_inputs({folder.string()}, true, nothing)),
              ElementsAre("a.yml", "b.yaml", "below/e.yaml", "c.json"));
}

TEST_F(Inputs, ADashIsStandardInput) {
  std::istringstream in("kind: SaleEvent\n");
  const auto files = read_inputs({"-"}, false, in);
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().name, "<stdin>");
  EXPECT_EQ(*files->front().text, "kind: SaleEvent\n");
}

TEST_F(Inputs, WhatCannotBeReadKeepsNothingElseBack) {
  const std::string good = write("good.yaml", "x: 1\n");
  const auto files = read_inputs({(folder / "missing.yaml").string(), good}, false, nothing);
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), 2U);
  EXPECT_EQ((*files)[0].text.error().kind, ErrorKind::NotFound);
  EXPECT_TRUE((*files)[1].text.ok());
}

TEST_F(Inputs, OfAFileOfAHundredMegabytesNoMoreIsReadThanMayBeKept) {
  const std::string path = write("large.yaml", "");
  fs::resize_file(path, 100U << 20U);  // sparse: costs no disk
  const auto files = read_inputs({path}, false, nothing);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->front().text.error().kind, ErrorKind::Invalid);
  EXPECT_THAT(files->front().text.error().message, HasSubstr("at most 1 MiB"));
  fs::resize_file(path, kMaxInputBytes);
  EXPECT_TRUE(read_inputs({path}, false, nothing)->front().text.ok()) << "the bound itself fits";
}

TEST_F(Inputs, AnEndlessDeviceEnds) {
  const auto files = read_inputs({"/dev/zero"}, false, nothing);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(files->front().text.error().kind, ErrorKind::Invalid);
}

TEST_F(Inputs, MoreThanAThousandFilesAreRefusedAsAWhole) {
  for (int i = 0; i < 1'001; ++i) write(std::to_string(i) + ".yaml", "");
  const auto files = read_inputs({folder.string()}, false, nothing);
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.error().kind, ErrorKind::Invalid);
  fs::remove(folder / "0.yaml");
  EXPECT_EQ(read_inputs({folder.string()}, false, nothing)->size(), 1'000U);
}

TEST_F(Inputs, LinksThatGoRoundEndTheRecursion) {
  write("a.yaml", "");
  fs::create_directory_symlink(folder, folder / "round");
  EXPECT_THAT(names(read_inputs({folder.string()}, true, nothing)), ElementsAre("a.yaml"));
}

}  // namespace
}  // namespace doorbuster::commands
