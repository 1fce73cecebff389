#pragma once
// Databases on a test's own server: filled as an application would, and carried through the engine.
#include "base/test_context.h"
#include "contract/carry.h"
#include "engine/mongodb/connection.h"
#include "engine/mongodb/engine.h"
#include "engine/mongodb/test_server.h"

namespace lifeboat::engine::mongodb::testing {

// An application's own connection to one database.
class Application {
 public:
  Application(const std::string& uri, std::string database)
      : server_(Server::open(Secret::from_text(uri)).value()), database_(std::move(database)) {}

  Bytes run(const Bytes& command) const {
    const auto reply = server_->connect().command(database_, command);
    EXPECT_TRUE(reply) << contract::failure_of(reply);
    return reply.value_or(Bytes{});
  }
  void insert(const std::string& collection, const std::vector<Bytes>& documents) const {
    const std::vector<ByteView> views(documents.begin(), documents.end());
    const auto inserted = server_->connect().insert(database_, collection, views);
    EXPECT_TRUE(inserted) << contract::failure_of(inserted);
  }
  void create_capped(const std::string& collection) const {
    run(DocumentBuilder()
            .text("create", collection)
            .boolean("capped", true)
            .int64("size", 1 << 20)
            .take());
  }
  void make_index(const std::string& collection, const std::string& field, bool unique) const {
    ArrayBuilder specs;
    specs.document(DocumentBuilder()
                       .document("key", DocumentBuilder().int32(field, 1).take())
                       .text("name", "by_" + field)
                       .boolean("unique", unique)
                       .take());
    run(DocumentBuilder().text("createIndexes", collection).array("indexes", specs.take()).take());
  }
  void remove_one(const std::string& collection, std::int32_t id) const {
    ArrayBuilder deletes;
    deletes.document(DocumentBuilder()
                         .document("q", DocumentBuilder().int32("_id", id).take())
                         .int32("limit", 1)
                         .take());
    run(DocumentBuilder().text("delete", collection).array("deletes", deletes.take()).take());
  }
  void drop_index(const std::string& collection, const std::string& name) const {
    run(DocumentBuilder().text("dropIndexes", collection).text("index", name).take());
  }
  void drop(const std::string& collection) const {
    run(DocumentBuilder().text("drop", collection).take());
  }

 private:
  std::unique_ptr<Server> server_;
  std::string database_;
};

inline Bytes document(std::int32_t id, const std::string& text = "something") {
  return DocumentBuilder().int32("_id", id).text("name", text).take();
}

inline std::vector<Bytes> many_documents(std::int32_t count, std::int32_t first = 0) {
  std::vector<Bytes> documents;
  for (std::int32_t i = 0; i < count; ++i)
    documents.push_back(document(first + i, "name " + std::to_string(first + i)));
  return documents;
}

inline SourceOptions source_at(const std::string& uri, const std::string& database) {
  SourceOptions options;
  options.name = "db";
  options.type = "mongodb";
  options.uri = std::make_shared<const Secret>(Secret::from_text(uri));
  options.database = database;
  return options;
}

inline TargetOptions target_at(const std::string& place) {
  TargetOptions options;
  options.name = "db";
  options.type = "mongodb";
  options.place = place;
  return options;
}

// A server with a small shop, and a place beside it on the same server.
class ShopTest : public ::testing::Test {
 protected:
  Application live() const { return {server_.uri(), "shop"}; }
  Application restored() const { return {server_.uri(), "restored"}; }
  void fill() const {
    live().insert("items", many_documents(2000));
    live().make_index("items", "name", true);
  }
  Result<contract::Capture> capture() {
    return contract::capture(mongodb_engine(), options_, test_.context);
  }
  Result<std::size_t> rebuild(const contract::Capture& capture) {
    return contract::rebuild(mongodb_engine(), capture, target_, test_.context);
  }
  Result<Json> restored_facts() {
    return contract::facts_of(mongodb_engine(), target_.place, test_.context);
  }

  TestContext test_;
  TestServer server_;
  SourceOptions options_ = source_at(server_.uri(), "shop");
  TargetOptions target_ = target_at(server_.uri("restored"));
};

}  // namespace lifeboat::engine::mongodb::testing
