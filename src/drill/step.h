#pragma once
// One stage of a drill, and what the stages hand to one another. Used by one thread.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "drill/drill.h"
#include "drill/foreign.h"
#include "drill/history.h"
#include "engine/engine.h"
#include "repository/repository.h"
#include "restore/restore.h"
#include "sandbox/kept_address.h"
#include "sandbox/options.h"
#include "sandbox/private_server.h"
#include "sandbox/sandbox.h"
#include "sandbox/scratch.h"

namespace lifeboat::drill {

// A source as it lies in the sandbox.
struct RestoredPlace {
  std::string source;
  std::string type;
  std::string place;
  const repository::SourceManifest* manifest = nullptr;
  Time time;                       // the moment it shows
  std::optional<Json> facts = {};  // to be expected instead of the manifest's: a log was replayed
};

// A server that a source was restored to, and how programs in the sandbox reach it.
struct RestoredServer {
  sandbox::ServerFolder folder;
  sandbox::PrivateServer process;
  std::string source;
  sandbox::Destination door;
  std::string uri;       // with the password
  std::string user;      // empty where nobody logs in
  std::string password;  // new for each drill, and never printed
  sandbox::KeptAddress address;
};

struct DrillState {
  const Request& request;
  repository::Repository& repository;
  Report report;
  std::unique_ptr<repository::SnapshotReader> snapshot;  // null when only others make backups
  std::optional<sandbox::Sandbox> sandbox;
  restore::Plan plan;
  std::vector<ForeignBackup> foreign = {};
  std::vector<RestoredPlace> restored = {};              // of the snapshot and foreign ones
  std::vector<repository::SnapshotInfo> snapshots = {};  // all of them, when one was chosen
  std::optional<History> earlier = {};       // as it was when the drill began, once asked for
  std::vector<RestoredServer> servers = {};  // in the sandbox: gone before it
  std::optional<sandbox::ScratchDatabases> scratch = {};  // on a server that others use: likewise
  // The marker that must be the newest in the source that has them: a moment was chosen by it.
  std::optional<std::uint64_t> newest_marker = {};
};

// Where everything is restored to, each source below its name. There must be a sandbox.
inline std::filesystem::path data_of(const DrillState& state) {
  return state.sandbox->directory() / "data";
}

// Whether that source was restored into a database on a server that others use too.
inline bool is_on_scratch(const DrillState& state, const std::string& source) {
  return state.scratch && !state.scratch->place_of(source).empty();
}

// Whether that source was restored onto a server, and not as files.
inline bool is_on_server(const DrillState& state, const std::string& source) {
  return is_on_scratch(state, source) ||
         std::ranges::find(state.servers, source, &RestoredServer::source) != state.servers.end();
}

// What earlier drills left, read once.
const History& earlier_drills(DrillState& state);

class Step {
 public:
  virtual ~Step() = default;
  virtual std::string name() const = 0;
  virtual Result<void> run(DrillState& state, const RunContext& context) = 0;
  // Takes back what run() made, also after it failed half-way; called in reverse order, always.
  virtual void undo(DrillState&) {}
};

using Steps = std::vector<std::unique_ptr<Step>>;

// From locate to check, in the order of a drill; others stand before and after them where the
// configuration asks so.
Steps all_steps();
// Runs them until one stops, measures, and whatever happened takes back what they made. All that
// went well or wrong is in the report.
void play(const Steps& steps, DrillState& state, const RunContext& context);

std::unique_ptr<Step> make_locate_step();
std::unique_ptr<Step> make_preflight_step();
std::unique_ptr<Step> make_fetch_step();
std::unique_ptr<Step> make_provision_step();
std::unique_ptr<Step> make_restore_step();
std::unique_ptr<Step> make_check_step();
std::unique_ptr<Step> make_app_step();
std::unique_ptr<Step> make_before_step();
std::unique_ptr<Step> make_commands_step();
std::unique_ptr<Step> make_manual_step();

// "drill shop/nightly", for people who find what it made.
std::string purpose_of(const Request& request);

// Where the program is that a source of this engine is restored to.
Result<std::string> server_program(const DrillOptions& options, const engine::Engine& engine);

// A store that refuses to be opened or listed is no backup; one that does not answer in time
// decides nothing.
Error explain_denied(const Error& error);

}  // namespace lifeboat::drill
