#include "engine/mongodb/validators_aside.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "crypto/hash.h"
#include "engine/mongodb/bson_reader.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::size_t kJournalName = 32;
constexpr std::string_view kJournalSuffix = ".validators";
constexpr std::string_view kPlace = "validatorsOf";  // of the journal's first document

struct Journal {
  std::string place;
  std::map<std::string, Bytes> commands;
};

// No journal: nothing is aside.
Result<Journal> journal_in(const fs::path& file) {
  Journal journal;
  const auto bytes = read_file(file);
  if (!bytes && bytes.error().code() == Code::not_found) return journal;
  if (!bytes) return fail(bytes.error());
  BsonReader reader;
  const auto keep = [&](DocumentView document) -> Result<void> {
    if (const auto place = document.text_at(kPlace); place && journal.place.empty()) {
      journal.place = *place;
      return {};
    }
    const auto name = document.text_at("collMod");
    if (!name || journal.place.empty())
      return fail(Code::corrupt, "it is no journal of validators");
    journal.commands[std::string(*name)] = to_bytes(document.bytes());
    return {};
  };
  TRY_CONTEXT(file.string(), reader.feed(*bytes, keep));
  TRY_CONTEXT(file.string(), reader.finish());
  return journal;
}

// What `change` says counts, and what it does not name stays.
Bytes merged(const std::string& collection, DocumentView before, DocumentView change) {
  DocumentBuilder command;
  command.text("collMod", collection);
  for (const auto& field : before)
    if (is_validator_option(field.key) && !change.find(field.key)) command.element(field);
  for (const auto& field : change)
    if (is_validator_option(field.key)) command.element(field);
  return command.take();
}

}  // namespace

Result<std::size_t> ValidatorsAside::recover() {
  aside_ = TRY(journal_in(journal_)).commands;
  const auto count = aside_.size();
  TRY(put_back());
  return count;
}

Result<void> ValidatorsAside::set_aside(const std::vector<const Collection*>& there,
                                        const std::vector<const Collection*>& made) {
  for (const auto* list : {&there, &made})
    for (const auto* each : *list)
      if (auto command = validator_command(*each)) aside_[each->name] = std::move(*command);
  TRY(write_down());
  for (const auto* each : there) {
    if (!validator_command(*each)) continue;
    TRY_CONTEXT("setting aside the validator of " + each->name,
                at_.server->connect().command(at_.database, validator_off_command(each->name)));
  }
  return {};
}

Result<void> ValidatorsAside::change(const std::string& collection, DocumentView coll_mod) {
  auto& kept = aside_[collection];
  kept = merged(collection, view_document(kept), coll_mod);
  return write_down();
}

Result<void> ValidatorsAside::rename(const std::string& from, const std::string& to) {
  aside_.erase(to);
  const auto found = aside_.find(from);
  if (found == aside_.end()) return write_down();
  aside_[to] = merged(to, view_document(found->second), DocumentView());
  aside_.erase(from);
  return write_down();
}

Result<void> ValidatorsAside::forget(const std::string& collection) {
  return aside_.erase(collection) == 0 ? Result<void>{} : write_down();
}

// A collection that was dropped since, or never made, has nothing to be put back to.
Result<void> ValidatorsAside::put_back() {
  for (const auto& [name, command] : aside_) {
    const auto reply = at_.server->connect().command(at_.database, command);
    if (!reply && reply.error().code() != Code::not_found)
      return fail(Error(Code::io_error, "the validator of " + name +
                                            " could not be put back: " + reply.error().message())
                      .with_hint("It is kept in " + journal_.string() +
                                 ": the next restore or import into this database puts it back. "
                                 "Remove that file only to do without."));
  }
  aside_.clear();
  return write_down();
}

Result<void> ValidatorsAside::write_down() {
  if (aside_.empty()) {
    if (::unlink(journal_.c_str()) == 0 || errno == ENOENT) return {};
    return fail_errno(errno, "cannot remove " + journal_.string());
  }
  if (journal_.empty()) return fail(Code::internal, "validators are set aside without a journal");
  auto journal = DocumentBuilder().text(kPlace, at_.describe()).take();
  for (const auto& [name, command] : aside_) append(journal, command);
  TRY(make_directories(journal_.parent_path()));
  return write_file(journal_, journal);
}

fs::path validators_journal(const fs::path& state, const Location& at) {
  const auto name = crypto::sha256(view_of(at.describe())).hex().substr(0, kJournalName);
  if (state.empty()) return {};
  return state / "validators" / (name + std::string(kJournalSuffix));
}

Result<std::vector<std::string>> validators_left(const fs::path& state) {
  std::vector<std::string> left;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(state / "validators", error)) {
    if (file.path().extension() != kJournalSuffix) continue;
    const auto journal = TRY(journal_in(file.path()));
    std::string names;
    for (const auto& [name, command] : journal.commands)
      names += (names.empty() ? "" : ", ") + name;
    if (!names.empty()) left.push_back(names + " in " + journal.place);
  }
  std::ranges::sort(left);
  return left;
}

Finding put_back_finding(const Location& at, std::size_t count) {
  return {"validators-put-back", at.database,
          fmt::format("{} validators that an interrupted run had set aside are back", count),
          false};
}

Bytes validator_off_command(const std::string& collection) {
  return DocumentBuilder()
      .text("collMod", collection)
      .document("validator", DocumentBuilder().take())
      .text("validationLevel", "off")
      .take();
}

std::optional<Bytes> violators_command(const Collection& collection) {
  const auto validator = collection.options().document_at("validator");
  if (!validator || validator->empty()) return std::nullopt;
  ArrayBuilder rules;
  rules.document(validator->bytes());
  const auto broken = DocumentBuilder().array("$nor", rules.take()).take();
  ArrayBuilder pipeline;
  pipeline.document(DocumentBuilder().document("$match", broken).take());
  pipeline.document(DocumentBuilder().text("$count", "count").take());
  return DocumentBuilder()
      .text("aggregate", collection.name)
      .array("pipeline", pipeline.take())
      .document("cursor", DocumentBuilder().take())
      .take();
}

Result<std::optional<Finding>> find_violators(const Location& at, const Collection& collection) {
  const auto counting = violators_command(collection);
  if (!counting) return std::nullopt;
  const auto connection = at.server->connect();
  auto cursor = TRY(connection.open_cursor(at.database, *counting, 1));
  const auto answer = TRY(cursor.next());
  const auto count = view_document(answer).find("count");
  if (!count || count->integer().value_or(0) == 0) return std::nullopt;
  return Finding{
      "validator-violated", collection.name,
      fmt::format("{} documents break its validator, which is back", count->integer().value_or(0)),
      false};
}

}  // namespace lifeboat::engine::mongodb
