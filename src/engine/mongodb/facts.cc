#include "engine/mongodb/facts.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "base/json_value.h"
#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/object_names.h"
#include "engine/mongodb/offered.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr unsigned kReaders = 4;

std::string kind_word(CollectionKind kind) {
  switch (kind) {
    case CollectionKind::view:
      return "view";
    case CollectionKind::time_series:
      return "timeseries";
    case CollectionKind::collection:
      break;
  }
  return "collection";
}

std::string plain_hash(ByteView bytes) { return crypto::sha256(bytes).hex(); }

// Shares the collections out among readers; the first error ends all of them.
class ParallelScan {
 public:
  struct Read {
    const Server& server;
    const Catalog& catalog;
    const NoticedFacts& noticed;
  };
  ParallelScan(const Read& read, const RunContext& context)
      : server_(read.server), catalog_(read.catalog), noticed_(read.noticed), context_(context) {}

  Result<FactsByName> run() {
    {
      std::vector<std::jthread> readers;
      for (unsigned i = 0; i < kReaders && i < catalog_.collections.size(); ++i)
        readers.emplace_back([this] { work(); });
    }
    if (error_) return fail(*error_);
    return std::move(facts_);
  }

 private:
  void work() {
    while (!failed_) {
      const auto number = next_++;
      if (number >= catalog_.collections.size()) return;
      const auto& collection = catalog_.collections[number];
      if (!collection.has_documents()) continue;
      keep(collection.name, scan(collection));
    }
  }

  Result<CollectionFacts> scan(const Collection& collection) {
    auto scan =
        TRY(CollectionScan::begin(server_, catalog_.database, collection, {.stored = true}));
    scan.watch(noticed_.watch(collection.name));
    while (!TRY(scan.next()).empty()) TRY(context_.check_stop());
    return scan.finish();
  }

  void keep(const std::string& name, Result<CollectionFacts> facts) {
    const std::scoped_lock lock(mutex_);
    if (facts)
      facts_[name] = std::move(*facts);
    else if (!error_)
      error_ = std::move(facts).error().add_context("collection " + name);
    failed_ = error_.has_value();
  }

  const Server& server_;
  const Catalog& catalog_;
  const NoticedFacts& noticed_;
  const RunContext& context_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;  // readers end at the same time
  FactsByName facts_;
  std::optional<Error> error_;
};

// Of the server that was read: nothing of this need be true of the one that is restored to.
Json about_server(const ServerFacts& server) {
  Json about{{"server", server.product()}, {"features", Json::array()}};
  for (const auto each : offered_by(server)) about["features"].push_back(name_of(each));
  return about;
}

}  // namespace

Result<NoticedFacts> NoticedFacts::begin(const Catalog& catalog) {
  return NoticedFacts(LedgerFacts(catalog), TRY(GridFs::begin(catalog)));
}

// No collection is both.
Watch NoticedFacts::watch(const std::string& collection) const {
  auto ledger = ledgers_.watch(collection);
  return ledger ? ledger : gridfs_.watch(collection);
}

Result<Json> NoticedFacts::finish() const {
  return Json{{"migrations", ledgers_.finish()}, {"gridfs", TRY(gridfs_.finish())}};
}

// Options and each index by a hash of their own, so that a difference names what differs.
Json catalog_facts(const Collection& collection) {
  const auto document = normalised(collection);
  const auto view = view_document(document);
  Json json{{"type", kind_word(collection.kind)}, {"indexes", Json::object()}};
  if (const auto options = view.document_at("options"))
    json["options"] = plain_hash(options->bytes());
  const auto indexes = view.document_at("indexes");
  if (!indexes) return json;
  for (const auto& each : *indexes)
    if (const auto index = each.document())
      json["indexes"][escape_name(index->text_at("name").value_or(""))] =
          plain_hash(index->bytes());
  return json;
}

void add_facts(Json& json, const CollectionFacts& facts) {
  json["documents"] = facts.sum.count;
  json["bytes"] = facts.sum.bytes;
  json["digest"] = facts.sum.digest.hex();
  if (facts.natural) json["natural_digest"] = facts.natural->hex();
}

Result<DocumentSum> recorded_sum(const Json& facts) {
  DocumentSum sum;
  sum.count = static_cast<std::uint64_t>(TRY(number_at(facts, "documents")));
  sum.bytes = static_cast<std::uint64_t>(TRY(number_at(facts, "bytes")));
  sum.digest = TRY(HashSum::from_hex(TRY(text_at(facts, "digest"))));
  return sum;
}

// A capped collection lets old documents go by itself, and its order is the server's.
void forget_sums(Json& facts) {
  for (const auto* key : {"documents", "bytes", "digest", "natural_digest"}) facts[key] = nullptr;
}

void forget_ledgers(Json& facts) { facts.erase("migrations"); }

std::string product_in(const Json& facts) {
  const auto about = member(facts, "about");
  return about ? text_at(**about, "server").value_or("") : "";
}

Result<Json> facts_without(Json recorded, const std::map<std::string, DocumentSum>& documents) {
  for (const auto& [name, gone] : documents) {
    auto& facts = recorded["collections"][escape_name(name)];
    if (is_ledger_name(name)) forget_ledgers(recorded);
    auto sum = TRY(recorded_sum(facts));
    sum.subtract(gone);
    add_facts(facts, {sum, std::nullopt});
    if (facts.contains("natural_digest")) facts["natural_digest"] = nullptr;
  }
  return recorded;
}

Result<Json> facts_json(const Catalog& catalog, const FactsByName& collections, Json noticed,
                        const ServerFacts& server) {
  Json json = std::move(noticed);
  json["collections"] = Json::object();
  json["catalog_fingerprint"] = fingerprint_of(catalog).hex();
  json["about"] = about_server(server);
  for (const auto& collection : catalog.collections) {
    auto one = catalog_facts(collection);
    if (collection.has_documents()) {
      const auto found = collections.find(collection.name);
      if (found == collections.end())
        return fail(Code::internal, "collection " + collection.name + " was not read to its end");
      add_facts(one, found->second);
    }
    json["collections"][escape_name(collection.name)] = std::move(one);
  }
  return json;
}

Result<Json> collect_facts(const Server& server, const std::string& database,
                           const RunContext& context) {
  const auto [about, catalog] = TRY([&]() -> Result<std::pair<ServerFacts, Catalog>> {
    const auto connection = server.connect();
    return std::pair{TRY(ask_server(connection)), TRY(read_catalog(connection, database))};
  }());
  const auto noticed = TRY(NoticedFacts::begin(catalog));
  const auto sums = TRY(ParallelScan({server, catalog, noticed}, context).run());
  return facts_json(catalog, sums, TRY(noticed.finish()), about);
}

}  // namespace lifeboat::engine::mongodb
