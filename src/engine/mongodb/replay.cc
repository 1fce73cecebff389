#include "engine/mongodb/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/mongodb/bson_reader.h"
#include "engine/mongodb/document_file.h"

namespace lifeboat::engine::mongodb {
namespace {

constexpr int kMostApplyOps = 10;                  // within each other, as servers have it
constexpr std::size_t kMostInMemory = 32U << 20U;  // of all transactions

// One file for all transactions that memory has no room for: there may be thousands of them. It is
// emptied whenever none is in it.
class SpilledTransactions {
 public:
  struct Part {
    std::uint64_t at = 0;
    std::uint64_t size = 0;
  };

  void enter() { ++inside_; }
  void leave() {
    if (--inside_ == 0) file_.reset();
  }
  Result<Part> append(ByteView bytes) {
    if (!file_) file_.emplace(TRY_CONTEXT("a large transaction of the log", DocumentFile::make()));
    const Part part{file_->size(), bytes.size()};
    TRY(file_->append(bytes));
    return part;
  }
  Result<void> read(const Part& part, const DocumentFile::Take& take) const {
    return file_->read(part.at, part.size, take);
  }

 private:
  std::optional<DocumentFile> file_;
  std::size_t inside_ = 0;  // transactions
};

class HeldTransaction final : public TransactionStore {
 public:
  HeldTransaction(std::size_t most, std::shared_ptr<std::size_t> used,
                  std::shared_ptr<SpilledTransactions> spilled)
      : most_(most), used_(std::move(used)), spilled_(std::move(spilled)) {}
  HeldTransaction(const HeldTransaction&) = delete;
  HeldTransaction& operator=(const HeldTransaction&) = delete;
  ~HeldTransaction() override {
    *used_ -= in_memory_.size();
    if (is_spilled_) spilled_->leave();
  }

  Result<void> add(ByteView entry) override {
    if (!is_spilled_ && entry.size() > most_ - std::min(most_, *used_)) TRY(spill());
    if (is_spilled_) return append_part(entry);
    lifeboat::append(in_memory_, entry);
    *used_ += entry.size();
    return {};
  }

  Result<void> each(const std::function<Result<void>(DocumentView)>& visit) override {
    BsonReader reader;
    TRY(reader.feed(in_memory_, visit));
    for (const auto& part : parts_)
      TRY(spilled_->read(part, [&](ByteView piece) { return reader.feed(piece, visit); }));
    return reader.finish();
  }

 private:
  Result<void> spill() {
    is_spilled_ = true;
    spilled_->enter();
    TRY(append_part(in_memory_));
    *used_ -= in_memory_.size();
    in_memory_ = {};
    return {};
  }
  Result<void> append_part(ByteView bytes) {
    const auto part = TRY(spilled_->append(bytes));
    const bool goes_on = !parts_.empty() && parts_.back().at + parts_.back().size == part.at;
    if (goes_on)
      parts_.back().size += part.size;
    else
      parts_.push_back(part);
    return {};
  }

