#include <tbb/parallel_for.h>

#include <mutex>

#include "drill/check.h"

namespace lifeboat::drill {
namespace {

const std::string kMissing = "is missing";
constexpr std::size_t kBatch = 2000;  // entries compared at once: bounds memory

// Every restored file is cut and identified anew, and must have the chunk identities the snapshot
// lists.
class ContentsCheck final : public Question {
 public:
  explicit ContentsCheck(std::string source) : source_(std::move(source)) {}
  std::string id() const override { return "contents." + source_; }
  std::string proves() const override {
    return "every byte of every file is what was read at the backup";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto* source = TRY(source_of(scope, source_));
    source_under_test_ = source;
    repository_ = &scope.repository;
    std::vector<repository::EntryRecord> batch;
    const auto visit = [&](repository::EntryRecord&& entry) -> Result<void> {
      if (entry.info.kind != EntryKind::file) return {};
      batch.push_back(std::move(entry));
      return batch.size() < kBatch ? Result<void>{} : compare_batch(batch, context);
    };
    TRY(scope.snapshot->entries(*source->manifest, visit, context));
    TRY(compare_batch(batch, context));
    return std::vector{answer()};
  }

 private:
  Result<void> compare_batch(std::vector<repository::EntryRecord>& batch,
                             const RunContext& context) {
    std::vector<Result<void>> outcomes(batch.size());
    tbb::parallel_for(std::size_t{0}, batch.size(), [&](std::size_t i) {
      outcomes[i] = context.check_stop().and_then([&] { return compare(batch[i], context); });
    });
    files_ += batch.size();
    batch.clear();
    for (auto& outcome : outcomes) TRY(std::move(outcome));
    return {};
  }

  Result<void> compare(const repository::EntryRecord& entry, const RunContext& context) {
    auto content = source_under_test_->inspector->open_file(entry.info.path);
    if (!content && content.error().code() == Code::not_found) return note(entry, kMissing);
    if (!content) return fail(std::move(content).error());
    Bytes piece;
    for (const auto& chunk : entry.chunks) {
      piece.resize(chunk.length);
      const auto count = TRY((*content)->read(piece));
      context.progress.advance(count, 0);
      if (count != chunk.length) return note(entry, "is too short");
      if (TRY(repository_->identify(piece)) != chunk.id) return note(entry, "has other contents");
    }
    piece.resize(1);
    if (TRY((*content)->read(piece)) != 0) return note(entry, "is too long");
    return {};
  }

  Result<void> note(const repository::EntryRecord& entry, const std::string& what) {
    const std::scoped_lock lock(mutex_);
    ++different_;
    if (details_.size() >= kMaxDetails) return {};
    details_.push_back(entry.info.path + " " + what);
    const auto kind = what == kMissing ? Sign::Kind::missing : Sign::Kind::different;
    signs_.push_back({kind, entry.info.path, "", what});
    return {};
  }

  CheckResult answer() const {
    CheckResult result;
    result.id = id();
    result.proves_data = true;
    result.details = details_;
    result.signs = signs_;
    result.outcome = different_ == 0 ? Outcome::passed : Outcome::failed;
    result.message = different_ == 0
                         ? counted(files_, "file is equal", "files are equal")
                         : std::to_string(different_) + " of " + std::to_string(files_) +
                               " files differ; first " + details_[0];
    return result;
  }

  std::string source_;
  RestoredSource* source_under_test_ = nullptr;
  repository::Repository* repository_ = nullptr;
  std::mutex mutex_;  // files are compared in parallel
  std::uint64_t files_ = 0;
  std::uint64_t different_ = 0;
  std::vector<std::string> details_;
  std::vector<Sign> signs_;
};

}  // namespace

std::unique_ptr<Question> make_contents_check(const std::string& source) {
  return std::make_unique<ContentsCheck>(source);
}

}  // namespace lifeboat::drill
