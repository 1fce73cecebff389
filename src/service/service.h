#pragma once
// The one door for people: every command of the program as a method that puts configuration,
// storage, repository and verbs together. One command at a time for each Service object.
#include <functional>
#include <memory>
#include <variant>

#include "backup/archive_log.h"
#include "backup/backup.h"
#include "base/run_context.h"
#include "config/config.h"
#include "config/resolve.h"
#include "drill/drill.h"
#include "drill/sabotage.h"
#include "drill/walk_back.h"
#include "policy/objective.h"
#include "policy/retention.h"
#include "policy/watch.h"
#include "repository/repository.h"
#include "restore/restore.h"
#include "service/circumstances.h"
#include "service/lock.h"
#include "service/settings.h"

namespace lifeboat::service {

using RepositoryPtr = std::unique_ptr<repository::Repository>;

struct BackupRequest {
  std::string service;
  std::map<std::string, std::string> labels;
};

// What of the logs of its sources came into one repository.
struct LogOutcome {
  std::string repository;
  std::vector<backup::LogReport> logs = {};
  std::optional<Error> error = {};
};

// One repository's part of a backup; each repository gets a snapshot of its own.
struct BackupOutcome {
  std::string repository;
  Result<backup::Report> report;
  LogOutcome log = {};  // that goes on from it
};

struct RestoreRequest {
  std::string service;
  std::string from;  // a repository; empty = the first that answers
  restore::Selector selector;
  restore::PlanRequest plan;
  bool snapshot_first = true;  // of a target that will be changed
};

// A restore that is planned and not yet begun: what a person confirms.
struct PreparedRestore {
  std::string service;
  std::string repository_name;
  RepositoryPtr repository;
  std::unique_ptr<repository::SnapshotReader> snapshot;
  restore::Plan plan;
  bool snapshot_first = true;
  Duration planned_in{0};
};

struct RestoreOutcome {
  restore::Report report;
  // The signed record; an empty path is one that is in the repository only.
  Result<std::filesystem::path> record = std::filesystem::path();
  std::optional<repository::SnapshotInfo> before;  // of what was overwritten
};

struct DrillRequest {
  std::string service;
  std::string drill;  // empty: the only or first configured, else facts equality alone
  std::string from;
  restore::Selector selector;
  bool keep = false;  // the sandbox, for a day
  drill::AskPerson ask_person = {};
  drill::TellPerson tell_person = {};
};

// Sealed, or only a report when no repository could be opened.
using DrillEnd = std::variant<drill::Sealed, drill::Report>;
// Why no repository could be opened: a mistake in the call or the configuration, or a request to
// stop? All else says something of the repository.
bool is_of_caller(const Error& error);

// Where older snapshots were looked for, and what their drills found.
struct WalkBackOutcome {
  std::string repository;
  drill::WalkBack walk;
};

struct ForgetPlan {
  std::string repository_name;
  RepositoryPtr repository;
  std::vector<repository::SnapshotInfo> snapshots;
  std::vector<policy::Decision> decisions;
  std::vector<Finding> findings;
  std::string reason = "retention";  // written down with each that is forgotten
};

struct RepositoryStatus {
  std::string name;
  std::optional<Error> error;                      // when it did not answer
  std::optional<repository::SnapshotInfo> newest;  // complete
  std::optional<repository::SnapshotInfo> last_proven;
  std::size_t snapshots = 0;
  std::vector<Finding> findings;
  policy::CopyRecord watch;
};

struct ServiceStatus {
  std::string service;
  bool takes = true;  // false: other tools make all of its backups
  std::vector<RepositoryStatus> repositories;
  std::optional<Duration> age;  // of the newest complete snapshot anywhere
  policy::ObjectiveJudgement objective;
  std::vector<policy::DrillRecord> drills_here;  // that no repository which answers knows of
  policy::WatchRecord watch() const;
  int exit_status() const;  // product.md: 0 fine, 1 behind or never backed up, 2 unknown
};

class Service {
 public:
  Service(const config::Config& config, const config::Variables& variables, Settings settings);

  const config::Config& config() const { return config_; }
  const Settings& settings() const { return settings_; }
  // The given names, or all services when there are none.
  Result<std::vector<std::string>> service_names(const std::vector<std::string>& given) const;

  // Creates the repository at its configured place; `exists` when one is there.
  Result<RepositoryPtr> create_repository(const std::string& name, const RunContext& context);
  Result<RepositoryPtr> open_repository(const std::string& name, const RunContext& context);

