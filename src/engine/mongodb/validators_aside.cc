#include "engine/mongodb/validators_aside.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/counted.h"
#include "crypto/hash.h"
#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/catalog_reader.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr std::string_view kFolder = "validators";  // below the state
constexpr std::size_t kJournalName = 32;
constexpr std::string_view kJournalSuffix = ".validators";
constexpr std::string_view kLockSuffix = ".lock";
constexpr std::string_view kUuid = "uuid";           // beside the fields of a command
constexpr std::string_view kPlace = "validatorsOf";  // of the journal's first document

struct Journal {
  std::string place;
  ValidatorsAside::Entries entries;
};

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

bool is_same(ByteView left, ByteView right) { return std::ranges::equal(left, right); }

ValidatorsAside::Entry decode_entry(const std::string& name, DocumentView document) {
  ValidatorsAside::Entry entry{merged(name, document, DocumentView())};
  const auto uuid = document.find(kUuid);
  if (uuid && uuid->holds(BsonType::binary)) entry.uuid = to_bytes(uuid->value);
  return entry;
}

Bytes encode_entry(const ValidatorsAside::Entry& entry) {
  DocumentBuilder document;
  for (const auto& field : view_document(entry.command)) document.element(field);
  if (!entry.uuid.empty()) document.element(kUuid, Element{BsonType::binary, {}, entry.uuid, {}});
  return document.take();
}

// Why it is not to be put back; nothing where it is.
std::string_view why_outdated(const ValidatorsAside::Entry& entry, const Collection* now) {
  if (now == nullptr) return "it is not there any more";
  if (!entry.uuid.empty() && !is_same(now->uuid(), entry.uuid))
    return "another collection has its name now";
  if (validator_command(*now)) return "it has a validator now";
  return {};
}

// The one that it has is the one that would be put back: a crash came before it was taken.
bool is_back(const ValidatorsAside::Entry& entry, const Collection* now) {
  const auto has = now == nullptr ? std::nullopt : validator_command(*now);
  return has && *has == entry.command;
}

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
    journal.entries[std::string(*name)] = decode_entry(std::string(*name), document);
    return {};
  };
  TRY_CONTEXT(file.string(), reader.feed(*bytes, keep));
  TRY_CONTEXT(file.string(), reader.finish());
  return journal;
}

std::vector<fs::path> journals_below(const fs::path& state) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(state / kFolder, error))
    if (file.path().extension() == kJournalSuffix) files.push_back(file.path());
  std::ranges::sort(files);
  return files;
}

// The process is known by whatever address it is reached; where a server does not tell it, and
// after it began anew, its address is what is left.
std::string journal_name(const ServerFacts& server, const Location& at) {
  const auto& whole = server.process.empty() ? at.describe() : server.process + " " + at.database;
  return crypto::sha256(view_of(whole)).hex().substr(0, kJournalName) + std::string(kJournalSuffix);
}

// As long as it is there, no other run has that journal.
Result<FileDescriptor> lock_journal(const fs::path& journal, const Location& at) {
  auto file =
      TRY(open_file(journal.string() + std::string(kLockSuffix), O_RDWR | O_CREAT | O_CLOEXEC));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Error(Code::busy, "another restore or import into " + at.describe() + " runs")
                    .with_hint("Wait until it has ended, and try again."));
  return file;
}

// None, when nothing is in it.
Result<void> write_journal(const fs::path& file, const Journal& journal) {
  if (journal.entries.empty()) {
    if (::unlink(file.c_str()) == 0 || errno == ENOENT) return {};
    return fail_errno(errno, "cannot remove " + file.string());
  }
  auto bytes = DocumentBuilder().text(kPlace, journal.place).take();
  for (const auto& [name, entry] : journal.entries) append(bytes, encode_entry(entry));
  TRY(make_directories(file.parent_path()));
  return write_file(file, bytes);
}

// One whose run still goes on is not taken from it: a server may change its name meanwhile. What
// both have of one collection stays where it is until ours is put back.
Result<void> take_over(const fs::path& left, const fs::path& own, const Location& at) {
  const auto lock = TRY(lock_journal(left, at));
  const auto own_lock = TRY(lock_journal(own, at));
  auto theirs = TRY(journal_in(left));
  auto ours = TRY(journal_in(own));
  ours.place = at.describe();
  ours.entries.merge(theirs.entries);
  TRY(write_journal(own, ours));
  return write_journal(left, theirs);
}

