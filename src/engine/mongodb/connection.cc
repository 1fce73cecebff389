#include "engine/mongodb/connection.h"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "engine/mongodb/driver.h"
#include "engine/mongodb/empty_timestamps.h"
#include "engine/mongodb/grants.h"

namespace lifeboat::engine::mongodb {
namespace {

// Where the URI itself does not say how long: milliseconds.
constexpr std::array<std::pair<const char*, std::int32_t>, 3> kLimits{{
    {MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 10'000},
    {MONGOC_URI_CONNECTTIMEOUTMS, 10'000},
    {MONGOC_URI_SOCKETTIMEOUTMS, 300'000},
}};

// A document that the driver reads where it lies.
class Borrowed {
 public:
  explicit Borrowed(ByteView bytes) {
    sound_ = bson_init_static(&document_, bytes.data(), bytes.size());
  }
  Result<void> check() const {
    if (!sound_) return fail(Code::internal, "a command that is no document");
    return {};
  }
  const bson_t* get() const { return &document_; }

 private:
  bson_t document_;
  bool sound_ = false;
};

// What the driver wants an array of; the type itself carries an attribute that no vector keeps.
struct Pointer {
  const bson_t* document;
};

Bytes bytes_of(const bson_t& document) {
  return to_bytes(ByteView(bson_get_data(&document), document.len));
}

// A reply of the driver, destroyed with its scope.
struct Reply {
  Reply() = default;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() { bson_destroy(&document); }
  bson_t document = BSON_INITIALIZER;
};

// Whether the key that refused a document is _id; nothing where the server does not name it.
std::optional<bool> is_of_id(DocumentView error) {
  if (const auto keys = error.document_at("keyPattern")) {
    bool only_id = !keys->empty();
    for (const auto& each : *keys) only_id = only_id && each.key == "_id";
    return only_id;
  }
  constexpr std::string_view kIndex = " index: ";
  const auto message = error.text_at("errmsg").value_or("");
  const auto at = message.find(kIndex);
  if (at == std::string_view::npos) return std::nullopt;
  const auto rest = message.substr(at + kIndex.size());
  return rest == "_id_" || rest.starts_with("_id_ ");
}

// {find: collection, filter: {_id: {$eq: that of the document}}, limit: 1}
std::optional<Bytes> find_same_id(const std::string& collection, ByteView document) {
  const auto id = view_document(document).find("_id");
  if (!id) return std::nullopt;
  const auto equal = DocumentBuilder().element("$eq", *id).take();
  return DocumentBuilder()
      .text("find", collection)
      .document("filter", DocumentBuilder().document("_id", equal).take())
      .int32("limit", 1)
      .take();
}

using IsThere = std::function<Result<bool>(std::int64_t document)>;

// How many writes the key _id refused; 0 when any was refused for another reason, such as another
// unique index: that document is not there.
Result<std::uint64_t> duplicates_in(DocumentView reply, const IsThere& is_there) {
  constexpr std::int64_t kDuplicateKey = 11000;
  const auto errors = reply.document_at("writeErrors");
  if (!errors || reply.find("writeConcernErrors")) return 0;
  std::uint64_t present = 0;
  for (const auto& each : *errors) {
    const auto code = each.inside().find("code");
    if (!code || code->integer() != kDuplicateKey) return 0;
    const auto at = each.inside().find("index");
    const auto of_id = is_of_id(each.inside());
    if (!of_id && !at) return 0;
    if (!(of_id ? *of_id : TRY(is_there(at->integer().value_or(-1))))) return 0;
    ++present;
  }
  return present;
}

using Session = Handle<mongoc_client_session_t, mongoc_client_session_destroy>;

// A server gives more of a cursor only to the session that opened it. It reads as of where it is
// told to, not after what this session saw. Null where the server knows no sessions.
Session start_session(mongoc_client_t* client) {
  const Handle<mongoc_session_opt_t, mongoc_session_opts_destroy> options(
      mongoc_session_opts_new());
  mongoc_session_opts_set_causal_consistency(options.get(), false);
  return Session(mongoc_client_start_session(client, options.get(), nullptr));
}

// A backup goes by one member's log and snapshot: members that were chosen read by read would show
// moments that never were.
Result<void> check_read_preference(const mongoc_uri_t& uri) {
  const auto* wanted = mongoc_uri_get_read_prefs_t(&uri);
  if (mongoc_read_prefs_get_mode(wanted) == MONGOC_READ_PRIMARY) return {};
  return fail(Error(Code::config_invalid,
                    "the uri has a readPreference, and everything is read from one member, by what "
                    "the configuration says")
                  .with_hint("Take readPreference out of it. To back up from a secondary say so of "
                             "the source, with the most that it may lag: read_preference: "
                             "secondary, max_lag: 30s."));
}

Result<Uri> parse_uri(const Secret& secret) {
  auto text = to_text(secret.view());
  bson_error_t error{};
  Uri uri(mongoc_uri_new_with_error(text.c_str(), &error));
  wipe(text);
  // The driver's own message may quote the URI.
  if (!uri)
    return fail(
        Error(Code::config_invalid, "the uri is none that the MongoDB driver understands")
            .with_hint("It looks like mongodb://user:password@host:27017/?authSource=admin; "
                       "characters such as @ : / in a password are written %40 %3A %2F."));
  TRY(check_read_preference(*uri));
  for (const auto& [option, milliseconds] : kLimits)
    if (!mongoc_uri_has_option(uri.get(), option))
      mongoc_uri_set_option_as_int32(uri.get(), option, milliseconds);
  mongoc_uri_set_appname(uri.get(), "lifeboat");
  return uri;
}

// A server says `ok` of a command of which it refused every write.
Result<void> check_writes(const Bytes& reply) {
  const auto said = TRY(DocumentView::check(reply));
  std::string first;
  if (const auto errors = said.find("writeErrors"); errors && errors->holds(BsonType::array))
    for (const auto& each : errors->inside())
      if (first.empty()) first = each.inside().text_at("errmsg").value_or("without a reason");
  if (const auto concern = said.document_at("writeConcernError"); concern && first.empty())
    first = concern->text_at("errmsg").value_or("not written by enough members");
  if (first.empty()) return {};
  return fail(Code::io_error, "the server refused a write: " + first);
}

// Of mongodb+srv:// the name under which the hosts are looked up.
std::string hosts_of(const mongoc_uri_t& uri) {
  const char* looked_up = mongoc_uri_get_srv_hostname(&uri);
  std::string hosts = looked_up == nullptr ? "" : looked_up;
  for (const auto* each = mongoc_uri_get_hosts(&uri); each != nullptr; each = each->next)
    hosts +=
        (hosts.empty() ? "" : ",") + std::string(static_cast<const char*>(each->host_and_port));
  return hosts;
}

constexpr const char* kKeepEmpty = "bypassEmptyTsReplacement";

// MongoDB: "BSON field 'insert.NAME' is an unknown field."; FerretDB: insert: unknown field "NAME".
bool is_unknown_field(const bson_error_t& error) {
  const std::string_view message = static_cast<const char*>(error.message);
  return message.find("unknown field") != message.npos && message.find(kKeepEmpty) != message.npos;
}

}  // namespace

Cursor::Cursor(Cursor&& other) noexcept
    : cursor_(std::exchange(other.cursor_, nullptr)),
      session_(std::exchange(other.session_, nullptr)) {}

Cursor& Cursor::operator=(Cursor&& other) noexcept {
  std::swap(cursor_, other.cursor_);
  std::swap(session_, other.session_);
  return *this;
}

Cursor::~Cursor() {
  if (cursor_ != nullptr) mongoc_cursor_destroy(cursor_);
  if (session_ != nullptr) mongoc_client_session_destroy(session_);
}

Result<ByteView> Cursor::next() {
  const bson_t* document = nullptr;
  if (mongoc_cursor_next(cursor_, &document))
    return ByteView(bson_get_data(document), document->len);
  bson_error_t error{};
  if (mongoc_cursor_error(cursor_, &error)) return fail_with(error);
  return ByteView{};
}

void Cursor::set_batch_size(std::uint32_t documents) {
  mongoc_cursor_set_batch_size(cursor_, documents);
}

Connection::Connection(Connection&& other) noexcept
    : pool_(other.pool_), client_(std::exchange(other.client_, nullptr)) {}

Connection::~Connection() {
  if (client_ != nullptr) mongoc_client_pool_push(pool_, client_);
}

Result<Bytes> Connection::command(const std::string& database, ByteView command) const {
  const Borrowed document(command);
  TRY(document.check());
  Reply reply;
  bson_error_t error{};
  bson_destroy(&reply.document);
  if (!mongoc_client_command_with_opts(client_, database.c_str(), document.get(), nullptr, nullptr,
                                       &reply.document, &error))
    return fail(for_lack_of(fail_with(error).value(), database, view_document(command)));
  auto bytes = bytes_of(reply.document);
  TRY(check_writes(bytes));
  return bytes;
}

struct Connection::Insert {
  const std::string& database;
  const std::string& collection;
  const std::vector<ByteView>& documents;
  bool ordered;

  bool has_empty_timestamps() const {
    return std::ranges::any_of(
        documents, [](ByteView each) { return has_empty_timestamp(view_document(each)); });
  }
  // Those that the server did not name a reason against.
  std::vector<ByteView> taken(DocumentView reply) const {
    std::set<std::int64_t> refused;
    if (const auto errors = reply.document_at("writeErrors"))
      for (const auto& each : *errors)
        if (const auto at = each.inside().find("index")) refused.insert(at->integer().value_or(0));
    std::vector<ByteView> taken;
    for (std::size_t at = 0; at < documents.size(); ++at) {
      if (!refused.contains(static_cast<std::int64_t>(at)))
        taken.push_back(documents[at]);
      else if (ordered)
        break;
    }
    return taken;
  }
};

// The driver cuts what is too large for one message, and would refuse names that servers allow: the
// documents were checked before. A server that does not know how to keep empty timestamps refuses
// all of them: it gets them without being told to, and they are looked at after.
Result<void> Connection::run(const Insert& insert, bson_t& reply) const {
  for (const auto& each : insert.documents) TRY(Borrowed(each).check());
  const bool must_keep = insert.has_empty_timestamps();
  bson_error_t error{};
  bool sent = send(insert, must_keep, reply, error);
  const bool was_told = sent || !is_unknown_field(error);
  if (must_keep && !was_told) sent = send(insert, false, reply, error);
  const auto said = bytes_of(reply);
  const bool is_known = sent || view_document(said).find("writeErrors");
  if (must_keep && !was_told && is_known)
    TRY(keep_empty_timestamps(*this, insert.database, insert.collection,
                              insert.taken(view_document(said))));
  if (sent) return {};
  const auto failure = fail_with(error);
  if (failure.value().code() == Code::source_unreadable)
    return fail(Code::io_error, failure.value().message());
  const auto command = DocumentBuilder().text("insert", insert.collection).take();
  return fail(for_lack_of(failure.value(), insert.database, view_document(command)));
}

bool Connection::send(const Insert& insert, bool keep_empty_timestamps, bson_t& reply,
                      bson_error_t& error) const {
  std::vector<Borrowed> borrowed(insert.documents.begin(), insert.documents.end());
  std::vector<Pointer> pointers;
  for (const auto& each : borrowed) pointers.push_back({each.get()});
  const Handle<mongoc_collection_t, mongoc_collection_destroy> target(
      mongoc_client_get_collection(client_, insert.database.c_str(), insert.collection.c_str()));
  Reply options;
  BSON_APPEND_BOOL(&options.document, "ordered", insert.ordered);
  BSON_APPEND_BOOL(&options.document, "validate", false);
  if (keep_empty_timestamps) BSON_APPEND_BOOL(&options.document, kKeepEmpty, true);
  bson_destroy(&reply);
  return mongoc_collection_insert_many(target.get(), &pointers.data()->document, pointers.size(),
                                       &options.document, &reply, &error);
}

Result<void> Connection::insert(const std::string& database, const std::string& collection,
                                const std::vector<ByteView>& documents) const {
  Reply reply;
  return run({database, collection, documents, true}, reply.document);
}

Result<Connection::Inserted> Connection::insert_new(const std::string& database,
                                                    const std::string& collection,
                                                    const std::vector<ByteView>& documents) const {
  Reply reply;
  auto inserted = run({database, collection, documents, true}, reply.document);
  if (inserted) return Inserted{documents.size()};
  const auto bytes = bytes_of(reply.document);
  const auto is_there = [&](std::int64_t at) {
    return holds({database, collection, documents, true}, at);
  };
  const auto number = view_document(bytes).find("insertedCount");
  const auto count = number ? number->integer().value_or(-1) : -1;
  if (count < 0 || std::cmp_greater_equal(count, documents.size()))
    return fail(std::move(inserted).error());
  Inserted told{static_cast<std::size_t>(count)};
  if (TRY(duplicates_in(view_document(bytes), is_there)) == 0)
    told.refused = std::move(inserted).error();
  return told;
}

Result<std::uint64_t> Connection::insert_missing(const std::string& database,
                                                 const std::string& collection,
                                                 const std::vector<ByteView>& documents) const {
  Reply reply;
  auto inserted = run({database, collection, documents, false}, reply.document);
  if (inserted) return std::uint64_t{0};
  const auto bytes = bytes_of(reply.document);
  const auto is_there = [&](std::int64_t at) {
    return holds({database, collection, documents, false}, at);
  };
  const auto present = TRY(duplicates_in(view_document(bytes), is_there));
  if (present == 0) return fail(std::move(inserted).error());
  return present;
}

// Whether the _id of that document is there.
Result<bool> Connection::holds(const Insert& insert, std::int64_t at) const {
  if (at < 0 || std::cmp_greater_equal(at, insert.documents.size())) return false;
  const auto find = find_same_id(insert.collection, insert.documents[static_cast<std::size_t>(at)]);
  if (!find) return false;
  auto cursor = TRY(open_cursor(insert.database, *find, 1));
  return !TRY(cursor.next()).empty();
}

// The cursor lives on the one server that answered: the driver must be told which, or it could ask
// another for more, and ends the program when it is to close a cursor of no server.
Result<Cursor> Connection::open_cursor(const std::string& database, ByteView command,
                                       std::uint32_t batch) const {
  const Borrowed document(command);
  TRY(document.check());
  bson_error_t error{};
  const Handle<mongoc_server_description_t, mongoc_server_description_destroy> server(
      mongoc_client_select_server(client_, false, nullptr, &error));
  if (!server) return fail_with(error);
  Reply options;
  BSON_APPEND_INT32(&options.document, "serverId",
                    static_cast<std::int32_t>(mongoc_server_description_id(server.get())));
  auto session = start_session(client_);
  if (session && !mongoc_client_session_append(session.get(), &options.document, &error))
    return fail_with(error);
  bson_t reply;
  if (!mongoc_client_command_with_opts(client_, database.c_str(), document.get(), nullptr,
                                       &options.document, &reply, &error)) {
    bson_destroy(&reply);
    return fail(for_lack_of(fail_with(error).value(), database, view_document(command)));
  }
  // Of this type alone the driver lets it be changed, and says nothing of others.
  BSON_APPEND_INT64(&options.document, "batchSize", batch);
  auto* cursor = mongoc_cursor_new_from_command_reply_with_opts(client_, &reply, &options.document);
  return Cursor(cursor, session.release());
}

Result<std::unique_ptr<Server>> Server::open(const Secret& secret) {
  begin_driver();
  const auto uri = TRY(parse_uri(secret));
  auto* pool = TRY(open_pool(*uri));
  const char* database = mongoc_uri_get_database(uri.get());
  return std::unique_ptr<Server>(
      new Server(pool, database == nullptr ? "" : database, hosts_of(*uri)));
}

Server::~Server() { mongoc_client_pool_destroy(pool_); }

Connection Server::connect() const { return {pool_, mongoc_client_pool_pop(pool_)}; }

}  // namespace lifeboat::engine::mongodb
