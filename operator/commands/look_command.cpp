#include "operator/commands/look_command.h"

#include "controllers/reconciler/cluster_world.h"
#include "operator/base/json.h"
#include "operator/commands/checked.h"
#include "operator/commands/connection.h"
#include "operator/commands/live_sale.h"
#include "operator/commands/rollout_rows.h"
#include "operator/commands/rows_json.h"
#include "operator/commands/sale_words.h"
#include "operator/commands/terminal.h"
#include "operator/commands/text_table.h"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <memory>
#include <utility>

namespace doorbuster::commands {
namespace {

constexpr std::size_t kMostListed = 50'000;
constexpr int kPage = 500;

struct ListFlags {
  ConnectionFlags connection;
  std::string selector;
  bool all_namespaces = false, no_headers = false;
  ListStyle style;
};

struct StatusFlags {
  std::string name, output = "text", lease = kOperatorLease;
  bool verbose = false;
  ConnectionFlags connection;
  LookFlags look;
};

int failed(const char* command, const std::string& why, int code = kCommandFailed) {
  std::fprintf(stderr, "kubectl-sale %s: %s\n", command, why.c_str());
  return code;
}

int print(const std::string& text) {
  return std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? kCommandFailed : kDone;
}

std::string start_text(const api::SaleEvent& event) {
  const auto& window = event.status.window;
  return window ? to_rfc3339(window->start) : event.spec.window.start;
}

std::string mode_text(const api::SaleEvent& event) {
  return std::string(api::to_string(event.spec.mode)) + (event.spec.suspend ? ", suspended" : "");
}

std::vector<std::string> cells_of(const ListedSale& sale, const ListStyle& style, Instant now) {
  std::vector<std::string> out;
  if (style.namespaces) out.push_back(sale.ns);
  out.push_back(sale.name);
  if (!sale.event.ok()) {
    out.insert(out.end(), {"Unreadable", "-", "-", "-", "-"});
    if (style.output == "wide")
      out.insert(out.end(), {"-", "-", "-", "-", sale.event.error().message});
    return out;
  }
  const api::SaleEvent& event = *sale.event;
  const api::SaleEventStatus& status = event.status;
  const auto or_none = [](const std::string& text) { return text.empty() ? "-" : text; };
  out.push_back(phase_text(status) + (abort_of(status) != nullptr ? " (aborted)" : ""));
  out.push_back(or_none(status.verdict));
  out.push_back(start_text(event));
  out.push_back(or_none(status.targets_ready));
  const auto& created = event.metadata.created;
  out.push_back(created ? short_span(std::max(Duration(0), now - *created)) : "-");
  if (style.output != "wide") return out;
  out.push_back(mode_text(event));
  out.push_back(status.window ? to_rfc3339(status.window->end) : "-");
  out.push_back(status.next_due ? status.next_reason + " " + relative_text(*status.next_due, now)
                                : "-");
  out.push_back(or_none(rollouts_text(status)));
  out.push_back(or_none(printable(status.message)));
  return out;
}

Json sale_json(const ListedSale& sale) {
  JsonObject out;
  out.add("namespace", sale.ns).add("name", sale.name);
  if (!sale.event.ok()) return out.add("unreadable", sale.event.error().message).build();
  const api::SaleEvent& event = *sale.event;
  const api::SaleEventStatus& status = event.status;
  out.add("phase", phase_text(status)).add("aborted", abort_of(status) != nullptr);
  out.add("verdict", status.verdict).add("starts", start_text(event));
  out.add("targetsReady", status.targets_ready);
  if (event.metadata.created) out.add("created", to_rfc3339(*event.metadata.created));
  out.add("mode", api::to_string(event.spec.mode)).add("suspended", event.spec.suspend);
  if (status.window) out.add("ends", to_rfc3339(status.window->end));
  if (status.next_due) {
    out.add("nextDue", to_rfc3339(*status.next_due)).add("nextReason", status.next_reason);
  }
  out.add("rollouts", rows_json(status.rollouts));
  return out.add("message", status.message).build();
}

Result<std::vector<ListedSale>> sales_of(const kube::Client& client,
                                         const std::string& ns,
                                         const std::string& selector) {
  std::vector<ListedSale> out;
  std::string next;
  do {
    const auto page = client.list(reconciler::sale_events(), ns, kPage, next, selector);
    if (!page.ok()) return page.error();
    for (const kube::Object& one : page->items)
      out.push_back({one.meta.ns, one.meta.name, api::sale_event_of(one.text)});
    next = page->continue_token;
  } while (!next.empty() && out.size() < kMostListed);
  return out;
}

int list(const ListFlags& flags, const std::function<Instant()>& now) {
  const auto connected = connect(flags.connection, now);
  if (!connected.ok()) return failed("list", connected.error().message);
  const std::string ns = flags.all_namespaces ? "" : connected->ns;
  const auto sales = sales_of(*connected->client, ns, flags.selector);
  if (!sales.ok()) return failed("list", sales.error().message);
  if (sales->empty() && flags.style.output != "json") {
    const std::string where = ns.empty() ? "any namespace" : "namespace " + ns;
    std::fprintf(stderr, "No SaleEvents in %s.\n", where.c_str());
    return kDone;
  }
  ListStyle style = flags.style;
  style.namespaces = flags.all_namespaces;
  style.headers = !flags.no_headers;
  return print(list_text(*sales, style, now()));
}

int status(const StatusFlags& flags, const std::function<Instant()>& now) {
  const auto lease = lease_name_of(flags.lease);
  if (!flags.lease.empty() && !lease)
    return failed("status", "--operator-lease must be NAMESPACE/NAME", kUsage);
  const auto connected = connect(flags.connection, now);
  if (!connected.ok()) return failed("status", connected.error().message);
  const auto look = look_once(*connected, flags.name, {.objects = true, .lease = lease}, now);
  if (!look.ok()) return failed("status", look.error().message);
  if (flags.output == "json") return print(look_json(*look));
  const ScreenStyle style = style_of(flags.look);
  std::vector<std::string> lines = screen_lines(*look, style);
  if (flags.verbose) {
    ScreenStyle whole = style;
    whole.width = 0;  // nothing of a message is left out
    for (std::string& one : detail_lines(*look, whole)) lines.push_back(std::move(one));
  }
  std::string text;
  for (const std::string& one : lines) text += one + "\n";
  return print(text);
}

void add_list(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "list",
      "List the sales of a namespace, or of all. Only reads. Exit codes: 0 done, 1 the cluster "
      "could not be asked, 2 usage.");
  auto flags = std::make_shared<ListFlags>();
  add_connection_options(*command, flags->connection);
  command->add_flag("-A,--all-namespaces", flags->all_namespaces, "of every namespace");
  command->add_option("-l,--selector", flags->selector, "labels that they must have");
  command->add_flag("--no-headers", flags->no_headers, "rows alone");
  command->add_option("-o,--output", flags->style.output, "table, wide, json or name")
      ->check(CLI::IsMember({"table", "wide", "json", "name"}))
      ->capture_default_str();
  command->callback([flags, now, &exit_code] { exit_code = list(*flags, now); });
}

void add_status(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  CLI::App* command = app.add_subcommand(
      "status",
      "Say how a sale stands now: what `watch` shows, once. Only reads. Exit codes: 0 done, 1 the "
      "cluster could not be asked, 2 usage.");
  auto flags = std::make_shared<StatusFlags>();
  command->add_option("name", flags->name, "a SaleEvent of the cluster")->required();
  add_connection_options(*command, flags->connection);
  command->add_flag(
      "-v,--verbose", flags->verbose, "conditions, objects, findings and decisions too");
  command->add_option("-o,--output", flags->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  add_look_options(*command, flags->look);
  add_lease_option(*command, flags->lease);
  command->callback([flags, now, &exit_code] { exit_code = status(*flags, now); });
}

}  // namespace

std::string list_text(const std::vector<ListedSale>& sales, const ListStyle& style, Instant now) {
  if (style.output == "json") {
    std::vector<Json> items;
    items.reserve(sales.size());
    for (const ListedSale& one : sales) items.push_back(sale_json(one));
    return JsonObject().add("items", json_array(items)).build().text + "\n";
  }
  if (style.output == "name") {
    std::string out;
    for (const ListedSale& one : sales)
      out += "saleevent.doorbuster.dev/" + (style.namespaces ? one.ns + "/" : "") + one.name + "\n";
    return out;
  }
  Rows rows;
  if (style.headers) {
    rows.push_back({"NAME", "PHASE", "VERDICT", "STARTS", "READY", "AGE"});
    if (style.output == "wide")
      rows[0].insert(rows[0].end(), {"MODE", "ENDS", "NEXT", "ROLLOUTS", "MESSAGE"});
    if (style.namespaces) rows[0].insert(rows[0].begin(), "NAMESPACE");
  }
  for (const ListedSale& one : sales) rows.push_back(cells_of(one, style, now));
  return table(rows);
}

void add_look_commands(CLI::App& app, const std::function<Instant()>& now, int& exit_code) {
  add_list(app, now, exit_code);
  add_status(app, now, exit_code);
}

}  // namespace doorbuster::commands
