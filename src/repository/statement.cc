#include "repository/statement.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "repository/collect_object.h"
#include "repository/damage.h"
#include "repository/fields.h"
#include "repository/kept_statements.h"
#include "repository/parallel.h"
#include "repository/sealed.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxPacks = 1'000'000;
constexpr std::size_t kMaxStatementText = 64U << 10U;
constexpr std::size_t kDigest = 32;
constexpr int kContentsLevel = 2;  // of `verified`: every chunk was opened

using Roles = std::initializer_list<Role>;
using CheckBody = Result<void> (*)(const Json&);

Result<void> check_snapshot(const Json& body) {
  TRY(id_at<SnapshotId>(body, "snapshot"));
  return {};
}

Result<void> check_forgotten(const Json& body) {
  TRY(check_snapshot(body));
  TRY(id_at<WriterId>(body, "writer"));
  TRY(count_at(body, "seq"));
  TRY(short_text_at(body, "reason", kMaxStatementText));
  return {};
}

Result<void> check_collected(const Json& body) {
  TRY(count_at(body, "number"));
  TRY(segments_at(body, "sparse"));
  return {};
}

Result<void> check_hashes(const Json& body, std::string_view key) {
  for (const auto& each : TRY(texts_at(body, key, kMaxPacks))) TRY(PackName::from_hex(each));
  return {};
}

Result<void> check_verified(const Json& body) {
  TRY(check_hashes(body, "packs"));
  TRY(check_hashes(body, "indexes"));
  if (body.contains("damaged")) TRY(check_hashes(body, "damaged"));
  if (body.contains("since")) TRY(time_at(body, "since"));
  const auto level = TRY(number_at(body, "level"));
  if (level != 1 && level != 2) return fail(Code::corrupt, "\"level\" is not 1 or 2");
  return {};
}

// A drill that found no snapshot is written down all the same.
Result<void> check_proven(const Json& body) {
  if (body.contains("snapshot")) TRY(check_snapshot(body));
  TRY(short_text_at(body, "service", kMaxStatementText));
  TRY(short_text_at(body, "verdict", kMaxStatementText));
  TRY(member(body, "evidence"));
  return {};
}

Result<void> check_restored(const Json& body) {
  TRY(check_snapshot(body));
  TRY(short_text_at(body, "service", kMaxStatementText));
  return {};
}

Result<void> check_held(const Json& body) {
  TRY(check_snapshot(body));
  TRY(short_text_at(body, "reason", kMaxStatementText));
  return {};
}

Result<void> check_note(const Json& body) {
  TRY(check_snapshot(body));
  TRY(short_text_at(body, "text", kMaxStatementText));
  return {};
}

Result<void> check_signed_off(const Json& body) {
  TRY(short_text_at(body, "service", kMaxStatementText));
  TRY(hex_at(body, "record", kDigest));
  TRY(member(body, "envelope"));
  return {};
}

Result<void> check_waived(const Json& body) {
  for (const auto* key : {"service", "check", "reason", "who"})
    TRY(short_text_at(body, key, kMaxStatementText));
  TRY(time_at(body, "until"));
  return {};
}

Result<void> check_resolved(const Json& body) {
  for (const auto* key : {"service", "finding", "reason", "who"})
    TRY(short_text_at(body, key, kMaxStatementText));
  return {};
}

Result<void> check_stored(const Json& body) {
  TRY(check_snapshot(body));
  TRY(time_at(body, "first"));
  return {};
}

// The table of docs/format.md, section 9.
struct Kind {
  std::string_view name;
  std::uint8_t signers;  // bit r: role r may
  CheckBody check;
};

constexpr std::uint8_t bit(Role role) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(role));
}
constexpr std::uint8_t kAdmin = bit(Role::admin);
constexpr std::uint8_t kReader = kAdmin | bit(Role::reader);
constexpr std::uint8_t kCollector = kAdmin | bit(Role::collector);
constexpr std::uint8_t kAll = kReader | kCollector | bit(Role::writer);

