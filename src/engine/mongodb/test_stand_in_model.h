#pragma once
// What the stand-in for a MongoDB server holds, and what it answers to each command: collections
// with options and indexes, every version of every document, cursors, a log. For tests.
#include <map>
#include <mutex>
#include <set>

#include "engine/mongodb/catalog.h"
#include "engine/mongodb/test_stand_in_rights.h"

namespace lifeboat::engine::mongodb::testing {

struct StandInOptions {
  std::string version = "7.0.14";
  bool replica_set = true;  // "rs0", with a log
  std::string ferretdb{};   // the version, where it says that it is one
  std::string process{};    // 24 hex digits, where it tells which process it is
  std::string set_id = "65f0a1b2c3d4e5f607182930";  // of the replica set
  bool is_router = false;                           // it says that it is a mongos
  bool is_shard = false;                            // it adds to replies what a shard does
  // Nobody may do what no role of theirs allows; at first there is one user, `root`.
  bool authorization = false;
  std::string socket{};  // a path to listen at, instead of a port
};

// Who is at the other end of a connection.
struct StandInClient {
  std::string user{};  // of admin; empty: nobody
  // Who wants to log in by SCRAM, and what was said of it so far.
  std::string claimed{};
  std::string said{};
};

// What a server says of a command that it does not carry out.
struct Refusal {
  std::int32_t code = 0;
  std::string name;
  std::string message;
};

// As a query has it: equality, $eq $ne $gt $gte $lt $lte $in $nin $exists $and $or $nor.
bool matches(DocumentView document, DocumentView filter);
// Numbers by value, others of one type by their bytes or their order; nothing between types.
std::optional<std::strong_ordering> compare_values(const Element& left, const Element& right);
std::optional<Element> value_at(DocumentView document, std::string_view path);
Bytes new_uuid(std::uint64_t number);
double release_number(const std::string& version);

class StandInModel {
 public:
  explicit StandInModel(StandInOptions options);
  // The reply, which says `ok: 0` when the command is refused. Thread-safe.
  Bytes run(const std::string& database, DocumentView command, StandInClient& client);
  static Bytes refuse(const Refusal& refusal);

  // While it is none, every write is refused, and every read by somebody who does not say that a
  // secondary will do.
  void set_primary(bool primary);
  // What `hello` tells of the replica set: addresses, of which `primary` may be empty.
  struct Members {
    std::vector<std::string> all;
    std::string own;
    std::string primary;
  };
  void set_members(Members members);
  // Its newest write is so much older than it is.
  void set_lag(std::uint32_t seconds);
  // A member that lags has not got the newest entries of the log yet.
  void hold_back_log(std::size_t entries);
  void catch_up();
  // As the server itself writes into its log: where in it.
  Timestamp write_entry(DocumentView entry);
  // What is in `config.transactions` of one session.
  void set_transaction(const Bytes& row);
  // As the end of a transaction does, whose part of the log says it.
  void put_unlogged(const std::string& database, const std::string& collection, Bytes document);
  // A snapshot of before now is too old from now on.
  void forget_history();
  // A server that takes a readConcern and does nothing with it, as FerretDB.
  void ignore_read_concern();

 private:
  // All that a document was, and when; nothing since it was deleted.
  class Record {
   public:
    const Bytes* at(std::optional<Timestamp> moment) const;  // without a moment: now
    void put(Timestamp since, std::optional<Bytes> document);

   private:
    std::vector<std::pair<Timestamp, std::optional<Bytes>>> versions_;
  };
  struct StoredCollection {
    std::string name;
    std::string type = "collection";
    Bytes options = DocumentBuilder().take();
    Bytes uuid{};
    std::vector<Bytes> indexes{};
    std::map<std::uint64_t, Record> records{};  // by the order in which they came
    std::map<Bytes, std::uint64_t> by_id{};     // those that are there
    std::vector<Bytes> present(std::optional<Timestamp> moment = {}) const;
  };
  struct OpenCursor {
    std::string database;
    std::string collection;
    Bytes session{};
    Bytes uuid{};  // of what is scanned as it is when the next batch is asked for
    Bytes filter = DocumentBuilder().take();
    std::optional<Timestamp> moment{};
    std::uint64_t last_record = 0;
    std::optional<std::int64_t> limit{};
    std::vector<Bytes> fixed{};  // what else is given
    std::size_t next_fixed = 0;
    bool reaches_end = false;
    bool by_id = false;  // `fixed` is then of one batch: what is behind the key
    Bytes behind{};      // {_id: …}
    bool with_key = false;
  };
  struct Request {
    const std::string& database;
    DocumentView command;
    std::string name;        // of the command
    std::string collection;  // the text of its first field
    StandInClient* client = nullptr;
  };
  using Handler = DocumentBuilder (StandInModel::*)(const Request&);
  using Collections = std::map<std::string, StoredCollection>;
  static const std::map<std::string_view, Handler>& handlers();

