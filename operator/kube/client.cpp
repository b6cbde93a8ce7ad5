#include "operator/kube/client.h"

#include <simdjson.h>

namespace doorbuster::kube {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::size_t kMaxObjectBytes =
    kMaxJsonBytes;  // etcd itself refuses what is larger than 1.5 MiB

Error unreadable(const std::string& what) {
  return Error{ErrorKind::Unavailable, "unreadable answer: " + what, {}, {}};
}

/// Path segments and query values keep RFC 3986's unreserved characters.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

using Query = std::vector<std::pair<std::string, std::string>>;

std::string with_query(std::string target, const Query& query) {
  char separator = '?';
  for (const auto& [name, value] : query) {
    target += separator + name + "=" + percent_encoded(value);
    separator = '&';
  }
  return target;
}

/// A key that would name something else than one object: the path it makes would be a collection's,
/// or another's.
std::optional<Error> wrong(const Resource& resource,
                           const std::string& ns,
                           const std::string* name) {
  const auto bad = [](const std::string& part) {
    return part.empty() || part == "." || part == "..";
  };
  if (resource.plural.empty() || resource.version.empty())
    return Error{ErrorKind::Invalid, "no resource given", {}, {}};
  if (name && bad(*name))
    return Error{
        ErrorKind::Invalid, resource.kind + ": no object's name: " + quoted(*name), {}, {}};
  if (name && resource.namespaced && bad(ns))
    return Error{ErrorKind::Invalid, resource.kind + ": namespace missing", {}, {}};
  return std::nullopt;
}

struct MetaReader {
  Meta meta;

  simdjson::error_code read(ondemand::object metadata) {
    for (auto field : metadata) {
      std::string_view key, text;
      if (auto error = field.unescaped_key().get(key)) return error;
      if (std::string* const into = place(key)) {
        if (auto error = field.value().get_string().get(text)) return error;
        *into = text;
      } else if (key == "generation") {
        if (auto error = field.value().get_int64().get(meta.generation)) return error;
      } else if (key == "deletionTimestamp") {
        meta.deleting = true;
      }
    }
    return simdjson::SUCCESS;
  }

