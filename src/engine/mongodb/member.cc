#include "engine/mongodb/member.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "engine/mongodb/driver.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::size_t kMostMembers = 50;  // of a replica set

// How it must be written in a URI: a socket by its path; nothing else of a server's making.
Result<std::string> host_in_uri(const std::string& member) {
  if (member.starts_with('/')) return percent_encoded(member);
  if (!member.empty() && member.find_first_of("/@?,%#\\ ") == member.npos) return member;
  return fail(Code::corrupt, "the server names a member \"" + member + "\", which is no address");
}

// The driver keeps them apart, by their names.
void copy_compressors(const mongoc_uri_t& from, mongoc_uri_t* to) {
  std::string names;
  bson_iter_t each;
  if (!bson_iter_init(&each, mongoc_uri_get_compressors(&from))) return;
  while (bson_iter_next(&each))
    names += (names.empty() ? "" : ",") + std::string(bson_iter_key(&each));
  if (!names.empty()) mongoc_uri_set_compressors(to, names.c_str());
}

// The driver checks names and types, as it did when it read them.
void copy_options(const mongoc_uri_t& from, mongoc_uri_t* to) {
  bson_iter_t each;
  if (!bson_iter_init(&each, mongoc_uri_get_options(&from))) return;
  while (bson_iter_next(&each)) {
    const char* key = bson_iter_key(&each);
    if (BSON_ITER_HOLDS_UTF8(&each))
      mongoc_uri_set_option_as_utf8(to, key, bson_iter_utf8(&each, nullptr));
    else if (BSON_ITER_HOLDS_BOOL(&each))
      mongoc_uri_set_option_as_bool(to, key, bson_iter_bool(&each));
    else if (BSON_ITER_HOLDS_INT32(&each))
      mongoc_uri_set_option_as_int32(to, key, bson_iter_int32(&each));
    else if (BSON_ITER_HOLDS_INT64(&each))
      mongoc_uri_set_option_as_int64(to, key, bson_iter_int64(&each));
  }
}

void copy_user(const mongoc_uri_t& from, mongoc_uri_t* to) {
  if (const char* user = mongoc_uri_get_username(&from)) mongoc_uri_set_username(to, user);
  if (const char* password = mongoc_uri_get_password(&from)) mongoc_uri_set_password(to, password);
  if (const char* how = mongoc_uri_get_auth_mechanism(&from))
    mongoc_uri_set_auth_mechanism(to, how);
  if (mongoc_uri_get_username(&from) != nullptr || mongoc_uri_get_auth_mechanism(&from) != nullptr)
    mongoc_uri_set_auth_source(to, mongoc_uri_get_auth_source(&from));
  bson_t properties;
  if (mongoc_uri_get_mechanism_properties(&from, &properties))
    mongoc_uri_set_mechanism_properties(to, &properties);
}

// With all that the URI says, and what was looked up for mongodb+srv:// already.
Result<Uri> uri_of_one(const mongoc_uri_t& whole, const std::string& member) {
  bson_error_t error{};
  const auto text = "mongodb://" + TRY(host_in_uri(member)) + "/";
  Uri uri(mongoc_uri_new_with_error(text.c_str(), &error));
  if (!uri) return fail(Code::corrupt, "the server names a member " + member + ", which is none");
  copy_options(whole, uri.get());
  copy_compressors(whole, uri.get());
  copy_user(whole, uri.get());
  mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_DIRECTCONNECTION, true);
  return uri;
}

std::string address_of(const mongoc_server_description_t& server) {
  return static_cast<const char*>(mongoc_server_description_host(&server)->host_and_port);
}

void add_new(const std::vector<std::string>& found, std::vector<std::string>& members) {
  for (const auto& each : found)
    if (std::ranges::find(members, each) == members.end()) members.push_back(each);
}

Failure nobody_knows(const Server& server, const std::string& why) {
  return fail(
      Error(Code::unavailable, "nobody knows how far " + server.address() + " lags behind: " + why)
          .as_retryable()
          .with_hint("Its primary must be there, and be reached from here by the name that "
                     "the replica set has for it. Leave read_preference out to read the "
                     "primary itself."));
}

