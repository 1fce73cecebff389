#pragma once
// What a replay does to documents, gathered: a number of changes is worked out in memory, on what
// the server holds, and then written at once. Knows by how much they change each collection's
// facts, and which documents were changed and were not there. One thread at a time.
#include <map>
#include <unordered_map>

#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/writes.h"

namespace lifeboat::engine::mongodb {

// What went from a collection, and what came.
struct CollectionChange {
  DocumentSum gone;
  DocumentSum come;
};

// Changed, and not there: by a hash of the _id, when that was first. What deletes them later in the
// log explains it.
using MissedDocuments = std::unordered_map<std::uint64_t, Timestamp>;

class DocumentWrites {
 public:
  // Writes into the database of `location`, whatever the database of a write is.
  explicit DocumentWrites(const Location& location)
      : connection_(location.server->connect()), database_(location.database) {}

  // Of the entry that the writes which follow are of.
  void begin_entry(Timestamp at) { at_ = at; }
  // Many are kept for later: flush() at the end, and before any command. `not_restorable` when more
  // documents are missed than can be remembered.
  Result<void> add(Replace write);
  Result<void> add(Update write);
  Result<void> add(ApplyDiff write);
  Result<void> add(Delete write);
  Result<void> flush();

  const std::map<std::string, CollectionChange>& changes() const { return changes_; }
  // The collection is gone, or has another name: of it, what was is of no interest any more.
  void forget(const std::string& collection) { changes_.erase(collection); }
  void rename(const std::string& from, const std::string& to);

  // After flush(), by collection: those that nothing has explained yet.
  const std::map<std::string, MissedDocuments>& missed() const { return missed_; }
  // What was missed so far of it, or of all of them.
  Result<void> explain(const std::string& collection);
  Result<void> explain_all();

 private:
  // A document by its filter: before any of the writes, and after all of them.
  struct Document {
    std::optional<Bytes> before;
    std::optional<Bytes> now;
    std::size_t turn = 0;  // of its first write: capped collections keep the order
  };
  using Documents = std::map<Bytes, Document>;
  struct Step {
    std::variant<Replace, ApplyDiff, Delete> write;
    Timestamp at;
  };

  Result<void> keep(std::variant<Replace, ApplyDiff, Delete> write, std::size_t size);
  Result<void> write_all(const std::string& collection, const std::vector<Step>& steps);
  // Takes those out of `wanted` that may be held at once; the last call takes all that are not
  // there.
  Result<Documents> fetch(const std::string& collection, Documents& wanted);
  Result<void> apply(const std::string& collection, const Step& step, Documents& documents);
  Result<void> miss(const std::string& collection, ByteView filter, Timestamp at);
  void find_again(const std::string& collection, ByteView filter);
  void forget_missed(const std::string& collection);
  static std::vector<std::pair<const Bytes*, const Document*>> by_turn(const Documents& documents);
  Result<void> store(const std::string& collection, const Documents& documents);
  Result<void> run(ByteView command);
  Result<std::optional<Bytes>> find_one(const std::string& collection, ByteView filter);
  void count(const std::string& collection, const Document& document);

  Connection connection_;
  std::string database_;
  std::map<std::string, std::vector<Step>> steps_;
  std::size_t kept_ = 0;
  std::size_t bytes_ = 0;
  std::map<std::string, CollectionChange> changes_;
  Timestamp at_;
  std::map<std::string, MissedDocuments> missed_;
  std::size_t missed_count_ = 0;
};

}  // namespace lifeboat::engine::mongodb
