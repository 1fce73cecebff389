#include "repository/kept_statements.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.h"
#include "crypto/hash.h"
#include "repository/statement.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kHash = 64;  // hex digits

bool is_kept(const std::string& key) {
  return !key.starts_with("statements/forgotten/") && !key.starts_with("statements/collected/");
}

// The order of their kinds and names as in the repository.
std::filesystem::path file_of(const Store& store, const std::string& key) {
  return store.cache / key;
}

// Not waited for: a copy that a power failure took is made again when it is read the next time.
Result<void> write_unsynced(const std::filesystem::path& path, ByteView bytes) {
  auto temporary = (path.parent_path() / ".new-XXXXXX").string();
  const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return fail_errno(errno, path.string());
  auto written = write_at(file.get(), 0, bytes);
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0)
    written = fail_errno(errno, path.string());
  if (!written) ::unlink(temporary.c_str());
  return written;
}

}  // namespace

Result<void> keep_statement(const Store& store, const std::string& key, ByteView object) {
  if (store.cache.empty() || !is_kept(key)) return {};
  const auto path = file_of(store, key);
  std::error_code absent;
  if (std::filesystem::file_size(path, absent) == object.size() && !absent) return {};
  TRY(make_directories(path.parent_path()));
  return write_unsynced(path, object);
}

void warn_not_kept(const Error& why, const RunContext& context) {
  context.log.warning("a statement that the storage loses will not be missed: " + why.describe());
}

std::optional<Bytes> kept_statement(const Store& store, const std::string& key) {
  if (store.cache.empty() || !is_kept(key)) return std::nullopt;
  auto object = read_file(file_of(store, key), kMaxStatement);
  if (!object || crypto::sha256(*object).hex() != key.substr(key.rfind('/') + 1))
    return std::nullopt;
  return std::move(*object);
}

std::vector<std::string> kept_statements(const Store& store, const std::string& folder) {
  std::vector<std::string> keys;
  if (store.cache.empty() || !is_kept(folder)) return keys;
  std::error_code error;
  for (std::filesystem::directory_iterator at(store.cache / folder, error), end;
       !error && at != end; at.increment(error))
    if (const auto name = at->path().filename().string(); name.size() == kHash)
      keys.push_back(folder + name);
  std::ranges::sort(keys);
  return keys;
}

}  // namespace lifeboat::repository
