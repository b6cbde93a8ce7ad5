#include "operator/kube/kubeconfig.h"

#include "operator/base/base64.h"
#include "operator/kube/credentials.h"
#include "operator/kube/yaml_json.h"

#include <unistd.h>

#include <array>
#include <sstream>

namespace doorbuster::kube {
namespace {

Error invalid(const std::string& where, const std::string& why) {
  return Error{ErrorKind::Invalid, where + ": " + why, {}, {}};
}

/// Where a value stands: its file and the path within it. Reads members of an object and keeps the
/// first error.
class Fields {
 public:
  Fields(JsonView object, std::string file, std::string path, std::optional<Error>& error)
      : object_(std::move(object)), file_(std::move(file)), path_(std::move(path)), error_(error) {
    if (object_.type() != JsonType::Object && object_.type() != JsonType::Null)
      complain("", "must be an object");
  }

  std::optional<JsonView> value(const char* name) const {
    const auto found = object_.member(name);
    return found && found->type() != JsonType::Null ? found : std::nullopt;
  }

  std::string text(const char* name) const {
    const auto found = value(name);
    if (!found) return {};
    if (const auto string = found->string()) return *string;
    complain(name, "must be a string");
    return {};
  }

  bool flag(const char* name) const {
    const auto found = value(name);
    if (!found) return false;
    if (const auto boolean = found->boolean()) return *boolean;
    complain(name, "must be true or false");
    return false;
  }

  std::string base64(const char* name) const {
    const std::string encoded = text(name);
    if (auto decoded = from_base64(encoded)) return *std::move(decoded);
    complain(name, "is not base64");
    return {};
  }

  Fields inside(const char* name) const {
    return Fields(value(name).value_or(JsonView()), file_, at(name), error_);
  }

  std::vector<Fields> list(const char* name) const {
    std::vector<Fields> all;
    const auto found = value(name);
    if (!found) return all;
    if (found->type() != JsonType::Array) {
      complain(name, "must be a list");
      return all;
    }
    for (const JsonView& element : found->elements()) {
      all.emplace_back(element, file_, at(name) + "[" + std::to_string(all.size()) + "]", error_);
    }
    return all;
  }

  std::vector<std::string> strings(const char* name) const {
    std::vector<std::string> all;
    const auto found = value(name);
    if (!found) return all;
    if (found->type() != JsonType::Array) complain(name, "must be a list of strings");
    for (const JsonView& element : found->elements()) {
      const auto string = element.string();
      if (!string) complain(name, "must be a list of strings");
      all.push_back(string.value_or(""));
    }
    return all;
  }

  void complain(const std::string& name, const std::string& why) const {
    if (!error_) error_ = invalid(file_ + ": " + (name.empty() ? path_ : at(name)), why);
  }
  void refuse(const char* name, const std::string& why) const {
    if (value(name)) complain(name, why);
  }
  bool present() const { return object_.type() == JsonType::Object; }

 private:
  std::string at(const std::string& name) const {
    return path_.empty() ? name : path_ + "." + name;
  }

