#include <sys/stat.h>

#include <thread>

#include "drill/test_dumps.h"
#include "engine/mongodb/extended_json.h"
#include "engine/mongodb/test_gridfs.h"

namespace lifeboat::drill {
namespace {

using engine::mongodb::Lossy;
using engine::mongodb::to_extended_json;
using engine::mongodb::view_document;
using engine::mongodb::testing::chunk_of;
using engine::mongodb::testing::document;
using engine::mongodb::testing::document_of;
using engine::mongodb::testing::file_of;
using engine::mongodb::testing::log_entry;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(DumpDrill, BringsARecordedArchiveIntoAServerOfItsOwnAndAsksEveryQuestion) {
  add_recorded("mongodump/pixelcraft.archive", "shop-2026-11-21_0945.archive");
  auto request = request_of("mongodump");
  request.options.checks.emplace_back(
      FreshnessCheck{"legacy", "users", "createdAt", std::chrono::hours(24 * 365)});
  const auto report = drilled(request);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  for (const auto* id : {"query.orders", "freshness.legacy.users", "import.legacy",
                         "readable.legacy", "integrity.legacy", "migrations.legacy._migrations"})
    EXPECT_EQ(asked_of(report, id).outcome, Outcome::passed) << id;
  EXPECT_EQ(asked_of(report, "import.legacy").message, "3923 documents compared");
  EXPECT_EQ(asked_of(report, "server.legacy").outcome, Outcome::passed);
  EXPECT_EQ(report.foreign[0].type, "mongodb");
  EXPECT_TRUE(report.tear_down->clean());
}

TEST_F(DumpDrill, TakesEveryFormOfADump) {
  add_recorded("mongodump/pixelcraft.archive", "1.archive");
  shell("gzip -k " + (dumps_ / "1.archive").string());
  add_folder("2", many_documents(200));
  shell("cd " + dumps_.string() + " && cp -r 2 3 && gzip -r 3 && mkdir dump && cp -r 2/shop dump" +
        " && tar czf 4.tar.gz dump && rm -r dump && tar cf 5.tar -C 3 shop" +
        " && ln -s 4.tar.gz newest");
  for (const auto* name : {"1.archive", "1.archive.gz", "2", "3", "4.tar.gz", "5.tar", "newest"}) {
    auto request = request_of("mongodump");
    request.service = std::string("shop ") + name;  // none is compared with another
    request.foreign[0].options.from = (dumps_ / name).string();
    request.foreign[0].options.pattern.clear();
    const auto report = drilled(request);
    EXPECT_EQ(report.verdict, Verdict::proven) << name << ": " << report.reason;
  }
}

TEST_F(DumpDrill, FailsWhereAnArchiveIsCutOrDamaged) {
  const auto archive = add_recorded("mongodump/pixelcraft.archive", "a.archive");
  cut(archive, 40);
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  cut(archive, fs::file_size(archive) / 2);
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  add_recorded("mongodump/pixelcraft.archive", "a.archive");
  flip(archive, fs::file_size(archive) / 2);
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  add_recorded("mongodump/pixelcraft.archive", "a.archive");
  shell("gzip " + archive.string());
  const fs::path packed = archive.string() + ".gz";
  flip(packed, fs::file_size(packed) - 6);  // of the checksum
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  cut(packed, 8);
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  write_text(packed, "");
  EXPECT_EQ(drilled().verdict, Verdict::failed);
}

TEST_F(DumpDrill, FailsWhereDocumentsOfAFolderAreMissingOrCut) {
  const auto folder = add_folder("1", many_documents(200));
  cut(folder / "orders.bson", 3);
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  fs::remove(folder / "orders.bson");
  expect_stopped(drilled(), Verdict::failed, "foreign-cut");
  fs::remove_all(folder);
  write_text(dumps_ / "1" / "README", "no dump");
  EXPECT_EQ(drilled().verdict, Verdict::failed);
}

TEST_F(DumpDrill, FailsWhereTheDumpsOwnUniqueIndexRefusesADocument) {
  auto orders = many_documents(200);
  orders.push_back(document(777, "name 7"));
  add_folder("1", orders);
  expect_stopped(drilled(), Verdict::failed, "foreign-not-taken");
  add_folder("1", orders, "");
  EXPECT_EQ(drilled().verdict, Verdict::proven);
  orders.push_back(document(777, "other"));  // one _id twice
  add_folder("1", orders, "");
  expect_stopped(drilled(), Verdict::failed, "foreign-not-taken");
}

TEST_F(DumpDrill, TellsAnyDetailOfTheTrendFromItsTwin) {
  add_folder("shop-2025-11-20_0300", many_documents(400));
  auto request = request_of("mongodump");
  request.options.checks.clear();
  EXPECT_EQ(drilled(request).verdict, Verdict::unverified) << "nothing says what ought to be in it";
  const auto folder = add_folder("shop-2025-11-21_0300", many_documents(200));
  const auto trend = [&] {
    auto report = drilled(request);
    fs::last_write_time(folder, fs::last_write_time(folder) + std::chrono::seconds(1));
    return asked_of(report, "trend.legacy");
  };
  EXPECT_EQ(trend().outcome, Outcome::passed);
  add_folder("shop-2025-11-21_0300", many_documents(120));
  EXPECT_THAT(trend().message, HasSubstr("collections.orders.documents is 120, usual is"));
  add_folder("shop-2025-11-21_0300", many_documents(400), "");
  EXPECT_EQ(trend().outcome, Outcome::warned);
  fs::remove(folder / "users.bson");
  fs::remove(folder / "users.metadata.json");
  EXPECT_THAT(trend().message, HasSubstr("collections.users.documents is gone"));
}

TEST_F(DumpDrill, ReplaysTheLogAlsoWhenItIsBesideTheFolderOfOneDatabase) {
  add_folder("1", many_documents(200));
  auto request = request_of("mongodump");
  request.foreign[0].options.from = (dumps_ / "1" / "shop").string();
  request.foreign[0].options.pattern.clear();
  const auto orders = [&] {
    const auto report = drilled(request);
    EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
    return asked_of(report, "query.orders").message + asked_of(report, "import.legacy").message;
  };
  request.options.checks = {QueryCheck{"orders",
                                       "legacy",
                                       R"({"count": "orders", "query": {}})",
                                       {Relation::equal, "200", "== 200"}}};
  EXPECT_THAT(orders(), Not(HasSubstr("log")));
  EXPECT_TRUE(write_file(dumps_ / "1" / "oplog.bson",
                         log_entry(10, R"("op":"i","ns":"shop.orders","o":{"_id":999})")));
  std::get<QueryCheck>(request.options.checks[0]).expect = {Relation::equal, "201", "== 201"};
  EXPECT_THAT(orders(), HasSubstr("what the dump's log made of them"));
  shell("cd " + dumps_.string() + " && tar cf 2.tar 1 && rm -r 1");
  request.foreign[0].options.from = (dumps_ / "2.tar").string();
  request.foreign[0].options.folder = "1/shop";
  EXPECT_THAT(orders(), HasSubstr("what the dump's log made of them"));
}

TEST_F(DumpDrill, TakesWhatAProgramBrings) {
  const auto archive = add_recorded("mongodump/pixelcraft.archive", "a.archive");
  auto request = request_of("mongodump");
  auto& options = request.foreign[0].options;
  options.from.clear();
  options.pattern.clear();
  const auto brought_by = [&](const std::string& command) {
    options.restore = command;
    request.service = command;  // none is compared with another
    return drilled(request);
  };
  const auto copy = "cp -r " + archive.string() + " .";
  const auto proven = brought_by(copy);
  EXPECT_EQ(proven.verdict, Verdict::proven) << proven.reason;
  EXPECT_EQ(asked_of(proven, "import.legacy").message, "3923 documents compared");
  cut(archive, 40);
  expect_stopped(brought_by(copy), Verdict::failed, "foreign-cut");
  add_folder("1", many_documents(200));
  EXPECT_EQ(brought_by("cp -r " + (dumps_ / "1").string() + " .").verdict, Verdict::proven);
  expect_stopped(brought_by("exit 3"), Verdict::unverified, "foreign-program-failed");
  options.format = "jsonl";
  const auto lines = recorded_fixture("jsonl/backup_20261121_094500.tar").string();
  EXPECT_EQ(brought_by("cp " + lines + " .").verdict, Verdict::proven);
  EXPECT_EQ(brought_by("tar xf " + lines).verdict, Verdict::proven);
}

TEST_F(DumpDrill, ComparesItsRowsWithTheFilesOfAnotherBackup) {
  add_folder("1", many_documents(200));
  write_collection(dumps_ / "1" / "shop", "files",
                   {document_of(R"({"_id": 1, "key": "a.png", "size": 3})"),
                    document_of(R"({"_id": 2, "key": "b.png", "size": 3})")},
                   "");
  const auto uploads = scratch_.path() / "uploads";
  ASSERT_TRUE(make_directories(uploads));
  for (const auto* name : {"a.png", "b.png"}) write_text(uploads / name, "abc");
  auto request = request_of("mongodump");
  ForeignSource files;
  files.name = "uploads";
  files.options.from = uploads.string();
  files.options.format = "files";
  request.foreign.push_back(std::move(files));
  request.options.checks.emplace_back(
      BlobsCheck{"legacy", "files", "", "key", "size", "", "uploads"});
  const auto whole = drilled(request);
  EXPECT_EQ(whole.verdict, Verdict::proven) << whole.reason;
  EXPECT_EQ(asked_of(whole, "blobs.legacy.files").outcome, Outcome::passed);
  fs::remove(uploads / "b.png");
  const auto lost = drilled(request);
  EXPECT_EQ(asked_of(lost, "blobs.legacy.files").outcome, Outcome::failed);
  EXPECT_EQ(lost.verdict, Verdict::failed);
}

TEST_F(DumpDrill, MayBeASourceNamedLikeADatabaseOfTheServersOwn) {
  add_folder("1", many_documents(200));
  auto request = request_of("mongodump");
  request.foreign[0].name = "config";
  std::get<QueryCheck>(request.options.checks[0]).source = "config";
  const auto report = drilled(request);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  request.foreign[0].options.database = "config";
  expect_stopped(drilled(request), Verdict::unverified, "foreign-which-database");
}

TEST_F(DumpDrill, AsksWhichOfSeveralDatabasesIsMeant) {
  add_folder("1", many_documents(200));
  write_collection(dumps_ / "1" / "other", "orders", many_documents(1), "");
  expect_stopped(drilled(), Verdict::unverified, "foreign-which-database");
  auto request = request_of("mongodump");
  request.foreign[0].options.database = "shop";
  const auto report = drilled(request);
  EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
  EXPECT_TRUE(has_rule(report, "database-left-out")) << rules_of(report);
  request.foreign[0].options.database = "../shop";
  EXPECT_EQ(drilled(request).verdict, Verdict::unverified);
}

TEST_F(DumpDrill, RefusesLinksAndNamesThatLeadOutsideAndBombs) {
  const auto folder = add_folder("1", many_documents(200));
  fs::rename(folder / "users.bson", scratch_.path() / "users.bson");
  fs::create_symlink(scratch_.path() / "users.bson", folder / "users.bson");
  expect_stopped(drilled(), Verdict::unverified, "foreign-not-importable");
  fs::remove(folder / "users.bson");
  fs::rename(scratch_.path() / "users.bson", folder / "users.bson");
  shell("cd " + dumps_.string() + " && tar czPf ../b.tar.gz --transform 's,^1/,../../x/,' 1/shop" +
        " && rm -r 1 && mv ../b.tar.gz .");
  expect_stopped(drilled(), Verdict::unverified, "foreign-hostile");
  EXPECT_FALSE(fs::exists(scratch_.path() / "x"));
  fs::remove(dumps_ / "b.tar.gz");
  add_recorded("mongodump/pixelcraft.archive", "a.archive");
  shell("gzip " + (dumps_ / "a.archive").string());
  auto request = request_of("mongodump");
  request.foreign[0].options.limits.bytes = 100'000;
  expect_stopped(drilled(request), Verdict::unverified, "foreign-bomb");
}

TEST_F(DumpDrill, MakesNothingOutsideHoweverACollectionIsNamed) {
  const auto folder = add_folder("1", many_documents(200));
  const auto* name = "%2E%2E%2F%2E%2E%2F%2E%2E%2Fevil";
  write_collection(folder, name, many_documents(1), "");
  write_text(folder / (std::string(name) + ".metadata.json"), "{}");
  expect_stopped(drilled(), Verdict::failed, "foreign-not-taken");  // FerretDB has no such names
  for (const auto& each : fs::recursive_directory_iterator(scratch_.path()))
    EXPECT_TRUE(each.path().filename() != "evil" && each.path().filename() != "evil.sqlite");
}

TEST_F(DumpDrill, ProvesNothingOnAnotherServerThanThatOfARecovery) {
  const auto archive = add_recorded("mongodump/pixelcraft.archive", "a.archive");
  const auto drilled_for = [&](const std::string& server) {
    auto request = request_of("mongodump");
    request.foreign[0].options.server = server;
    return drilled(request);
  };
  const auto unnamed = drilled_for("");
  expect_stopped(unnamed, Verdict::unverified, "foreign-server-not-named");
  EXPECT_THAT(asked_of(unnamed, "server.legacy").message, HasSubstr("add server: FerretDB 1 to"));
  for (const auto* server : {"MongoDB 7.0", "FerretDB 2.0"})
    expect_stopped(drilled_for(server), Verdict::unverified, "foreign-server-unlike");
  EXPECT_EQ(drilled_for("FerretDB 1.24").verdict, Verdict::proven);
  shell("sed -i s/7.0.42/8.0.42/ " + archive.string());
  const auto newer = drilled_for("FerretDB 1.24");
  expect_stopped(newer, Verdict::unverified, "foreign-server-unlike");
  EXPECT_THAT(asked_of(newer, "server.legacy").message, HasSubstr("the dump is of version 8.0.42"));
}

TEST_F(DumpDrill, WaitsForADumpThatIsStillWritten) {
  const auto archive = add_recorded("mongodump/pixelcraft.archive", "a.archive");
  cut(archive, 100'000);
  {
    const std::jthread writer([&](const std::stop_token& stop) {
      std::ofstream out(archive, std::ios::app);
      while (!stop.stop_requested()) {
        out << "more" << std::flush;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
    expect_stopped(drilled(), Verdict::unverified, "foreign-being-written");
  }
  add_recorded("mongodump/pixelcraft.archive", "a.archive");
  EXPECT_EQ(drilled().verdict, Verdict::proven);
}

TEST_F(DumpDrill, NeedsTheServersProgramBeforeAnythingElse) {
  add_recorded("mongodump/pixelcraft.archive", "a.archive");
  auto request = request_of("mongodump");
  request.options.server = "/nowhere/mongod";
  const auto report = drill(request).report;
  EXPECT_EQ(report.verdict, Verdict::unverified) << report.reason;
  EXPECT_TRUE(has_rule(report, "server-missing")) << rules_of(report);
  EXPECT_FALSE(fs::exists(scratch_.path() / "s"));
}

TEST_F(DumpDrill, BringsInJsonLinesAndSaysThatTheyHoldNoIndexes) {
  for (const auto* name : {"backup_20261121_094500.tar", "backup_20261121_094501_pretty.tar"}) {
    add_recorded(std::string("jsonl/") + name, "backup_20261121_094500.tar");
    const auto report = drilled("jsonl");
    EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
    EXPECT_EQ(asked_of(report, "import.legacy").message, "3923 documents compared");
    EXPECT_TRUE(has_rule(report, "indexes-not-in-format")) << rules_of(report);
  }
}

TEST_F(DumpDrill, FailsWhereJsonLinesAreCutOrDoubledOrNone) {
  const auto* name = "backup_20261121_094500.tar";
  const auto whole = [&] { return add_recorded(std::string("jsonl/") + name, name); };
  whole();
  repack(name, "truncate -s -5 users.jsonl");
  expect_stopped(drilled("jsonl"), Verdict::failed, "foreign-cut");
  whole();
  repack(name, "head -1 users.jsonl > one && cat one >> users.jsonl && rm one");
  expect_stopped(drilled("jsonl"), Verdict::failed, "foreign-not-taken");
  whole();
  repack(name, "rm *.jsonl");
  EXPECT_EQ(drilled("jsonl").verdict, Verdict::failed);
  cut(whole(), 2000);
  expect_stopped(drilled("jsonl"), Verdict::failed, "foreign-cut");
  whole();
  repack(name, "rm capped_log.jsonl");  // as a script leaves it that could not read it
  const auto without = drilled("jsonl");
  expect_stopped(without, Verdict::failed, "foreign-cut");
  EXPECT_THAT(without.reason, HasSubstr("names capped_log"));
  whole();
  repack(name, "head -50 orders.jsonl > some && mv some orders.jsonl");
  const auto fewer = drilled("jsonl");
  EXPECT_EQ(asked_of(fewer, "query.orders").outcome, Outcome::failed);
  EXPECT_EQ(fewer.verdict, Verdict::failed);
  whole();
  repack(name, "ln -s /etc/hostname link.jsonl");
  expect_stopped(drilled("jsonl"), Verdict::unverified, "foreign-hostile");
}

TEST_F(DumpDrill, ProvesNothingOfDocumentsThatCannotBeCompared) {
  const auto* name = "backup_20261121_094500.tar";
  add_recorded(std::string("jsonl/") + name, name);
  repack(name, "echo '{\"name\": \"without\"}' >> users.jsonl");
  const auto report = drilled("jsonl");
  EXPECT_EQ(asked_of(report, "import.legacy").outcome, Outcome::not_run);
  expect_stopped(report, Verdict::unverified, "foreign-not-compared");
  fs::remove(dumps_ / name);
  auto orders = many_documents(200);
  orders.push_back(document_of(R"({"name": "without"})"));
  add_folder("1", orders);
  auto another = request_of("mongodump");
  another.service = "another";  // than what those lines were of
  const auto without = drilled(another);
  EXPECT_THAT(asked_of(without, "import.legacy").message, HasSubstr("gave 1 document of the dump"));
  expect_stopped(without, Verdict::unverified, "foreign-not-compared");
}

std::string lines_of(const std::vector<Bytes>& documents) {
  std::string lines;
  for (const auto& each : documents)
    lines += to_extended_json(view_document(each), Lossy::refused)->text + "\n";
  return lines;
}

// What a dump of either format says of a file of three chunks when these are there.
class GridFsDumpDrill : public DumpDrill {
 protected:
  using Chunks = std::vector<Bytes>;

  Report of_folder(const Chunks& chunks) {
    const auto folder = add_folder("1", many_documents(200));
    write_collection(folder, "fs.files", files_, "");
    write_collection(folder, "fs.chunks", chunks, "");
    auto report = drilled();
    fs::remove_all(dumps_ / "1");
    return report;
  }
  Report of_lines(const Chunks& chunks) {
    const auto* name = "backup_20261121_094500.tar";
    const auto archive = add_recorded(std::string("jsonl/") + name, name);
    write_text(scratch_.path() / "fs.files.jsonl", lines_of(files_));
    write_text(scratch_.path() / "fs.chunks.jsonl", lines_of(chunks));
    repack(name, "cp " + scratch_.path().string() + "/fs.*.jsonl .");
    auto request = request_of("jsonl");
    request.service = "lines";  // not compared with the folder
    auto report = drilled(request);
    fs::remove(archive);
    return report;
  }

  std::vector<Bytes> files_{file_of(1, "plan.pdf", 25, 10)};
  Chunks whole_{chunk_of(1, 0, 10), chunk_of(1, 1, 10), chunk_of(1, 2, 5)};
  Chunks holed_{whole_[0], whole_[2]};
};

TEST_F(GridFsDumpDrill, FailsWhereAFileLacksAChunkAndIsProvenWhereItIsWhole) {
  for (const auto& report : {of_folder(holed_), of_lines(holed_)}) {
    EXPECT_EQ(failed_checks(report), std::vector<std::string>{"gridfs.legacy"});
    expect_stopped(report, Verdict::failed, "foreign-gridfs-hole");
    EXPECT_EQ(asked_of(report, "gridfs.legacy").message,
              "1 file is not whole; first fs: file \"plan.pdf\": chunk n=1 of 3 is missing");
    EXPECT_EQ(asked_of(report, "import.legacy").outcome, Outcome::passed) << "as in the dump";
  }
  for (const auto& report : {of_folder(whole_), of_lines(whole_)}) {
    EXPECT_EQ(report.verdict, Verdict::proven) << report.reason;
    EXPECT_EQ(asked_of(report, "gridfs.legacy").message, "1 file is whole");
  }
}

}  // namespace
}  // namespace lifeboat::drill