 private:
  std::string* place(std::string_view key) {
    if (key == "name") return &meta.name;
    if (key == "namespace") return &meta.ns;
    if (key == "uid") return &meta.uid;
    if (key == "resourceVersion") return &meta.resource_version;
    return nullptr;
  }
};

/// simdjson reads a little beyond the end.
simdjson::padded_string_view padded(std::string& text) {
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  return simdjson::padded_string_view(text.data(), text.size(), text.capacity());
}

bool at_end(ondemand::document& document) {
  return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

ondemand::parser& thread_parser() {
  thread_local ondemand::parser parser;
  return parser;
}

simdjson::error_code read_meta(std::string& text, Meta& meta) {
  ondemand::document document;
  if (auto error = thread_parser().iterate(padded(text)).get(document)) return error;
  ondemand::object object;
  if (auto error = document.get_object().get(object)) return error;
  MetaReader reader;
  for (auto field : object) {
    std::string_view key;
    if (auto error = field.unescaped_key().get(key)) return error;
    if (key != "metadata") continue;
    ondemand::object metadata;
    if (auto error = field.value().get_object().get(metadata)) return error;
    if (auto error = reader.read(metadata)) return error;
  }
  if (!at_end(document)) return simdjson::TRAILING_CONTENT;
  meta = std::move(reader.meta);
  return simdjson::SUCCESS;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

simdjson::error_code read_list_meta(ondemand::object metadata, Page& page) {
  for (auto field : metadata) {
    std::string_view key, text;
    if (auto error = field.unescaped_key().get(key)) return error;
    if (key != "resourceVersion" && key != "continue") continue;
    if (auto error = field.value().get_string().get(text)) return error;
    (key == "continue" ? page.continue_token : page.resource_version) = text;
  }
  return simdjson::SUCCESS;
}

simdjson::error_code read_page(std::string& text, Page& page, std::vector<std::string>& items) {
  ondemand::parser parser;  // its own: reading each item uses the thread's
  ondemand::document document;
  if (auto error = parser.iterate(padded(text)).get(document)) return error;
  ondemand::object list;
  if (auto error = document.get_object().get(list)) return error;
  for (auto field : list) {
    std::string_view key;
    if (auto error = field.unescaped_key().get(key)) return error;
    ondemand::value value;
    if (auto error = field.value().get(value)) return error;
    if (key == "metadata") {
      ondemand::object metadata;
      if (auto error = value.get_object().get(metadata)) return error;
      if (auto error = read_list_meta(metadata, page)) return error;
    } else if (key == "items") {
      if (bool null = false; !value.is_null().get(null) && null) continue;
      ondemand::array array;
      if (auto error = value.get_array().get(array)) return error;
      for (auto element : array) {
        ondemand::object item;
        std::string_view raw;
        if (auto error = element.get_object().get(item)) return error;
        if (auto error = item.raw_json().get(raw)) return error;
        items.emplace_back(trimmed(raw));
      }
    }
  }
  return at_end(document) ? simdjson::SUCCESS : simdjson::TRAILING_CONTENT;
}

const char* content_type_of(PatchType type) {
  switch (type) {
    case PatchType::Json:
      return "application/json-patch+json";
    case PatchType::Merge:
      return "application/merge-patch+json";
    case PatchType::Strategic:
      return "application/strategic-merge-patch+json";
  }
  return "";
}

Query query_of(const WriteOptions& options) {
  // Strict: a field that the server does not know is an error instead of a write that says it did
  // what it did not.
  Query query{{"fieldManager", options.field_manager}, {"fieldValidation", "Strict"}};
  if (options.dry_run) query.emplace_back("dryRun", "All");
  return query;
}

Result<Object> object_answer(Result<Response> response) {
  if (!response) return response.error();
  if (auto error = error_of(*response)) return *error;
  auto object = object_of(std::move(response->body));
  if (!object) return unreadable(object.error().message);
  return object;
}

/// A write that may leave: the gate agreed, within what time it allows.
Result<Object> write(Transport& transport, const WriteGate& gate, Request request, bool dry_run) {
  if (gate && !dry_run) {
    if (auto open = gate(request.timeout); !open) return open.error();
  }
  return object_answer(transport.call(request));
}

}  // namespace

bool Resource::has(std::string_view subresource) const {
  return std::find(subresources.begin(), subresources.end(), subresource) != subresources.end();
}

std::string Resource::api_version() const {
  return group.empty() ? version : group + "/" + version;
}

Result<Object> object_of(std::string text) {
  if (text.size() > kMaxObjectBytes)
    return Error{ErrorKind::Invalid, "object larger than 8 MiB", {}, {}};
  Object object;
  if (const auto error = read_meta(text, object.meta)) {
    return Error{ErrorKind::Invalid,
                 std::string("no Kubernetes object: ") + simdjson::error_message(error),
                 {},
                 {}};
  }
  if (object.meta.name.empty())
    return Error{ErrorKind::Invalid, "no Kubernetes object: metadata.name is missing", {}, {}};
  text.shrink_to_fit();
  object.text = std::move(text);
  return object;
}

std::optional<int> compare_versions(std::string_view a, std::string_view b) {
  const auto is_number = [](std::string_view text) {
    const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
    return !text.empty() && digits && (text == "0" || text.front() != '0');
  };
  if (!is_number(a) || !is_number(b)) return std::nullopt;
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order == 0 ? 0 : (order < 0 ? -1 : 1);
}

std::string target_of(const Resource& resource,
                      const std::string& ns,
                      const std::string& name,
                      const std::string& subresource) {
  std::string target =
      resource.group.empty() ? "/api/" : "/apis/" + percent_encoded(resource.group) + "/";
  target += percent_encoded(resource.version);
  if (resource.namespaced && !ns.empty()) target += "/namespaces/" + percent_encoded(ns);
  target += "/" + percent_encoded(resource.plural);
  if (!name.empty()) target += "/" + percent_encoded(name);
  if (!subresource.empty()) target += "/" + percent_encoded(subresource);
  return target;
}

Resource core_resource(const char* plural, const char* kind, bool namespaced) {
  return {.group = "",
          .version = "v1",
          .plural = plural,
          .kind = kind,
          .namespaced = namespaced,
          .verbs = {},
          .subresources = {}};
}

Client::Client(std::shared_ptr<Transport> transport, WriteGate gate)
    : transport_(std::move(transport)), gate_(std::move(gate)) {}

Result<Object> Client::get(const Resource& resource,
                           const Key& key,
                           const std::string& subresource,
                           Duration timeout) const {
  if (auto error = wrong(resource, key.ns, &key.name)) return *error;
  return object_answer(transport_->call(
      {.target = target_of(resource, key.ns, key.name, subresource), .timeout = timeout}));
}

Result<Page> Client::list(const Resource& resource,
                          const std::string& ns,
                          int limit,
                          const std::string& continue_token,
                          const std::string& selector,
                          Duration timeout) const {
  if (auto error = wrong(resource, ns, nullptr)) return *error;
  Query query;
  if (limit > 0) query.emplace_back("limit", std::to_string(limit));
  if (!continue_token.empty()) query.emplace_back("continue", continue_token);
  if (!selector.empty()) query.emplace_back("labelSelector", selector);
  auto response =
      transport_->call({.target = with_query(target_of(resource, ns), query), .timeout = timeout});
  if (!response) return response.error();
  if (auto error = error_of(*response)) return *error;
  Page page;
  std::vector<std::string> items;
  if (const auto error = read_page(response->body, page, items))
    return unreadable(simdjson::error_message(error));
  if (page.resource_version.empty()) return unreadable("a list without a resourceVersion");
  response->body = {};
  page.items.reserve(items.size());
  for (std::string& text : items) {
    auto object = object_of(std::move(text));
    if (!object) return unreadable(object.error().message);
    page.items.push_back(*std::move(object));
  }
  return page;
}

Result<Object> Client::create(const Resource& resource,
                              const std::string& ns,
                              const Json& body,
                              const WriteOptions& options) const {
  if (auto error = wrong(resource, ns, nullptr)) return *error;
  return write(*transport_,
               gate_,
               {.method = "POST",
                .target = with_query(target_of(resource, ns), query_of(options)),
                .content_type = "application/json",
                .body = body.text,
                .timeout = options.timeout},
               options.dry_run);
}

Result<Object> Client::update(const Resource& resource,
                              const Key& key,
                              const Json& body,
                              const WriteOptions& options) const {
  if (auto error = wrong(resource, key.ns, &key.name)) return *error;
  return write(*transport_,
               gate_,
               {.method = "PUT",
                .target = with_query(target_of(resource, key.ns, key.name, options.subresource),
                                     query_of(options)),
                .content_type = "application/json",
                .body = body.text,
                .timeout = options.timeout},
               options.dry_run);
}

Result<Object> Client::patch(const Resource& resource,
                             const Key& key,
                             PatchType type,
                             const Json& body,
                             const WriteOptions& options) const {
  if (auto error = wrong(resource, key.ns, &key.name)) return *error;
  return write(*transport_,
               gate_,
               {.method = "PATCH",
                .target = with_query(target_of(resource, key.ns, key.name, options.subresource),
                                     query_of(options)),
                .content_type = content_type_of(type),
                .body = body.text,
                .timeout = options.timeout},
               options.dry_run);
}

Outcome Client::remove(const Resource& resource,
                       const Key& key,
                       const DeleteOptions& options) const {
  if (auto error = wrong(resource, key.ns, &key.name)) return *error;
  JsonObject preconditions, body;
  if (!options.uid.empty()) preconditions.add("uid", std::string_view(options.uid));
  if (!options.resource_version.empty())
    preconditions.add("resourceVersion", std::string_view(options.resource_version));
  body.add("apiVersion", std::string_view("v1")).add("kind", std::string_view("DeleteOptions"));
  if (!preconditions.empty()) body.add("preconditions", preconditions.build());
  if (!options.propagation.empty())
    body.add("propagationPolicy", std::string_view(options.propagation));
  Query query;
  if (options.dry_run) query.emplace_back("dryRun", "All");
  Request request{.method = "DELETE",
                  .target = with_query(target_of(resource, key.ns, key.name), query),
                  .content_type = "application/json",
                  .body = body.build().text,
                  .timeout = options.timeout};
  if (gate_ && !options.dry_run) {
    if (auto open = gate_(request.timeout); !open) return open.error();
  }
  const auto response = transport_->call(request);
  if (!response) return response.error();
  if (auto error = error_of(*response)) return *error;
  return Done{};
}

Result<std::string> Client::raw(const std::string& target, Duration timeout) const {
  auto response = transport_->call({.target = target, .timeout = timeout});
  if (!response) return response.error();
  if (auto error = error_of(*response)) return *error;
  return std::move(response->body);
}

Result<std::string> Client::review(const Resource& resource,
                                   const std::string& ns,
                                   const Json& body,
                                   Duration timeout) const {
  if (auto error = wrong(resource, ns, nullptr)) return *error;
  auto response = transport_->call({.method = "POST",
                                    .target = target_of(resource, ns),
                                    .content_type = "application/json",
                                    .body = body.text,
                                    .timeout = timeout});
  if (!response) return response.error();
  if (auto error = error_of(*response)) return *error;
  return std::move(response->body);
}

}  // namespace doorbuster::kube
