#include "engine/mongodb/indexing.h"

#include "engine/mongodb/recreate.h"

namespace lifeboat::engine::mongodb {

Result<MadeIndexes> make_indexes(const Location& at, const Collection& collection) {
  MadeIndexes made;
  for (const auto& plan : TRY(index_plans(collection))) {
    ArrayBuilder specs;
    specs.document(plan.spec);
    const auto command = DocumentBuilder()
                             .text("createIndexes", collection.name)
                             .array("indexes", specs.take())
                             .take();
    TRY_CONTEXT("index " + plan.name, at.server->connect().command(at.database, command));
    made.names.push_back(plan.name);
    if (!plan.set_expiry.empty()) made.set_expiry.push_back(plan.set_expiry);
  }
  return made;
}

std::string index_names(const Collection& collection) {
  std::string names;
  for (const auto& each : collection.indexes) {
    const auto name = view_document(each).text_at("name").value_or("");
    if (name != "_id_") names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return names;
}

}  // namespace lifeboat::engine::mongodb
