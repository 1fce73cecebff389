#include "service/json.h"

#include <array>

namespace lifeboat::service {

Json to_json(const Error& error) {
  const auto& info = info_of(error.code());
  return {{"code", info.name},
          {"message", error.describe()},
          {"hint", error.hint()},
          {"exit", info.exit_status}};
}

Json to_json(const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const auto& each : findings)
    list.push_back({{"code", each.code},
                    {"subject", each.subject},
                    {"message", each.message},
                    {"incomplete", each.incomplete}});
  return list;
}

Json to_json(const repository::SnapshotInfo& snapshot) {
  Json sources = Json::array();
  for (const auto& source : snapshot.sources)
    sources.push_back({{"name", source.name}, {"type", source.type}});
  Json json{{"id", snapshot.id.hex()},       {"service", snapshot.service},
            {"host", snapshot.host},         {"time", to_rfc3339(snapshot.time)},
            {"complete", snapshot.complete}, {"bytes", snapshot.bytes},
            {"entries", snapshot.entries},   {"stored", snapshot.stored},
            {"version", snapshot.version},   {"sources", std::move(sources)},
            {"labels", snapshot.labels},     {"held", snapshot.held},
            {"notes", snapshot.notes}};
  if (snapshot.proven_at) json["proven_at"] = to_rfc3339(*snapshot.proven_at);
  if (!snapshot.proven_verdict.empty()) json["verdict"] = snapshot.proven_verdict;
  return json;
}

Json to_json(const restore::Plan& plan) {
  Json items = Json::array();
  for (const auto& item : plan.items) {
    Json row{{"source", item.source},   {"type", item.type},       {"place", item.place},
             {"objects", item.objects}, {"entries", item.entries}, {"resumes", item.resumes}};
    if (item.until != 0) row["moment"] = item.moment;
    if (item.until != 0) row["log_pieces"] = item.log.size();
    if (!item.renames.empty()) row["renames"] = item.renames;
    if (!item.losses.empty()) row["losses"] = to_json(item.losses);
    items.push_back(std::move(row));
  }
  return {{"service", plan.snapshot.service}, {"snapshot", to_json(plan.snapshot)},
          {"items", std::move(items)},        {"occupied", plan.occupied},
          {"in_place", plan.in_place},        {"overwrite", plan.overwrite},
          {"with_users", plan.with_users},    {"delete_strangers", plan.delete_strangers},
          {"unknown", plan.unknown}};
}

std::string name_of(repository::Role role) {
  switch (role) {
    case repository::Role::admin:
      return "admin";
    case repository::Role::writer:
      return "writer";
    case repository::Role::reader:
      return "reader";
    case repository::Role::collector:
      return "collector";
  }
  return "unknown";
}

}  // namespace lifeboat::service
