#include "drill/checks/migration_files.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/file.h"
#include "crypto/hash.h"

namespace lifeboat::drill {
namespace {

constexpr std::size_t kMostFiles = 100'000;
constexpr std::size_t kLargestMigration = 64U << 20U;

// What of a file's name is the migration's name.
enum class Form : std::uint8_t {
  whole,    // "V2__users.sql"
  stem,     // "2024_01_01_create_users" of "2024_01_01_create_users.php"
  script,   // the same, in the ledger too: compiled and not, "a.ts" and "a.js" are one
  number,   // "20240101" of "20240101_users.rb", "2" of "00002_users.sql"
  folder,   // a folder that holds `inside`
  django,   // "shop.0001_initial" of shop/migrations/0001_initial.py
  typeorm,  // "Users1690000000000" of "1690000000000-Users.ts"
};

struct FileRule {
  std::string_view tool;
  Form form;
  std::array<std::string_view, 5> endings;
  std::string_view inside = {};   // of a folder
  std::string_view without = {};  // files that end so are none
};

// clang-format off
constexpr FileRule kFileRules[] = {
    {.tool = "prisma", .form = Form::folder, .endings = {}, .inside = "migration.sql"},
    {.tool = "diesel", .form = Form::folder, .endings = {}, .inside = "up.sql"},
    {.tool = "flyway", .form = Form::whole, .endings = {".sql"}},
    {.tool = "laravel", .form = Form::stem, .endings = {".php"}},
    {.tool = "ef", .form = Form::stem, .endings = {".cs"}, .without = "Snapshot.cs"},
    {.tool = "knex", .form = Form::script, .endings = {".js", ".ts", ".cjs", ".mjs"}},
    {.tool = "sequelize", .form = Form::script, .endings = {".js", ".ts", ".cjs", ".mjs"}},
    {.tool = "davepi", .form = Form::script, .endings = {".js", ".ts", ".cjs", ".mjs", ".sql"}},
    {.tool = "rails", .form = Form::number, .endings = {".rb"}},
    {.tool = "dbmate", .form = Form::number, .endings = {".sql"}},
    {.tool = "goose", .form = Form::number, .endings = {".sql", ".go"}},
    {.tool = "sqlx", .form = Form::number, .endings = {".sql"}},
    {.tool = "ecto", .form = Form::number, .endings = {".exs"}},
    {.tool = "django", .form = Form::django, .endings = {".py"}},
    {.tool = "typeorm", .form = Form::typeorm, .endings = {".ts", ".js"}},
};
// clang-format on

const FileRule* rule_of(std::string_view tool) {
  const auto found = std::ranges::find(kFileRules, tool, &FileRule::tool);
  return found == std::end(kFileRules) ? nullptr : found;
}

// The name without the ending, when it has one of the rule's.
std::optional<std::string> cut_ending(const FileRule& rule, const std::string& name) {
  if (!rule.without.empty() && name.ends_with(rule.without)) return std::nullopt;
  for (const auto ending : rule.endings)
    if (!ending.empty() && name.ends_with(ending) && name.size() > ending.size())
      return name.substr(0, name.size() - ending.size());
  return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string leading_number(std::string_view name) {
  const auto end = std::ranges::find_if_not(name, is_digit);
  const auto digits = std::string(name.begin(), end);
  const auto significant = digits.find_first_not_of('0');
  return significant == std::string::npos ? digits.substr(0, 1) : digits.substr(significant);
}

std::optional<std::string> if_not_empty(std::string name) {
  return name.empty() ? std::nullopt : std::optional(std::move(name));
}

std::optional<std::string> name_of_file(const FileRule& rule, const std::string& file) {
  const auto stem = cut_ending(rule, file);
  if (!stem) return std::nullopt;
  switch (rule.form) {
    case Form::whole:
      return file;
    case Form::number:
      return if_not_empty(leading_number(*stem));
    case Form::typeorm: {
      const auto dash = stem->find('-');
      if (dash == std::string::npos || leading_number(*stem).size() != dash) return std::nullopt;
      return stem->substr(dash + 1) + stem->substr(0, dash);
    }
    default:
      return stem;
  }
}

// Diesel writes 2024-01-02-000000_users into its ledger as 20240102000000.
std::string name_of_folder(const FileRule& rule, std::string name) {
  if (rule.tool != "diesel") return name;
  name.resize(std::min(name.size(), name.find('_')));
  std::erase(name, '-');
  return name;
}

using FoundFiles = std::map<std::string, MigrationFile>;

Result<void> take_folder(const FileRule& rule, const fs::path& folder, FoundFiles& found) {
  const auto script = folder / rule.inside;
  std::error_code ignored;
  if (!fs::is_regular_file(script, ignored)) return {};
  MigrationFile migration{name_of_folder(rule, folder.filename().string()), ""};
  if (rule.tool == "prisma")
    migration.checksum = crypto::sha256(TRY(read_file(script, kLargestMigration))).hex();
  found.emplace(migration.name, migration);
  return {};
}

// Visits what is directly in a folder; one that cannot be read is an error.
template <class Visit>
Result<void> each_entry(const fs::path& folder, Visit visit) {
  std::error_code error;
  std::size_t count = 0;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (++count > kMostFiles)
      return fail(Code::usage, folder.string() + " holds more files than migrations can be");
    TRY(visit(at->path()));
  }
  if (error) return fail_errno(error.value(), "cannot read the migrations in " + folder.string());
  return {};
}

void take_django_app(const FileRule& rule, const fs::path& file, FoundFiles& found) {
  const auto stem = cut_ending(rule, file.filename().string());
  if (!stem || !is_digit(stem->front())) return;
  const auto app = file.parent_path().parent_path().filename().string();
  found.emplace(app + "." + *stem, MigrationFile{app + "." + *stem, ""});
}

Result<void> take_entry(const FileRule& rule, const fs::path& path, FoundFiles& found) {
  if (rule.form == Form::folder) return take_folder(rule, path, found);
  if (rule.form == Form::django) {
    const auto folder = path / "migrations";
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) return {};
    return each_entry(folder, [&](const fs::path& file) -> Result<void> {
      take_django_app(rule, file, found);
      return {};
    });
  }
  if (auto name = name_of_file(rule, path.filename().string()))
    found.emplace(*name, MigrationFile{*name, ""});
  return {};
}

}  // namespace

Result<std::vector<MigrationFile>> list_migration_files(const std::string& tool,
                                                        const fs::path& folder) {
  const auto* rule = rule_of(tool);
  if (rule == nullptr)
    return fail(Code::usage, "the files of " + tool + " do not tell what its ledger must hold");
  FoundFiles found;
  TRY(each_entry(folder, [&](const fs::path& path) { return take_entry(*rule, path, found); }));
  if (found.empty()) return fail(Code::usage, folder.string() + " holds no migrations of " + tool);
  std::vector<MigrationFile> files;
  for (auto& [name, file] : found) files.push_back(std::move(file));
  return files;
}

std::string normal_migration_name(const std::string& tool, const std::string& name) {
  const auto* rule = rule_of(tool);
  if (rule == nullptr) return name;
  if (rule->form == Form::number) return leading_number(name);
  if (rule->form == Form::script) return cut_ending(*rule, name).value_or(name);
  return name;
}

}  // namespace lifeboat::drill
