#include "engine/mongodb/oplog_entry.h"

#include <fmt/format.h>

#include <map>

#include "engine/mongodb/bson_layout.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::int64_t kRetryableInserts = 1;

Failure no_entry(const std::string& what) {
  return fail(Code::corrupt, "an entry of the log is none: " + what);
}

Result<Operation> operation_from(std::string_view op) {
  static const std::map<std::string_view, Operation> kOperations{
      {"i", Operation::insert},       {"u", Operation::update},
      {"d", Operation::remove},       {"c", Operation::command},
      {"n", Operation::noop},         {"km", Operation::bookkeeping},
      {"ci", Operation::bookkeeping}, {"cu", Operation::bookkeeping},
      {"cd", Operation::bookkeeping},
  };
  const auto found = kOperations.find(op);
  if (found != kOperations.end()) return found->second;
  return fail(Error(Code::unsupported_format,
                    fmt::format("the log holds an operation \"{}\" that is not known", op))
                  .with_hint("a newer Lifeboat may know it; restore to a moment before it"));
}

std::optional<Timestamp> previous_of(DocumentView entry) {
  const auto previous = entry.document_at("prevOpTime");
  const auto ts = previous ? previous->find("ts") : std::nullopt;
  return ts ? ts->timestamp() : std::nullopt;
}

void read_session(DocumentView entry, OplogEntry& parsed) {
  const auto session = entry.document_at("lsid");
  const auto number = entry.find("txnNumber");
  if (session && number && number->integer())
    parsed.session = SessionNumber{to_bytes(session->bytes()), *number->integer()};
  parsed.previous_in_transaction = previous_of(entry);
  const auto kind = entry.find("multiOpType");
  parsed.retryable_inserts = kind && kind->integer() == kRetryableInserts;
}

// What the entries of the log and those in an applyOps have in common.
Result<void> read_operation(DocumentView entry, OplogEntry& parsed) {
  parsed.whole = entry;
  const auto op = entry.text_at("op");
  if (!op) return no_entry("no op");
  parsed.operation = TRY(operation_from(*op));
  const auto ns = entry.text_at("ns");
  const auto object = entry.find("o");
  if (!ns) return no_entry("no ns");
  if (!object || !object->holds(BsonType::document)) return no_entry("no o");
  parsed.ns = *ns;
  parsed.object = object->inside();
  parsed.object_2 = entry.document_at("o2");
  parsed.insert_only_if_absent = entry.is_true_at("checkExistenceForDiffInsert");
  return {};
}

}  // namespace

Result<Namespace> namespace_from(std::string_view text) {
  const auto dot = text.find('.');
  if (dot == 0 || dot == text.npos || dot + 1 == text.size())
    return fail(Code::corrupt, fmt::format("\"{}\" names no collection", text));
  if (text.find('\0') != text.npos) return fail(Code::corrupt, "a NUL in a name");
  return Namespace{std::string(text.substr(0, dot)), std::string(text.substr(dot + 1))};
}

std::string_view OplogEntry::command() const {
  const auto first = object.begin();
  return first == object.end() ? std::string_view() : first->key;
}

Result<OplogEntry> parse_entry(DocumentView entry) {
  OplogEntry parsed;
  TRY(read_operation(entry, parsed));
  const auto ts = entry.find("ts");
  if (!ts || !ts->timestamp()) return no_entry("no ts");
  parsed.at.ts = *ts->timestamp();
  const auto term = entry.find("t");
  if (term) parsed.at.term = term->integer().value_or(-1);
  const auto wall = entry.find("wall");
  if (wall && wall->holds(BsonType::date))
    parsed.wall_ms = static_cast<std::int64_t>(little_endian_64(wall->value));
  read_session(entry, parsed);
  return parsed;
}

Result<OplogEntry> parse_nested(DocumentView operation, const OplogEntry& whole) {
  OplogEntry parsed;
  TRY(read_operation(operation, parsed));
  parsed.at = whole.at;
  parsed.wall_ms = whole.wall_ms;
  return parsed;
}

crypto::Digest entry_hash(const OplogEntry& entry) { return crypto::sha256(entry.whole.bytes()); }

}  // namespace lifeboat::engine::mongodb