  JsonView object_;
  std::string file_, path_;
  std::optional<Error>& error_;
};

/// One file of the list. Views into `json`, which does not move.
struct File {
  std::string name, folder;
  std::unique_ptr<Json> json;
  JsonView root;
};

Result<File> parse_file(std::string_view text, std::string folder, std::string name) {
  if (text.size() > kMaxKubeconfigBytes) return invalid(name, "larger than 1 MiB");
  auto json = json_from_yaml(text);
  if (!json) return invalid(name, json.error().message);
  File file{std::move(name), std::move(folder), std::make_unique<Json>(std::move(*json)), {}};
  auto root = JsonView::parse(file.json->text);
  if (!root) return invalid(file.name, root.error().message);
  file.root = *root;
  if (file.root.type() != JsonType::Object) return invalid(file.name, "must be an object");
  return file;
}

/// The entry of that name in the first file that has one: its inner object and that file's folder.
struct Found {
  Fields fields;
  std::string folder;
};

std::optional<Found> find_entry(const std::vector<File>& files,
                                const char* list,
                                const char* inner,
                                const std::string& name,
                                std::optional<Error>& error) {
  for (const File& file : files) {
    for (const Fields& entry : Fields(file.root, file.name, "", error).list(list)) {
      if (entry.text("name") == name && !error) return Found{entry.inside(inner), file.folder};
    }
  }
  return std::nullopt;
}

std::string absolute(const std::string& path, const std::string& folder) {
  return path.empty() || path.front() == '/' || folder.empty() ? path : folder + "/" + path;
}

void read_cluster(const Found& found, ServerConfig& config) {
  const Fields& cluster = found.fields;
  config.server = cluster.text("server");
  config.server_name = cluster.text("tls-server-name");
  config.ca = cluster.base64("certificate-authority-data");
  if (config.ca.empty())
    config.ca_file = absolute(cluster.text("certificate-authority"), found.folder);
  config.skip_verify = cluster.flag("insecure-skip-tls-verify");
  cluster.refuse("proxy-url", "proxies are not supported");
  const bool https = config.server.starts_with("https://");
  if (!https && !config.server.starts_with("http://"))
    cluster.complain("server", "must be an https:// URL");
  const bool authority = !config.ca.empty() || !config.ca_file.empty();
  if (config.skip_verify && authority) {
    cluster.complain("insecure-skip-tls-verify", "contradicts the certificate authority beside it");
  }
  if (config.skip_verify) config.warnings.push_back("the API server's certificate is not verified");
  if (https && !authority && !config.skip_verify) {
    cluster.complain(
        "certificate-authority-data",
        "missing; the system's authorities are not trusted, name a file in certificate-authority");
  }
}

/// What a plugin that asks for it is told about the cluster.
Json cluster_info(const Fields& cluster) {
  JsonObject info;
  info.add("server", cluster.text("server"));
  for (const char* name : {"tls-server-name", "certificate-authority-data"}) {
    if (!cluster.text(name).empty()) info.add(name, cluster.text(name));
  }
  if (cluster.flag("insecure-skip-tls-verify")) info.add("insecure-skip-tls-verify", true);
  for (const Fields& extension : cluster.list("extensions")) {
    if (extension.text("name") != "client.authentication.k8s.io/exec") continue;
    if (const auto value = extension.value("extension"))
      info.add("config", Json{std::string(value->text())});
  }
  return info.build();
}

ExecPlugin read_exec(const Fields& exec, const std::string& folder, const Fields& cluster) {
  constexpr std::string_view kV1 = "client.authentication.k8s.io/v1";
  ExecPlugin plugin;
  plugin.api_version = exec.text("apiVersion");
  const bool v1 = plugin.api_version == kV1;
  if (!v1 && plugin.api_version != "client.authentication.k8s.io/v1beta1") {
    exec.complain("apiVersion", "must be client.authentication.k8s.io/v1 or v1beta1");
  }
  plugin.command = exec.text("command");
  if (plugin.command.empty()) exec.complain("command", "must name a program");
  if (plugin.command.find('/') != std::string::npos)
    plugin.command = absolute(plugin.command, folder);
  plugin.args = exec.strings("args");
  for (const Fields& variable : exec.list("env")) {
    const std::string name = variable.text("name");
    if (name.empty() || name.find('=') != std::string::npos)
      variable.complain("name", "is no variable's name");
    plugin.env.emplace_back(name, variable.text("value"));
  }
  const std::string mode = exec.text("interactiveMode");
  if (mode.empty() && v1) exec.complain("interactiveMode", "must be given with apiVersion v1");
  if (mode == "Always") exec.complain("interactiveMode", "Always: there is nobody to ask here");
  if (!mode.empty() && mode != "Always" && mode != "Never" && mode != "IfAvailable") {
    exec.complain("interactiveMode", "must be Never, IfAvailable or Always");
  }
  plugin.install_hint = exec.text("installHint");
  if (exec.flag("provideClusterInfo")) plugin.cluster = cluster_info(cluster);
  return plugin;
}

UserConfig read_user(const Found& found, const Fields& cluster) {
  const Fields& user = found.fields;
  UserConfig config;
  config.token = user.text("token");
  config.token_file = absolute(user.text("tokenFile"), found.folder);
  config.certificate = user.base64("client-certificate-data");
  config.key = user.base64("client-key-data");
  if (config.certificate.empty())
    config.certificate_file = absolute(user.text("client-certificate"), found.folder);
  if (config.key.empty()) config.key_file = absolute(user.text("client-key"), found.folder);
  if (user.value("exec")) config.exec = read_exec(user.inside("exec"), found.folder, cluster);
  user.refuse("username", "basic authentication is not supported");
  user.refuse("password", "basic authentication is not supported");
  user.refuse("auth-provider", "auth providers are not supported; use an exec plugin");
  for (const char* impersonation : {"as", "as-uid", "as-groups", "as-user-extra"}) {
    user.refuse(impersonation, "impersonation is not supported");
  }
  const bool certificate = !config.certificate.empty() || !config.certificate_file.empty();
  const bool key = !config.key.empty() || !config.key_file.empty();
  if (certificate != key)
    user.complain(certificate ? "client-key" : "client-certificate", "missing beside the other");
  return config;
}

std::string current_context(const std::vector<File>& files, std::optional<Error>& error) {
  for (const File& file : files) {
    const std::string name = Fields(file.root, file.name, "", error).text("current-context");
    if (!name.empty()) return name;
  }
  return {};
}

Result<ServerConfig> resolve(const std::vector<File>& files, const std::string& wanted_context) {
  std::optional<Error> error;
  const std::string& label = files.front().name;
  const std::string context_name =
      wanted_context.empty() ? current_context(files, error) : wanted_context;
  if (error) return *error;
  if (context_name.empty())
    return invalid(label + ": current-context", "not set, and no context was asked for");
  const auto context = find_entry(files, "contexts", "context", context_name, error);
  if (error) return *error;
  if (!context) return invalid(label + ": contexts", "no context " + quoted(context_name));

  ServerConfig config;
  const std::string cluster_name = context->fields.text("cluster");
  const std::string user_name = context->fields.text("user");
  config.ns = context->fields.text("namespace");
  const auto cluster = find_entry(files, "clusters", "cluster", cluster_name, error);
  if (!cluster && !error) context->fields.complain("cluster", "no cluster " + quoted(cluster_name));
  if (error) return *error;
  read_cluster(*cluster, config);
  if (!user_name.empty()) {
    const auto user = find_entry(files, "users", "user", user_name, error);
    if (!user && !error) context->fields.complain("user", "no user " + quoted(user_name));
    if (error) return *error;
    config.user = read_user(*user, cluster->fields);
  }
  if (error) return *error;
  return config;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash != std::string::npos) return path.substr(0, slash);
  std::array<char, 4096> here{};
  return getcwd(here.data(), here.size()) != nullptr ? here.data() : ".";
}

std::vector<std::string> split_list(const std::string& list) {
  std::vector<std::string> paths;
  std::istringstream stream(list);
  for (std::string path; std::getline(stream, path, ':');) {
    if (!path.empty()) paths.push_back(path);
  }
  return paths;
}

}  // namespace

