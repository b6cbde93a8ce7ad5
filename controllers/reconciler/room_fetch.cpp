#include "controllers/reconciler/room_fetch.h"

#include "controllers/planner/room_reading.h"

#include <algorithm>
#include <utility>

namespace doorbuster::reconciler {
namespace {

constexpr const char* kStatusNamespace = "kube-system";
constexpr const char* kStatusName = "cluster-autoscaler-status";
constexpr const char* kStatusForbidden =
    "the operator may not get the ConfigMap kube-system/cluster-autoscaler-status";

Error error(ErrorKind kind, std::string message) {
  return Error{.kind = kind, .message = std::move(message), .causes = {}, .retry_after = {}};
}

/// Will asking again not help soon?
bool is_answer(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Denied:
    case ErrorKind::Invalid:
    case ErrorKind::NotFound:
      return true;
    case ErrorKind::Conflict:
    case ErrorKind::Throttled:
    case ErrorKind::Unavailable:
    case ErrorKind::Gone:
      return false;
  }
  return false;
}

class Fetch {
 public:
  Fetch(const kube::Client& client,
        Kinds& kinds,
        const RoomWanted& wanted,
        const std::function<bool()>& stop)
      : client_(client), kinds_(kinds), wanted_(wanted), stop_(stop), sums_(wanted.owners) {}

  Result<std::shared_ptr<const planner::Room>> fetch() {
    for (const auto read : {&Fetch::nodes, &Fetch::namespaces, &Fetch::pools, &Fetch::groups}) {
      const Outcome done = (this->*read)();
      if (!done.ok()) return done.error();
    }
    return std::make_shared<const planner::Room>(std::move(room_));
  }

 private:
  using Take = std::function<void(const JsonView&)>;

  Outcome all(const kube::Resource& of, const std::string& ns, std::size_t most, const Take& take) {
    std::string next;
    std::size_t count = 0;
    do {
      if (stop_()) return error(ErrorKind::Unavailable, "stopped");
      const auto page = client_.list(of, ns, kRoomPage, next);
      if (!page.ok()) return page.error();
      for (const kube::Object& one : page->items) {
        if (++count > most)
          return error(ErrorKind::Invalid,
                       "there are more than " + std::to_string(most) + " " + of.plural);
        if (const auto view = JsonView::parse(one.text)) take(*view);
      }
      next = page->continue_token;
    } while (!next.empty());
    return Done{};
  }

  /// Puts what keeps something from being known into words; passes on what will pass.
  static Outcome known(const Outcome& read, const std::string& what, std::string& unknown) {
    if (read.ok()) return Done{};
    if (!is_answer(read.error().kind)) return read.error();
    unknown = read.error().kind == ErrorKind::Denied
                  ? "the operator may not list " + what + " (its role lacks that)"
                  : read.error().message;
    return Done{};
  }

  Outcome nodes() {
    Outcome read = all(kube::core_resource("nodes", "Node", false),
                       "",
                       planner::kRoomNodes,
                       [this](const auto& one) { sums_.add_node(one); });
    if (!read.ok()) return known(read, "nodes", room_.nodes_unknown);
    read = all(kube::core_resource("pods", "Pod"), "", planner::kRoomPods, [this](const auto& one) {
      sums_.add_pod(one);
    });
    if (!read.ok()) return known(read, "pods", room_.nodes_unknown);
    sums_.put_into(room_);
    return Done{};
  }

  Outcome namespaces() {
    for (const std::string& ns : wanted_.namespaces) {
      planner::NamespaceRoom& room = room_.namespaces[ns];
      Outcome read = known(
          all(kube::core_resource("resourcequotas", "ResourceQuota"),
              ns,
              planner::kRoomQuotas,
              [&room](const auto& one) { room.quotas.push_back(planner::quota_room_of(one)); }),
          "resourcequotas",
          room.quotas_unknown);
      if (!read.ok()) return read;
      read = known(all(kube::core_resource("limitranges", "LimitRange"),
                       ns,
                       planner::kRoomLimits,
                       [&room](const auto& one) {
                         for (planner::LimitRoom& entry : planner::limit_rooms_of(one))
                           room.limits.push_back(std::move(entry));
                       }),
                   "limitranges",
                   room.limits_unknown);
      if (!read.ok()) return read;
    }
    return Done{};
  }

  Outcome pools() {
    const auto kind = kinds_.find("karpenter.sh", "NodePool");
    if (!kind.ok() && kind.error().kind == ErrorKind::NotFound) return Done{};
    if (!kind.ok()) return kind.error();
    return known(
        all(*kind,
            "",
            planner::kRoomPools,
            [this](const auto& one) { room_.pools.push_back(planner::pool_room_of(one)); }),
        "nodepools of karpenter.sh",
        room_.pools_unknown);
  }

  Outcome groups() {
    if (stop_()) return error(ErrorKind::Unavailable, "stopped");
    const auto status = client_.get(kube::core_resource("configmaps", "ConfigMap"),
                                    {kStatusNamespace, kStatusName});
    if (!status.ok()) {
      if (status.error().kind == ErrorKind::NotFound) return Done{};
      if (!is_answer(status.error().kind)) return status.error();
      room_.groups_unknown = kStatusForbidden;
      return Done{};
    }
    const auto view = JsonView::parse(status->text);
    const auto text = view ? view->at("/data/status") : view;
    room_.groups = planner::groups_room_of(text ? text->string().value_or("") : "");
    return Done{};
  }

  const kube::Client& client_;
  Kinds& kinds_;
  const RoomWanted& wanted_;
  const std::function<bool()>& stop_;
  planner::RoomSums sums_;
  planner::Room room_;
};

}  // namespace

bool RoomWanted::covers(const RoomWanted& other) const {
  const auto in = [](const auto& here, const auto& those) {
    return std::all_of(
        those.begin(), those.end(), [&here](const auto& one) { return here.contains(one); });
  };
  return in(namespaces, other.namespaces) && in(owners, other.owners);
}

Result<std::shared_ptr<const planner::Room>> fetch_room(const kube::Client& client,
                                                        Kinds& kinds,
                                                        const RoomWanted& wanted,
                                                        const std::function<bool()>& stop) {
  return Fetch(client, kinds, wanted, stop).fetch();
}

}  // namespace doorbuster::reconciler
