#include <algorithm>
#include <map>
#include <set>

#include "drill/check.h"
#include "drill/checks/migration_files.h"

namespace lifeboat::drill {
namespace {

// What a ledger has too little, too much, or otherwise than the application's own files.
struct Drift {
  std::vector<std::string> pending;
  std::vector<std::string> unknown;
  std::vector<std::string> edited;
};

std::string app_of(const std::string& name) { return name.substr(0, name.find('.')); }

// Django's own applications are in every ledger and in nobody's project.
bool is_elsewhere(const engine::Ledger& ledger, const std::string& name,
                  const std::map<std::string, std::string>& files) {
  if (ledger.tool == "flyway" && name.starts_with("<<")) return true;
  return ledger.tool == "django" && std::ranges::none_of(files, [&](const auto& file) {
           return app_of(file.first) == app_of(name);
         });
}

Drift drift_of(const engine::Ledger& ledger, const std::vector<MigrationFile>& brought) {
  std::map<std::string, std::string> files;
  for (const auto& file : brought) files.emplace(file.name, file.checksum);
  Drift drift;
  std::set<std::string> applied;
  for (const auto& each : ledger.applied) {
    const auto name = normal_migration_name(ledger.tool, each.name);
    applied.insert(name);
    const auto file = files.find(name);
    if (file == files.end()) {
      if (!is_elsewhere(ledger, name, files)) drift.unknown.push_back(each.name);
    } else if (!file->second.empty() && !each.checksum.empty() && file->second != each.checksum) {
      drift.edited.push_back(each.name);
    }
  }
  for (const auto& [name, checksum] : files)
    if (!applied.contains(name)) drift.pending.push_back(name);
  return drift;
}

// Collects what is wrong with one ledger, the gravest outcome first.
class LedgerVerdict {
 public:
  explicit LedgerVerdict(CheckResult& result) : result_(result) {
    result_.outcome = Outcome::passed;
  }

  void note(Outcome outcome, const std::vector<std::string>& names, const std::string& what) {
    if (names.empty()) return;
    if (result_.outcome != Outcome::failed) result_.outcome = outcome;
    said_.push_back(std::to_string(names.size()) + " " + what);
    for (const auto& name : names)
      if (result_.details.size() < kMaxDetails) result_.details.push_back(name + ": " + what);
  }

  void finish(const std::string& otherwise) {
    result_.message = otherwise;
    if (said_.empty()) return;
    result_.message = said_[0];
    for (std::size_t i = 1; i < said_.size(); ++i) result_.message += "; " + said_[i];
    if (!result_.details.empty()) result_.message += "; first " + result_.details[0];
  }

 private:
  CheckResult& result_;
  std::vector<std::string> said_;
};

class MigrationsQuestion final : public Question {
 public:
  explicit MigrationsQuestion(MigrationsCheck options) : options_(std::move(options)) {}
  std::string id() const override { return "migrations." + options_.source; }
  std::string proves() const override {
    return options_.folder.empty()
               ? "no migration has failed and none is held half-way (a pending one would not be "
                 "seen)"
               : "every migration that the application brings is applied, and no other";
  }

  Result<std::vector<CheckResult>> run(CheckScope& scope, const RunContext& context) override {
    auto* source = TRY(source_of(scope, options_.source));
    const auto ledgers = TRY(source->inspector->ledgers(context));
    std::vector<CheckResult> results;
    for (const auto& ledger : ledgers) results.push_back(TRY(judge_ledger(ledger)));
    if (results.empty()) results.push_back(no_ledger());
    return results;
  }

 private:
  // Its application would run every migration anew, over tables that exist.
  CheckResult no_ledger() const {
    CheckResult result;
    result.id = id();
    result.outcome = Outcome::failed;
    result.message =
        "no migration tool's ledger is in the database: the application would begin "
        "with its first migration";
    return result;
  }

  Result<CheckResult> judge_ledger(const engine::Ledger& ledger) const {
    CheckResult result;
    result.id = id() + "." + ledger.table;
    LedgerVerdict verdict(result);
    verdict.note(Outcome::failed, ledger.failed, "failed or half applied");
    if (!options_.folder.empty()) TRY(compare(ledger, verdict));
    if (ledger.locked)
      verdict.note(Outcome::warned, {ledger.table},
                   "locked: the backup was taken during a migration; clear the lock before the "
                   "application starts");
    result.proves_data = !options_.folder.empty();
    verdict.finish(counted(ledger.applied.size(), "migration is", "migrations are") +
                   " applied, as " + ledger.tool + " says");
    return result;
  }

  Result<void> compare(const engine::Ledger& ledger, LedgerVerdict& verdict) const {
    const auto drift = drift_of(ledger, TRY(list_migration_files(ledger.tool, options_.folder)));
    verdict.note(Outcome::failed, drift.pending, "pending: not applied in the backup");
    verdict.note(Outcome::failed, drift.edited, "edited since it was applied");
    verdict.note(Outcome::warned, drift.unknown,
                 "not among the application's files: the backup is from another release");
    return {};
  }

  MigrationsCheck options_;
};

}  // namespace

std::unique_ptr<Question> make_migrations_check(const MigrationsCheck& options) {
  return std::make_unique<MigrationsQuestion>(options);
}

}  // namespace lifeboat::drill