// Whether it was left by a run into this very database.
bool is_journal_of(const Journal& journal, const Location& at,
                   const std::vector<Collection>& there) {
  if (journal.place == at.describe()) return true;
  return std::ranges::any_of(journal.entries, [&](const auto& each) {
    const auto& uuid = each.second.uuid;
    return !uuid.empty() && std::ranges::any_of(there, [&](const Collection& collection) {
      return is_same(collection.uuid(), uuid);
    });
  });
}

// What a pipeline with $count gives: nothing at all for none.
Result<std::int64_t> count_of(const Location& at, ByteView command) {
  const auto connection = at.server->connect();
  auto cursor = TRY(connection.open_cursor(at.database, command, 1));
  const auto answer = TRY(cursor.next());
  if (answer.empty()) return 0;
  const auto count = TRY(DocumentView::check(answer)).find("count");
  if (!count || !count->integer()) return fail(Code::corrupt, "the server told no count");
  return *count->integer();
}

}  // namespace

// What does not go back stays in the journal alone: nothing else may send it unasked.
Result<std::vector<Finding>> ValidatorsAside::recover() {
  TRY(lock());
  aside_ = TRY(journal_in(journal_)).entries;
  if (aside_.empty()) return std::vector<Finding>{};
  auto recovered = recover_all();
  aside_.clear();
  return recovered;
}

Result<std::vector<Finding>> ValidatorsAside::recover_all() {
  auto outdated = TRY(find_outdated());
  const auto back = TRY(put_back_but(outdated));
  aside_.clear();
  TRY(write_down());
  std::vector<Finding> findings;
  if (!back.empty())
    findings.push_back({"validators-put-back", at_.database,
                        counted(back.size(), "validator", "validators") +
                            " that an interrupted run had set aside: back now",
                        false});
  for (auto& [name, finding] : outdated)
    if (!finding.message.empty()) findings.push_back(std::move(finding));
  return findings;
}

// A person may have set others since, and the address may be that of another server.
Result<ValidatorsAside::Outdated> ValidatorsAside::find_outdated() const {
  const auto there = TRY(read_collections(at_.server->connect(), at_.database));
  Outdated outdated;
  for (const auto& [name, entry] : aside_) {
    const auto found = std::ranges::find(there, name, &Collection::name);
    const auto* now = found == there.end() ? nullptr : &*found;
    const auto why = why_outdated(entry, now);
    if (why.empty()) continue;
    auto& finding = outdated[name];
    if (is_back(entry, now)) continue;
    finding = {
        "validator-not-put-back", name,
        fmt::format("the validator that an interrupted run had set aside was forgotten: {}", why),
        false};
  }
  return outdated;
}

Result<void> ValidatorsAside::lock() {
  if (lock_ || journal_.empty()) return {};
  TRY(make_directories(journal_.parent_path()));
  lock_ = TRY(lock_journal(journal_, at_));
  return {};
}

Result<void> ValidatorsAside::set_aside(const std::vector<const Collection*>& there,
                                        const std::vector<const Collection*>& made) {
  bool any = false;
  for (const auto* list : {&there, &made})
    for (const auto* each : *list)
      if (auto command = validator_command(*each)) {
        aside_[each->name] = {std::move(*command),
                              list == &there ? to_bytes(each->uuid()) : Bytes{}};
        any = true;
      }
  if (!any) return {};
  TRY(lock());
  TRY(write_down());
  for (const auto* each : there) {
    if (!validator_command(*each)) continue;
    TRY_CONTEXT("setting aside the validator of " + each->name,
                at_.server->connect().command(at_.database, validator_off_command(each->name)));
  }
  return {};
}

Result<void> ValidatorsAside::identify(const std::string& collection) {
  const auto found = aside_.find(collection);
  if (found == aside_.end()) return {};
  const auto only = DocumentBuilder().text("name", collection).take();
  const auto there =
      TRY(read_collections(at_.server->connect(), at_.database, view_document(only)));
  if (there.empty()) return fail(Code::io_error, collection + " was made and is not there");
  found->second.uuid = to_bytes(there.front().uuid());
  return write_down();
}

Result<void> ValidatorsAside::change(const std::string& collection, DocumentView coll_mod) {
  TRY(lock());
  auto& kept = aside_[collection].command;
  kept = merged(collection, view_document(kept), coll_mod);
  return write_down();
}

Result<void> ValidatorsAside::rename(const std::string& from, const std::string& to,
                                     const std::function<Result<void>()>& command) {
  const auto found = aside_.find(from);
  const bool any = found != aside_.end();
  if (any) {
    aside_[to] = {merged(to, view_document(found->second.command), DocumentView()),
                  found->second.uuid};
    TRY(write_down());
  }
  TRY(command());
  return forget(any ? from : to);
}

