#pragma once
// Reads every document of one collection, and sums up its facts in the same pass. One thread at a
// time; must not outlive its Server.
#include <optional>

#include "engine/engine.h"
#include "engine/mongodb/catalog.h"
#include "engine/mongodb/connection.h"
#include "engine/mongodb/document_digest.h"

namespace lifeboat::engine::mongodb {

struct CollectionFacts {
  DocumentSum sum;
  std::optional<crypto::Digest> natural;  // of capped collections: the order is part of them
};

// How many documents to ask for at once, so that a batch has about the same size whatever they are.
class BatchPace {
 public:
  static constexpr std::uint32_t kFirst = 16;
  // After each document; tells a new size when it is worth a change.
  std::optional<std::uint32_t> after(std::size_t document);

 private:
  std::uint64_t documents_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint32_t size_ = kFirst;
};

class CollectionScan {
 public:
  // `committed`: only what a majority of the replica set has, and so nothing that could be rolled
  // back.
  static Result<CollectionScan> begin(const Server& server, const std::string& database,
                                      const Collection& collection, bool committed = false);
  // The next document, until it is called again; empty at the end. Each is checked: what the
  // server sent is BSON.
  Result<ByteView> next();
  // After the end.
  CollectionFacts finish();

 private:
  CollectionScan(Connection connection, Cursor cursor, NaturalOrder order)
      : connection_(std::move(connection)), cursor_(std::move(cursor)), digest_(order) {}

  Connection connection_;  // outlives the cursor
  Cursor cursor_;
  DocumentDigest digest_;
  BatchPace pace_;
};

bool is_capped(const Collection& collection);

}  // namespace lifeboat::engine::mongodb
