#include "engine/mongodb/engine.h"

#include "base/json_value.h"
#include "contract/engine_contract.h"
#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::contract {
namespace {

using mongodb::testing::Application;
using mongodb::testing::many_documents;

struct MongoSubject {
  const Engine& engine() { return mongodb::mongodb_engine(); }
  SourceOptions make_source(const fs::path&) {
    const Application app(server_.uri(), "shop");
    app.insert("items", many_documents(300));
    app.insert("orders", many_documents(20));
    app.make_index("items", "name", true);
    return mongodb::testing::source_at(server_.uri(), "shop");
  }
  TargetOptions target(const fs::path&) {
    return mongodb::testing::target_at(server_.uri("restored"));
  }
  void change(const std::string&) { Application(server_.uri(), "restored").remove_one("items", 7); }
  SourceOptions absent(SourceOptions options) {
    options.database = "absent";
    return options;
  }

  mongodb::testing::TestServer server_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Mongo, EngineContract, MongoSubject);

}  // namespace
}  // namespace lifeboat::engine::contract
