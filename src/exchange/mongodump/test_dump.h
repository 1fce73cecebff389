#pragma once
// Dumps of mongodump for tests: recorded ones, small folders, and their import into a server of the
// test's own.
#include <gtest/gtest.h>

#include <cstdlib>
#include <source_location>

#include "base/test_context.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_entry.h"
#include "exchange/mongodump/import.h"

namespace lifeboat::exchange::mongodump::testing {

using engine::mongodb::testing::document;

// Of a test of this folder.
inline fs::path recorded_dump(const std::string& name,
                              std::source_location test = std::source_location::current()) {
  return fs::path(test.file_name()).parent_path() / "../../../tests/fixtures/mongodump" / name;
}

template <class T>
std::string why(const Result<T>& result) {
  return result ? "" : result.error().describe();
}

class DumpImport : public ::testing::Test {
 protected:
  engine::mongodb::Location at(const std::string& database) const {
    return engine::mongodb::locate(server_.uri(database)).value();
  }
  Result<DumpPlan> plan(const fs::path& path) {
    options_.path = path;
    return plan_dump(at("restored"), options_, test_.context);
  }
  Result<DumpReport> import(const fs::path& path) {
    const auto planned = TRY(plan(path));
    return restore_dump(at("restored"), planned, options_, test_.context);
  }
  static std::string counts(const DumpReport& report) {
    std::string text;
    for (const auto& each : report.collections)
      text += each.name + " " + std::to_string(each.there.count) + "\n";
    return text;
  }
  // A folder as `mongodump --out` writes it: the documents of two collections.
  fs::path folder(const std::string& database = "shop") {
    const auto root = scratch_.path() / "dump";
    fs::create_directories(root / database);
    auto orders = document(1);
    append(orders, document(2));
    write(root / database / "orders.bson", orders);
    write_metadata(root / database / "orders.metadata.json", "orders");
    write(root / database / "a%2Fb+c.bson", document(7));
    write_metadata(root / database / "a%2Fb+c.metadata.json", "a/b c");
    return root;
  }
  static void write(const fs::path& file, ByteView content) {
    ASSERT_TRUE(write_file(file, content));
  }
  static void write_metadata(const fs::path& file, const std::string& name,
                             const std::string& more = "") {
    write(file, view_of(R"({"indexes": [{"v": {"$numberInt": "2"}, "key": {"_id":
        {"$numberInt": "1"}}, "name": "_id_"}], "collectionName": ")" +
                        name + "\", \"type\": \"collection\"" + more + "}"));
  }
  static void compress(const fs::path& file) {
    ASSERT_EQ(std::system(("gzip '" + file.string() + "'").c_str()), 0);
  }

  TestContext test_;
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  engine::mongodb::testing::TestServer server_;
  DumpOptions options_;
};

}  // namespace lifeboat::exchange::mongodump::testing
