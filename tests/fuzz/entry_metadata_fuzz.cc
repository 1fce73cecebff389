// What a snapshot says of an entry, as the engines read it: metadata, paths, the head of a
// database; and the patterns that leave files out.
#include "engine/files/exclude.h"
#include "engine/files/metadata.h"
#include "engine/files/path.h"
#include "engine/sqlite/database_file.h"
#include "engine/sqlite/metadata.h"
#include "fuzz/fuzz.h"

namespace lifeboat::engine {
namespace {

void files_metadata(fuzz::Input input) {
  const auto metadata = files::decode_metadata(input.rest());
  if (!metadata) return;
  fuzz::promise(files::encode_metadata(*metadata) == to_bytes(input.rest()),
                "file metadata that is accepted encodes to the same bytes");
}

void sqlite_metadata(fuzz::Input input) {
  const auto metadata = sqlite::decode_metadata(input.rest());
  if (!metadata) return;
  fuzz::promise(sqlite::encode_metadata(*metadata) == to_bytes(input.rest()),
                "database metadata that is accepted encodes to the same bytes");
  const auto line = sqlite::describe_metadata(*metadata);
  for (const char c : line)
    fuzz::promise(c >= ' ' && c != 0x7f, "a description has no control characters");
}

void description(fuzz::Input input) {
  EntryInfo info;
  info.path = "name";
  info.kind = static_cast<EntryKind>(1 + input.choose(6));
  info.metadata = to_bytes(input.rest());
  if (const auto line = files::describe_entry(info))
    fuzz::promise(line->size() >= 12, "a description has a mode and two owners");
}

void path(fuzz::Input input) {
  const auto path = input.text();
  if (!files::check_path(path)) return;
  fuzz::promise(path.empty() || (path.front() != '/' && path.back() != '/'), "a path is relative");
  for (auto rest = path; !rest.empty(); rest = files::parent_of(rest)) {
    const auto name = files::name_of(rest);
    fuzz::promise(files::is_name(name), "every part of a path is a name");
    fuzz::promise(name != "..", "no path leads out of its folder");
  }
}

void head(fuzz::Input input) {
  const auto header = sqlite::parse_header(input.rest());
  if (header)
    fuzz::promise(header->page_size >= 512 && header->page_size <= 65536, "pages have a size");
}

// A pattern a line; the last line is the path that is asked for.
void exclude(fuzz::Input input) {
  std::vector<std::string> patterns;
  auto rest = input.text();
  for (auto end = rest.find('\n'); end != rest.npos; end = rest.find('\n')) {
    patterns.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  const auto rules = files::ExcludeRules::compile(patterns);
  if (!rules) return;
  const bool file = rules->excludes(rest, false);
  const bool taken_back = std::any_of(patterns.begin(), patterns.end(),
                                      [](const auto& each) { return each[0] == '!'; });
  fuzz::promise(!file || taken_back || rules->excludes(rest, true),
                "a pattern for files is one for folders");
}

}  // namespace
}  // namespace lifeboat::engine

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::engine;
  using Parser = void (*)(lifeboat::fuzz::Input);
  constexpr Parser kParsers[] = {files_metadata, sqlite_metadata, description, path, head, exclude};
  kParsers[input.choose(6)](input);
}
