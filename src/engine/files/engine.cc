#include "engine/files/engine.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "engine/files/estimate.h"
#include "engine/files/examine.h"
#include "engine/files/inspector.h"
#include "engine/files/metadata.h"
#include "engine/files/sabotage.h"
#include "engine/files/source.h"
#include "engine/files/target.h"

namespace lifeboat::engine::files {
namespace {

Result<Identity> identity_of(const std::string& path) {
  Identity identity;
  struct stat status{};
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  if (!real || ::stat(real.get(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return identity;
    return fail_errno(errno, "cannot see " + path);
  }
  identity.paths.emplace_back(real.get());
  identity.inodes.emplace_back(status.st_dev, status.st_ino);
  return identity;
}

class FilesEngine final : public Engine {
 public:
  std::string scheme() const override { return "files"; }
  Traits traits() const override { return {}; }
  Result<std::unique_ptr<Source>> open_source(const SourceOptions& options) const override {
    return open_files_source(options);
  }
  Result<std::unique_ptr<Target>> open_target(const TargetOptions& options) const override {
    return open_files_target(options);
  }
  Result<std::unique_ptr<Inspector>> open_inspector(const std::string& place) const override {
    return open_files_inspector(place);
  }
  Result<std::vector<Advice>> examine(const SourceOptions& options,
                                      const RunContext& context) const override {
    return examine_folder(options, context);
  }
  Result<std::uint64_t> estimate(const SourceOptions& options,
                                 const RunContext& context) const override {
    return estimate_folder(options, context);
  }
  Result<Identity> identify(const SourceOptions& options) const override {
    return identity_of(options.path);
  }

  Result<std::string> describe(const EntryInfo& entry) const override {
    return describe_entry(entry);
  }

  bool holds(const EntryInfo& entry, const std::string& object) const override {
    std::string_view folder(object);
    while (folder.ends_with('/')) folder.remove_suffix(1);
    if (folder.empty() || entry.path == folder) return true;
    return entry.path.size() > folder.size() && entry.path.starts_with(folder) &&
           entry.path[folder.size()] == '/';
  }

  Result<void> extract_object(const std::string&, const std::string&,
                              const std::string&) const override {
    return fail(Code::usage, "a folder of files has no objects besides its files");
  }
  std::vector<Defect> defects() const override { return files_defects(); }
  Result<std::optional<std::string>> plant(const std::string& defect,
                                           const std::string& place) const override {
    return plant_defect(defect, place);
  }
};

}  // namespace

const Engine& files_engine() {
  static const FilesEngine engine;
  return engine;
}

}  // namespace lifeboat::engine::files
