#include "engine/mongodb/sharding.h"

#include <map>

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::uint32_t kKeysAtOnce = 1000;

// Their ids are namespaces: those of one database are between "shop." and "shop/".
Bytes find_sharded(const std::string& database) {
  const auto range =
      DocumentBuilder().text("$gte", database + ".").text("$lt", database + "/").take();
  return DocumentBuilder()
      .text("find", "collections")
      .document("filter", DocumentBuilder().document("_id", range).take())
      .take();
}

// Until 5.0 what was dropped stays in the list.
Result<std::map<std::string, Bytes>> ask_shard_keys(const Connection& connection,
                                                    const std::string& database) {
  auto cursor = TRY(connection.open_cursor("config", find_sharded(database), kKeysAtOnce));
  std::map<std::string, Bytes> keys;
  for (auto next = TRY(cursor.next()); !next.empty(); next = TRY(cursor.next())) {
    const auto said = TRY(DocumentView::check(next));
    const auto key = said.document_at("key");
    if (!key || said.is_true_at("dropped")) continue;
    keys[std::string(said.text_at("_id").value_or(""))] =
        DocumentBuilder()
            .document("key", key->bytes())
            .boolean("unique", said.is_true_at("unique"))
            .take();
  }
  return keys;
}

}  // namespace

Result<void> check_server(const ServerFacts& server, bool fuzzy) {
  if (!server.is_sharded || fuzzy) return {};
  return fail(Error(Code::refused,
                    "this is a sharded cluster: a copy through mongos is of no "
                    "moment, and cannot be brought to one")
                  .with_hint("Back up each shard's replica set, with the balancer stopped; or say "
                             "of the source sharded: fuzzy, and it is copied all the same. Restore "
                             "to a server that is no mongos."));
}

Result<std::string> add_shard_keys(const Connection& connection, Catalog& catalog) {
  const auto keys = ask_shard_keys(connection, catalog.database);
  if (!keys && keys.error().code() != Code::permission_denied) return fail(keys.error());
  if (!keys) return keys.error().describe();
  for (auto& each : catalog.collections) {
    const auto key = keys->find(catalog.database + "." + each.stored_name());
    if (key != keys->end()) each = TRY(with_field(each, kShardedField, key->second));
  }
  return std::string();
}

std::string shard_key_of(const Collection& collection) {
  const auto sharded = view_document(collection.info).document_at(kShardedField);
  const auto key = sharded ? sharded->document_at("key") : std::nullopt;
  if (!key) return {};
  std::string text;
  for (const auto& field : *key) {
    const auto how =
        field.text() ? std::string(*field.text()) : std::to_string(field.integer().value_or(1));
    text += (text.empty() ? "{" : ", ") + std::string(field.key) + ": " + how;
  }
  return text + "}";
}

// Each shard keeps its own name; the least rights do not show it.
Result<bool> is_one_shard(const Connection& connection, const ServerFacts& server) {
  if (server.is_shard) return true;
  if (server.replica_set.empty() || !server.ferretdb.empty()) return false;
  const auto command =
      DocumentBuilder()
          .text("find", "system.version")
          .document("filter", DocumentBuilder().text("_id", "shardIdentity").take())
          .int32("limit", 1)
          .take();
  auto cursor = connection.open_cursor("admin", command, 1);
  if (!cursor && cursor.error().code() == Code::permission_denied) return false;
  if (!cursor) return fail(std::move(cursor).error());
  return !TRY(cursor->next()).empty();
}

}  // namespace lifeboat::engine::mongodb
