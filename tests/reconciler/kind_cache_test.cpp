#include "controllers/reconciler/kind_cache.h"

#include "tests/reconciler/answering_transport.h"

#include <gtest/gtest.h>

namespace doorbuster::reconciler {
namespace {

constexpr Instant kNow{std::chrono::hours(500'000)};
const kube::Key kKey{"shop", "flags"};
const ObjectRef kRef{.group = "", .kind = "ConfigMap", .ns = "shop", .name = "flags"};

kube::Resource config_maps() {
  kube::Resource resource;
  resource.version = "v1";
  resource.plural = "configmaps";
  resource.kind = "ConfigMap";
  return resource;
}

std::string config_map(const std::string& version, const std::string& value) {
  return R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"flags","namespace":"shop","uid":"u","resourceVersion":")" +
         version + R"("},"data":{"x":")" + value + "\"}}";
}

/// As the API server words a failure.
std::string status_body(int code) {
  const char* reason = code == 404   ? "NotFound"
                       : code == 403 ? "Forbidden"
                       : code == 429 ? "TooManyRequests"
                                     : "InternalError";
  return R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"no","reason":")" +
         std::string(reason) + R"(","details":{"name":"flags","kind":"configmaps"},"code":)" +
         std::to_string(code) + "}";
}

class KindCacheTest : public testing::Test {
 protected:
  /// A list of everything: the object at this version, or nothing of it.
  void list(const std::string& list_version, const std::string& text) {
    std::string padded = text;
    padded.resize(text.size() + kube::kTextPadding);
    kube::ListedPage page{
        .first = true, .last = true, .items = {}, .version = list_version, .as_of = kNow};
    Result<kube::Object> object =
        text.empty() ? Result<kube::Object>(Error{}) : kube::object_of(text);
    if (object.ok())
      page.items.push_back({object->meta, std::string_view(padded).substr(0, text.size())});
    cache_.sink()->on_page("", page);
    cache_.sink()->on_state("", {kube::WatchState::Current, "", kNow});
  }
  void event(const std::string& text) {
    std::string padded = text;
    padded.resize(text.size() + kube::kTextPadding);
    const Result<kube::Object> object = kube::object_of(text);
    ASSERT_TRUE(object.ok());
    cache_.sink()->on_upsert(
        "", {object->meta, std::string_view(padded).substr(0, text.size())}, kNow);
  }
  static std::string value_in(const planner::Fact& fact) {
    const auto* present = std::get_if<std::shared_ptr<const planner::Present>>(&fact);
    if (present != nullptr)
      return (*present)->version + ":" + (*present)->object->string("/data/x");
    if (std::holds_alternative<planner::Missing>(fact)) return "missing";
    if (const auto* no = std::get_if<planner::Forbidden>(&fact)) return "forbidden " + no->verb;
    return "unread: " + std::get<planner::Unread>(fact).why;
  }
  std::string watched(Instant now = kNow) { return value_in(cache_.watched(kKey, now)); }

  kube::Response answer_{.status = 404, .headers = {}, .body = status_body(404)};
  std::shared_ptr<AnsweringTransport> transport_ =
      std::make_shared<AnsweringTransport>([this](const kube::Request&) { return answer_; });
  std::shared_ptr<Interest> interest_ = std::make_shared<Interest>();
  std::vector<ObjectRef> changed_;
  int current_ = 0;
  KindCache cache_{
      config_maps(),
      std::make_shared<kube::Client>(transport_),
      interest_,
      [this](const ObjectRef& object, const Record*, const Record*) { changed_.push_back(object); },
      [this](const KindCache&, kube::WatchState) { ++current_; }};
};

TEST_F(KindCacheTest, BeforeTheFirstListNothingIsKnown) {
  EXPECT_EQ(watched(), "unread: not listed yet");
}

TEST_F(KindCacheTest, OnlyAWholeListSaysThatAnObjectIsMissing) {
  list("5", "");
  EXPECT_EQ(watched(), "missing");
  EXPECT_EQ(current_, 1);
}

TEST_F(KindCacheTest, KeepsTheTextOfWhatIsAskedFor) {
  interest_->set({"shop", "sale"}, {kRef}, {});
  list("5", config_map("4", "a"));
  EXPECT_EQ(watched(), "4:a");
  EXPECT_EQ(changed_, std::vector{kRef});
  event(config_map("6", "b"));
  EXPECT_EQ(watched(), "6:b");
  EXPECT_TRUE(transport_->calls().empty());
}

TEST_F(KindCacheTest, KeepsNoTextOfOthers) {
  list("5", config_map("4", "a"));
  EXPECT_EQ(cache_.store().get(kKey)->document, nullptr);
}

TEST_F(KindCacheTest, KeepsTheTextOfWhatCarriesOurLabel) {
  std::string held = config_map("4", "a");
  held.insert(held.find("\"uid\""), R"("labels":{"doorbuster.dev/held":"x"},)");
  list("5", held);
  EXPECT_NE(cache_.store().get(kKey)->document, nullptr);
}

TEST_F(KindCacheTest, ATextThatTheWatchPassedOverIsReadOnce) {
  list("5", config_map("4", "a"));
  answer_ = {.status = 200, .headers = {}, .body = config_map("4", "a")};
  EXPECT_EQ(watched(), "4:a");
  EXPECT_EQ(watched(), "4:a");
  EXPECT_EQ(transport_->calls().size(), 1U);
  event(config_map("6", "b"));  // still not asked for: read again, for it changed
  answer_.body = config_map("6", "b");
  EXPECT_EQ(watched(), "6:b");
  EXPECT_EQ(transport_->calls().size(), 2U);
}

TEST_F(KindCacheTest, AnObjectThatIsGoneButNotYetForTheWatchIsUnread) {
  list("5", config_map("4", "a"));
  EXPECT_EQ(watched(), "unread: gone, but the watch does not show it yet");
}

TEST_F(KindCacheTest, AViewOlderThanOurOwnWriteIsNotBelieved) {
  interest_->set({"shop", "sale"}, {kRef}, {});
  list("5", config_map("4", "a"));
  cache_.wrote(kKey, kube::object_of(config_map("9", "ours")).value(), kNow);
  EXPECT_EQ(watched(), "9:ours") << "what the server answered is newer";
  event(config_map("7", "between"));
  EXPECT_EQ(watched(), "9:ours");
  event(config_map("10", "b"));
  EXPECT_EQ(watched(), "10:b");
}

TEST_F(KindCacheTest, AfterAConflictTheViewMustCatchUpWithWhatIsThere) {
  interest_->set({"shop", "sale"}, {kRef}, {});
  list("5", config_map("4", "a"));
  answer_ = {.status = 200, .headers = {}, .body = config_map("8", "theirs")};
  cache_.reread(kKey, kNow);
  EXPECT_EQ(watched(), "8:theirs") << "as it was read again";
  event(config_map("8", "theirs"));
  EXPECT_EQ(watched(), "8:theirs");
}

TEST_F(KindCacheTest, AWatchThatIsSilentTooLongIsNotBelieved) {
  interest_->set({"shop", "sale"}, {kRef}, {});
  list("5", config_map("4", "a"));
  EXPECT_EQ(watched(kNow + kSilence), "4:a");
  EXPECT_EQ(watched(kNow + kSilence + Duration(1)),
            "unread: the watch has been silent for 2m30s1ms");
  cache_.sink()->on_bookmark("", "6", kNow + kSilence);
  EXPECT_EQ(watched(kNow + kSilence + Duration(1)), "4:a");
}

TEST_F(KindCacheTest, WhereNothingIsWatchedAReadingIsGoodForAWhile) {
  answer_ = {.status = 200, .headers = {}, .body = config_map("4", "a")};
  EXPECT_EQ(value_in(cache_.polled(kKey, kNow, Duration(5'000))), "4:a");
  answer_.body = config_map("5", "b");
  EXPECT_EQ(value_in(cache_.polled(kKey, kNow + Duration(4'999), Duration(5'000))), "4:a");
  EXPECT_EQ(value_in(cache_.polled(kKey, kNow + Duration(5'000), Duration(5'000))), "5:b");
  cache_.wrote(kKey, kube::object_of(config_map("6", "c")).value(), kNow + Duration(5'000));
  EXPECT_EQ(value_in(cache_.polled(kKey, kNow + Duration(5'001), Duration(5'000))), "6:c");
}

struct RefusalCase {
  const char* says;
  int status;
  const char* fact;
};

TEST_F(KindCacheTest, ReadingOneByOneTellsRefusalFromAbsenceFromSilence) {
  const RefusalCase cases[] = {
      {"404 is an answer", 404, "missing"},
      {"403 says that we may not", 403, "forbidden get"},
      {"500 says nothing", 500, "unread"},
      {"429 says nothing yet", 429, "unread"},
  };
  for (const RefusalCase& one : cases) {
    SCOPED_TRACE(one.says);
    answer_ = {.status = one.status, .headers = {}, .body = status_body(one.status)};
    EXPECT_TRUE(
        value_in(cache_.polled({"shop", one.says}, kNow, Duration(5'000))).starts_with(one.fact))
        << value_in(cache_.polled({"shop", one.says}, kNow, Duration(5'000)));
  }
}

}  // namespace
}  // namespace doorbuster::reconciler