  DocumentBuilder hello(const Request& request);
  DocumentBuilder build_info(const Request& request);
  DocumentBuilder nothing(const Request& request);
  DocumentBuilder get_parameter(const Request& request);
  DocumentBuilder list_databases(const Request& request);
  DocumentBuilder list_collections(const Request& request);
  DocumentBuilder list_indexes(const Request& request);
  DocumentBuilder find(const Request& request);
  DocumentBuilder get_more(const Request& request);
  DocumentBuilder kill_cursors(const Request& request);
  DocumentBuilder count(const Request& request);
  DocumentBuilder aggregate(const Request& request);
  DocumentBuilder insert(const Request& request);
  DocumentBuilder update(const Request& request);
  DocumentBuilder remove(const Request& request);
  DocumentBuilder create(const Request& request);
  DocumentBuilder create_series(const Request& request, StoredCollection series);
  void make_place_of_views(const Request& request);
  void keep_replica_set();
  void create_buckets(const Request& request, const StoredCollection& series);
  DocumentBuilder insert_measurements(const Request& request, const StoredCollection& series);
  void add_measurement(const Request& buckets, StoredCollection& into, DocumentView options,
                       DocumentView measurement);
  std::vector<Bytes> measurements_in(const std::string& database, const StoredCollection& series,
                                     std::optional<Timestamp> moment);
  // Of a time series: before 8.3, where it is a view of them.
  static bool has_buckets(const StoredCollection& collection);
  static std::string stored_name(const StoredCollection& collection);
  static Bytes key_of_buckets(const StoredCollection& collection, DocumentView key);
  std::optional<Refusal> why_no_bucket(const Request& request, DocumentView bucket);
  void log_index(const Request& request, const StoredCollection& collection, DocumentView index);
  DocumentBuilder create_indexes(const Request& request);
  DocumentBuilder drop_indexes(const Request& request);
  DocumentBuilder coll_mod(const Request& request);
  DocumentBuilder drop(const Request& request);
  DocumentBuilder drop_database(const Request& request);
  DocumentBuilder rename(const Request& request);
  DocumentBuilder stats(const Request& request);
  DocumentBuilder validate(const Request& request);
  DocumentBuilder authenticate(const Request& request);
  DocumentBuilder begin_scram(const Request& request);
  DocumentBuilder continue_scram(const Request& request);
  DocumentBuilder connection_status(const Request& request);
  DocumentBuilder create_principal(const Request& request);
  DocumentBuilder drop_principal(const Request& request);
  DocumentBuilder update_principal(const Request& request);
  DocumentBuilder grant_roles(const Request& request);
  DocumentBuilder principals_info(const Request& request);
  DocumentBuilder merge_principals(const Request& request);

  Bytes answer(const Request& request);
  Bytes principal(const char* list, const std::string& id);
  StandInRights rights_of(const std::string& user);
  void check_authorized(const Request& request);
  static const std::string& admin();
  Timestamp now() const;
  Timestamp tick();
  void log(const std::string& ns, DocumentBuilder entry);
  void log_command(const Request& request, ByteView object);
  void check_primary(const Request& request) const;
  void check_secondary_will_do(const Request& request) const;
  void tell_members(DocumentBuilder& reply) const;
  StoredCollection* found(const std::string& database, const std::string& collection);
  std::vector<Bytes> documents_in(const std::string& database, const std::string& collection);
  StoredCollection& there(const Request& request);
  StoredCollection& made(const Request& request);
  std::optional<Timestamp> snapshot_of(const Request& request, const StoredCollection* read);
  std::optional<Bytes> take_next(OpenCursor& cursor);
  void look_behind_key(OpenCursor& cursor);
  void check_there(const OpenCursor& cursor);
  DocumentBuilder batch(OpenCursor cursor, const Request& request, const char* list);
  DocumentBuilder give(const Request& request, std::vector<Bytes> documents);
  std::optional<Refusal> why_not(const StoredCollection& into, DocumentView document,
                                 bool bypass) const;
  void check_bypass(const Request& request) const;
  Bytes with_moments(const Request& request, DocumentView document);
  Bytes change_of(const Request& request, const Element& change);
  void store(const Request& request, StoredCollection& into, Bytes document);
  static void check_unique(const StoredCollection& collection, DocumentView index);
  bool remove_one(const Request& request, StoredCollection& from, DocumentView filter);
  bool change_one(const Request& request, DocumentView statement);
  static Record* first_match(StoredCollection& collection, DocumentView filter);
  static DocumentView key_named(const StoredCollection& collection, std::string_view name);

  StandInOptions options_;
  std::mutex mutex_;
  std::map<std::string, std::string> passwords_;  // of users of admin that were given one
  std::map<std::string, Collections> databases_;
  std::map<std::uint64_t, Record> held_back_;  // of the log
  std::map<std::int64_t, OpenCursor> cursors_;
  std::int64_t next_cursor_ = 7000;
  std::uint64_t next_record_ = 1;
  std::uint32_t ticks_ = 0;
  Timestamp oldest_;
  bool primary_ = true;
  Members members_;
  std::uint32_t lag_ = 0;
  bool ignores_read_concern_ = false;
};

}  // namespace lifeboat::engine::mongodb::testing