  Result<std::vector<BackupOutcome>> back_up(const BackupRequest& request,
                                             const RunContext& context);
  // Of all its sources that have one, into each repository. A piece without anything new is kept
  // when so much time has gone by. `usage` when no source has a log.
  Result<std::vector<LogOutcome>> archive_logs(const std::string& service, Duration quiet,
                                               const RunContext& context);
  Result<std::vector<std::string>> sources_without_log(const std::string& service);
  Result<PreparedRestore> prepare_restore(const RestoreRequest& request, const RunContext& context);
  // Leaves a record, however it ends; the error is the restore's own.
  Result<RestoreOutcome> run_restore(PreparedRestore& prepared, const RunContext& context);
  // The command that makes the targets what they were when this was taken of them.
  std::string way_back(const PreparedRestore& prepared,
                       const repository::SnapshotInfo& before) const;
  Result<DrillEnd> run_drill(const DrillRequest& request, const RunContext& context);
  // Drills snapshots older than the one that failed, until a good one stands before a bad one.
  Result<WalkBackOutcome> walk_back(const DrillRequest& request,
                                    const repository::SnapshotId& failed,
                                    const RunContext& context);
  Result<drill::SabotageReport> run_sabotage(const DrillRequest& request,
                                             const RunContext& context);
  // What retention says of every snapshot of the service in one repository; nothing is removed yet.
  Result<ForgetPlan> plan_forget(const std::string& service, const std::string& repository,
                                 const RunContext& context);
  Result<std::size_t> forget(ForgetPlan& plan, const RunContext& context);
  Result<ServiceStatus> status(const std::string& service, const RunContext& context);

  // A repository of the service that answers: the named one, or the first.
  struct Answering {
    std::string name;
    RepositoryPtr repository;
    std::vector<Error> closed = {};  // of those before it
  };
  Result<Answering> first_answering(const config::Service& service, const std::string& from,
                                    const RunContext& context);
  // Live sources and repositories that nothing may be restored over, also those of which cannot be
  // told where they are.
  std::vector<restore::Protected> protected_places() const;
  restore::Protected guard(const config::Service& service, const config::Source& source) const;
  // Nothing of one on another machine.
  std::optional<restore::Protected> guard(const config::Repository& repository) const;
  std::filesystem::path drill_reports(const std::string& service) const;
  // What every drill on this machine is told: the named one, else the first configured, else the
  // equality of facts alone. `service` may be of this or a snapshot's configuration.
  Result<drill::Request> drill_request(const config::Service& service,
                                       const config::Resolver& resolver,
                                       const DrillRequest& request) const;

  // The release and the secrets as they are here and now.
  Circumstances circumstances(const config::Service& service, const RunContext& context) const;

 private:
  // `refused` when the backup would read the repository it writes.
  Result<void> check_placement(const backup::Request& request, const std::string& name) const;
  static Result<void> refuse_foreign(const config::Service& service,
                                     const restore::PlanRequest& plan);
  LogOutcome extend_logs(const backup::Request& made, const backup::Report& report,
                         repository::Repository& repository, const RunContext& context) const;
  // The server on which that drill makes databases, and all that it must not be.
  Result<std::optional<drill::ScratchServer>> scratch_server(
      const config::Service& service, const std::string& drill,
      const config::Resolver& resolver) const;
  Result<backup::Request> backup_request(const config::Service& service,
                                         const BackupRequest& request) const;
  Result<repository::SnapshotInfo> snapshot_before(const PreparedRestore& prepared,
                                                   const RunContext& context);
  struct PreparedDrill {
    ServiceLock lock;
    drill::Request request;
    Answering from;
  };
  Result<PreparedDrill> prepare_drill(const DrillRequest& request, const RunContext& context);
  // Its two halves: what needs no repository, and what does.
  struct BegunDrill {
    ServiceLock lock;
    drill::Request request;
    std::string from;  // empty: the first that answers
  };
  Result<BegunDrill> begin_drill(const DrillRequest& request, const RunContext& context);
  Result<PreparedDrill> prepare_from(BegunDrill begun, Answering from, const RunContext& context);
  Result<void> carry_out(PreparedRestore& prepared, RestoreOutcome& outcome,
                         const RunContext& context);
  Result<std::filesystem::path> keep_record(const PreparedRestore& prepared, Json record,
                                            const RunContext& context);

  const config::Config& config_;
  const config::Variables& variables_;
  config::Resolver resolver_;
  Settings settings_;
};

}  // namespace lifeboat::service
