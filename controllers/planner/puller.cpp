#include "controllers/planner/puller.h"

#include "controllers/planner/child_pod.h"
#include "operator/base/json_read.h"

#include <algorithm>
#include <string_view>

namespace doorbuster::planner {
namespace {

constexpr const char* kVolume = "tool";
constexpr const char* kToolDirectory = "/doorbuster";
// Busybox goes by the name that it is called by: one that is its own takes the applet as argument.
constexpr const char* kTool = "/doorbuster/busybox";

Json texts(const std::vector<std::string>& all) {
  std::vector<Json> out;
  for (const std::string& one : all) out.push_back(json_of_string(one));
  return json_array(out);
}

/// Limits too, for a quota on limits admits no container without them.
Json resources() {
  return Json{
      R"({"requests":{"cpu":"1m","memory":"8Mi"},"limits":{"cpu":"100m","memory":"32Mi"}})"};
}

Json mount(bool read_only) {
  return json_array({JsonObject()
                         .add("name", std::string_view(kVolume))
                         .add("mountPath", std::string_view(kToolDirectory))
                         .add("readOnly", read_only)
                         .build()});
}

JsonObject container(const std::string& name, const std::string& image) {
  JsonObject out;
  out.add("name", std::string_view(name))
      .add("image", std::string_view(image))
      .add("resources", resources())
      .add("securityContext", unprivileged());
  return out;
}

Json pulls(const TemplateImages::One& one, std::size_t number) {
  return container("image-" + std::to_string(number), one.image)
      .add("imagePullPolicy", std::string_view(one.always ? "Always" : "IfNotPresent"))
      .add("command", texts({kTool, "true"}))
      .add("volumeMounts", mount(true))
      .build();
}

Json init_containers(const JsonView& pod_spec, const std::string& tool) {
  std::vector<Json> out = {container("tool", tool)
                               .add("command", texts({"/bin/busybox", "cp", "/bin/busybox", kTool}))
                               .add("volumeMounts", mount(false))
                               .build()};
  for (const TemplateImages::One& one : images_of(pod_spec).images)
    out.push_back(pulls(one, out.size()));
  return json_array(out);
}

/// A service account's own pull secrets are added to pods that name it and no other ones
/// (the ServiceAccount admission plugin).
void add_pull_secrets(JsonObject& out, const JsonView& pod_spec) {
  for (const char* name : {"imagePullSecrets", "serviceAccountName"}) {
    if (const auto part = pod_spec.member(name)) out.add(name, Json{std::string(part->text())});
  }
}

Json pod_of(const JsonView& pod_spec, const PullerImages& images) {
  JsonObject out = low_priority_pod();
  out.add("initContainers", init_containers(pod_spec, images.tool))
      .add("containers", json_array({container("pause", images.pause).build()}))
      .add("volumes", Json{R"([{"name":"tool","emptyDir":{"sizeLimit":"16Mi"}}])"});
  add_node_choice(out, pod_spec);
  add_pull_secrets(out, pod_spec);
  return out.build();
}

/// What puts containers of its own into pods is asked to leave these alone.
Json pod_metadata(const Json& labels) {
  const auto with = [&labels](const char* key, const char* value) {
    JsonObject out;
    const auto parsed = JsonView::parse(labels.text);
    for (const auto& [name, one] : parsed->members()) out.add(name, Json{std::string(one.text())});
    return out.add(key, std::string_view(value)).build();
  };
  return JsonObject()
      .add("labels", with("sidecar.istio.io/inject", "false"))
      .add("annotations", Json{R"({"linkerd.io/inject":"disabled"})"})
      .build();
}

}  // namespace

TemplateImages images_of(const JsonView& pod_spec) {
  TemplateImages out;
  for (const char* list : {"initContainers", "containers"}) {
    for (const JsonView& one : elements_of(pod_spec, list)) {
      const std::string image = text_of(one, "image"), policy = text_of(one, "imagePullPolicy");
      if (image.empty() || policy == "Never") continue;
      const auto same = [&image](const auto& known) { return known.image == image; };
      const auto found = std::find_if(out.images.begin(), out.images.end(), same);
      if (found != out.images.end()) {
        found->always = found->always || policy == "Always";
      } else if (out.images.size() < kMostImages) {
        out.images.push_back({image, policy == "Always"});
      } else {
        ++out.left_out;
      }
    }
  }
  return out;
}

bool is_for_windows(const JsonView& pod_spec) {
  return text_at(pod_spec, "/os/name") == "windows" ||
         text_at(pod_spec, "/nodeSelector/kubernetes.io~1os") == "windows";
}

std::optional<Json> puller_for(const Document& workload,
                               const std::string& name,
                               const PullerImages& images) {
  const auto pod_spec = workload.root().at(kPodSpec);
  if (!pod_spec.ok() || elements_of(*pod_spec, "containers").empty()) return std::nullopt;
  const Json labels = JsonObject().add(kPullerLabel, std::string_view(name)).build();
  const Json pod = JsonObject()
                       .add("metadata", pod_metadata(labels))
                       .add("spec", pod_of(*pod_spec, images))
                       .build();
  const Json spec =
      JsonObject()
          .add("revisionHistoryLimit", std::int64_t{0})
          .add("updateStrategy",
               Json{R"({"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"100%"}})"})
          .add("selector", JsonObject().add("matchLabels", labels).build())
          .add("template", pod)
          .build();
  return JsonObject().add("spec", spec).build();
}

}  // namespace doorbuster::planner
