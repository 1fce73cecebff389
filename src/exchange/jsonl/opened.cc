#include "exchange/jsonl/opened.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "engine/foreign/tar_stream.h"
#include "engine/foreign/unpack.h"
#include "engine/mongodb/utf8.h"
#include "exchange/jsonl/names.h"

namespace lifeboat::exchange::jsonl {
namespace {

constexpr std::uint64_t kMostEntries = 100'000;
constexpr const char* kNoScript =
    "No script of the JSONL format writes that: find out who made it.";

Failure refuse_archive(const std::string& what) {
  return fail(Error(Code::refused, what).with_hint(kNoScript));
}

bool is_nothing_of_the_archive(Code code) {
  return code == Code::interrupted || code == Code::no_space;
}

Result<void> unpack_archive(const fs::path& archive, const fs::path& into,
                            const RunContext& context) {
  const auto file = TRY(open_file(archive, O_RDONLY | O_CLOEXEC));
  engine::foreign::Options options;
  options.format = TRY(engine::foreign::packing_of(file));
  options.limits.entries = kMostEntries;
  auto unpacked = engine::foreign::unpack(file, options, into.string(), context);
  if (!unpacked && is_nothing_of_the_archive(unpacked.error().code()))
    return fail(std::move(unpacked).error());
  if (!unpacked)
    return fail(std::move(unpacked).error().with_hint(
        "Nothing was changed. It must be a tar, tar.gz, tar.zst or zip of .jsonl files."));
  auto plain = engine::foreign::refuse_left_out(unpacked->findings);
  if (!plain) plain.error().with_hint(kNoScript);
  return plain;
}

struct FoundFile {
  std::string folder;
  std::string name;
  std::uint64_t size;
};

// Everything below the folder is a plain file or a folder, and has a name.
Result<std::vector<FoundFile>> plain_files(const fs::path& root) {
  std::vector<FoundFile> found;
  std::error_code error;
  fs::recursive_directory_iterator each(root, error);
  for (; !error && each != fs::recursive_directory_iterator(); each.increment(error)) {
    const auto path = each->path().lexically_relative(root);
    if (!engine::mongodb::is_utf8(path.string()))
      return refuse_archive("a name in the archive is not UTF-8");
    struct stat status{};
    if (::lstat(each->path().c_str(), &status) != 0)
      return fail_errno(errno, "cannot read " + path.string());
    if (S_ISDIR(status.st_mode)) continue;
    if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
      return refuse_archive("\"" + path.string() + "\" in the archive is a link, not a file");
    if (found.size() >= kMostEntries) return refuse_archive("there are too many files");
    found.push_back({path.parent_path().string(), path.filename().string(),
                     static_cast<std::uint64_t>(status.st_size)});
  }
  if (error) return fail_errno(error.value(), "cannot read " + root.string());
  return found;
}

bool has_lines(const FoundFile& file) {
  return file.name.ends_with(kLinesSuffix) && file.name.size() > kLinesSuffix.size();
}

// The one folder whose files are collections.
Result<std::string> folder_of_lines(const std::vector<FoundFile>& files) {
  const FoundFile* first = nullptr;
  for (const auto& each : files) {
    if (!has_lines(each)) continue;
    if (first == nullptr) first = &each;
    if (first->folder != each.folder)
      return refuse_archive("there are collections in two folders: \"" + first->folder +
                            "\" and \"" + each.folder + "\"");
  }
  if (first != nullptr) return first->folder;
  return fail(Error(Code::damage_found, "there is no collection in it: no file ends in .jsonl")
                  .with_hint("Restoring nothing would drop everything; nothing was changed."));
}

Result<void> take_files(const fs::path& root, OpenedArchive& opened) {
  const auto files = TRY(plain_files(root));
  const auto folder = TRY(folder_of_lines(files));
  opened.folder = root / folder;
  for (const auto& each : files) {
    const bool is_here = each.folder == folder;
    if (is_here && has_lines(each)) {
      opened.stems.push_back(each.name.substr(0, each.name.size() - kLinesSuffix.size()));
      opened.bytes += each.size;
    } else if (is_here && each.name == kMetadataFile) {
      opened.has_metadata = true;
    } else {
      opened.findings.push_back({"file-not-read", (fs::path(each.folder) / each.name).string(),
                                 "it is neither a collection nor its options", false});
    }
  }
  std::ranges::sort(opened.stems);
  return {};
}

// "backup_20260926_073727" for ".tar" and ".tar.gz".
std::string stem_of(const fs::path& archive) {
  auto name = archive.filename().string();
  const auto end = name.find(".tar");
  if (end != std::string::npos && end > 0) name.resize(end);
  return name;
}

// "backup_1", or "backup_1-2" when it was unpacked there before: for a dry run, for instance.
Result<fs::path> new_folder(const fs::path& wanted) {
  constexpr int kMostTimes = 1000;
  for (int time = 1; time <= kMostTimes; ++time) {
    const auto place = time == 1 ? wanted : fs::path(wanted.string() + "-" + std::to_string(time));
    if (::mkdir(place.c_str(), 0700) == 0) return place;
    if (errno != EEXIST) return fail_errno(errno, "cannot unpack into " + place.string());
  }
  return fail(Code::exists, "it was unpacked too often into " + wanted.string());
}

Result<fs::path> place_for(const fs::path& archive, const fs::path& into, OpenedArchive& opened) {
  if (into.empty()) {
    opened.scratch = std::make_unique<ScratchDirectory>(TRY(ScratchDirectory::make()));
    return opened.scratch->path();
  }
  TRY(make_directories(into));
  return new_folder(into / stem_of(archive));
}

}  // namespace

Result<OpenedArchive> open_archive(const fs::path& archive, const fs::path& into,
                                   const RunContext& context) {
  OpenedArchive opened;
  if (fs::is_directory(fs::symlink_status(archive))) {
    TRY_CONTEXT(archive.string(), take_files(archive, opened));
    return opened;
  }
  const auto place = TRY(place_for(archive, into, opened));
  TRY_CONTEXT(archive.string(), unpack_archive(archive, place, context));
  TRY_CONTEXT(archive.string(), take_files(place, opened));
  return opened;
}

}  // namespace lifeboat::exchange::jsonl
