#include "exchange/jsonl/names.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/mongodb/object_names.h"

namespace lifeboat::exchange::jsonl {
namespace {

Failure ask_for_rename(const std::string& stem, const std::vector<std::string>& candidates) {
  std::string names;
  for (const auto& each : candidates) names += (names.empty() ? "" : ", ") + each;
  return fail(Error(Code::usage, fmt::format("the file {}{} may be any of the collections {}", stem,
                                             kLinesSuffix, names))
                  .with_hint(fmt::format("Say which: --rename \"{}={}\"", stem, candidates[0])));
}

// The one name that the metadata and the file's name agree on; empty when there is none.
Result<std::string> known_name(const std::string& stem, const std::set<std::string>& known,
                               const std::map<std::string, std::string>& escaped) {
  if (known.contains(stem)) return stem;
  std::vector<std::string> candidates;
  for (const auto& [name, file] : escaped)
    if (file == stem || scripts_name(name) == stem) candidates.push_back(name);
  if (candidates.empty()) return std::string();
  if (candidates.size() > 1) return ask_for_rename(stem, candidates);
  return candidates.front();
}

}  // namespace

std::string backup_name(Time moment) {
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(moment - day));
  return fmt::format("backup_{:04}{:02}{:02}_{:02}{:02}{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

std::map<std::string, std::string> file_names(const std::vector<std::string>& collections) {
  auto names = engine::mongodb::escape_names(collections);
  for (auto& [collection, file] : names) file += kLinesSuffix;
  return names;
}

std::string scripts_name(std::string_view collection) {
  std::string name(collection);
  std::ranges::replace_if(name, [](char c) { return c == '/' || c == '\\' || c == ' '; }, '_');
  return name;
}

Result<Renames> parse_renames(const std::vector<std::string>& texts) {
  return engine::parse_renames(texts, "FILE=NAME", kLinesSuffix);
}

Result<std::vector<NamedFile>> name_files(const std::vector<std::string>& stems,
                                          const std::set<std::string>& known,
                                          const Renames& renames) {
  const auto escaped = engine::mongodb::escape_names({known.begin(), known.end()});
  auto unused = renames;
  std::map<std::string, std::string> taken;
  std::vector<NamedFile> named;
  for (const auto& stem : stems) {
    const auto rename = renames.find(stem);
    const bool is_told = rename != renames.end();
    auto original = is_told && known.contains(rename->second) ? Result<std::string>(rename->second)
                                                              : known_name(stem, known, escaped);
    if (!original && !is_told) return fail(std::move(original).error());
    NamedFile file{stem, original.value_or(""), "", false};
    file.uncertain = !is_told && file.original.empty() && stem.find('_') != stem.npos;
    if (file.original.empty()) file.original = stem;
    file.name = is_told ? rename->second : file.original;
    unused.erase(stem);
    const auto [other, is_new] = taken.emplace(file.name, stem);
    if (!is_new)
      return fail(Code::refused, fmt::format("{0}{2} and {1}{2} would both be the collection {3}",
                                             other->second, stem, kLinesSuffix, file.name));
    named.push_back(std::move(file));
  }
  if (unused.empty()) return named;
  return fail(Code::usage, "--rename: the archive has no file " + unused.begin()->first +
                               std::string(kLinesSuffix));
}

}  // namespace lifeboat::exchange::jsonl