constexpr Kind kKinds[] = {
    {"collected", kCollector, check_collected},
    {"forgotten", kCollector, check_forgotten},
    {"hold", kCollector | bit(Role::writer), check_held},
    {"note", kAll, check_note},
    {"proven", kReader, check_proven},
    {"released", kCollector | bit(Role::writer), check_held},
    {"resolved", kReader, check_resolved},
    {"restored", kReader, check_restored},
    {"signed-off", kReader, check_signed_off},
    {"stored", kAll, check_stored},
    {"verified", kReader, check_verified},
    {"waived", kReader, check_waived},
};

const Kind* find_kind(std::string_view name) {
  const auto* found = std::ranges::find(kKinds, name, &Kind::name);
  return found == std::end(kKinds) ? nullptr : found;
}

bool may_say(const Kind& kind, Role role) { return (kind.signers & bit(role)) != 0; }

std::string folder_of(std::string_view kind) { return "statements/" + std::string(kind) + "/"; }

PartSpec statement_spec(const RoleKeys& keys, std::string_view name, ByteView clear) {
  return {PartType::statement, keys.repository, name, clear};
}

Result<const Kind*> known_kind(const Json& body) {
  const auto name = TRY(text_at(body, "kind"));
  const auto* kind = find_kind(name);
  if (kind == nullptr) return fail(Code::corrupt, "there is no kind of statement \"" + name + "\"");
  TRY(time_at(body, "time"));
  TRY(kind->check(body));
  return kind;
}

// A snapshot is held while its newest hold is no older than its newest release.
struct HoldTimes {
  std::optional<Time> hold;
  std::optional<Time> released;
  bool held() const { return hold && (!released || *hold >= *released); }
};

void keep_earlier(std::optional<Time>& kept, Time time) {
  kept = kept ? std::min(*kept, time) : time;
}
void keep_later(std::optional<Time>& kept, Time time) {
  kept = kept ? std::max(*kept, time) : time;
}

Result<void> hear(const Statement& said, SnapshotWords& words) {
  if (said.kind == "note") words.notes.push_back(TRY(text_at(said.body, "text")));
  if (said.kind == "stored") keep_earlier(words.first, TRY(time_at(said.body, "first")));
  if (said.kind != "proven") return {};
  words.proven_verdict = TRY(text_at(said.body, "verdict"));
  // What a later drill found wrong is no longer proven, until another one proves it again.
  if (words.proven_verdict == "failed") words.proven_at.reset();
  // A quick drill compares no contents: it proves less than what is relied on here.
  const auto tier = said.body.find("tier");
  const bool whole = tier == said.body.end() || *tier == "full";
  if (words.proven_verdict == "proven" && whole) keep_later(words.proven_at, said.time);
  return {};
}

void hear_hold(const Statement& said, HoldTimes& times) {
  if (said.kind == "hold") keep_later(times.hold, said.time);
  if (said.kind == "released") keep_later(times.released, said.time);
}

bool is_about_a_snapshot(const Statement& said) {
  static constexpr std::string_view kOthers[] = {"verified", "collected", "signed-off", "waived",
                                                 "resolved"};
  return said.body.contains("snapshot") &&
         std::ranges::find(kOthers, said.kind) == std::end(kOthers);
}

Result<void> hear_forgotten(const Statement& said, Sayings& sayings) {
  const auto id = TRY(id_at<SnapshotId>(said.body, "snapshot"));
  const SessionRef ref{TRY(id_at<WriterId>(said.body, "writer")), TRY(count_at(said.body, "seq"))};
  sayings.forgotten.insert(id);
  sayings.forgotten_numbers[ref] = id;
  return {};
}

struct Loaded {
  std::optional<Statement> statement;
  std::optional<Finding> finding;
  std::optional<Error> not_kept;
};

std::string folder_in(const std::string& key) { return key.substr(0, key.rfind('/') + 1); }

Result<Statement> read_named(const Store& store, const std::string& key, ByteView object) {
  auto statement = TRY(read_statement(store.keys, folder_in(key), object));
  statement.id = key.substr(key.rfind('/') + 1);
  return statement;
}

