#pragma once
// A shop on a test's own server, and the ways that a backup, a follower of the log and a restore
// go: on whatever server, and on FerretDB with a log. For tests.
#include "base/json_value.h"
#include "engine/mongodb/change_log.h"
#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::mongodb::testing {

class CarriedShop : public ::testing::Test {
 protected:
  virtual std::string uri(const std::string& database) const = 0;

  Application live() const { return {uri(""), "shop"}; }
  SourceOptions source() const { return source_at(uri(""), "shop"); }
  void put(const std::string& collection, const Bytes& whole) const {
    const auto id = *view_document(whole).find("_id");
    ArrayBuilder updates;
    updates.document(DocumentBuilder()
                         .document("q", DocumentBuilder().element(id).take())
                         .document("u", whole)
                         .boolean("upsert", true)
                         .take());
    live().run(
        DocumentBuilder().text("update", collection).array("updates", updates.take()).take());
  }

  using Meanwhile = std::function<void(std::size_t entries)>;
  // Takes everything; after each entry `meanwhile` is called with the number of those taken.
  Result<contract::Capture> capture(const Meanwhile& meanwhile = [](std::size_t) {}) {
    const auto opened = TRY(mongodb_engine().open_source(source()));
    TRY(opened->begin(test_.context));
    contract::Capture result;
    std::vector<Finding> findings;
    while (const auto entry = TRY(opened->next(test_.context))) {
      result.entries.push_back(TRY(contract::carry(*entry, findings)));
      meanwhile(result.entries.size());
    }
    result.outcome = TRY(opened->finish(test_.context));
    return result;
  }

  // Everything of the log after `about`.
  Result<std::vector<LogPiece>> follow(Json about, std::size_t piece_bytes = kLogPieceBytes) {
    const auto log = TRY(make_change_log(source(), piece_bytes));
    std::vector<LogPiece> pieces;
    for (bool more = true; more;) {
      pieces.push_back(TRY(log->read(about, test_.context)));
      about = pieces.back().about;
      more = pieces.back().more_follows;
    }
    return pieces;
  }

  // Without a moment: to the snapshot's own.
  Result<TargetReport> rebuild(const contract::Capture& capture,
                               const std::vector<LogPiece>& pieces = {}, std::uint64_t until = 0) {
    auto options = target_at(uri("restored"));
    options.overwrite = options.delete_strangers = true;
    options.facts = std::make_shared<const Json>(capture.outcome.facts);
    options.until = until;
    options.with_users = with_users_;
    options.renames = renames_;
    options.state = state_.path().string();
    std::vector<Json> abouts;
    for (const auto& each : pieces) abouts.push_back(each.about);
    LogRoute route;
    if (until != 0)
      route = TRY(mongodb_engine().plan_replay(capture.outcome.position, abouts, until));
    const auto target = TRY(mongodb_engine().open_target(options));
    TRY(target->prepare(test_.context));
    for (const auto& [info, content] : capture.entries) {
      const auto sink = TRY(target->create(info));
      TRY(contract::fill(*sink, content, true));
    }
    for (const auto index : route.pieces) TRY(target->replay(pieces[index].content, test_.context));
    return target->finish(test_.context);
  }
  Json facts(const std::string& database) {
    return contract::facts_of(mongodb_engine(), uri(database), test_.context).value_or(Json{});
  }
  static std::uint64_t last_of(const LogPiece& piece) {
    return position_of(decode_slice(piece.about)->last.at.ts);
  }

  TestContext test_;
  bool with_users_ = false;  // of a restore
  Renames renames_;          // likewise
  ScratchDirectory state_ = ScratchDirectory::make().value();
};

class LoggedShop : public CarriedShop {
 protected:
  explicit LoggedShop(ServerOptions options = {.replica_set = "rs0"})
      : server_(std::move(options)) {}
  void SetUp() override { make_log(1 << 20); }
  std::string uri(const std::string& database) const override { return server_.uri(database); }

  void make_log(std::int64_t size) const {
    Application(uri(""), "local")
        .run(DocumentBuilder()
                 .text("create", "oplog.rs")
                 .boolean("capped", true)
                 .int64("size", size)
                 .take());
  }

  TestServer server_;
};

}  // namespace lifeboat::engine::mongodb::testing
