#pragma once
// Drills of a service whose only backups are dumps of its MongoDB database. For tests.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <source_location>

#include "drill/test_drill.h"
#include "engine/mongodb/test_database.h"
#include "engine/mongodb/test_entry.h"

namespace lifeboat::drill {

using engine::mongodb::testing::many_documents;

inline constexpr const char* kIdIndex =
    R"({"v": {"$numberInt": "2"}, "key": {"_id": {"$numberInt": "1"}}, "name": "_id_"})";
inline constexpr const char* kUniqueName =
    R"({"v": {"$numberInt": "2"}, "key": {"name": {"$numberInt": "1"}}, "name": "by_name",
        "unique": true})";

// `test` is the file of the test that asks: a header's own path depends on who includes it.
inline fs::path recorded_fixture(
    const std::string& name, const std::source_location& test = std::source_location::current()) {
  return fs::path(test.file_name()).parent_path() / "../../tests/fixtures" / name;
}

// A service whose only backups are dumps of its MongoDB database.
class DumpDrill : public DrillTest {
 protected:
  void SetUp() override {
    open_repository();
    ASSERT_TRUE(make_directories(dumps_));
  }

  Request request_of(const std::string& format) const {
    Request request;
    request.service = "shop";
    request.options.name = "test";
    const char* server = std::getenv("LIFEBOAT_FERRETDB");
    request.options.server = server == nullptr ? "LIFEBOAT_FERRETDB is not set" : server;
    request.options.checks = {QueryCheck{"orders",
                                         "legacy",
                                         R"({"count": "orders", "query": {}})",
                                         {Relation::greater_or_equal, "100", ">= 100"}}};
    request.takes = false;
    request.sandboxes = scratch_.path() / "s";
    request.reports = scratch_.path() / "reports";
    ForeignSource source;
    source.name = "legacy";
    source.options.from = dumps_.string();
    source.options.pattern = "*";
    source.options.format = format;
    source.options.server = "FerretDB 1.24";
    request.foreign.push_back(std::move(source));
    return request;
  }

  Report drilled(const Request& request) {
    auto report = drill(request).report;
    test_.clock.advance(std::chrono::minutes(1));
    return report;
  }
  Report drilled(const std::string& format = "mongodump") { return drilled(request_of(format)); }

  fs::path add_recorded(const std::string& name, const std::string& as,
                        const std::source_location& test = std::source_location::current()) {
    fs::copy_file(recorded_fixture(name, test), dumps_ / as, fs::copy_options::overwrite_existing);
    return dumps_ / as;
  }
  // As `mongodump --out` writes it.
  fs::path add_folder(const std::string& name, const std::vector<Bytes>& orders,
                      const std::string& index = kUniqueName) {
    const auto folder = dumps_ / name / "shop";
    write_collection(folder, "orders", orders, index);
    write_collection(folder, "users", many_documents(3), "");
    return folder;
  }
  static void write_collection(const fs::path& folder, const std::string& name,
                               const std::vector<Bytes>& documents, const std::string& index) {
    EXPECT_TRUE(make_directories(folder));
    Bytes all;
    for (const auto& each : documents) append(all, each);
    EXPECT_TRUE(write_file(folder / (name + ".bson"), all));
    const auto indexes = std::string(kIdIndex) + (index.empty() ? "" : ", " + index);
    write_text(folder / (name + ".metadata.json"), "{\"indexes\": [" + indexes +
                                                       "], \"collectionName\": \"" + name +
                                                       "\", \"type\": \"collection\"}");
  }
  static void write_text(const fs::path& file, const std::string& text) {
    EXPECT_TRUE(write_file(file, view_of(text)));
  }
  static void shell(const std::string& command) {
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
  }
  static void cut(const fs::path& file, std::uint64_t bytes) {
    fs::resize_file(file, fs::file_size(file) - bytes);
  }
  static void flip(const fs::path& file, std::uint64_t at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(static_cast<std::streamoff>(at));
    const char was = static_cast<char>(stream.get());
    stream.seekp(static_cast<std::streamoff>(at));
    stream.put(static_cast<char>(was ^ 1));
  }
  // The recorded JSON lines, with a file of them changed by a command.
  void repack(const std::string& name, const std::string& change) {
    const auto folder = (scratch_.path() / "lines").string();
    shell("rm -rf " + folder + "; mkdir " + folder + "; tar xf " + (dumps_ / name).string() +
          " -C " + folder);
    shell("cd " + folder + " && " + change);
    shell("tar cf " + (dumps_ / name).string() + " -C " + folder + " .");
  }

  static void expect_stopped(const Report& report, Verdict verdict, const std::string& rule) {
    EXPECT_EQ(report.verdict, verdict) << report.reason;
    EXPECT_TRUE(has_rule(report, rule)) << rules_of(report) << ": " << report.reason;
    EXPECT_TRUE(report.tear_down && report.tear_down->clean());
  }

  static CheckResult asked_of(const Report& report, const std::string& id) {
    for (const auto& check : report.checks)
      if (check.id == id) return check;
    ADD_FAILURE() << "nothing was asked as " << id << ": " << report.reason;
    return {};
  }

  fs::path dumps_ = scratch_.path() / "dumps";
};

}  // namespace lifeboat::drill
