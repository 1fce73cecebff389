// Small objects: as they lie in storage, and with the seals and signatures of somebody who has the
// keys and writes what he likes.
#include <algorithm>
#include <functional>

#include "fuzz/fuzz.h"
#include "repository/collect_object.h"
#include "repository/config_object.h"
#include "repository/key_slot.h"
#include "repository/log_object.h"
#include "repository/sealed.h"
#include "repository/session_object.h"
#include "repository/snapshot_object.h"
#include "repository/statement.h"

namespace lifeboat::repository {
namespace {

const RoleKeys& keys() {
  static const RoleKeys made = [] {
    SeededRandom random(1);
    const RoleGrant grant{{}, Bytes(32), Role::admin, "fuzz", {}};
    return std::move(grant_role(Secret(Bytes(32, 9)), grant, random).value());
  }();
  return made;
}

// A signed object of that name around `plain`, sealed.
Bytes object_of(ObjectType type, PartType part, std::string_view name, ByteView plain) {
  SeededRandom random(2);
  auto object = make_prefix(type);
  const PartSpec spec{part, keys().repository, name, object};
  ByteWriter sealed;
  sealed.sized(seal_part(spec, keys().index.view(), plain, random).value());
  append(object, sealed.bytes());
  fuzz::promise(append_signature(keys(), name, object).has_value(), "anything can be signed");
  return object;
}

void statement(ByteView plain) {
  for (const auto* name : {"statements/collected/", "statements/forgotten/", "statements/hold/",
                           "statements/note/", "statements/proven/", "statements/restored/",
                           "statements/released/", "statements/stored/", "statements/verified/"}) {
    const auto object = object_of(ObjectType::statement, PartType::statement, name, plain);
    const auto read = read_statement(keys(), name, object);
    if (!read) continue;
    fuzz::promise(gather_sayings({*read}).has_value(), "what is accepted can be heard");
    (void)verified_indexes({*read});
  }
}

void collect(ByteView plain) {
  const auto name = collect_key(7);
  const auto object = object_of(ObjectType::collect, PartType::collect, name, plain);
  const auto plan = parse_collect(keys(), 7, object);
  if (!plan) return;
  SeededRandom random(3);
  const auto again = make_collect(keys(), *plan, random);
  fuzz::promise(again && parse_collect(keys(), 7, *again), "a plan that was written is read");
}

// The clear fields are the input; the rest is as it must be.
void session(ByteView fields) {
  const SessionRef ref{keys().writer, 7};
  const auto name = session_key(ref);
  auto object = make_prefix(ObjectType::session);
  append(object, fields);
  SeededRandom random(4);
  const PartSpec spec{PartType::session_information, keys().repository, name, object};
  const std::string about = R"({"host":"h","service":"s","version":"v"})";
  ByteWriter sealed;
  sealed.sized(seal_part(spec, keys().index.view(), view_of(about), random).value());
  append(object, sealed.bytes());
  fuzz::promise(append_signature(keys(), name, object).has_value(), "anything can be signed");
  if (const auto parsed = parse_session(keys(), ref, object))
    (void)open_session_key(keys(), *parsed);
}

// A piece of the shop's log, signed; `clear` lies between its prefix and its content.
Bytes log_object_of(std::string_view key, const std::function<Bytes(ByteView prefix)>& clear,
                    const Secret& content_key) {
  SeededRandom random(5);
  auto object = make_prefix(ObjectType::log);
  append(object, clear(object));
  const PartSpec spec{PartType::log_content, keys().repository, key, object};
  ByteWriter content;
  content.sized(seal_part(spec, content_key.view(), view_of("entries"), random).value());
  append(object, content.bytes());
  fuzz::promise(append_signature(keys(), key, object).has_value(), "anything can be signed");
  return object;
}

LogName log_of_shop() { return {log_id_of(keys(), "shop", "db"), 7, 9}; }

// What a piece says of itself is the input; its boxes and its content are as they must be.
void log_head(ByteView plain) {
  const auto name = log_of_shop();
  const auto key = log_key(name);
  const Secret content_key(Bytes(kBoxedKeySize, 5));
  SeededRandom random(6);
  const auto clear = [&](ByteView prefix) {
    const PartSpec spec{PartType::log_head, keys().repository, key, prefix};
    ByteWriter writer;
    writer.sized(seal_part(spec, keys().index.view(), plain, random).value());
    return writer.raw(box_key(keys(), content_key).value()).take();
  };
  const auto object = log_object_of(key, clear, content_key);
  const auto parsed = parse_log_object(keys(), name, object);
  if (!parsed) return;
  fuzz::promise(parsed->info.service == "shop" && parsed->info.source == "db",
                "a piece is of the log that its name says");
  const auto content = open_log_content(keys(), name, *parsed);
  fuzz::promise(content && to_text(*content) == "entries", "what was sealed is opened");
}

// All clear fields are the input: how long the head is, and for whom the content's key is boxed.
void log_fields(ByteView fields) {
  const auto name = log_of_shop();
  const auto object = log_object_of(
      log_key(name), [&](ByteView) { return to_bytes(fields); }, Secret(Bytes(kBoxedKeySize, 5)));
  if (const auto parsed = parse_log_object(keys(), name, object))
    (void)open_log_content(keys(), name, *parsed);
}

void log_name(ByteView key) {
  const auto text = to_text(key);
  if (const auto name = parse_log_key(text))
    fuzz::promise(log_key(*name) == text, "the name of a piece comes back");
}

void slot(ByteView bytes) {
  auto object = make_prefix(ObjectType::key_slot);
  append(object, bytes);
  const auto parsed = parse_slot(object);
  if (!parsed) return;
  if (parsed->kind == SlotKind::passphrase) return;  // slow by design
  (void)open_slot(*parsed, keys().repository, KeyFile{Secret(Bytes(32, 3))});
  (void)open_slot(*parsed, keys().repository, RecipientKey{Secret(Bytes(32, 3))});
}

void config(ByteView bytes) {
  const auto parsed = parse_config(bytes);
  if (parsed) (void)require_features(*parsed, Operation::read);
}

void as_they_lie(ByteView bytes) {
  const SessionRef ref{keys().writer, 7};
  fuzz::promise(!parse_collect(keys(), 7, bytes), "nobody guesses a signature");
  fuzz::promise(!parse_session(keys(), ref, bytes), "nobody guesses a signature");
  fuzz::promise(!read_session_end(keys(), ref, bytes), "nobody guesses a signature");
  fuzz::promise(!parse_log_object(keys(), log_of_shop(), bytes), "nobody guesses a signature");
  fuzz::promise(!read_statement(keys(), "statements/note/", bytes), "nobody guesses a signature");
  (void)read_snapshot_body(keys(), ref, bytes, keys().index.view());
  (void)parse_slot(bytes);
}

}  // namespace
}  // namespace lifeboat::repository

LIFEBOAT_FUZZ(input) {
  using Parser = void (*)(lifeboat::ByteView);
  constexpr Parser kParsers[] = {lifeboat::repository::statement, lifeboat::repository::collect,
                                 lifeboat::repository::session,   lifeboat::repository::slot,
                                 lifeboat::repository::config,    lifeboat::repository::as_they_lie,
                                 lifeboat::repository::log_head,  lifeboat::repository::log_fields,
                                 lifeboat::repository::log_name};
  kParsers[input.choose(9)](input.rest());
}
