#include "service/discovery.h"

#include <fcntl.h>
#include <fnmatch.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/file.h"
#include "engine/mongodb/utf8.h"
#include "service/discovery_hints.h"

namespace lifeboat::service {
namespace {

using std::filesystem::path;

constexpr int kDeepest = 5;
constexpr std::size_t kMostEntries = 50'000;
constexpr std::size_t kMostSources = 20;

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Folders of tools and libraries: what is in them can be made again.
bool is_skipped_folder(const std::string& name) {
  static constexpr std::array<std::string_view, 8> kSkipped{
      "node_modules", "venv", "__pycache__", "vendor", "dist", "build", "target", "site-packages"};
  return name.starts_with('.') || is_one_of(std::string_view(name), kSkipped);
}

bool is_upload_folder(const std::string& name) {
  static constexpr std::array<std::string_view, 11> kNames{
      "uploads", "upload",    "media",        "attachments", "user_uploads", "user-content",
      "avatars", "documents", "user_content", "storage",     "files"};
  return is_one_of(std::string_view(name), kNames);
}

bool is_config_file(const std::string& name) {
  static constexpr std::array<std::string_view, 9> kNames{
      ".env",        "docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml",
      "config.json", "config.yaml",        "config.yml",          "config.toml"};
  return is_one_of(std::string_view(name), kNames);
}

bool is_sqlite(const path& file) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  const auto opened = open_file(file, O_RDONLY | O_NONBLOCK);
  Bytes begin(kMagic.size());
  return opened && read_at(opened->get(), 0, begin).value_or(0) == begin.size() &&
         to_text(begin) == kMagic;
}

// As the JSONL scripts name theirs: "backup_data/backup_20260926_073727.tar".
bool is_lines_archive(const path& file) {
  return file.parent_path().filename() == "backup_data" &&
         ::fnmatch("backup_[0-9]*_[0-9]*.tar*", file.filename().c_str(), 0) == 0;
}

// What a name may hold in a configuration.
std::string as_name(const std::string& text) {
  std::string name;
  for (const char letter : text)
    name += std::isalnum(static_cast<unsigned char>(letter)) != 0
                ? static_cast<char>(std::tolower(static_cast<unsigned char>(letter)))
                : '-';
  const auto begin = std::min(name.find_first_not_of('-'), name.size());
  name = name.substr(begin, 40);
  while (name.ends_with('-')) name.pop_back();
  return name.empty() ? "data" : name;
}

class Search {
 public:
  Search(const DiscoveryOptions& options, const RunContext& context)
      : options_(options), context_(context) {}

  Result<Discovery> run() {
    std::error_code error;
    const auto top = std::filesystem::canonical(options_.directory, error);
    if (error) return fail_errno(error.value(), options_.directory.string());
    found_.directory = top;
    add_hinted(hints_of_application(top, options_.environment), top);
    add_hinted(hints_of_crontabs(options_.system_root), top);
    TRY(walk(top, 0));
    finish();
    return std::move(found_);
  }

 private:
  void add_hinted(const Hints& hints, const path& top) {
    for (const auto& foreign : hints.foreign) found_.foreign.push_back(foreign);
    found_.mongodb_servers.insert(hints.mongodb_servers.begin(), hints.mongodb_servers.end());
    for (const auto& hint : hints.paths) {
      std::error_code error;
      const auto target = std::filesystem::canonical(top / hint.path, error);
      if (error) continue;
      if (is_directory(target, error) && target != top) add(target, "files", hint.reason);
      if (is_regular_file(target, error) && is_sqlite(target)) add(target, "sqlite", hint.reason);
    }
  }

  Result<void> walk(const path& folder, int depth) {
    std::error_code error;
    std::vector<std::filesystem::directory_entry> entries;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end;
         at.increment(error))
      entries.push_back(*at);
    std::sort(entries.begin(), entries.end());
    for (const auto& entry : entries) {
      TRY(context_.check_stop());
      if (++seen_ > kMostEntries) found_.all_seen = false;
      if (!found_.all_seen) return {};
      TRY(look_at(entry, depth));
    }
    return {};
  }

