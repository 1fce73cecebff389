#pragma once
// For this room's tests: drills of a shop on a MongoDB server, restored to a FerretDB.
#include "drill/test_drill.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_gridfs.h"

namespace lifeboat::drill {

using engine::mongodb::testing::Application;
using engine::mongodb::testing::chunk_of;
using engine::mongodb::testing::document;
using engine::mongodb::testing::file_of;
using engine::mongodb::testing::id_of_chunk;
using engine::mongodb::testing::many_documents;
using engine::mongodb::testing::source_at;
using engine::mongodb::testing::TestServer;

// The shop on a server instead of in a file.
class MongoDrill : public DrillTest {
 protected:
  explicit MongoDrill(engine::mongodb::testing::ServerOptions options = {})
      : server_(std::move(options)) {}
  virtual bool has_capped() const { return true; }
  virtual bool has_hole() const { return false; }
  void SetUp() override {
    const Application app(server_.uri(), "shop");
    app.insert("orders", many_documents(2000));
    app.make_index("orders", "name", true);
    upload(app);
    if (has_hole()) app.remove_one("fs.chunks", id_of_chunk(1, 1));
    if (has_capped()) {
      app.create_capped("log");
      app.insert("log", many_documents(50));
    }
    open_repository();
    run_backup({source_at(server_.uri(), "shop")});
  }

  // A file of three chunks.
  static void upload(const Application& app) {
    app.insert("fs.files", {file_of(1, "plan.pdf", 25, 10)});
    app.insert("fs.chunks", {chunk_of(1, 0, 10), chunk_of(1, 1, 10), chunk_of(1, 2, 5)});
  }

  static std::string ferretdb() {
    const char* path = std::getenv("LIFEBOAT_FERRETDB");
    return path == nullptr ? "LIFEBOAT_FERRETDB is not set" : path;
  }
  // What a defect can be planted in: the restored database.
  Application restored() const { return {restored_uri("db"), "shop"}; }

  TestServer server_;
};

}  // namespace lifeboat::drill
