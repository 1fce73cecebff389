#include <algorithm>
#include <unordered_set>

#include "drill/check.h"
#include "restore/plan.h"

namespace lifeboat::drill {
namespace {

using repository::SnapshotInfo;
using repository::SourceManifest;

constexpr std::size_t kPairs = 3;                     // of snapshots that follow each other
constexpr std::size_t kFewest = 64;                   // of fewer pieces nothing is told
constexpr std::uint64_t kLargestList = 64ULL << 20U;  // bytes of a list of entries that are read
constexpr std::size_t kMostKept = 200'000;            // pieces that are remembered of a snapshot
constexpr std::uint64_t kUnusual = 50;                // per cent that went in one step …
constexpr std::uint64_t kUsual = 25;                  // … where never more than these did before

std::uint64_t list_size(const SourceManifest& source) {
  std::uint64_t bytes = 0;
  for (const auto& chunk : source.entry_chunks) bytes += chunk.length;
  return bytes;
}

// The pieces that the content of a source consists of; of many a sample, by their identities, so
// that two samples hold the same pieces of what they share.
class Pieces {
 public:
  void add(const repository::ChunkRef& chunk) {
    std::uint64_t key = 0;
    for (std::size_t i = 0; i < sizeof key; ++i) key = key << 8U | chunk.id.bytes[i];
    if (!is_in(key, halvings_)) return;
    keys_.insert(key);
    if (keys_.size() <= kMostKept) return;
    ++halvings_;
    std::erase_if(keys_, [&](std::uint64_t each) { return !is_in(each, halvings_); });
  }

  std::size_t size() const { return keys_.size(); }

  // Per cent of these that `later` no longer holds.
  std::uint64_t gone_in(const Pieces& later) const {
    const auto halvings = std::max(halvings_, later.halvings_);
    std::uint64_t all = 0;
    std::uint64_t gone = 0;
    for (const auto key : keys_) {
      if (!is_in(key, halvings)) continue;
      ++all;
      gone += later.keys_.contains(key) ? 0 : 1;
    }
    return all == 0 ? 0 : gone * 100 / all;
  }

 private:
  static bool is_in(std::uint64_t key, unsigned halvings) {
    return halvings == 0 || key >> (64U - halvings) == 0;
  }

  std::unordered_set<std::uint64_t> keys_;
  unsigned halvings_ = 0;
};

const SourceManifest* find(const repository::SnapshotReader& snapshot, const std::string& name) {
  const auto found = std::ranges::find(snapshot.sources(), name, &SourceManifest::name);
  return found == snapshot.sources().end() ? nullptr : &*found;
}

Result<Pieces> pieces_of(repository::SnapshotReader& snapshot, const SourceManifest& source,
                         const RunContext& context) {
  Pieces pieces;
  const auto visit = [&](repository::EntryRecord&& entry) -> Result<void> {
    for (const auto& chunk : entry.chunks) pieces.add(chunk);
    return context.check_stop();
  };
  TRY(snapshot.entries(source, visit, context));
  return pieces;
}

// A backup is faithful to a source that a fault or an extortioner overwrote, and counts of rows and
// files stay what they were. How much of the content went at once tells.
class RewrittenQuestion final : public Question {
 public:
  std::string id() const override { return "rewritten"; }
  std::string proves() const override {
    return "the source was not written anew between two backups where it never was before";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    const auto before = earlier(scope, context);
    std::vector<CheckResult> results;
    for (const auto& source : scope.snapshot->sources()) {
      const auto steps = TRY(steps_of(source, scope, before, context));
      if (!steps.empty()) results.push_back(judge(source.name, steps));
    }
    return results;
  }

 private:
  using Readers = std::vector<std::unique_ptr<repository::SnapshotReader>>;

  // The newest first. One that cannot be read is what `verify` is for, not this drill.
  static Readers earlier(CheckScope& scope, const RunContext& context) {
    const auto before = restore::complete_before(scope.snapshots, scope.snapshot->info());
    Readers readers;
    for (auto each = before.rbegin(); each != before.rend(); ++each) {
      if (readers.size() == kPairs) break;
      auto reader = scope.repository.open_snapshot(each->id, context);
      if (reader) readers.push_back(std::move(*reader));
    }
    return readers;
  }

  // Per cent that went in each step from one snapshot to the next, the newest first.
  static Result<std::vector<std::uint64_t>> steps_of(const SourceManifest& source,
                                                     CheckScope& scope, const Readers& before,
                                                     const RunContext& context) {
    std::vector<std::uint64_t> steps;
    if (before.empty() || list_size(source) > kLargestList) return steps;
    auto later = TRY(pieces_of(*scope.snapshot, source, context));
    if (later.size() < kFewest) return steps;
    for (const auto& reader : before) {
      const auto* same = find(*reader, source.name);
      if (same == nullptr || list_size(*same) > kLargestList) break;
      auto pieces = pieces_of(*reader, *same, context);
      if (!pieces && pieces.error().code() == Code::interrupted) return fail(pieces.error());
      if (!pieces || pieces->size() < kFewest) break;
      steps.push_back(pieces->gone_in(later));
      later = std::move(*pieces);
    }
    return steps;
  }

  CheckResult judge(const std::string& source, const std::vector<std::uint64_t>& steps) const {
    CheckResult result;
    result.id = id() + "." + source;
    const auto usual = steps.size() == 1 ? 0 : *std::max_element(steps.begin() + 1, steps.end());
    // Of one step alone nobody knows whether it is usual.
    const bool odd = steps.size() > 1 && steps.front() > kUnusual && usual <= kUsual;
    result.outcome = odd ? Outcome::warned : Outcome::passed;
    result.message =
        std::to_string(steps.front()) + " % of what the snapshot before held is not in this one";
    if (steps.size() > 1) result.message += "; before, at most " + std::to_string(usual) + " %";
    return result;
  }
};

}  // namespace

std::unique_ptr<Question> make_rewritten_check() { return std::make_unique<RewrittenQuestion>(); }

}  // namespace lifeboat::drill
