#include "engine/files/target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

#include "engine/files/attributes.h"
#include "engine/files/exclude.h"
#include "engine/files/links.h"
#include "engine/files/metadata.h"
#include "engine/files/open_folders.h"
#include "engine/files/path.h"
#include "engine/files/properties.h"
#include "engine/files/removal.h"
#include "engine/files/scraps.h"
#include "engine/files/sink.h"
#include "engine/files/snapshot_paths.h"
#include "engine/files/target_root.h"

namespace lifeboat::engine::files {
namespace {

// Everything that exists once the target is prepared; sinks refer to it.
struct Filling {
  Filling(TargetRoot opened, bool may_inherit)
      : root(std::move(opened)),
        inherits(may_inherit),
        folders(root.folder),
        durability(root.folder, root.status.st_dev),
        setter(losses, durability, may_inherit) {}
  TargetRoot root;
  const bool inherits;  // what is new may get an access list of its folder
  OpenFolders folders;
  Losses losses;
  Durability durability;
  PropertySetter setter;
  std::mutex mutex;  // guards the three below
  std::vector<Properties> made_folders;
  std::vector<HardLink> links;
  SnapshotPaths paths;
};

bool inherits_attributes(int folder) {
  const auto attributes = read_attributes(folder);
  return attributes && std::ranges::any_of(*attributes, [](const Attribute& attribute) {
           return attribute.name == "system.posix_acl_default";
         });
}

Failure cannot_make(int error, const std::string& path) {
  return fail_errno(error, "cannot make " + path);
}

class FilesTarget final : public Target {
 public:
  explicit FilesTarget(TargetOptions options) : options_(std::move(options)) {}

  Result<void> prepare(const RunContext& context) override {
    TRY(context.check_stop());
    kept_ = TRY(ExcludeRules::compile(options_.kept));
    auto root = TRY(open_root(options_));
    const bool inherits = !root.fresh || inherits_attributes(root.folder->get());
    filling_ = std::make_unique<Filling>(std::move(root), inherits);
    if (!filling_->root.resumed) return {};
    const Strangers left{[](std::string_view path) { return is_temporary(name_of(path)); }};
    return remove_strangers(filling_->root.folder, left, filling_->losses, context);
  }

  Result<std::unique_ptr<Sink>> create(const EntryInfo& entry) override {
    TRY(check_path(entry.path));
    if (is_scrap(entry.path))
      return fail(Code::corrupt, entry.path + ": a name that restores keep for themselves");
    Properties wanted{entry.path, entry.modified_ns, TRY(metadata_of(entry))};
    remember(entry);
    if (entry.path.empty()) return keep_folder(std::move(wanted));
    const auto folder = TRY(open_or_make(parent_of(entry.path)));
    if (!filling_->root.fresh) TRY(make_room(*folder, entry));
    switch (entry.kind) {
      case EntryKind::file:
        return make_sink(*folder, entry.size, std::move(wanted));
      case EntryKind::directory:
        return make_folder(*folder, std::move(wanted));
      case EntryKind::symlink:
        return make_link(*folder, wanted);
      case EntryKind::special:
        return make_special(*folder, wanted);
      default:
        return keep_hard_link(std::move(wanted));
    }
  }

  Result<TargetReport> finish(const RunContext& context) override {
    auto& filling = *filling_;
    filling.paths.seal();
    leave_out_lost_links();
    TRY(make_hard_links(filling.links, filling.folders, filling.losses, context));
    if (options_.delete_strangers) TRY(remove_all_strangers(context));
    TRY(finish_folders(context));
    TRY(filling.durability.sync());
    TRY(finish_root());
    return TargetReport{filling.losses.findings()};
  }

 private:
  void remember(const EntryInfo& entry) {
    if (filling_->root.fresh && !options_.delete_strangers) return;
    const std::lock_guard lock(filling_->mutex);
    filling_->paths.add(entry.path, entry.kind == EntryKind::directory);
  }

