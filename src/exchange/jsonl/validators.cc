#include "exchange/jsonl/validators.h"

#include <unistd.h>

#include <cerrno>

#include "engine/mongodb/bson_reader.h"

namespace lifeboat::exchange::jsonl {
namespace {

using engine::mongodb::ArrayBuilder;
using engine::mongodb::Collection;
using engine::mongodb::DocumentBuilder;
using engine::mongodb::DocumentView;

void add_validator(const Collection& collection, Bytes& journal) {
  if (const auto command = engine::mongodb::validator_command(collection))
    append(journal, *command);
}

}  // namespace

Result<std::size_t> ValidatorsAside::recover() {
  const auto commands = TRY(read_journal());
  TRY(put_back());
  return commands.size();
}

Result<void> ValidatorsAside::set_aside(const std::vector<const Collection*>& there,
                                        const std::vector<const Collection*>& made) {
  Bytes journal;
  for (const auto* each : there) add_validator(*each, journal);
  for (const auto* each : made) add_validator(*each, journal);
  if (journal.empty()) return {};
  TRY(make_directories(journal_.parent_path()));
  TRY(write_file(journal_, journal));
  for (const auto* each : there) {
    if (!engine::mongodb::validator_command(*each)) continue;
    TRY_CONTEXT("setting aside the validator of " + each->name,
                at_.server->connect().command(at_.database, validator_off_command(each->name)));
  }
  return {};
}

// A collection that was dropped since, or never made, has nothing to be put back to.
Result<void> ValidatorsAside::put_back() {
  for (const auto& command : TRY(read_journal())) {
    const auto name = engine::mongodb::view_document(command).text_at("collMod").value_or("");
    const auto reply = at_.server->connect().command(at_.database, command);
    if (!reply && reply.error().code() != Code::not_found)
      return fail(
          Error(Code::io_error, "the validator of " + std::string(name) +
                                    " could not be put back: " + reply.error().message())
              .with_hint("It is kept in " + journal_.string() + ": the next import puts it back."));
  }
  if (::unlink(journal_.c_str()) == 0 || errno == ENOENT) return {};
  return fail_errno(errno, "cannot remove " + journal_.string());
}

Result<std::vector<Bytes>> ValidatorsAside::read_journal() const {
  std::vector<Bytes> commands;
  const auto bytes = read_file(journal_);
  if (!bytes && bytes.error().code() == Code::not_found) return commands;
  if (!bytes) return fail(bytes.error());
  engine::mongodb::BsonReader reader;
  const auto keep = [&](DocumentView command) -> Result<void> {
    if (!command.text_at("collMod")) return fail(Code::corrupt, "it is no journal of validators");
    commands.push_back(to_bytes(command.bytes()));
    return {};
  };
  TRY_CONTEXT(journal_.string(), reader.feed(*bytes, keep));
  TRY_CONTEXT(journal_.string(), reader.finish());
  return commands;
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

}  // namespace lifeboat::exchange::jsonl
