#include "engine/mongodb/log_slice.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/json_value.h"

namespace lifeboat::engine::mongodb {
namespace {

Json encode_point(const LogPoint& point) {
  return {{"seconds", point.at.ts.seconds},
          {"increment", point.at.ts.increment},
          {"term", point.at.term},
          {"hash", point.hash.hex()},
          {"wall_ms", point.wall_ms}};
}

Failure no_slice(std::string_view what) {
  return fail(Code::corrupt, fmt::format("the manifest of a slice of a log: {}", what));
}

// Terms may be -1 and walls before 1970: number_at() takes neither.
Result<std::int64_t> signed_at(const Json& json, std::string_view key) {
  const auto* value = TRY(member(json, key));
  if (!value->is_number_integer()) return no_slice("a number is of another type");
  return value->get<std::int64_t>();
}

Result<std::uint32_t> half_at(const Json& json, std::string_view key) {
  const auto value = TRY(number_at(json, key));
  if (value > std::numeric_limits<std::uint32_t>::max()) return no_slice("a timestamp too large");
  return static_cast<std::uint32_t>(value);
}

Result<Timestamp> decode_timestamp(const Json& json) {
  return Timestamp{TRY(half_at(json, "seconds")), TRY(half_at(json, "increment"))};
}

Result<LogPoint> decode_point(const Json& json) {
  LogPoint point;
  point.at.ts = TRY(decode_timestamp(json));
  point.at.term = TRY(signed_at(json, "term"));
  point.hash = TRY(crypto::Digest::from_hex(TRY(text_at(json, "hash"))));
  point.wall_ms = TRY(signed_at(json, "wall_ms"));
  return point;
}

Result<std::vector<BegunTransaction>> decode_open(const Json& json) {
  if (!json.is_array()) return no_slice("open transactions are no list");
  std::vector<BegunTransaction> open;
  for (const auto& each : json)
    open.push_back({TRY(text_at(each, "session")), TRY(signed_at(each, "number")),
                    TRY(decode_timestamp(each))});
  return open;
}

Result<std::map<std::string, std::uint64_t>> decode_operations(const Json& json) {
  if (!json.is_object()) return no_slice("operations are no object");
  std::map<std::string, std::uint64_t> operations;
  for (const auto& [op, count] : json.items())
    operations[op] = static_cast<std::uint64_t>(TRY(number_at(json, op)));
  return operations;
}

Result<void> check_slice(const SliceManifest& manifest) {
  std::uint64_t sum = 0;
  for (const auto& [op, count] : manifest.operations) sum += count;
  if (manifest.entries == 0 || sum != manifest.entries) return no_slice("the counts do not add up");
  if (manifest.first.at.ts > manifest.last.at.ts) return no_slice("it ends before it begins");
  if (manifest.known_until < manifest.last.at.ts)
    return no_slice("it is known for less than it has");
  return {};
}

std::string session_text(const SessionNumber& session) {
  return crypto::sha256(session.session).hex();
}

bool is_begin(const OplogEntry& entry) {
  return entry.command() == "applyOps" && !entry.retryable_inserts &&
         (entry.object.is_true_at("partialTxn") || entry.object.is_true_at("prepare"));
}

}  // namespace

Time time_of(Timestamp ts) { return Time(std::chrono::seconds(ts.seconds)); }

// The end of a second, which is what a person names, is no entry's own place.
std::string moment_text(Timestamp ts) {
  const auto time = to_rfc3339(time_of(ts));
  return ts.increment == std::numeric_limits<std::uint32_t>::max() ? time
                                                                   : time + " (" + ts.text() + ")";
}

Json encode_slice(const SliceManifest& manifest) {
  Json open = Json::array();
  for (const auto& each : manifest.open)
    open.push_back({{"session", each.session},
                    {"number", each.number},
                    {"seconds", each.since.seconds},
                    {"increment", each.since.increment}});
  return {
      {"replica_set", manifest.replica_set},
      {"replica_set_id", manifest.replica_set_id},
      {"server_version", manifest.server_version},
      {"first", encode_point(manifest.first)},
      {"last", encode_point(manifest.last)},
      {"known_until",
       {{"seconds", manifest.known_until.seconds}, {"increment", manifest.known_until.increment}}},
      {"entries", manifest.entries},
      {"operations", manifest.operations},
      {"content", manifest.content.hex()},
      {"previous", manifest.previous ? Json(manifest.previous->hex()) : Json(nullptr)},
      {"open", open}};
}

Result<SliceManifest> decode_slice(const Json& json) {
  if (!json.is_object()) return no_slice("it is no object");
  SliceManifest manifest;
  manifest.replica_set = TRY(text_at(json, "replica_set"));
  manifest.replica_set_id = TRY(text_at(json, "replica_set_id"));
  manifest.server_version = TRY(text_at(json, "server_version"));
  manifest.first = TRY(decode_point(*TRY(member(json, "first"))));
  manifest.last = TRY(decode_point(*TRY(member(json, "last"))));
  manifest.known_until = TRY(decode_timestamp(*TRY(member(json, "known_until"))));
  manifest.entries = static_cast<std::uint64_t>(TRY(number_at(json, "entries")));
  manifest.operations = TRY(decode_operations(*TRY(member(json, "operations"))));
  manifest.content = TRY(crypto::Digest::from_hex(TRY(text_at(json, "content"))));
  if (!TRY(member(json, "previous"))->is_null())
    manifest.previous = TRY(crypto::Digest::from_hex(TRY(text_at(json, "previous"))));
  manifest.open = TRY(decode_open(*TRY(member(json, "open"))));
  TRY(check_slice(manifest));
  return manifest;
}

SliceTally::SliceTally(std::vector<BegunTransaction> open) : open_(std::move(open)) {}

Result<void> SliceTally::add(DocumentView document) {
  const auto entry = TRY(parse_entry(document));
  if (first_ && entry.at.ts < latest_.ts)
    return fail(Code::corrupt, fmt::format("the log is not in order: {} after {}",
                                           entry.at.ts.text(), latest_.ts.text()));
  if (!first_) first_ = LogPoint{entry.at, entry_hash(entry), entry.wall_ms};
  latest_ = entry.at;
  last_entry_ = to_bytes(document.bytes());
  ++entries_;
  ++operations_[std::string(document.text_at("op").value_or(""))];
  content_.update(document.bytes());
  follow_transaction(entry);
  return {};
}

Result<SliceManifest> SliceTally::finish(const LogOrigin& origin,
                                         const std::optional<crypto::Digest>& previous) {
  if (!first_) return fail(Code::not_found, "the log has no entry for a slice");
  const auto last = TRY(parse_entry(TRY(DocumentView::check(last_entry_))));
  SliceManifest manifest;
  manifest.replica_set = origin.replica_set;
  manifest.replica_set_id = origin.replica_set_id;
  manifest.server_version = origin.server_version;
  manifest.first = *first_;
  manifest.last = {last.at, entry_hash(last), last.wall_ms};
  manifest.known_until = last.at.ts;
  manifest.entries = entries_;
  manifest.operations = operations_;
  manifest.content = content_.finish();
  manifest.previous = previous;
  manifest.open = open_;
  return manifest;
}

// The last entry of a transaction in parts names the one before it, and is no part itself.
void SliceTally::follow_transaction(const OplogEntry& entry) {
  if (entry.operation != Operation::command || !entry.session) return;
  const auto session = session_text(*entry.session);
  const auto found = std::ranges::find_if(open_, [&](const auto& each) {
    return each.session == session && each.number == entry.session->number;
  });
  if (!is_begin(entry)) {
    if (found != open_.end() && !entry.retryable_inserts) open_.erase(found);
  } else if (found == open_.end()) {
    open_.push_back({session, entry.session->number, entry.at.ts});
  }
}

}  // namespace lifeboat::engine::mongodb
