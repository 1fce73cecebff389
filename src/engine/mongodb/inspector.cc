#include "engine/mongodb/inspector.h"
#include "engine/mongodb/accounts.h"

#include "base/json_value.h"
#include "engine/mongodb/facts.h"
#include "engine/mongodb/ledgers.h"
#include "engine/mongodb/location.h"

namespace lifeboat::engine::mongodb {
namespace {

Failure no_files() {
  return fail(Code::usage, "a MongoDB source has no files: name a `files` source");
}

class MongoInspector final : public Inspector {
 public:
  explicit MongoInspector(Location location) : location_(std::move(location)) {}

  Result<Json> facts(const RunContext& context) override {
    auto facts = TRY(collect_facts(*location_.server, location_.database, context));
    const auto accounts = TRY(read_accounts(location_.server->connect(), location_.database));
    if (accounts) facts["accounts"] = accounts_facts(*accounts, location_.database);
    return facts;
  }
  Result<std::vector<Row>> query(const std::string& text, std::size_t limit,
                                 const RunContext& context) override {
    const auto connection = location_.server->connect();
    return run_query({connection, location_.database}, text, limit, context);
  }
  Result<void> select(const Selection& selection,
                      const std::function<Result<void>(const Row&)>& visit,
                      const RunContext& context) override {
    const auto connection = location_.server->connect();
    return select_rows({connection, location_.database}, selection, visit, context);
  }
  Result<Json> newest(const std::string& table, const std::string& field,
                      const RunContext&) override {
    const auto connection = location_.server->connect();
    return newest_value({connection, location_.database}, table, field);
  }
  Result<std::vector<Ledger>> ledgers(const RunContext& context) override {
    const auto connection = location_.server->connect();
    const auto catalog = TRY(read_catalog(connection, location_.database));
    return list_ledgers({connection, location_.database}, catalog, context);
  }
  Result<std::vector<std::string>> integrity(bool quick, const RunContext& context) override;
  Result<std::unique_ptr<Reader>> open_file(const std::string&) override { return no_files(); }
  Result<void> list_files(const std::function<Result<void>(const std::string&, std::uint64_t)>&,
                          const RunContext&) override {
    return no_files();
  }

 private:
  Location location_;
};

// The server's own `validate`: it alone sees its files and whether indexes fit their documents.
Result<std::vector<std::string>> MongoInspector::integrity(bool quick, const RunContext& context) {
  const auto connection = location_.server->connect();
  const auto catalog = TRY(read_catalog(connection, location_.database));
  std::vector<std::string> complaints;
  for (const auto& collection : catalog.collections) {
    TRY(context.check_stop());
    if (!collection.has_documents()) continue;
    const auto reply = TRY_CONTEXT(
        "validating " + collection.name,
        connection.command(location_.database, DocumentBuilder()
                                                   .text("validate", collection.stored_name())
                                                   .boolean("full", !quick)
                                                   .take()));
    const auto result = TRY(DocumentView::check(reply));
    if (result.is_true_at("valid")) continue;
    complaints.push_back(collection.name + " is not valid");
    if (const auto errors = result.document_at("errors"))
      for (const auto& each : *errors)
        complaints.push_back(collection.name + ": " + std::string(each.text().value_or("?")));
  }
  return complaints;
}

}  // namespace

Result<std::unique_ptr<Inspector>> make_inspector(const std::string& place) {
  return std::make_unique<MongoInspector>(TRY(locate(place)));
}

}  // namespace lifeboat::engine::mongodb