Result<Member> judge(const Server& server, const Options& options) {
  const auto facts = TRY(ask_server(server.connect()));
  if (facts.replica_set.empty())
    return fail(Error(Code::config_invalid, server.address() + " is no member of a replica set")
                    .with_hint("Leave read_preference out: there is no other server to read."));
  const auto lag = TRY(ask_lag(server, facts));
  if (!facts.is_secondary && options.read_preference == ReadPreference::secondary)
    return fail(Error(Code::config_invalid, server.address() + " is no secondary")
                    .with_hint("Name several members in the uri, and their set (replicaSet=" +
                               facts.replica_set + "): one of its secondaries is chosen."));
  Member member{server.address(), facts.is_secondary, lag};
  if (member.lag <= options.max_lag) return member;
  return fail(Error(Code::unavailable,
                    fmt::format("{} is {} s behind the primary, and max_lag is {}", member.address,
                                member.lag.count(), describe_duration(options.max_lag)))
                  .as_retryable()
                  .with_hint("Wait until it has caught up, find out why it lags, or allow more "
                             "with max_lag."));
}

}  // namespace

Result<std::vector<std::string>> Server::secondaries(bool or_primary) const {
  const auto connection = connect();
  const Handle<mongoc_read_prefs_t, mongoc_read_prefs_destroy> wanted(
      mongoc_read_prefs_new(or_primary ? MONGOC_READ_SECONDARY_PREFERRED : MONGOC_READ_SECONDARY));
  bson_error_t error{};
  const Handle<mongoc_server_description_t, mongoc_server_description_destroy> chosen(
      mongoc_client_select_server(connection.client_, false, wanted.get(), &error));
  if (!chosen) {
    auto none = fail_with(error).value().add_context("no secondary of " + address_);
    if (none.code() == Code::unavailable && !or_primary)
      none.with_hint(
          "See whether one is there and can be reached from here, or allow the primary "
          "in its place: read_preference: secondary_preferred.");
    return fail(std::move(none));
  }
  std::vector<std::string> members{address_of(*chosen)};
  std::size_t count = 0;
  auto** all = mongoc_client_get_server_descriptions(connection.client_, &count);
  for (std::size_t i = 0; i < count; ++i)
    if (std::string_view(mongoc_server_description_type(all[i])) == "RSSecondary" &&
        address_of(*all[i]) != members.front())
      members.push_back(address_of(*all[i]));
  mongoc_server_descriptions_destroy_all(all, count);
  return members;
}

Result<std::unique_ptr<Server>> Server::only(const std::string& member) const {
  const auto connection = connect();
  const auto uri = TRY(uri_of_one(*mongoc_client_get_uri(connection.client_), member));
  return std::unique_ptr<Server>(new Server(TRY(open_pool(*uri)), database_, member));
}

Result<Reading> locate_to_read(const SourceOptions& options) {
  Reading reading{TRY(locate(options)), std::nullopt};
  const auto& wanted = options.mongodb;
  if (wanted.read_preference == ReadPreference::primary) return reading;
  const bool or_primary = wanted.read_preference == ReadPreference::secondary_preferred;
  const auto& server = *reading.location.server;
  std::vector<std::string> members;  // more may be known while some are asked
  std::optional<Error> why;          // the first is not read
  for (std::size_t i = 0; i < kMostMembers; ++i) {
    add_new(TRY(server.secondaries(or_primary)), members);
    if (i == members.size()) break;
    auto alone = TRY(server.only(members[i]));
    auto judged = judge(*alone, wanted);
    if (!judged && !why) why = std::move(judged).error();
    if (!judged) continue;
    reading.member = std::move(*judged);
    reading.location.server = std::move(alone);
    return reading;
  }
  return fail(std::move(*why));
}

// The primary is asked first: what it wrote while the answers are under way is no lag.
Result<std::chrono::seconds> ask_lag(const Server& server, const ServerFacts& known) {
  if (known.is_primary) return std::chrono::seconds(0);
  if (!known.is_secondary) return nobody_knows(server, "it is no secondary, and no primary either");
  if (known.primary.empty()) return nobody_knows(server, "the replica set has no primary");
  const auto primary = TRY(server.only(known.primary));
  const auto there = ask_server(primary->connect());
  if (!there) return nobody_knows(server, "the primary: " + there.error().describe());
  if (!there->is_primary) return nobody_knows(server, known.primary + " is the primary no more");
  const auto here = TRY(ask_server(server.connect()));
  if (!there->last_write || !here.committed_write)
    return nobody_knows(server, "the servers do not tell what they wrote last");
  const std::int64_t behind =
      std::int64_t{there->last_write->seconds} - std::int64_t{here.committed_write->seconds};
  return std::chrono::seconds(std::max<std::int64_t>(behind, 0));
}

}  // namespace lifeboat::engine::mongodb
