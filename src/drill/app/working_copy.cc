#include "drill/app/working_copy.h"

#include <algorithm>

#include "base/file.h"

namespace lifeboat::drill {
namespace {

constexpr std::uint64_t kMostBytes = 4ULL << 30U;

Failure cannot_copy(const std::error_code& error, const fs::path& path) {
  return fail_errno(error.value(), "cannot copy " + path.string());
}

Result<void> copy_entry(const fs::directory_entry& entry, const fs::path& to,
                        std::uint64_t& bytes) {
  std::error_code error;
  const auto kind = entry.symlink_status(error).type();
  if (kind == fs::file_type::directory) {
    TRY(make_directories(to));
    fs::permissions(to, entry.status().permissions() | fs::perms::owner_all, error);
  } else if (kind == fs::file_type::symlink) {
    fs::copy_symlink(entry.path(), to, error);
  } else if (kind == fs::file_type::regular) {
    bytes += entry.file_size(error);
    if (bytes > kMostBytes)
      return fail(Error(Code::no_space,
                        "the application's files are more than " + describe_size(kMostBytes))
                      .with_hint("Leave working_copy out: they are shown without being copied."));
    fs::copy_file(entry.path(), to, error);
  }
  if (error) return cannot_copy(error, entry.path());
  return {};
}

}  // namespace

Result<void> copy_for_work(const fs::path& from, const fs::path& to,
                           const std::vector<fs::path>& hidden, const RunContext& context) {
  TRY(make_directories(to));
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(from, error), end; !error && at != end;
       at.increment(error)) {
    TRY(context.check_stop());
    const bool skipped = std::find(hidden.begin(), hidden.end(), at->path()) != hidden.end();
    if (skipped)
      at.disable_recursion_pending();
    else
      TRY(copy_entry(*at, to / at->path().lexically_relative(from), bytes));
  }
  if (error) return cannot_copy(error, from);
  return {};
}

}  // namespace lifeboat::drill
