#include "engine/files/inspector.h"

#include <fcntl.h>

#include <cerrno>

#include "engine/files/entry_maker.h"
#include "engine/files/open_folders.h"
#include "engine/files/path.h"
#include "engine/files/reader.h"
#include "engine/files/tally.h"
#include "engine/files/walk.h"

namespace lifeboat::engine::files {
namespace {

class FilesInspector final : public Inspector {
 public:
  explicit FilesInspector(Folder root) : folders_(std::move(root)) {}

  Result<Json> facts(const RunContext& context) override {
    Findings findings;
    EntryMaker maker(findings);
    Tally tally;
    Walk walk(folders_, {}, findings);
    while (const auto visit = TRY(walk.next(context)))
      if (const auto made = maker.make(*visit)) tally.add(made->info, made->metadata);
    TRY(expect_complete(findings));
    auto facts = tally.facts();
    facts["excluded"] = 0;  // what was left out cannot be seen here
    return facts;
  }

  Result<std::vector<Row>> query(const std::string&, std::size_t, const RunContext&) override {
    return fail(Code::usage, "a folder of files has no query language");
  }

  // Files have no structure of their own to check.
  Result<std::vector<std::string>> integrity(bool, const RunContext&) override {
    return std::vector<std::string>();
  }

  // Thread-safe, unlike the rest.
  Result<std::unique_ptr<Reader>> open_file(const std::string& path) override {
    if (path.empty() || !check_path(path))
      return fail(Code::refused, "not a path inside the folder: " + path);
    const auto folder = TRY_CONTEXT(path, folders_.open(parent_of(path)));
    auto reader = FileReader::open(folder->get(), path);
    if (!reader) return fail(std::move(reader).error());
    return std::unique_ptr<Reader>(*std::move(reader));
  }

  Result<void> list_files(
      const std::function<Result<void>(const std::string&, std::uint64_t)>& visit_file,
      const RunContext& context) override {
    Findings findings;
    Walk walk(folders_, {}, findings);
    while (const auto visit = TRY(walk.next(context)))
      if (S_ISREG(visit->status.st_mode))
        TRY(visit_file(visit->path, static_cast<std::uint64_t>(visit->status.st_size)));
    return expect_complete(findings);
  }

 private:
  // What could not be looked at makes any answer worthless.
  static Result<void> expect_complete(Findings& findings) {
    for (const auto& finding : findings.take())
      if (finding.incomplete)
        return fail(Code::source_unreadable, shown(finding.subject) + ": " + finding.message);
    return {};
  }

  OpenFolders folders_;
};

}  // namespace

Result<std::unique_ptr<Inspector>> open_files_inspector(const std::string& place) {
  FileDescriptor root(::open(place.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) return fail_errno(errno, "cannot open the folder " + place);
  auto shared = std::make_shared<const FileDescriptor>(std::move(root));
  return std::make_unique<FilesInspector>(std::move(shared));
}

}  // namespace lifeboat::engine::files
