#include <unordered_set>

#include "base/json_value.h"
#include "crypto/hash.h"
#include "drill/check.h"

namespace lifeboat::drill {
namespace {

const std::string kNoFile = "has no file";
constexpr std::size_t kMaxRows = 5'000'000;
constexpr std::size_t kRead = 1U << 20U;

struct BlobRow {
  std::string key;
  std::optional<std::uint64_t> size;
  std::string sha256;
};

// What is on disk, read once.
struct BlobFile {
  std::uint64_t size = 0;
  std::string sha256;
};

class BlobsCheckRun {
 public:
  BlobsCheckRun(const BlobsCheck& options, RestoredSource& rows, RestoredSource& files)
      : options_(options), rows_(rows), files_(files) {}

  Result<void> run(const RunContext& context) {
    const engine::Selection wanted{
        options_.table, {options_.key, options_.size, options_.sha256}, options_.where};
    std::vector<BlobRow> rows;
    const auto visit = [&](const engine::Row& row) -> Result<void> {
      if (rows.size() == kMaxRows)
        return fail(Code::usage, "more than " + std::to_string(kMaxRows) + " rows refer to files");
      rows.push_back(TRY(read_row(row)));
      return {};
    };
    TRY(rows_.inspector->select(wanted, visit, context));
    for (const auto& row : rows) {
      TRY(context.check_stop());
      TRY(check_row(row));
    }
    rows_checked_ = rows.size();
    return find_orphans(context);
  }

  CheckResult referenced(const std::string& id) const {
    CheckResult result;
    result.id = id;
    result.proves_data = rows_checked_ > 0;
    result.details = broken_;
    result.signs = signs_;
    result.outcome = broken_count_ == 0 ? Outcome::passed : Outcome::failed;
    result.message = broken_count_ == 0
                         ? counted(rows_checked_, "row has its file", "rows have their files")
                         : std::to_string(broken_count_) + " of " + std::to_string(rows_checked_) +
                               " rows have no right file; first " + broken_[0];
    return result;
  }

  CheckResult orphans(const std::string& id) const {
    CheckResult result;
    result.id = id + ".orphans";
    result.proves = "no file is without a row (one may be newer than the database's snapshot)";
    result.details = orphans_;
    result.outcome = orphan_count_ == 0 ? Outcome::passed : Outcome::warned;
    result.message = orphan_count_ == 0 ? "every file has a row"
                                        : std::to_string(orphan_count_) +
                                              " files have no row; first " + orphans_[0];
    return result;
  }

 private:
  static Result<BlobRow> read_row(const engine::Row& row) {
    if (row.size() != 3 || !row[0].is_string())
      return fail(Code::check_failed, "a row's file key is not a text: " +
                                          (row.empty() ? "nothing" : describe_value(row[0])));
    BlobRow blob{row[0].get<std::string>(), std::nullopt, ""};
    if (row[1].is_number_integer() && row[1].get<std::int64_t>() >= 0)
      blob.size = row[1].get<std::uint64_t>();
    if (row[2].is_string()) blob.sha256 = row[2].get<std::string>();
    return blob;
  }

  // A key that leaves the folder is refused by the inspector: that ends the drill, not only this
  // row.
  Result<void> check_row(const BlobRow& row) {
    keys_.insert(row.key);
    auto content = files_.inspector->open_file(row.key);
    if (!content && content.error().code() == Code::not_found) return note(row, kNoFile);
    if (!content) return fail(std::move(content).error());
    const auto file = TRY(read_whole(**content));
    if (row.size && *row.size != file.size)
      return note(row, "has " + std::to_string(file.size) + " bytes, its row says " +
                           std::to_string(*row.size));
    if (!row.sha256.empty() && row.sha256 != file.sha256)
      return note(row, "has another SHA-256 than its row says");
    return {};
  }

  Result<BlobFile> read_whole(Reader& content) {
    crypto::Sha256 hash;
    BlobFile file;
    for (buffer_.resize(kRead);;) {
      const auto count = TRY(content.read(buffer_));
      hash.update(ByteView(buffer_).first(count));
      file.size += count;
      if (count < buffer_.size()) break;
    }
    file.sha256 = hash.finish().hex();
    return file;
  }

  Result<void> note(const BlobRow& row, const std::string& what) {
    ++broken_count_;
    if (broken_.size() >= kMaxDetails) return {};
    broken_.push_back(row.key + " " + what);
    signs_.push_back(
        {what == kNoFile ? Sign::Kind::missing : Sign::Kind::different, row.key, "", what});
    return {};
  }

  Result<void> find_orphans(const RunContext& context) {
    return files_.inspector->list_files(
        [&](const std::string& path, std::uint64_t) -> Result<void> {
          if (keys_.contains(path)) return {};
          ++orphan_count_;
          if (orphans_.size() < kMaxDetails) orphans_.push_back(path);
          return {};
        },
        context);
  }

  const BlobsCheck& options_;
  RestoredSource& rows_;
  RestoredSource& files_;
  Bytes buffer_;
  std::unordered_set<std::string> keys_;
  std::uint64_t rows_checked_ = 0;
  std::uint64_t broken_count_ = 0;
  std::vector<std::string> broken_;
  std::vector<Sign> signs_;
  std::uint64_t orphan_count_ = 0;
  std::vector<std::string> orphans_;
};

class BlobsQuestion final : public Question {
 public:
  explicit BlobsQuestion(const BlobsCheck& options) : options_(options) {}
  std::string id() const override { return "blobs." + options_.source + "." + options_.table; }
  std::string proves() const override {
    return "every file that a row refers to is there, with the size and hash the row says";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto* rows = TRY(source_of(scope, options_.source));
    auto* files = TRY(source_of(scope, options_.files));
    BlobsCheckRun run(options_, *rows, *files);
    TRY(run.run(context));
    return std::vector{run.referenced(id()), run.orphans(id())};
  }

 private:
  BlobsCheck options_;
};

}  // namespace

std::unique_ptr<Question> make_blobs_check(const BlobsCheck& options) {
  return std::make_unique<BlobsQuestion>(options);
}

}  // namespace lifeboat::drill
