#pragma once
// Reads every document of one collection, and sums up its facts in the same pass: measurements of a
// time series with their fields by name. One thread at a time; must not outlive its Server.
#include <functional>
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
  // Of the largest documents two are the most that one message holds (16 MiB and 48 MB): some
  // servers bound a batch by its documents only, and then answer nothing at all.
  static constexpr std::uint32_t kFirst = 2;
  static constexpr std::uint64_t kMost = 100;  // of such a server: larger ones may come later
  static constexpr std::uint64_t kMostInBytes = 100'000;  // of one that bounds it by bytes, too
  explicit BatchPace(std::uint64_t most = kMost) : most_(most) {}
  // After each document; tells a new size when it is worth a change.
  std::optional<std::uint32_t> after(std::size_t document);

 private:
  std::uint64_t documents_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t most_;
  std::uint32_t size_ = kFirst;
};

// Sees every document that a scan gives.
using Watch = std::function<Result<void>(DocumentView)>;

// How a collection is read.
struct ReadAs {
  // Only what a majority of the replica set has, and so nothing that could be rolled back.
  bool committed = false;
  // As it was then: all reads of one such moment see one state.
  std::optional<Timestamp> moment{};
  // In the order of _id, where there is an index of it: then no document is met twice, whatever
  // happens meanwhile, and the reading can go on from any of them. Not on FerretDB, which has no
  // order.
  bool by_id = false;
  // As it is kept: of a time series that has buckets those, and not the measurements.
  bool stored = false;
};

class CollectionScan {
 public:
  static Result<CollectionScan> begin(const Server& server, const std::string& database,
                                      const Collection& collection, ReadAs how = {});
  void watch(Watch watch) { watch_ = std::move(watch); }
  // The next document, until it is called again; empty at the end. Each is checked: what the
  // server sent is BSON.
  Result<ByteView> next();
  // After next() failed: goes on behind the last document that it gave. Only by _id.
  Result<void> go_on(ReadAs how);
  bool can_go_on() const { return by_id_; }
  bool is_of_moment() const { return is_of_moment_; }
  // After the end.
  CollectionFacts finish();

 private:
  struct Place {
    std::string database;
    std::string collection;
  };
  CollectionScan(Connection connection, Cursor cursor, Place place, NaturalOrder order)
      : connection_(std::move(connection)),
        cursor_(std::move(cursor)),
        place_(std::move(place)),
        digest_(order) {}
  static Bytes command(const Place& place, const ReadAs& how, ByteView last_id);

  Connection connection_;  // outlives the cursor
  Cursor cursor_;
  Place place_;
  DocumentDigest digest_;
  BatchPace pace_;
  Watch watch_;
  bool by_id_ = false;
  bool is_of_moment_ = false;
  bool is_of_measurements_ = false;  // whose fields come in an order of the server's own
  bool again_ = false;               // the last document comes once more
  Bytes last_id_;                    // {_id: …} of the last document that was given
};

bool is_capped(const Collection& collection);

}  // namespace lifeboat::engine::mongodb