Finding missing_statement(const std::string& key, const Statement& said) {
  const auto about = text_at(said.body, "snapshot");
  return {std::string(kStatementMissing), key,
          fmt::format("what was said at {}{} (\"{}\") was there before and is gone: the storage "
                      "lost or hides it. This machine's copy counts",
                      to_the_second(said.time), about ? " of snapshot " + *about : "", said.kind),
          false};
}

// A statement that is gone by the time it is read was not one, unless this machine has kept it.
Loaded load_kept(const Store& store, const std::string& key) {
  const auto kept = kept_statement(store, key);
  auto read = kept ? read_named(store, key, *kept) : fail(Code::not_found, key);
  if (!read) return {};
  auto finding = missing_statement(key, *read);
  return {std::move(*read), std::move(finding), std::nullopt};
}

Result<Loaded> load_one(const Store& store, const std::string& key) {
  const auto object = get_hashed(*store.backend, key, kMaxStatement);
  auto read = object ? read_named(store, key, *object) : fail(object.error());
  if (read) {
    auto kept = keep_statement(store, key, *object);
    std::optional<Error> not_kept;
    if (!kept) not_kept = std::move(kept).error();
    return Loaded{std::move(*read), std::nullopt, std::move(not_kept)};
  }
  if (read.error().code() == Code::not_found) return load_kept(store, key);
  if (!is_damage(read.error())) return fail(std::move(read).error());
  return Loaded{std::nullopt, Finding{"statement-unreadable", key, read.error().describe(), false},
                std::nullopt};
}

Result<std::vector<std::string>> listed_keys(const Store& store, const std::string& folder) {
  std::vector<std::string> keys;
  for (auto& info : TRY(list_sorted(*store.backend, folder))) keys.push_back(std::move(info.key));
  return keys;
}

// Those that are listed, and those that this machine has met.
Result<std::vector<std::string>> statement_keys(const Store& store, const std::string& kind) {
  std::vector<std::string> keys;
  for (const auto& each : kKinds) {
    if (!kind.empty() && each.name != kind) continue;
    const auto listed = TRY(listed_keys(store, folder_of(each.name)));
    std::ranges::set_union(listed, kept_statements(store, folder_of(each.name)),
                           std::back_inserter(keys));
  }
  return keys;
}

bool is_of_contents(const Statement& said) {
  return said.kind == "verified" && said.body.at("level") == kContentsLevel;
}

// Before it nothing of what it says was read. Older ones do not tell.
std::optional<Time> reading_began(const Statement& said) {
  if (!said.body.contains("since")) return {};
  return time_at(said.body, "since").value();  // check_verified() has let it pass
}

// Names that check_hashes() has let pass.
template <class Name>
std::set<Name> names_at(const Statement& said, std::string_view key) {
  std::set<Name> names;
  for (const auto& each : said.body.at(key))
    names.insert(Name::from_hex(each.get_ref<const std::string&>()).value());
  return names;
}

}  // namespace

Result<Bytes> make_statement(const RoleKeys& keys, const Json& body, Random& random) {
  const auto kind = known_kind(body);
  if (!kind) return fail(Code::usage, kind.error().message());
  if (!may_say(**kind, keys.role))
    return fail(Code::wrong_key,
                "this key may not sign a statement of the kind " + std::string((*kind)->name));
  const auto name = folder_of((*kind)->name);
  auto object = make_prefix(ObjectType::statement);
  ByteWriter sealed;
  sealed.sized(TRY(seal_part(statement_spec(keys, name, object), keys.index.view(),
                             view_of(canonical_json(body)), random)));
  append(object, sealed.bytes());
  TRY(append_signature(keys, name, object));
  return object;
}

