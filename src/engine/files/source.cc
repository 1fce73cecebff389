#include "engine/files/source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "engine/files/entry_maker.h"
#include "engine/files/exclude.h"
#include "engine/files/open_folders.h"
#include "engine/files/path.h"
#include "engine/files/reader.h"
#include "engine/files/scraps.h"
#include "engine/files/tally.h"
#include "engine/files/walk.h"

namespace lifeboat::engine::files {
namespace {

// What entries need after the walk went on; shared with them.
struct Tree {
  explicit Tree(Folder root) : folders(std::move(root)) {}
  OpenFolders folders;
  Tally tally;
};

class FileEntry final : public Entry {
 public:
  FileEntry(std::shared_ptr<Tree> tree, const struct stat& listed)
      : tree_(std::move(tree)), listed_(listed) {}

  Result<std::unique_ptr<Reader>> open() override {
    auto reader = open_reader();
    if (reader) return std::unique_ptr<Reader>(*std::move(reader));
    withdraw();
    // Its other names point to this one: what is missing here is missing there.
    if (reader.error().code() == Code::not_found && listed_.st_nlink > 1)
      return fail(Code::source_unreadable, reader.error().message());
    return fail(std::move(reader).error());
  }

 private:
  Result<std::unique_ptr<FileReader>> open_reader() {
    if (info.kind != EntryKind::file) return fail(Code::internal, info.path + " has no content");
    const auto folder = tree_->folders.open(parent_of(info.path));
    if (!folder) return cannot_reach(folder.error());
    auto reader = TRY(FileReader::open((*folder)->get(), info.path));
    reader->expect(listed_, [tree = tree_, info = info](std::optional<std::uint64_t> size) {
      settle(*tree, info, size);
    });
    return reader;
  }

  static Failure cannot_reach(const Error& error) {
    const bool gone = error.code() == Code::not_found || error.code() == Code::refused;
    return fail(gone ? Code::not_found : Code::source_unreadable, error.describe());
  }

  // The facts are to tell what the snapshot holds.
  static void settle(Tree& tree, EntryInfo info, std::optional<std::uint64_t> size) {
    if (size == info.size) return;
    const auto metadata = decode_metadata(info.metadata);
    tree.tally.remove(info, *metadata);
    if (!size) return;
    info.size = *size;
    tree.tally.add(info, *metadata);
  }

  void withdraw() {
    if (!std::exchange(withdrawn_, true)) settle(*tree_, info, std::nullopt);
  }

  std::shared_ptr<Tree> tree_;
  struct stat listed_;
  bool withdrawn_ = false;
};

Result<Folder> open_source_root(const std::string& path) {
  // The folder itself may be a link; nothing below it is followed.
  FileDescriptor root(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root) return std::make_shared<const FileDescriptor>(std::move(root));
  const auto reason = fail_errno(errno, "cannot open the folder " + path).value();
  return fail(Code::source_unreadable, reason.message());
}

class FilesSource final : public Source {
 public:
  FilesSource(SourceOptions options, ExcludeRules exclude)
      : options_(std::move(options)), exclude_(std::move(exclude)), maker_(findings_) {}

  Result<void> begin(const RunContext& context) override {
    TRY(context.check_stop());
    begin_ = context.clock.now();
    tree_ = std::make_shared<Tree>(TRY(open_source_root(options_.path)));
    WalkRules rules;
    rules.exclude = &exclude_;
    rules.one_file_system = options_.one_file_system;
    walk_.emplace(tree_->folders, rules, findings_);
    return {};
  }

  Result<std::unique_ptr<Entry>> next(const RunContext& context) override {
    while (auto visit = TRY(walk_->next(context)))
      if (auto entry = entry_of(*visit)) return entry;
    return nullptr;
  }

  Result<SourceOutcome> finish(const RunContext&) override {
    SourceOutcome outcome;
    outcome.position = Json{{"time", to_rfc3339(begin_)}};
    outcome.facts = tree_->tally.facts();
    outcome.facts["excluded"] = walk_->excluded();
    outcome.findings = findings_.take();
    return outcome;
  }

 private:
  std::unique_ptr<Entry> entry_of(const Visit& visit) {
    if (is_scrap(visit.path)) {
      findings_.add({"restore-in-progress", visit.path,
                     "a restore into this folder did not end: the folder may lack files", true});
      return nullptr;
    }
    auto made = maker_.make(visit);
    if (!made) {
      if (S_ISDIR(visit.status.st_mode)) walk_->stay_out();
      return nullptr;
    }
    tree_->tally.add(made->info, made->metadata);
    auto entry = std::make_unique<FileEntry>(tree_, visit.status);
    entry->info = std::move(made->info);
    entry->change_token = change_token_of(visit.status, begin_ns());
    return entry;
  }

  std::int64_t begin_ns() const {
    return std::chrono::nanoseconds(begin_.time_since_epoch()).count();
  }

  SourceOptions options_;
  ExcludeRules exclude_;
  Findings findings_;
  EntryMaker maker_;
  std::shared_ptr<Tree> tree_;
  std::optional<Walk> walk_;
  Time begin_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_files_source(const SourceOptions& options) {
  auto exclude = TRY_CONTEXT(options.name, ExcludeRules::compile(options.exclude));
  if (options.hash_files)
    return fail(Code::config_invalid, options.name + ": hash_files is not available yet");
  return std::make_unique<FilesSource>(options, std::move(exclude));
}

std::string change_token_of(const struct stat& status, std::int64_t begin_ns) {
  constexpr std::int64_t kSettled = 2'000'000'000;
  const auto changed = nanoseconds(status.st_ctim);
  const auto modified = nanoseconds(status.st_mtim);
  if (std::max(changed, modified) > begin_ns - kSettled) return {};
  ByteWriter writer;
  writer.i64(status.st_size).i64(modified).i64(changed).u64(status.st_ino);
  writer.u32(status.st_mode).u32(status.st_uid).u32(status.st_gid);
  return to_base64(writer.bytes());
}

}  // namespace lifeboat::engine::files
