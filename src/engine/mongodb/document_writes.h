#pragma once
// What a replay does to documents, gathered: a number of changes is worked out in memory, on what
// the server holds, and then written at once. Knows by how much they change each collection's
// facts. One thread at a time.
#include <map>

#include "engine/mongodb/document_digest.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/writes.h"

namespace lifeboat::engine::mongodb {

// What went from a collection, and what came.
struct CollectionChange {
  DocumentSum gone;
  DocumentSum come;
};

class DocumentWrites {
 public:
  // Writes into the database of `location`, whatever the database of a write is.
  explicit DocumentWrites(const Location& location)
      : connection_(location.server->connect()), database_(location.database) {}

  // Many are kept for later: flush() at the end, and before any command.
  Result<void> add(Replace write);
  Result<void> add(Update write);
  Result<void> add(ApplyDiff write);
  Result<void> add(Delete write);
  Result<void> flush();

  const std::map<std::string, CollectionChange>& changes() const { return changes_; }
  // The collection is gone, or has another name: of it, what was is of no interest any more.
  void forget(const std::string& collection) { changes_.erase(collection); }
  void rename(const std::string& from, const std::string& to);

 private:
  // A document by its filter: before any of the writes, and after all of them.
  struct Document {
    std::optional<Bytes> before;
    std::optional<Bytes> now;
    std::size_t turn = 0;  // of its first write: capped collections keep the order
  };
  using Documents = std::map<Bytes, Document>;
  using Step = std::variant<Replace, ApplyDiff, Delete>;

  Result<void> keep(Step step, std::size_t size);
  Result<void> write_all(const std::string& collection, const std::vector<Step>& steps);
  // Takes those out of `wanted` that may be held at once; the last call takes all that are not
  // there.
  Result<Documents> fetch(const std::string& collection, Documents& wanted);
  static Result<void> apply(const Step& step, Documents& documents);
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
};

}  // namespace lifeboat::engine::mongodb