Result<Statement> read_statement(const RoleKeys& keys, std::string_view name, ByteView object) {
  ByteReader reader(TRY(strip_prefix(object, ObjectType::statement)));
  const auto sealed = TRY(reader.sized(kMaxStatement));
  const auto signer = TRY(read_signature(keys, name, object, reader));
  const auto prefix = object.first(kPrefixSize);
  const auto plain = TRY(open_part(statement_spec(keys, name, prefix), keys.index.view(), sealed));
  Statement statement;
  statement.body = TRY(parse_json(to_text(plain)));
  const auto& kind = *TRY(known_kind(statement.body));
  if (folder_of(kind.name) != name) return fail(Code::corrupt, "a statement in the wrong folder");
  if (!may_say(kind, signer.role))
    return fail(Code::corrupt, "signed by " + std::string(name_of(signer.role)) + " \"" +
                                   signer.name + "\", which may not say that");
  statement.kind = kind.name;
  statement.time = TRY(time_at(statement.body, "time"));
  statement.signer_role = signer.role;
  statement.signer_name = signer.name;
  return statement;
}

Result<StatementList> load_statements(const Store& store, const std::string& kind) {
  const auto keys = TRY(statement_keys(store, kind));
  std::vector<Loaded> loaded(keys.size());
  TRY(for_each_index(keys.size(), {}, [&](std::size_t i) -> Result<void> {
    loaded[i] = TRY(load_one(store, keys[i]));
    return {};
  }));
  StatementList list;
  for (auto& each : loaded) {
    if (each.statement) list.statements.push_back(std::move(*each.statement));
    if (each.finding) list.findings.push_back(std::move(*each.finding));
    if (each.not_kept) list.not_kept = std::move(each.not_kept);
  }
  std::ranges::sort(list.statements, [](const Statement& one, const Statement& other) {
    return std::tie(one.time, one.id) < std::tie(other.time, other.id);
  });
  return list;
}

Result<std::string> store_statement(const Store& store, const std::string& kind, Json body,
                                    const RunContext& context) {
  if (!body.is_object()) return fail(Code::usage, "a statement's body is a JSON object");
  body["kind"] = kind;
  if (!body.contains("time")) body["time"] = to_rfc3339(context.clock.now());
  const auto object = TRY(make_statement(store.keys, body, context.random));
  auto id = TRY(put_hashed(*store.backend, folder_of(kind), object));
  const auto kept = keep_statement(store, folder_of(kind) + id, object);
  if (!kept) warn_not_kept(kept.error(), context);
  return id;
}

Json forgotten_body(const SessionRef& ref, const SnapshotId& id, const std::string& reason) {
  return {
      {"snapshot", id.hex()}, {"writer", ref.writer.hex()}, {"seq", ref.seq}, {"reason", reason}};
}

Result<Sayings> gather_sayings(const std::vector<Statement>& statements) {
  Sayings sayings;
  std::map<SnapshotId, HoldTimes> holds;
  for (const auto& said : statements) {
    if (!is_about_a_snapshot(said)) continue;
    const auto snapshot = TRY(id_at<SnapshotId>(said.body, "snapshot"));
    if (said.kind == "forgotten") TRY(hear_forgotten(said, sayings));
    TRY(hear(said, sayings.words[snapshot]));
    hear_hold(said, holds[snapshot]);
  }
  for (const auto& [snapshot, times] : holds) sayings.words[snapshot].held = times.held();
  return sayings;
}

std::set<IndexName> verified_indexes(const std::vector<Statement>& statements) {
  std::set<IndexName> names;
  for (const auto& said : statements)
    if (is_of_contents(said)) names.merge(names_at<IndexName>(said, "indexes"));
  return names;
}

std::set<PackName> damaged_packs(const std::vector<Statement>& statements) {
  std::map<PackName, Time> damaged;
  for (const auto& said : statements) {
    if (said.kind != "verified") continue;
    if (said.body.contains("damaged"))
      for (const auto& name : names_at<PackName>(said, "damaged")) damaged[name] = said.time;
    const auto since = reading_began(said);
    if (!is_of_contents(said) || damaged.empty() || !since) continue;
    const auto whole = names_at<PackName>(said, "packs");
    // A pack that was read before it was found damaged may have been whole then.
    std::erase_if(damaged, [&](const auto& each) {
      return each.second < *since && whole.contains(each.first);
    });
  }
  std::set<PackName> names;
  for (const auto& [name, time] : damaged) names.insert(name);
  return names;
}

}  // namespace lifeboat::repository
