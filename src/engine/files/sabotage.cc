#include "engine/files/sabotage.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/file.h"

namespace lifeboat::engine::files {
namespace {

using Planted = Result<std::optional<std::string>>;
const std::optional<std::string> kNothing;

bool can_be_spoiled(const fs::path& file) {
  std::error_code error;
  const auto status = fs::symlink_status(file, error);
  if (error || !fs::is_regular_file(status)) return false;
  const bool writable = (status.permissions() & fs::perms::owner_write) != fs::perms::none;
  return writable && fs::file_size(file, error) > 0 && !error;
}

// The regular files that hold something, in the order of their names.
std::vector<fs::path> victims_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error))
    if (can_be_spoiled(at->path())) files.push_back(at->path());
  std::ranges::sort(files);
  return files;
}

std::string said(const std::string& what, const fs::path& file, const fs::path& folder) {
  return what + " " + file.lexically_relative(folder).string();
}

using Files = std::vector<fs::path>;

Planted lose(const Files& files, const fs::path& folder) {
  if (files.empty()) return kNothing;
  TRY(remove_tree(files[0]));
  return said("removed", files[0], folder);
}

Planted swap(const Files& files, const fs::path& folder) {
  std::error_code error;
  const auto other = std::ranges::find_if(files, [&](const fs::path& file) {
    return fs::file_size(file, error) != fs::file_size(files[0], error);
  });
  if (other == files.end()) return kNothing;
  const auto aside = files[0].string() + ".aside";
  fs::rename(files[0], aside, error);
  if (!error) fs::rename(*other, files[0], error);
  if (!error) fs::rename(aside, *other, error);
  if (error) return fail_errno(error.value(), "cannot swap " + files[0].string());
  return said("swapped", files[0], folder) + " and another";
}

// The times stay as they were, as with a failing disk.
Planted change_byte(const Files& files, const fs::path& folder) {
  if (files.empty()) return kNothing;
  const auto file = TRY(open_file(files[0], O_RDWR));
  struct stat before{};
  if (::fstat(file.get(), &before) != 0) return fail_errno(errno, "cannot read " + folder.string());
  Bytes byte(1);
  TRY(read_at(file.get(), 0, byte));
  byte[0] ^= 1U;
  TRY(write_at(file.get(), 0, byte));
  const timespec times[] = {before.st_atim, before.st_mtim};
  if (::futimens(file.get(), times) != 0) return fail_errno(errno, "cannot set times");
  return said("changed a byte of", files[0], folder);
}

Planted empty(const Files& files, const fs::path& folder) {
  if (files.empty()) return kNothing;
  std::error_code error;
  fs::resize_file(files[0], 0, error);
  if (error) return fail_errno(error.value(), "cannot empty " + files[0].string());
  return said("emptied", files[0], folder);
}

Planted change_mode(const Files& files, const fs::path& folder) {
  if (files.empty()) return kNothing;
  struct stat status{};
  const auto* path = files[0].c_str();
  if (::stat(path, &status) != 0 || ::chmod(path, (status.st_mode ^ S_IXUSR) & 07777U) != 0)
    return fail_errno(errno, "cannot change " + files[0].string());
  return said("changed the mode of", files[0], folder);
}

Planted add(const Files&, const fs::path& folder) {
  TRY(write_file(folder / "stranger", view_of("x")));
  return std::string("added the file stranger");
}

using Plant = Planted (*)(const Files& files, const fs::path& folder);

struct Way {
  Defect defect;
  Plant plant;
};

std::vector<Way> all_ways() {
  return {
      {{"file-lost", {"contents", "counts", "blobs"}, {"content-lost", "files-lost", "blob-lost"}},
       lose},
      {{"files-swapped", {"contents", "blobs"}, {"content-changed", "blob-changed"}}, swap},
      {{"byte-changed", {"contents", "blobs"}, {"content-changed", "blob-changed"}}, change_byte},
      {{"file-emptied", {"contents", "blobs"}, {"content-changed", "blob-changed"}}, empty},
      {{"mode-changed", {"digests"}, {"attributes-changed"}}, change_mode},
      {{"stranger-added", {"counts"}, {"files-added"}}, add},
  };
}

}  // namespace

std::vector<Defect> files_defects() {
  std::vector<Defect> defects;
  for (auto& way : all_ways()) defects.push_back(std::move(way.defect));
  return defects;
}

Result<std::optional<std::string>> plant_defect(const std::string& defect,
                                                const std::string& place) {
  const auto ways = all_ways();
  const auto way =
      std::ranges::find(ways, defect, [](const Way& each) { return each.defect.name; });
  if (way == ways.end()) return fail(Code::usage, "no defect is called " + defect);
  return way->plant(victims_in(place), place);
}

}  // namespace lifeboat::engine::files
