#pragma once
// Objects as files below one directory, named by their keys; "tmp/" holds what is being written.
// Thread-safe, and several processes may use one directory.
#include "storage/local/directory_tree.h"
#include "storage/open.h"

namespace lifeboat::storage {

class LocalBackend final : public Backend {
 public:
  // The root may be a link; nothing below it is followed. A root that is absent is `not_found`, one
  // that is no directory `config_invalid`; a read-only one opens, and then refuses to change.
  static Result<std::unique_ptr<Backend>> open(const fs::path& root, OpenMode mode,
                                               const Clock& clock, Random& random);

  LocalBackend(fs::path root, FileDescriptor directory, Random& random)
      : tree_(std::move(root), std::move(directory)), random_(random) {}

  Result<void> put(const Key& key, ByteView bytes) override;
  Result<void> get(const Key& key, Range range, Bytes& into) override;
  Result<ObjectInfo> stat(const Key& key) override;
  Result<void> list(const std::string& prefix, const Visitor& visit) override;
  Result<void> remove(const Key& key) override;
  Traits traits() const override;

 private:
  struct OpenObject {
    FileDescriptor file;
    std::uint64_t size = 0;
  };
  void sweep(Time now) const;
  // 0, or the errno of giving the finished file its name.
  Result<int> publish(const Key& key, int directory, ByteView bytes);
  Result<OpenObject> open_object(const Key& key) const;
  Result<void> confirm_same(const Key& key, ByteView bytes) const;
  Result<void> read_object(const Key& key, const OpenObject& object, std::uint64_t offset,
                           ByteSpan into) const;
  struct Listing {
    const std::string& prefix;
    const Visitor& visit;
    std::vector<std::string> folders;  // still to be read
  };
  Result<void> visit_folder(const std::string& folder, Listing& listing) const;
  Result<void> visit_entry(int directory, const Key& key, Listing& listing) const;

  DirectoryTree tree_;
  Random& random_;
};

}  // namespace lifeboat::storage
