#include "exchange/indexing.h"

#include "engine/mongodb/recreate.h"

namespace lifeboat::exchange {

Result<MadeIndexes> make_indexes(const engine::mongodb::Location& at,
                                 const engine::mongodb::Collection& collection) {
  MadeIndexes made;
  for (const auto& plan : TRY(engine::mongodb::index_plans(collection))) {
    engine::mongodb::ArrayBuilder specs;
    specs.document(plan.spec);
    const auto command = engine::mongodb::DocumentBuilder()
                             .text("createIndexes", collection.name)
                             .array("indexes", specs.take())
                             .take();
    TRY_CONTEXT("index " + plan.name, at.server->connect().command(at.database, command));
    made.names.push_back(plan.name);
    if (!plan.set_expiry.empty()) made.set_expiry.push_back(plan.set_expiry);
  }
  return made;
}

std::string index_names(const engine::mongodb::Collection& collection) {
  std::string names;
  for (const auto& each : collection.indexes) {
    const auto name = engine::mongodb::view_document(each).text_at("name").value_or("");
    if (name != "_id_") names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

}  // namespace lifeboat::exchange