Result<ServerConfig> read_kubeconfig(std::string_view text,
                                     const std::string& folder,
                                     const std::string& name,
                                     const std::string& context) {
  auto file = parse_file(text, folder, name);
  if (!file) return file.error();
  std::vector<File> files;
  files.push_back(std::move(*file));
  return resolve(files, context);
}

Result<ServerConfig> load_kubeconfig(const KubeconfigSources& sources) {
  const bool must_exist = !sources.explicit_path.empty();
  std::vector<std::string> paths = split_list(sources.env);
  if (paths.empty() && !sources.fallback.empty()) paths = {sources.fallback};
  if (must_exist) paths = {sources.explicit_path};
  if (paths.size() > kMaxKubeconfigFiles) return invalid("KUBECONFIG", "names more than 16 files");
  std::vector<File> files;
  for (const std::string& path : paths) {
    auto text = read_file(path, kMaxKubeconfigBytes);
    if (!text && text.error().kind == ErrorKind::NotFound && !must_exist) continue;
    if (!text) return invalid(path, text.error().message);
    auto file = parse_file(*text, folder_of(path), path);
    if (!file) return file.error();
    files.push_back(std::move(*file));
  }
  if (files.empty()) return Error{ErrorKind::NotFound, "there is no kubeconfig", {}, {}};
  return resolve(files, sources.context);
}

Result<ServerConfig> in_cluster(const InClusterSources& sources) {
  if (sources.host.empty() || sources.port.empty()) {
    return Error{ErrorKind::NotFound,
                 "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set",
                 {},
                 {}};
  }
  ServerConfig config;
  const bool bare_ipv6 = sources.host.find(':') != std::string::npos && sources.host.front() != '[';
  config.server =
      "https://" + (bare_ipv6 ? "[" + sources.host + "]" : sources.host) + ":" + sources.port;
  config.ca_file = sources.folder + "/ca.crt";
  config.user.token_file = sources.folder + "/token";
  auto ns = read_file(sources.folder + "/namespace", 256);
  if (!ns && ns.error().kind != ErrorKind::NotFound)
    return invalid(sources.folder + "/namespace", ns.error().message);
  if (ns) config.ns = ns->substr(0, ns->find_last_not_of(" \r\n\t") + 1);
  return config;
}

}  // namespace doorbuster::kube