  std::size_t most_;
  std::shared_ptr<std::size_t> used_;  // by all of them
  std::shared_ptr<SpilledTransactions> spilled_;
  Bytes in_memory_;
  bool is_spilled_ = false;
  std::vector<SpilledTransactions::Part> parts_;
};

bool is_apply_ops(const OplogEntry& entry) {
  return entry.operation == Operation::command && entry.command() == "applyOps";
}

// A command's ns ends in "$cmd"; its first field names the collection.
Result<Namespace> object_of(const OplogEntry& entry) {
  auto where = TRY(namespace_from(entry.ns));
  if (entry.operation != Operation::command || entry.object.empty()) return where;
  const auto name = entry.object.begin()->text();
  if (!name) return where;
  if (entry.command() == "renameCollection") return namespace_from(*name);
  where.collection = *name;
  return where;
}

bool is_transaction(const OplogEntry& entry) { return entry.session && !entry.retryable_inserts; }

}  // namespace

MakeTransactionStore hold_in_memory(std::size_t most, std::shared_ptr<std::size_t> used) {
  if (!used) used = std::make_shared<std::size_t>(0);
  const auto spilled = std::make_shared<SpilledTransactions>();
  return [most, used, spilled]() -> Result<std::unique_ptr<TransactionStore>> {
    return std::make_unique<HeldTransaction>(most, used, spilled);
  };
}

Replay::Replay(ReplayOptions options) : options_(std::move(options)) {
  if (!options_.make_store) options_.make_store = hold_in_memory(kMostInMemory);
}

Result<Replay::Progress> Replay::apply(DocumentView document, const Visit& visit) {
  const auto entry = TRY(parse_entry(document));
  if (entry.at.ts > options_.until) return Progress::beyond;
  const auto progress = is_known(entry) ? Progress::known : Progress::applied;
  if (std::ranges::equal(document.bytes(), last_entry_)) return progress;
  const Visit pass_over = [](const Write&) -> Result<void> { return {}; };
  TRY_CONTEXT(fmt::format("the entry of the log at {}", entry.at.ts.text()),
              pass(entry, is_known(entry) ? pass_over : visit));
  last_ = entry.at;
  last_entry_ = to_bytes(document.bytes());
  return progress;
}

std::vector<OpenTransaction> Replay::open() const {
  std::vector<OpenTransaction> open;
  for (const auto& [session, pending] : pending_) open.push_back(pending.about);
  return open;
}

Result<void> Replay::pass(const OplogEntry& entry, const Visit& visit) {
  if (is_apply_ops(entry)) return pass_apply_ops(entry, visit);
  if (entry.operation == Operation::command && entry.command() == "commitTransaction")
    return release(entry, visit);
  if (entry.operation == Operation::command && entry.command() == "abortTransaction") {
    if (entry.session) pending_.erase(*entry.session);
    return {};
  }
  return pass_single(entry, visit);
}

Result<void> Replay::pass_apply_ops(const OplogEntry& entry, const Visit& visit) {
  if (!is_transaction(entry)) return pass_operations(entry, visit, 0);
  const bool more_follows =
      entry.object.is_true_at("partialTxn") || entry.object.is_true_at("prepare");
  if (more_follows) return hold(entry);
  const bool continues = entry.previous_in_transaction.value_or(Timestamp()) != Timestamp();
  if (!continues) return pass_operations(entry, visit, 0);
  TRY(hold(entry));
  return release(entry, visit);
}

Result<void> Replay::pass_operations(const OplogEntry& entry, const Visit& visit, int depth) {
  if (depth == kMostApplyOps) return fail(Code::corrupt, "applyOps within applyOps without end");
  const auto operations = entry.object.find("applyOps");
  if (!operations || !operations->holds(BsonType::array))
    return fail(Code::corrupt, "applyOps without operations");
  for (const auto& each : operations->inside()) {
    if (!each.holds(BsonType::document)) return fail(Code::corrupt, "an operation is no document");
    const auto operation = TRY(parse_nested(each.inside(), entry));
    if (is_apply_ops(operation))
      TRY(pass_operations(operation, visit, depth + 1));
    else
      TRY(pass_single(operation, visit));
  }
  return {};
}

Result<void> Replay::pass_single(const OplogEntry& entry, const Visit& visit) {
  if (is_left_out(entry)) return {};
  const auto writes = TRY(writes_of(entry, options_.dialect));
  for (const auto& write : writes) TRY(visit(write));
  return {};
}

Result<void> Replay::hold(const OplogEntry& entry) {
  auto* pending = TRY(pending_for(entry));
  if (pending == nullptr) return {};
  TRY(pending->store->add(entry.whole.bytes()));
  pending->latest = entry.at.ts;
  pending->about.prepared = entry.object.is_true_at("prepare");
  pending->about.concerns_us = pending->about.concerns_us || has_ours(entry);
  return {};
}

// What cannot be read is an error when it is applied.
bool Replay::has_ours(const OplogEntry& entry) const {
  const auto operations = entry.object.document_at("applyOps");
  if (!operations) return false;
  for (const auto& each : *operations) {
    const auto operation = parse_nested(each.inside(), entry);
    if (!operation || is_apply_ops(*operation) || !is_left_out(*operation)) return true;
  }
  return false;
}

// The entries of a transaction name the one before them: a hole is seen.
Result<Replay::Pending*> Replay::pending_for(const OplogEntry& entry) {
  const auto previous = entry.previous_in_transaction.value_or(Timestamp());
  const auto found = pending_.find(*entry.session);
  if (previous != Timestamp()) {
    if (found != pending_.end() && found->second.latest == previous) return &found->second;
    TRY(check_begun(entry));
    return nullptr;
  }
  Pending pending;
  pending.about = {*entry.session, entry.at.ts, false};
  pending.store = TRY(options_.make_store());
  auto& place = pending_[*entry.session];
  place = std::move(pending);
  return &place;
}

// A transaction that the log holds only the end of.
Result<void> Replay::check_begun(const OplogEntry& entry) const {
  if (is_known(entry)) return {};
  return fail(Error(Code::not_restorable,
                    fmt::format("the transaction that the log ends at {} began before the log that "
                                "is here",
                                entry.at.ts.text()))
                  .with_hint("begin with an earlier snapshot, whose log reaches back further"));
}

Result<void> Replay::release(const OplogEntry& entry, const Visit& visit) {
  if (!entry.session) return fail(Code::corrupt, "a transaction without a session");
  const auto found = pending_.find(*entry.session);
  if (found == pending_.end()) return check_begun(entry);
  TRY(found->second.store->each([&](DocumentView held) -> Result<void> {
    return pass_operations(TRY(parse_entry(held)), visit, 0);
  }));
  pending_.erase(found);
  return {};
}

// A rename touches two: what comes in by it is not left out.
bool Replay::is_left_out(const OplogEntry& entry) const {
  const auto where = object_of(entry);
  if (!where) return false;
  const auto to = entry.operation == Operation::command && entry.command() == "renameCollection"
                      ? entry.object.text_at("to")
                      : std::nullopt;
  const auto arrives = to ? namespace_from(*to) : where;
  return leaves_out(*where) && (!arrives || leaves_out(*arrives));
}

bool Replay::leaves_out(const Namespace& where) const {
  if (where.database == "local" || where.database == "config") return true;
  return options_.leaves_out && options_.leaves_out(where);
}

}  // namespace lifeboat::engine::mongodb
