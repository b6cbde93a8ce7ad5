// links: kube
// Any bytes as the Lease that an elector reads: it says whose it is, and another's is not taken at
// first sight.
#include "operator/base/json.h"
#include "operator/kube/lease.h"
#include "tests/fuzz/require.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace doorbuster::kube {
namespace {

using fuzz::require;

/// Reads are answered with the bytes, writes are refused; tells when the first read was answered.
class Answers final : public Transport {
 public:
  explicit Answers(std::string body) : body_(std::move(body)) {}
  Result<Response> call(const Request& request) override {
    const std::lock_guard lock(mutex_);
    asked_.notify_all();
    if (request.method == "GET") {
      read_ = true;
      return Response{200, {}, body_};
    }
    wrote_ = true;
    return Response{409, {}, "{}"};
  }
  std::unique_ptr<Stream> open(const Request&, Duration, StreamReader&) override { return nullptr; }
  void post(Duration, std::function<void()>) override {}
  void wait_for_read() {
    std::unique_lock lock(mutex_);
    asked_.wait(lock, [this] { return read_; });
  }
  bool wrote() {
    const std::lock_guard lock(mutex_);
    return wrote_;
  }

 private:
  std::string body_;
  std::mutex mutex_;
  std::condition_variable asked_;
  bool read_ = false, wrote_ = false;
};

std::string holder_in(const std::string& text) {
  const auto object = object_of(text);
  const auto view = JsonView::parse(text);
  if (!object || !view) return "";
  const auto spec = view->member("spec");
  const auto holder = spec ? spec->member("holderIdentity") : std::nullopt;
  return holder ? holder->string().value_or("") : "";
}

void check_lease(std::string_view bytes) {
  const std::string text(bytes);
  const auto transport = std::make_shared<Answers>(text);
  LeaseSettings settings;
  settings.ns = "shop";
  settings.identity = "me";
  Elector::World world{std::make_shared<Client>(transport),
                       [] { return SinceBoot(1'000); },
                       [] { return Instant(Duration(1'000)); },
                       [] { return 0.5; },
                       Log{}};
  Elector elector(settings, std::move(world), Elector::Callbacks{});
  elector.start();
  transport->wait_for_read();
  elector.stop();
  require(!elector.leading(), "whose writes are refused does not lead");
  const std::string holder = holder_in(text);
  require(elector.leader() == holder, "the leader is whom the lease names");
  require(holder.empty() || holder == "me" || !transport->wrote(),
          "another's lease is not taken before it was seen to run out");
}

}  // namespace
}  // namespace doorbuster::kube

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  doorbuster::kube::check_lease({reinterpret_cast<const char*>(data), size});
  return 0;
}
