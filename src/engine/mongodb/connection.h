#pragma once
// A MongoDB server as its own driver sees it: connections from a pool, commands and cursors with
// their replies as raw BSON. A Server is thread-safe; a Connection and a Cursor belong to one
// thread at a time and must not outlive their Server. No error holds the URI's password.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "engine/mongodb/bson.h"

struct _bson_error_t;
struct _bson_t;
struct _mongoc_client_t;
struct _mongoc_client_pool_t;
struct _mongoc_client_session_t;
struct _mongoc_cursor_t;

namespace lifeboat::engine::mongodb {

// The documents of a query, one after the other.
class Cursor {
 public:
  Cursor(Cursor&& other) noexcept;
  Cursor& operator=(Cursor&& other) noexcept;
  ~Cursor();
  // The next document, as long as the cursor is not moved on; empty at the end. `source_changed`
  // when the server let go of the cursor, or of the snapshot that it reads.
  Result<ByteView> next();
  // How many documents the next batch may hold.
  void set_batch_size(std::uint32_t documents);

 private:
  friend class Connection;
  Cursor(_mongoc_cursor_t* cursor, _mongoc_client_session_t* session)
      : cursor_(cursor), session_(session) {}
  _mongoc_cursor_t* cursor_;
  _mongoc_client_session_t* session_;  // null where the server knows none
};

class Connection {
 public:
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) = delete;
  ~Connection();
  // The reply of a command that succeeded. Writes that the server did not all accept are an error.
  Result<Bytes> command(const std::string& database, ByteView command) const;
  // Inserts in the given order. `io_error` at the first document that the server does not take,
  // with its reason.
  Result<void> insert(const std::string& database, const std::string& collection,
                      const std::vector<ByteView>& documents) const;
  // The same, telling how far it came.
  struct Inserted {
    std::size_t count = 0;           // from the first on
    std::optional<Error> refused{};  // why not the next, where it is not that its _id is there
  };
  Result<Inserted> insert_new(const std::string& database, const std::string& collection,
                              const std::vector<ByteView>& documents) const;
  // The same into a collection that holds some of them already: how many were left as they are
  // because their _id is there; `io_error` when another unique key refuses one.
  Result<std::uint64_t> insert_missing(const std::string& database, const std::string& collection,
                                       const std::vector<ByteView>& documents) const;
  // Every document of a cursor command (`find`, `listCollections` …), in batches of `batch`.
  Result<Cursor> open_cursor(const std::string& database, ByteView command,
                             std::uint32_t batch) const;

 private:
  friend class Server;
  Connection(_mongoc_client_pool_t* pool, _mongoc_client_t* client)
      : pool_(pool), client_(client) {}
  struct Insert;
  Result<void> run(const Insert& insert, _bson_t& reply) const;
  bool send(const Insert& insert, bool keep_empty_timestamps, _bson_t& reply,
            _bson_error_t& error) const;
  Result<bool> holds(const Insert& insert, std::int64_t at) const;
  _mongoc_client_pool_t* pool_;
  _mongoc_client_t* client_;
};

class Server {
 public:
  // Reads the URI; nothing is sent yet. `config_invalid` when it is none. What it leaves open gets
  // limits here: no server is waited for without end.
  static Result<std::unique_ptr<Server>> open(const Secret& uri);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  // The same database as one member of the replica set has it ("db2:27017"), whatever the set does
  // meanwhile: nobody else is asked.
  Result<std::unique_ptr<Server>> only(const std::string& member) const;
  // The secondaries that are known so far, one of the nearest first; the primary where `or_primary`
  // and there is none. `unavailable` without either.
  Result<std::vector<std::string>> secondaries(bool or_primary) const;

  // Waits for one of the pool's connections.
  Connection connect() const;
  // The database that the URI names, or empty.
  const std::string& database() const { return database_; }
  // For people: hosts and ports, without user and password.
  const std::string& address() const { return address_; }

 private:
  Server(_mongoc_client_pool_t* pool, std::string database, std::string address)
      : pool_(pool), database_(std::move(database)), address_(std::move(address)) {}
  _mongoc_client_pool_t* pool_;
  std::string database_;
  std::string address_;
};

}  // namespace lifeboat::engine::mongodb
