#include "storage/local/local_backend.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/durable.h"
#include "storage/limits.h"
#include "storage/local/entries.h"
#include "storage/local/temporary.h"

namespace lifeboat::storage {
namespace {

constexpr const char* kTemporaryFolder = "tmp";
constexpr std::size_t kComparePiece = 1U << 20U;

std::string folder_of(const Key& key) {
  const auto slash = key.rfind('/');
  return slash == Key::npos ? "" : key.substr(0, slash);
}

std::string file_name_of(const Key& key) { return key.substr(key.rfind('/') + 1); }

Failure wrong_kind(const fs::path& place) {
  return fail(Code::corrupt, place.string() + " is not a regular file");
}

// What a fresh file system or an interrupted `init` leaves is nothing.
bool counts_as_content(std::string_view name) {
  return name != "lost+found" && name != kTemporaryFolder;
}

Result<void> require_empty(const fs::path& root, int directory) {
  bool empty = true;
  const int error = each_name(
      directory, [&](const std::string& name) { return empty = !counts_as_content(name); });
  if (error != 0) return fail_errno(error, "cannot read " + root.string());
  if (empty) return {};
  return fail(Error(Code::exists, root.string() + " is not empty")
                  .with_hint("Choose an empty or new directory."));
}

// Whether keys with the prefix can lie in the folder.
bool leads_to(const std::string& prefix, const std::string& folder) {
  const auto inside = folder + "/";
  return inside.starts_with(prefix) || prefix.starts_with(inside);
}

Result<FileDescriptor> open_root(const fs::path& root) {
  FileDescriptor directory(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) return directory;
  if (errno == ENOENT)
    return fail(Error(Code::not_found, "there is no directory " + root.string())
                    .with_hint("Check the path, and that its disk is mounted."));
  if (errno == ENOTDIR) return fail(Code::config_invalid, root.string() + " is not a directory");
  return fail_errno(errno, "cannot open " + root.string());
}

}  // namespace

Result<std::unique_ptr<Backend>> LocalBackend::open(const fs::path& root, OpenMode mode,
                                                    const Clock& clock, Random& random) {
  std::error_code ignored;
  if (mode == OpenMode::create && !fs::exists(root, ignored)) TRY(make_durable_directories(root));
  auto directory = TRY(open_root(root));
  if (mode == OpenMode::create) TRY(require_empty(root, directory.get()));
  auto backend = std::make_unique<LocalBackend>(root, std::move(directory), random);
  backend->sweep(clock.now());
  return backend;
}

// A root that cannot be changed still serves restores, so a failure here is none.
void LocalBackend::sweep(Time now) const {
  if (const auto folder = tree_.open(kTemporaryFolder)) sweep_temporaries(*folder, now);
}

Result<void> LocalBackend::put(const Key& key, ByteView bytes) {
  TRY(check_key(key));
  TRY(check_size(key, bytes));
  const auto directory = TRY(tree_.make(folder_of(key)));
  const int error = TRY(publish(key, directory.get(), bytes));
  if (error != 0 && error != EEXIST) return tree_.failure(error, "cannot create", key);
  if (error == EEXIST) TRY(confirm_same(key, bytes));
  return sync_descriptor(directory.get());
}

Result<int> LocalBackend::publish(const Key& key, int directory, ByteView bytes) {
  const auto folder = TRY(tree_.make(kTemporaryFolder));
  auto temporary = TRY_CONTEXT("storing " + key, Temporary::make(folder, random_));
  TRY_CONTEXT("storing " + key + " in " + tree_.path().string(), temporary.write(bytes));
  return temporary.publish(directory, file_name_of(key));
}

// Made by a try whose answer was lost, perhaps of a process that died before its bytes were
// durable.
Result<void> LocalBackend::confirm_same(const Key& key, ByteView bytes) const {
  const auto object = TRY(open_object(key));
  const auto other = [&] {
    return fail(Code::exists, key + " is there already with other contents");
  };
  if (object.size != bytes.size()) return other();
  Bytes piece(std::min(kComparePiece, bytes.size()));
  for (std::size_t at = 0; at < bytes.size(); at += piece.size()) {
    piece.resize(std::min(kComparePiece, bytes.size() - at));
    TRY(read_object(key, object, at, piece));
    if (!std::ranges::equal(piece, bytes.subspan(at, piece.size()))) return other();
  }
  return sync_descriptor(object.file.get());
}

Result<void> LocalBackend::get(const Key& key, Range range, Bytes& into) {
  TRY(check_key(key));
  const auto object = TRY(open_object(key));
  into.resize(TRY(cut_range(key, range, object.size)));
  return read_object(key, object, range.offset, into);
}

// Not blocking: a FIFO that somebody put there must not hold us up.
Result<LocalBackend::OpenObject> LocalBackend::open_object(const Key& key) const {
  constexpr int kFlags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  const auto folder = TRY(tree_.open(folder_of(key)));
  OpenObject object{FileDescriptor(::openat(folder.get(), file_name_of(key).c_str(), kFlags))};
  if (!object.file) return tree_.failure(errno, "cannot open", key);
  struct stat status{};
  if (::fstat(object.file.get(), &status) != 0) return tree_.failure(errno, "cannot read", key);
  if (!S_ISREG(status.st_mode)) return wrong_kind(tree_.path() / key);
  object.size = static_cast<std::uint64_t>(status.st_size);
  return object;
}

Result<void> LocalBackend::read_object(const Key& key, const OpenObject& object,
                                       std::uint64_t offset, ByteSpan into) const {
  const auto count = TRY_CONTEXT(key, read_at(object.file.get(), offset, into));
  if (count == into.size()) return {};
  return fail(Code::corrupt, key + " became shorter while it was read");
}

Result<ObjectInfo> LocalBackend::stat(const Key& key) {
  TRY(check_key(key));
  const auto folder = TRY(tree_.open(folder_of(key)));
  struct stat status{};
  if (::fstatat(folder.get(), file_name_of(key).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return tree_.failure(errno, "cannot see", key);
  if (!S_ISREG(status.st_mode)) return wrong_kind(tree_.path() / key);
  return ObjectInfo{key, static_cast<std::uint64_t>(status.st_size), time_of(status.st_mtim)};
}

Result<void> LocalBackend::list(const std::string& prefix, const Visitor& visit) {
  TRY(check_prefix(prefix));
  Listing listing{prefix, visit, {folder_of(prefix)}};
  while (!listing.folders.empty()) {
    const auto folder = std::move(listing.folders.back());
    listing.folders.pop_back();
    TRY(visit_folder(folder, listing));
  }
  return tree_.check_root();
}

Result<void> LocalBackend::visit_folder(const std::string& folder, Listing& listing) const {
  const auto directory = tree_.open(folder);
  if (!directory && directory.error().code() == Code::not_found) return {};
  if (!directory) return fail(directory.error());
  Result<void> visited;
  const int error = each_name(directory->get(), [&](const std::string& name) {
    visited = visit_entry(directory->get(), folder.empty() ? name : folder + "/" + name, listing);
    return visited.has_value();
  });
  if (visited && error != 0) return tree_.failure(error, "cannot read", folder);
  return visited;
}

// Only plain names, files and directories count: whatever else is there, no Lifeboat wrote it.
Result<void> LocalBackend::visit_entry(int directory, const Key& key, Listing& listing) const {
  if (!check_key(key)) return {};
  struct stat status{};
  if (::fstatat(directory, file_name_of(key).c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return {};  // removed since the directory was read
    return tree_.failure(errno, "cannot see", key);
  }
  if (S_ISDIR(status.st_mode) && leads_to(listing.prefix, key)) listing.folders.push_back(key);
  if (!S_ISREG(status.st_mode) || !key.starts_with(listing.prefix)) return {};
  return listing.visit({key, static_cast<std::uint64_t>(status.st_size), time_of(status.st_mtim)});
}

Result<void> LocalBackend::remove(const Key& key) {
  TRY(check_key(key));
  const auto folder = tree_.open(folder_of(key));
  if (!folder && folder.error().code() == Code::not_found) return {};
  if (!folder) return fail(folder.error());
  const int error = ::unlinkat(folder->get(), file_name_of(key).c_str(), 0) == 0 ? 0 : errno;
  if (error == EISDIR) return wrong_kind(tree_.path() / key);
  if (error != 0) {
    auto failure = tree_.failure(error, "cannot remove", key);
    if (failure.value().code() != Code::not_found) return failure;
  }
  return sync_descriptor(folder->get());
}

Traits LocalBackend::traits() const {
  return Traits{.description = "local directory " + tree_.path().string()};
}

}  // namespace lifeboat::storage
