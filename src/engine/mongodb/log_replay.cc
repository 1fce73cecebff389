#include "engine/mongodb/log_replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json_value.h"
#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/catalog_fingerprint.h"
#include "engine/mongodb/facts.h"
#include "engine/mongodb/object_names.h"
#include "engine/mongodb/renaming.h"

namespace lifeboat::engine::mongodb {
namespace {

Timestamp limit_of(const ReplayRequest& request, const WindowEnd& window) {
  return request.until == Timestamp{} ? window.last : request.until;
}

DocumentSum after_change(DocumentSum sum, const CollectionChange& change) {
  sum.add(change.come);
  sum.subtract(change.gone);
  return sum;
}

std::set<std::string> names_in(const Catalog& catalog) {
  std::set<std::string> names;
  for (const auto& each : catalog.collections) names.insert(each.name);
  return names;
}

}  // namespace

Result<std::unique_ptr<KeptWindow>> KeptWindow::make() {
  return std::unique_ptr<KeptWindow>(new KeptWindow(TRY(DocumentFile::make())));
}

Result<void> KeptWindow::append(ByteView bytes) { return documents_.append(bytes); }

Result<void> KeptWindow::close() {
  bool closed = false;
  TRY(documents_.each([&](DocumentView document) -> Result<void> {
    if (closed) return fail(Code::corrupt, "something follows the end of a snapshot's log");
    const auto end = TRY(decode_window_end(document));
    closed = end.has_value();
    if (closed) end_ = *end;
    return {};
  }));
  if (closed) return {};
  return fail(Code::corrupt, "the log of a snapshot has no end");
}

Result<void> KeptWindow::each_entry(const std::function<Result<void>(DocumentView)>& visit) {
  return documents_.each([&](DocumentView document) -> Result<void> {
    const auto first = document.begin();
    if (first != document.end() && first->key == "lifeboat") return {};
    return visit(document);
  });
}

LogReplay::LogReplay(ReplayRequest request, const WindowEnd& window)
    : location_(request.location),
      validators_(request.validators),
      window_(window),
      is_part_(request.is_part),
      offered_(std::move(request.offered)),
      renames_(std::move(request.renames)),
      asked_(names_in(request.restored)),
      catalog_(std::move(request.restored), offered_),
      documents_(location_),
      replay_({.until = limit_of(request, window),
               .known = window.known,
               .dialect = window.dialect,
               .leaves_out = [this](const Namespace& where) { return leaves_out(where); },
               .make_store = {}}) {}

// FerretDB logs no end of a collection, so what it dropped during the copy is missed in its window
// without a reason there. Of a dump nobody knows whose it is: only FerretDB's has no ids of
// collections.
Result<void> LogReplay::replay_window(KeptWindow& window, const RunContext& context) {
  bool tells_ends = window_.dialect == Dialect::mongodb;
  TRY(window.each_entry([&](DocumentView entry) -> Result<void> {
    TRY(context.check_stop());
    const auto last = TRY(parse_entry(entry));
    tells_ends = tells_ends || last.whole.find("ui");
    const bool is_own = last.ns.starts_with(window_.database + ".");
    window_hash_ = is_own ? std::optional(entry_hash(last)) : std::nullopt;
    return take(last);
  }));
  met_window_ = !window_hash_;
  return tells_ends ? documents_.flush() : documents_.explain_all();
}

Result<void> LogReplay::replay_piece(ByteView entries, const RunContext& context) {
  BsonReader reader;
  TRY(reader.feed(entries, [&](DocumentView entry) -> Result<void> {
    TRY(context.check_stop());
    return take_after_window(entry);
  }));
  return reader.finish();
}

Result<void> LogReplay::take_after_window(DocumentView document) {
  const auto entry = TRY(parse_entry(document));
  if (entry.at.ts <= window_.last) {
    met_window_ = met_window_ || (window_hash_ && entry_hash(entry) == *window_hash_);
    return {};
  }
  if (met_window_) return take(entry);
  return fail(
      Code::not_restorable,
      "the log is not that of the snapshot: it has another entry at " + moment_text(window_.last));
}

Result<void> LogReplay::take(const OplogEntry& entry) {
  documents_.begin_entry(entry.at.ts);
  const auto progress =
      TRY(replay_.apply(entry.whole, [this](const Write& change) { return write(change); }));
  if (progress == Replay::Progress::applied) ++applied_;
  return {};
}

Result<void> LogReplay::finish() {
  if (!homeless_.empty())
    return fail(Code::corrupt, "the log has buckets of the time series " + *homeless_.begin() +
                                   ", which was neither restored nor made by it");
  TRY(documents_.flush());
  return check_nothing_missed();
}

// What is changed was there: a log that holds neither its beginning nor its end has lost entries.
Result<void> LogReplay::check_nothing_missed() const {
  for (const auto& [collection, missed] : documents_.missed()) {
    if (missed.empty() || may_lose_documents(collection)) continue;
    const auto first =
        std::ranges::min_element(missed, {}, [](const auto& each) { return each.second; })->second;
    return fail(
        Error(Code::not_restorable,
              fmt::format("entries of the log are missing: from {} on it changes {} documents of "
                          "{} that are not there, and does not delete them",
                          moment_text(first), missed.size(), collection))
            .with_hint("Restore to a moment before that, or from a snapshot after it."));
  }
  return {};
}

bool LogReplay::may_lose_documents(const std::string& stored) const {
  const auto* there = catalog_.find(series_name(stored));
  return capped_.contains(stored) || (there != nullptr && is_capped(*there));
}

std::size_t LogReplay::left_open() const {
  const auto open = replay_.open();
  return static_cast<std::size_t>(std::ranges::count(open, true, &OpenTransaction::concerns_us));
}

Result<void> LogReplay::write(const Write& write) {
  if (!renames_.empty()) return write_renamed(write);
  return std::visit([this](const auto& each) { return this->apply(each); }, write);
}

// What the log calls by an old name is the one that was brought back under the new one.
Result<void> LogReplay::write_renamed(const Write& write) {
  for (const auto& name : collections_in(write))
    if (const auto from = brought_as(series_name(name), renames_); !from.empty())
      return fail(Error(Code::refused, "the log changes a collection " + name + ", and " + from +
                                           " is brought back under that name")
                      .with_hint("Give it another one (--rename)."));
  return std::visit([this](const auto& each) { return this->apply(each); },
                    renamed_write(write, renames_));
}

bool LogReplay::leaves_out(const Namespace& where) const {
  if (where.database != window_.database) return true;
  const bool is_lost = offered_ && !offered_->contains(Feature::time_series_buckets);
  if (is_lost && where.collection.starts_with(kBucketsPrefix)) return true;
  if (!is_part_ || where.collection == "$cmd") return false;
  const auto name = series_name(where.collection);
  return !brought_as(name, renames_).empty() || !asked_.contains(new_name(name, renames_));
}

// Buckets are made with their time series, and with nothing else. One that is not there is dropped
// later in the log: it was before the catalog was read.
Result<bool> LogReplay::has_home(const Namespace& where) {
  const auto name = series_name(where.collection);
  const auto* there = catalog_.find(name);
  if (name != where.collection) {
    if (there != nullptr && there->kind == CollectionKind::time_series) return true;
    homeless_.insert(name);
    return false;
  }
  if (there != nullptr) return true;
  TRY(catalog_.make_plain(name));
  // It stays when its documents are gone again before any of them is written.
  TRY(run(DocumentBuilder().text("create", name).take()));
  return true;
}

Result<void> LogReplay::apply(const Replace& write) {
  if (write.upsert && !TRY(has_home(write.where))) return {};
  return documents_.add(write);
}

Result<void> LogReplay::run(ByteView command) {
  TRY(documents_.flush());
  TRY(location_.server->connect().command(location_.database, command));
  return {};
}

// A view is only listed: it is made when all is there that it may be on.
Result<void> LogReplay::apply(const Create& write) {
  if (catalog_.find(write.where.collection) != nullptr) return {};
  TRY(catalog_.create(write));
  const auto* made = catalog_.find(write.where.collection);
  if (made->kind == CollectionKind::view) return {};
  homeless_.erase(made->name);
  TRY(validators_.set_aside({}, {made}));
  TRY(run(TRY(create_command(*made, Validators::set_aside))));
  if (made->kind == CollectionKind::time_series) TRY(run(without_own_indexes_command(*made)));
  return validators_.identify(made->name);
}

Result<void> LogReplay::drop(const std::string& name) {
  homeless_.erase(name);
  capped_.erase(name);
  TRY(documents_.explain(name));
  TRY(documents_.explain(std::string(kBucketsPrefix) + name));
  const auto* there = catalog_.find(name);
  if (there == nullptr) return {};
  const bool is_view = there->kind == CollectionKind::view;
  const auto stored = there->stored_name();
  catalog_.drop(name);
  if (!is_view) TRY(run(DocumentBuilder().text("drop", name).take()));
  TRY(validators_.forget(name));
  documents_.forget(stored);
  return {};
}

Result<void> LogReplay::apply(const Drop& write) { return drop(write.where.collection); }

Result<void> LogReplay::apply(const DropDatabase&) {
  homeless_.clear();
  TRY(documents_.explain_all());
  while (!catalog_.catalog().collections.empty())
    TRY(drop(catalog_.catalog().collections.front().name));
  return {};
}

// What leaves the database is gone from it; what comes from another was not backed up, and neither
// was, with a part, what the other collections were.
Result<void> LogReplay::apply(const Rename& write) {
  if (is_part_)
    return fail(Error(Code::unsupported_format,
                      "the log renames " + write.from.text() + " to " + write.to.text())
                    .with_hint("Restore the whole database to that moment, or the collection to a "
                               "moment before it."));
  const bool arrives = write.from.database != window_.database;
  if (arrives)
    return fail(
        Error(Code::unsupported_format, "the log moves " + write.from.text() + " into the database")
            .with_hint("Restore to a moment before it, or from a snapshot after it."));
  const auto& from = write.from.collection;
  if (write.to.database != window_.database) return drop(from);
  if (catalog_.find(from) == nullptr) return documents_.explain(from);
  TRY(documents_.flush());
  const auto here = [&](const std::string& name) { return location_.database + "." + name; };
  const auto command = DocumentBuilder()
                           .text("renameCollection", here(from))
                           .text("to", here(write.to.collection))
                           .boolean("dropTarget", write.drop_target)
                           .take();
  TRY(validators_.rename(from, write.to.collection, [&]() -> Result<void> {
    TRY(location_.server->connect().command("admin", command));
    return {};
  }));
  TRY(catalog_.rename(from, write.to.collection));
  documents_.rename(from, write.to.collection);
  if (capped_.erase(from) != 0) capped_.insert(write.to.collection);
  return {};
}

// The command without what the server lacks, and without the expiry: nothing is to expire before
// all is restored.
Result<Bytes> LogReplay::keep_expiry(const ModifyCollection& write) {
  const auto possible = TRY(catalog_.possible(write));
  const auto expiry = view_document(possible).find("expireAfterSeconds");
  if (!expiry) return possible;
  TRY(catalog_.set_expiry(write.where.collection, *expiry));
  DocumentBuilder rest;
  for (const auto& field : view_document(possible))
    if (field.key != expiry->key) rest.element(field);
  return rest.take();
}

Result<void> LogReplay::apply(const ModifyCollection& write) {
  if (catalog_.find(write.where.collection) == nullptr) return {};
  const auto whole = TRY(keep_expiry(write));
  if (whole.size() == kMinDocument + view_document(whole).begin()->whole.size()) return {};
  catalog_.lose_options(write.where.collection);
  const auto rest = without_validator(view_document(whole));
  if (rest.size() != whole.size())
    TRY(validators_.change(write.where.collection, view_document(whole)));
  const auto first = view_document(rest).begin();
  const bool only_that = rest.size() == kMinDocument + first->whole.size();
  return only_that ? Result<void>{} : run(rest);
}

Result<void> LogReplay::apply(const AddIndexes& write) { return catalog_.add_indexes(write); }

Result<void> LogReplay::apply(const RemoveIndex& write) {
  catalog_.remove_index(write);
  return {};
}

Result<void> LogReplay::apply(const ModifyIndex& write) {
  catalog_.modify_index(write);
  return {};
}

Result<void> LogReplay::apply(const RunCapped& write) {
  if (catalog_.find(write.where.collection) == nullptr) return {};
  catalog_.lose_options(write.where.collection);
  capped_.insert(write.where.collection);
  return run(write.command);
}

Result<Json> LogReplay::expected(const Json& recorded) const {
  auto expected = recorded;
  const bool had_ledger = !recorded.value("migrations", Json::object()).empty();
  if (had_ledger || !first_ledger(catalog()).empty()) forget_ledgers(expected);
  auto& collections = expected["collections"] = Json::object();
  bool known = true;
  for (const auto& each : catalog().collections) {
    collections[escape_name(each.name)] = TRY(expected_of(each, recorded));
    known = known && catalog_.has_known_options(each.name);
  }
  if (catalog_.changed())
    expected["catalog_fingerprint"] = known ? Json(fingerprint_of(catalog()).hex()) : Json(nullptr);
  return expected;
}

Result<Json> LogReplay::expected_of(const Collection& collection, const Json& recorded) const {
  auto facts = catalog_facts(collection);
  if (!catalog_.has_known_options(collection.name)) facts["options"] = nullptr;
  if (collection.kind == CollectionKind::view) return facts;
  const auto origin = catalog_.restored_as(collection.name);
  const Json* then = nullptr;
  if (origin) then = TRY(member(*TRY(member(recorded, "collections")), escape_name(*origin)));
  const auto found = documents_.changes().find(collection.stored_name());
  const bool touched = found != documents_.changes().end();
  if (is_capped(collection) && (touched || !catalog_.has_known_options(collection.name))) {
    forget_sums(facts);
    return facts;
  }
  const auto base = then == nullptr ? DocumentSum{} : TRY(recorded_sum(*then));
  add_facts(facts, {touched ? after_change(base, found->second) : base, std::nullopt});
  if (then != nullptr && then->contains("natural_digest"))
    facts["natural_digest"] = (*then)["natural_digest"];
  return facts;
}

}  // namespace lifeboat::engine::mongodb