  Result<void> look_at(const std::filesystem::directory_entry& entry, int depth) {
    std::error_code error;
    const auto name = entry.path().filename().string();
    if (entry.is_symlink(error)) return {};
    if (entry.is_regular_file(error)) {
      if (depth == 0 && is_config_file(name)) found_.config_files.push_back(name);
      if (is_sqlite(entry.path())) add(entry.path(), "sqlite", "a SQLite database");
      if (is_lines_archive(entry.path())) add_lines(entry.path().parent_path());
      return {};
    }
    if (!entry.is_directory(error) || is_skipped_folder(name)) return {};
    if (is_upload_folder(name)) add(entry.path(), "files", "a folder of uploads by its name");
    if (depth >= kDeepest) {
      found_.all_seen = false;
      return {};
    }
    return walk(entry.path(), depth + 1);
  }

  void add_lines(const path& folder) {
    if (!known_.insert(folder).second || !can_be_written(folder)) return;
    found_.foreign.push_back(
        {"archives of JSON lines", folder.string(), FoundDumps{"jsonl", folder, "backup_*.tar*"}});
  }

  // A configuration is in UTF-8, and so are the paths in it.
  bool can_be_written(const path& place) {
    if (engine::mongodb::is_utf8(place.string())) return true;
    found_.foreign.push_back({"something whose name is not in UTF-8", place.string()});
    return false;
  }

  void add(const path& place, const std::string& type, const std::string& reason) {
    if (!known_.insert(place).second || found_.sources.size() >= kMostSources) return;
    if (!can_be_written(place)) return;
    found_.sources.push_back({"", type, place, {}, reason});
  }

  // A folder inside a found folder is in its backup already; a database inside one has a source of
  // its own.
  void finish() {
    auto& sources = found_.sources;
    const auto inside_another = [&](const FoundSource& inner) {
      return inner.type == "files" &&
             std::any_of(sources.begin(), sources.end(), [&](const auto& outer) {
               return outer.type == "files" && outer.path != inner.path &&
                      is_below(inner.path, outer.path);
             });
    };
    std::vector<FoundSource> kept;
    for (const auto& source : sources)
      if (!inside_another(source)) kept.push_back(source);
    sources = std::move(kept);
    std::stable_sort(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
      return a.type == "sqlite" && b.type != "sqlite";
    });
    exclude_databases();
    name_sources();
  }

  static bool is_below(const path& inner, const path& outer) {
    const auto relative = inner.lexically_relative(outer);
    return !relative.empty() && relative.begin()->string() != "..";
  }

  void exclude_databases() {
    for (auto& folder : found_.sources)
      for (const auto& database : found_.sources)
        if (folder.type == "files" && database.type == "sqlite" &&
            is_below(database.path, folder.path))
          folder.exclude.push_back("/" + database.path.lexically_relative(folder.path).string() +
                                   "*");
  }

  void name_sources() {
    const auto databases = std::count_if(found_.sources.begin(), found_.sources.end(),
                                         [](const auto& each) { return each.type == "sqlite"; });
    std::set<std::string> taken;
    for (auto& source : found_.sources) {
      const auto stem = as_name(source.path.stem().string());
      const auto wish = source.type == "sqlite" && databases == 1 ? std::string("db") : stem;
      source.name = wish;
      for (int number = 2; !taken.insert(source.name).second; ++number)
        source.name = fmt::format("{}-{}", wish, number);
    }
  }

  const DiscoveryOptions& options_;
  const RunContext& context_;
  Discovery found_;
  std::set<path> known_;
  std::size_t seen_ = 0;
};

}  // namespace

Result<Discovery> discover(const DiscoveryOptions& options, const RunContext& context) {
  return Search(options, context).run();
}

}  // namespace lifeboat::service