  // A restore of a part need not hold the folders above it.
  Result<Folder> open_or_make(std::string_view path) {
    auto folder = filling_->folders.open(path);
    if (folder) return folder;
    if (folder.error().code() == Code::refused && filling_->root.fresh)
      return fail(Code::corrupt, "the snapshot has something below " + folder.error().describe());
    if (folder.error().code() != Code::not_found) return folder;
    const auto above = TRY(open_or_make(parent_of(path)));
    const std::string name(name_of(path));
    if (::mkdirat(above->get(), name.c_str(), S_IRWXU) != 0 && errno != EEXIST)
      return cannot_make(errno, std::string(path));
    if (filling_->inherits) TRY(open_up(std::string(path)));
    return filling_->folders.open(path);
  }

  // What is there now and of another kind makes way, unless it is a folder with foreign things in
  // it.
  Result<void> make_room(const FileDescriptor& folder, const EntryInfo& entry) {
    const std::string name(name_of(entry.path));
    struct stat now{};
    if (::fstatat(folder.get(), name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0) return {};
    const bool is_folder = S_ISDIR(now.st_mode);
    if (is_folder == (entry.kind == EntryKind::directory)) return {};
    if (!is_folder) return unlink(folder, name, entry.path);
    return remove_folder(folder, name, entry.path);
  }

  static Result<void> unlink(const FileDescriptor& folder, const std::string& name,
                             const std::string& path) {
    if (::unlinkat(folder.get(), name.c_str(), 0) == 0) return {};
    return fail_errno(errno, "cannot replace " + path);
  }

  Result<void> remove_folder(const FileDescriptor& folder, const std::string& name,
                             const std::string& path) {
    filling_->folders.forget_all();
    if (::unlinkat(folder.get(), name.c_str(), AT_REMOVEDIR) == 0) return {};
    if (errno != ENOTEMPTY && errno != EEXIST) return fail_errno(errno, "cannot replace " + path);
    return Failure(Error(Code::exists, path + " is a folder here that is not empty, and something "
                                              "else in the snapshot")
                       .with_hint("Move that folder away, then run the restore again."));
  }

  Result<std::unique_ptr<Sink>> keep_folder(Properties wanted) {
    const std::lock_guard lock(filling_->mutex);
    filling_->made_folders.push_back(std::move(wanted));
    return nullptr;
  }

  // Private and writable until the end: its own mode may allow less.
  Result<std::unique_ptr<Sink>> make_folder(const FileDescriptor& folder, Properties wanted) {
    const std::string name(name_of(wanted.path));
    const bool is_new = ::mkdirat(folder.get(), name.c_str(), S_IRWXU) == 0;
    if (!is_new && errno != EEXIST) return cannot_make(errno, wanted.path);
    if (!is_new || filling_->inherits) TRY(open_up(wanted.path));
    return keep_folder(std::move(wanted));
  }

  Result<void> open_up(const std::string& path) {
    const auto folder = TRY(filling_->folders.open(path));
    struct stat now{};
    if (::fstat(folder->get(), &now) != 0) return cannot_make(errno, path);
    if ((now.st_mode & S_IRWXU) == S_IRWXU) return {};
    if (::fchmod(folder->get(), (now.st_mode & 07777U) | S_IRWXU) != 0)
      return fail_errno(errno, "cannot write into " + path);
    return {};
  }

  Result<std::unique_ptr<Sink>> make_sink(const FileDescriptor& folder, std::uint64_t size,
                                          Properties wanted) {
    const FileSink::Shared shared{filling_->folders, filling_->setter};
    const auto make = filling_->root.fresh ? FileSink::make_new : FileSink::replace;
    return make(folder, shared, size, std::move(wanted));
  }

  Result<std::unique_ptr<Sink>> make_link(const FileDescriptor& folder, const Properties& wanted) {
    const auto make = [&](const std::string& name) {
      return ::symlinkat(wanted.metadata.link.c_str(), folder.get(), name.c_str());
    };
    TRY(put_in_place(folder, wanted.path, make));
    filling_->setter.set(folder.get(), std::string(name_of(wanted.path)), wanted);
    return nullptr;
  }

  Result<std::unique_ptr<Sink>> make_special(const FileDescriptor& folder,
                                             const Properties& wanted) {
    const auto& metadata = wanted.metadata;
    const auto device = makedev(metadata.device_major, metadata.device_minor);
    const auto make = [&](const std::string& name) {
      return ::mknodat(folder.get(), name.c_str(), (metadata.mode & S_IFMT) | 0600U, device);
    };
    const auto made = put_in_place(folder, wanted.path, make);
    if (!made && made.error().code() != Code::permission_denied) return fail(made.error());
    if (made)
      filling_->setter.set(folder.get(), std::string(name_of(wanted.path)), wanted);
    else
      filling_->losses.count(Loss::special, wanted.path);
    return nullptr;
  }

  // Over what is there by rename, so that at any moment the name is the old thing or the new one.
  template <class Make>
  Result<void> put_in_place(const FileDescriptor& folder, const std::string& path,
                            const Make& make) {
    const std::string name(name_of(path));
    if (make(name) == 0) return {};
    if (errno != EEXIST || filling_->root.fresh) return cannot_make(errno, path);
    const auto temporary = temporary_name();
    if (make(temporary) != 0) return cannot_make(errno, path);
    if (::renameat(folder.get(), temporary.c_str(), folder.get(), name.c_str()) == 0) return {};
    const int error = errno;
    ::unlinkat(folder.get(), temporary.c_str(), 0);
    return cannot_make(error, path);
  }

  Result<std::unique_ptr<Sink>> keep_hard_link(Properties wanted) {
    const std::lock_guard lock(filling_->mutex);
    filling_->links.push_back({std::move(wanted.path), std::move(wanted.metadata.link)});
    return nullptr;
  }

  // What lies at a first name that the snapshot lacks is another file.
  void leave_out_lost_links() {
    auto& filling = *filling_;
    if (filling.root.fresh) return;
    std::erase_if(filling.links, [&](const HardLink& link) {
      const bool lost = !filling.paths.holds(link.first);
      if (lost) count_lost(link, filling.losses);
      return lost;
    });
  }

  Result<void> remove_all_strangers(const RunContext& context) {
    const auto& paths = filling_->paths;
    // Only in folders that the snapshot has: a restore of a part must not clear the rest.
    const auto is_stranger = [&](std::string_view path) {
      return !paths.holds(path) && paths.holds_folder(parent_of(path)) && path != kMarkerName &&
             path != "lost+found";
    };
    const Strangers strangers{is_stranger, kept_.empty() ? nullptr : &kept_};
    return remove_strangers(filling_->root.folder, strangers, filling_->losses, context);
  }

  // The deepest first: a folder's mode may shut the way to what is in it.
  Result<void> finish_folders(const RunContext& context) {
    auto& folders = filling_->made_folders;
    std::ranges::sort(folders, std::greater(), &Properties::path);
    for (const auto& wanted : folders) {
      TRY(context.check_stop());
      if (!wanted.path.empty()) TRY(finish_folder(wanted));
    }
    return {};
  }

  Result<void> finish_folder(const Properties& wanted) {
    const auto parent = TRY(filling_->folders.open(parent_of(wanted.path)));
    const auto folder = TRY_CONTEXT(wanted.path, open_folder(parent->get(), name_of(wanted.path)));
    return set_folder(*folder, wanted);
  }

  Result<void> set_folder(const FileDescriptor& folder, const Properties& wanted) {
    struct stat now{};
    if (::fstat(folder.get(), &now) != 0) return cannot_make(errno, shown(wanted.path));
    filling_->setter.set(folder.get(), now, wanted, filling_->root.fresh && !wanted.path.empty());
    return {};
  }

  // Taking the marker away changes the folder's time, so the folder itself comes last of all.
  Result<void> finish_root() {
    auto& root = filling_->root;
    TRY(remove_marker(root));
    const auto& folders = filling_->made_folders;
    if (!folders.empty() && folders.back().path.empty())
      TRY(set_folder(*root.folder, folders.back()));
    else if (root.was_there && !root.resumed)
      ::fchmod(root.folder->get(), root.status.st_mode & 07777U);
    return sync_descriptor(root.folder->get());
  }

  TargetOptions options_;
  ExcludeRules kept_;
  std::unique_ptr<Filling> filling_;
};

}  // namespace

Result<std::unique_ptr<Target>> open_files_target(const TargetOptions& options) {
  return std::make_unique<FilesTarget>(options);
}

}  // namespace lifeboat::engine::files
