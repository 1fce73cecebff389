#pragma once
// For tests: a server with a small shop, archives of it, and what is read back: FerretDB, or the
// stand-in for what that has not. One per test.
#include <algorithm>

#include "base/test_context.h"
#include "engine/mongodb/catalog_reader.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_stand_in.h"
#include "exchange/jsonl/export.h"
#include "exchange/jsonl/import.h"
#include "exchange/jsonl/test_tar.h"

namespace lifeboat::exchange::jsonl {

template <class Server>
class ExchangeTestOn : public ::testing::Test {
 protected:
  using Application = engine::mongodb::testing::Application;

  static Bytes bson(const std::string& json) {
    return engine::mongodb::from_extended_json(json).value();
  }
  Application shop() const { return {server_.uri(), "shop"}; }
  engine::mongodb::Location at(const std::string& database) const {
    return engine::mongodb::locate(server_.uri(database)).value();
  }
  void fill() const {
    shop().insert("orders", engine::mongodb::testing::many_documents(300));
    shop().insert("a/b c", {bson(R"({"_id": {"$oid": "0123456789abcdef01234567"}, "n": 5.0})")});
    shop().create_capped("log");
    shop().insert("log", {bson(R"({"_id": 2})"), bson(R"({"_id": 1})")});
  }
  Result<ExportReport> export_shop(const std::string& database = "shop") {
    return export_jsonl(at(database), export_, test_.context);
  }
  fs::path write_tar(const TarMaker& tar) const {
    const auto file = scratch_.path() / "archive.tar";
    EXPECT_TRUE(write_file(file, view_of(tar.text())));
    return file;
  }
  Result<ImportPlan> plan(const fs::path& archive, const std::string& database = "restored") {
    import_.archive = archive;
    return plan_import(at(database), import_, test_.context);
  }
  Result<ImportPlan> plan(const TarMaker& tar, const std::string& database = "restored") {
    return plan(write_tar(tar), database);
  }
  Result<ImportReport> import(const fs::path& archive, const std::string& database = "restored") {
    const auto planned = TRY(plan(archive, database));
    return run_import(at(database), planned, import_, test_.context);
  }
  Result<ImportReport> import(const TarMaker& tar, const std::string& database = "restored") {
    return import(write_tar(tar), database);
  }
  std::vector<std::string> collections(const std::string& database = "restored") const {
    std::vector<std::string> names;
    const auto location = at(database);
    const auto catalog =
        engine::mongodb::read_catalog(location.server->connect(), database).value();
    for (const auto& each : catalog.collections) names.push_back(each.name);
    return names;
  }
  static bool has_finding(const std::vector<Finding>& findings, const std::string& code) {
    return std::ranges::any_of(findings, [&](const auto& each) { return each.code == code; });
  }

  TestContext test_;
  ScratchDirectory scratch_ = std::move(*ScratchDirectory::make());
  Server server_;
  ExportOptions export_ = [&] {
    ExportOptions options;
    options.out_dir = scratch_.path() / "backup_dtb";
    return options;
  }();
  ImportOptions import_ = [&] {
    ImportOptions options;
    options.journal = scratch_.path() / "state" / "journal";
    return options;
  }();
};

using ExchangeTest = ExchangeTestOn<engine::mongodb::testing::TestServer>;
using StandInExchange = ExchangeTestOn<engine::mongodb::testing::StandInServer>;

template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().describe();
}

}  // namespace lifeboat::exchange::jsonl