Result<void> ValidatorsAside::forget(const std::string& collection) {
  return aside_.erase(collection) == 0 ? Result<void>{} : write_down();
}

Result<std::vector<Bytes>> ValidatorsAside::put_back() { return put_back_but({}); }

// A collection that was dropped since, or never made, has nothing to be put back to. A server that
// does not answer is not asked for each of them.
Result<std::vector<Bytes>> ValidatorsAside::put_back_but(const Outdated& outdated) {
  std::vector<Bytes> back;
  std::optional<Error> first;
  std::string names;
  for (auto each = aside_.begin(); each != aside_.end();) {
    const auto& [name, entry] = *each;
    if (outdated.contains(name)) {
      ++each;
      continue;
    }
    if (!first || first->code() != Code::unavailable) {
      auto reply = at_.server->connect().command(at_.database, entry.command);
      if (reply) back.push_back(entry.command);
      if (reply || reply.error().code() == Code::not_found) {
        each = aside_.erase(each);
        continue;
      }
      if (!first) first = std::move(reply).error();
    }
    names += (names.empty() ? "" : ", ") + name;
    ++each;
  }
  const auto written = write_down();
  if (!first && written) return back;
  if (!first) return fail(written.error());
  const auto also = written ? "" : "; " + written.error().message();
  return fail(Error(Code::io_error, "the validator of " + names +
                                        " could not be put back: " + first->describe() + also)
                  .with_hint("It is kept in " + journal_.string() +
                             ": the next restore or import into this database puts it back. "
                             "Remove that file only to do without."));
}

Result<void> ValidatorsAside::write_down() const {
  if (journal_.empty() && !aside_.empty())
    return fail(Code::internal, "validators are set aside without a journal");
  return write_journal(journal_, {at_.describe(), aside_});
}

Result<fs::path> validators_journal(const fs::path& state, const Location& at) {
  if (state.empty()) return fs::path();
  const auto connection = at.server->connect();
  const auto own = state / kFolder / journal_name(TRY(ask_server(connection)), at);
  const auto files = journals_below(state);
  if (std::ranges::count(files, own) == std::ssize(files)) return own;
  const auto there = TRY(read_collections(connection, at.database));
  for (const auto& file : files) {
    const auto journal = journal_in(file);
    // `doctor` names one that is damaged; it may be of any server.
    if (file != own && journal && is_journal_of(*journal, at, there)) TRY(take_over(file, own, at));
  }
  return own;
}

Result<std::vector<std::string>> validators_left(const fs::path& state) {
  std::vector<std::string> left;
  for (const auto& file : journals_below(state)) {
    const auto journal = TRY(journal_in(file));
    std::string names;
    for (const auto& [name, entry] : journal.entries) names += (names.empty() ? "" : ", ") + name;
    if (!names.empty()) left.push_back(names + " in " + journal.place);
  }
  std::ranges::sort(left);
  return left;
}

Bytes validator_off_command(const std::string& collection) {
  return DocumentBuilder()
      .text("collMod", collection)
      .document("validator", DocumentBuilder().take())
      .text("validationLevel", "off")
      .take();
}

std::optional<Bytes> violators_command(DocumentView coll_mod) {
  const auto validator = coll_mod.document_at("validator");
  if (!validator || validator->empty()) return std::nullopt;
  ArrayBuilder rules;
  rules.document(validator->bytes());
  const auto broken = DocumentBuilder().array("$nor", rules.take()).take();
  ArrayBuilder pipeline;
  pipeline.document(DocumentBuilder().document("$match", broken).take());
  pipeline.document(DocumentBuilder().text("$count", "count").take());
  return DocumentBuilder()
      .text("aggregate", coll_mod.text_at("collMod").value_or(""))
      .array("pipeline", pipeline.take())
      .document("cursor", DocumentBuilder().take())
      .take();
}

std::optional<Finding> find_violators(const Location& at, DocumentView coll_mod) {
  const auto counting = violators_command(coll_mod);
  if (!counting) return std::nullopt;
  const std::string name(coll_mod.text_at("collMod").value_or(""));
  const auto count = count_of(at, *counting);
  if (!count)
    return Finding{"validator-not-counted", name,
                   "the validator is back; the documents that break it were not counted: " +
                       count.error().describe(),
                   false};
  if (*count == 0) return std::nullopt;
  return Finding{"validator-violated", name,
                 fmt::format("{} documents break its validator, which is back", *count), false};
}

}  // namespace lifeboat::engine::mongodb
