// `kubectl-sale validate` as a user calls it: words in, text and exit code out.
#include "operator/commands/validate.h"

#include "operator/commands/checked.h"

#include <CLI/CLI.hpp>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace doorbuster::commands {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string kHead =
    "apiVersion: doorbuster.dev/v1alpha1\nkind: SaleEvent\nmetadata: {name: flash-sale, namespace: "
    "shop}\n";
const std::string kWindow =
    "  window: {start: \"2026-11-27T09:00:00Z\", end: \"2026-11-27T13:00:00Z\"}\n";
const std::string kGood = kHead + "spec:\n" + kWindow;
constexpr Instant kLongBefore{std::chrono::seconds(1'780'000'000)};  // May 2026

struct Said {
  int code = -1;
  std::string out, err;
};

class Validate : public ::testing::Test {
 protected:
  void SetUp() override {
    folder = fs::path(::testing::TempDir()) /
             ("validate-" +
              std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
    return (folder / name).string();
  }
  Said run(std::vector<std::string> words, const std::string& input = "") const {
    CLI::App app;
    Said said;
    add_validate_command(
        app, [this] { return now; }, said.code);
    words.insert(words.begin(), "validate");
    std::reverse(words.begin(), words.end());
    std::istringstream in(input);
    std::streambuf* const before = std::cin.rdbuf(in.rdbuf());
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    app.parse(words);
    said.out = ::testing::internal::GetCapturedStdout();
    said.err = ::testing::internal::GetCapturedStderr();
    std::cin.rdbuf(before);
    return said;
  }
  Said of_text(const std::string& text) const { return run({"-f", write("sale.yaml", text)}); }

  fs::path folder;
  Instant now = kLongBefore;
};

TEST_F(Validate, AGoodEventIsCountedAndEndsWithZero) {
  const Said said = of_text(kGood);
  EXPECT_EQ(said.code, kDone) << said.out;
  EXPECT_EQ(said.out, "1 SaleEvent in 1 file: 0 errors, 0 warnings\n");
}

TEST_F(Validate, StandardInputIsNamed) {
  const Said said = run({"-f", "-"}, kHead + "spec: {}\n");
  EXPECT_EQ(said.code, kBad);
  EXPECT_THAT(said.out, HasSubstr("<stdin>:4:7: error DB0202 spec"));
}

struct Mistake {
  std::string sentence, text;
  std::string says;  ///< `line:column: level code`, and what follows it as far as it matters
  int code;
};

void PrintTo(const Mistake& one, std::ostream* out) { *out << one.sentence; }

class OneMistake : public Validate, public ::testing::WithParamInterface<Mistake> {};

TEST_P(OneMistake, IsNamedWithItsPlaceAndCode) {
  const Said said = of_text(GetParam().text);
  EXPECT_EQ(said.code, GetParam().code) << said.out;
  EXPECT_THAT(said.out, HasSubstr("sale.yaml:" + GetParam().says));
}

std::string yaml_bomb() {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int more = 0; more < 9; ++more) text += ", " + below;
    text += "]\n";
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Files,
    OneMistake,
    ::testing::Values(
        Mistake{
            "an unknown field", kGood + "  windows: 1\n", "6:3: error DB0201 spec.windows", kBad},
        Mistake{
            "a required field is missing", kHead + "spec: {}\n", "4:7: error DB0202 spec", kBad},
        Mistake{"the end before the start",
                kHead + "spec:\n  window: {start: \"2026-11-27T13:00:00Z\", end: "
                        "\"2026-11-27T09:00:00Z\"}\n",
                "5:",
                kBad},
        Mistake{"an unknown zone",
                kHead + "spec:\n  window: {start: \"2026-11-27T09:00:00\", end: "
                        "\"2026-11-27T13:00:00\", timeZone: Europe/Nowhere}\n",
                "5:80: error DB0401 spec.window.timeZone",
                kBad},
        Mistake{"a key that stands twice",
                kGood + "  suspend: true\n  suspend: false\n",
                "7:3: error DB0102",
                kUsage},
        Mistake{
            "a tab as indentation", kHead + "spec:\n\twindow: {}\n", "5:1: error DB0102", kUsage},
        Mistake{"an open bracket", kGood + "  holds: [\n", "7:1: error DB0102", kUsage},
        Mistake{"a bomb of aliases", yaml_bomb(), "", kUsage},
        Mistake{"depth without end", std::string(2'000, '['), "1:", kUsage},
        Mistake{"a NUL", kGood + std::string(1, '\0'), "6:1: error DB0102", kUsage}));

TEST_F(Validate, AByteOrderMarkAndWindowsLinesAreNoMistake) {
  std::string lines = "\xEF\xBB\xBF" + kGood;
  for (std::size_t at = 0; (at = lines.find('\n', at)) != std::string::npos; at += 2)
    lines.replace(at, 1, "\r\n");
  EXPECT_EQ(of_text(lines).code, kDone) << of_text(lines).out;
}

TEST_F(Validate, OneBadFileAmongFiftyKeepsNoneOfTheOthersBack) {
  for (int i = 0; i < 50; ++i) {
    const std::string number = std::to_string(100 + i);
    std::string text = kGood;
    text.replace(text.find("flash-sale"), 10, "sale-" + number);
    write("sale-" + number + ".yaml", i == 17 ? "kind: [\n" : text);
  }
  write("sale-199.yaml", kHead + "spec: {}\n");
  const Said said = run({"-f", folder.string()});
  EXPECT_EQ(said.code, kUsage) << "unreadable outweighs wrong";
  EXPECT_THAT(said.out, HasSubstr("sale-117.yaml:2:1: error DB0102"));
  EXPECT_THAT(said.out, HasSubstr("sale-199.yaml:4:7: error DB0202"));
  EXPECT_THAT(said.out, HasSubstr("50 SaleEvents in 51 files: 2 errors, 0 warnings\n"));
}

TEST_F(Validate, AFileOfAHundredMegabytesIsAFindingOfThatFile) {
  const std::string large = write("large.yaml", "");
  fs::resize_file(large, 100U << 20U);
  const Said said = run({"-f", large, "-f", write("good.yaml", kGood)});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_THAT(said.out, HasSubstr("large.yaml: error DB0101"));
  EXPECT_THAT(said.out, HasSubstr("1 SaleEvent in 2 files: 1 error, 0 warnings\n"));
}

TEST_F(Validate, TheSameEventTwiceIsAMistakeOfTheSecond) {
  const Said said = run({"-f", write("a.yaml", kGood), "-f", write("b.yaml", kGood)});
  EXPECT_EQ(said.code, kBad);
  EXPECT_THAT(said.out, HasSubstr("b.yaml:3:18: error DB0302 metadata.name"));
  EXPECT_THAT(said.out, HasSubstr("a.yaml describes"));
}

TEST_F(Validate, WarningsEndWithElevenOnlyWhereAsked) {
  now = Instant(std::chrono::seconds(1'900'000'000));  // March 2030
  const std::string file = write("sale.yaml", kGood);
  const Said calm = run({"-f", file}), strict = run({"-f", file, "--fail-on", "warn"});
  EXPECT_EQ(calm.code, kDone);
  EXPECT_EQ(strict.code, kWarned);
  EXPECT_THAT(strict.out, HasSubstr("warning DB0402 spec.window.end: lies in the past"));
}

TEST_F(Validate, AStepOfAProfileThatBeginsAfterTheEndIsAWarning) {
  const Said said = of_text(
      kGood +
      "  capacity:\n    targets:\n      - name: checkout\n        ref: {kind: Deployment, name: "
      "checkout}\n        need: {replicas: 40}\n        profile: [{at: 1h, replicas: 20}, {at: 4h, "
      "replicas: 30}]\n");
  EXPECT_EQ(said.code, kDone);
  EXPECT_THAT(said.out,
              HasSubstr("warning DB0405 spec.capacity.targets[0].profile[1].at: is not before the "
                        "end, 4h after the start"));
}

TEST_F(Validate, OtherKindsArePassedOver) {
  const Said said = of_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\n" + kGood);
  EXPECT_EQ(said.code, kDone);
  EXPECT_THAT(said.out, HasSubstr("1 document of other kinds passed over"));
}

TEST_F(Validate, AFieldOutsideTheAllowListIsAWarningUntilTheListIsNamed) {
  const std::string sale = write(
      "sale.yaml",
      kGood +
          "  holds:\n    - name: banner\n      object: {apiVersion: shop.example.com/v1, kind: "
          "Storefront, name: x}\n      field: /spec/banner\n      value: {literal: \"on\"}\n");
  const Said assumed = run({"-f", sale});
  EXPECT_EQ(assumed.code, kDone) << assumed.out;
  EXPECT_THAT(assumed.out, HasSubstr("sale.yaml:9:14: warning DB0501 spec.holds[0].field"));
  const std::string narrow =
      write("narrow.list", "kinds: [{group: apps, kind: Deployment, fields: [/spec/replicas]}]\n");
  const Said named = run({"-f", sale, "--allow-list", narrow});
  EXPECT_EQ(named.code, kBad);
  EXPECT_THAT(named.out, HasSubstr("error DB0501"));
  const Said sample =
      run({"-f", sale, "--allow-list", DOORBUSTER_SOURCE_DIR "/docs/reference/allow-list.yaml"});
  EXPECT_EQ(sample.code, kDone) << sample.out;
  EXPECT_THAT(sample.out, Not(HasSubstr("DB0501")));
}

TEST_F(Validate, ABadAllowListIsAUsageErrorWithItsLine) {
  const std::string list = write("bad.list", "kinds:\n  - group: apps\n    kin: Deployment\n");
  const Said said = run({"-f", write("sale.yaml", kGood), "--allow-list", list});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_THAT(said.err, StartsWith("kubectl-sale validate: --allow-list: " + list + ": line 3"));
  EXPECT_EQ(run({"-f", "-", "--allow-list", "/nowhere/list"}).code, kUsage);
}

TEST_F(Validate, JsonSaysTheSame) {
  const Said said = run({"-f", write("sale.yaml", kHead + "spec: {}\n"), "-o", "json"});
  EXPECT_EQ(said.code, kBad);
  EXPECT_THAT(said.out, HasSubstr(R"("line":4,"column":7,"level":"error","code":"DB0202")"));
  EXPECT_THAT(
      said.out,
      HasSubstr(
          R"("files":1,"saleEvents":1,"saleSchedules":0,"saleActions":0,"passedOver":0,"errors":1)"));
}

const std::string kSchedule =
    "apiVersion: doorbuster.dev/v1alpha1\nkind: SaleSchedule\nmetadata: {name: flash}\nspec:\n"
    "  duration: 3h\n  template: {spec: {}}\n";

TEST_F(Validate, SchedulesAreCheckedToo) {
  struct Case {
    const char *spec, *says;
  };
  for (const Case& one :
       {Case{"  schedule: 0 18 * * FRI\n", "1 SaleSchedule in 1 file: 0 errors, 0 warnings"},
        Case{"  schedule: 0 18 * *\n", "7:13: error DB0202 spec.schedule: must be five fields"},
        Case{"  schedule: 0 25 * * FRI\n", "7:13: error DB0301 spec.schedule: must have the hour"},
        Case{"  schedule: 0 0 30 2 *\n", "7:13: warning DB0402 spec.schedule: starts nothing"},
        Case{"  schedule: 0 18 * * FRI\n  timeZone: Europe/Atlantis\n",
             "8:13: error DB0401 spec.timeZone: is no zone"},
        Case{"  schedule: 0 18 * * FRI\n  timeZone: Europe/Berlin\n"
             "  also: [\"2027-03-28T02:30:00\"]\n",
             "9:10: error DB0401 spec.also[0]: does not exist"}}) {
    SCOPED_TRACE(one.spec);
    const Said said = run({"-f", write("schedule.yaml", kSchedule + one.spec)});
    EXPECT_THAT(said.out, HasSubstr(one.says));
  }
}

TEST_F(Validate, AScheduleAndASaleMayHaveOneNameAndTwoSchedulesMayNot) {
  const std::string schedule = kSchedule + "  schedule: 0 18 * * FRI\n";
  EXPECT_EQ(run({"-f", write("one.yaml", schedule)}).code, kDone);
  const Said twice = run({"-f", write("two.yaml", schedule + "---\n" + schedule)});
  EXPECT_EQ(twice.code, kBad);
  EXPECT_THAT(twice.out, HasSubstr("DB0302"));
}

TEST_F(Validate, AMissingFileIsSaidAndNotTakenForAnEmptyOne) {
  const Said said = run({"-f", (folder / "missing.yaml").string()});
  EXPECT_EQ(said.code, kUsage);
  EXPECT_THAT(said.out, HasSubstr("missing.yaml: error DB0101 must exist"));
}

}  // namespace
}  // namespace doorbuster::commands
