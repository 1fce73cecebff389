#include "sandbox/scratch.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>

#include "base/json_value.h"
#include "engine/mongodb/scratch.h"

namespace lifeboat::sandbox {
namespace {

namespace mongodb = engine::mongodb;

constexpr std::string_view kNotePrefix = "lifeboat-scratch-";
constexpr std::string_view kNoteSuffix = ".json";
constexpr std::size_t kLongestNote = 1U << 20U;

// What a run that died has made.
struct ScratchNote {
  std::string token;
  std::string purpose;
  std::string server;
  std::vector<std::string> databases;
};

fs::path note_of(const fs::path& parent, const std::string& token) {
  return parent / (std::string(kNotePrefix) + token + std::string(kNoteSuffix));
}

Failure no_note(const fs::path& path) {
  return fail(Code::corrupt, path.string() + " is no note of scratch databases");
}

// Only what bears the token in its name, as it does here, is ever looked at on a server.
Result<ScratchNote> read_scratch_note(const fs::path& path) {
  const auto json = TRY(parse_json(to_text(TRY(read_file(path, kLongestNote)))));
  ScratchNote note;
  note.token = TRY(text_at(json, "token"));
  note.purpose = TRY(text_at(json, "purpose"));
  note.server = TRY(text_at(json, "server"));
  const auto databases = json.find("databases");
  if (databases == json.end() || !databases->is_array() ||
      path != note_of(path.parent_path(), note.token))
    return no_note(path);
  for (const auto& each : *databases) {
    if (!each.is_string()) return no_note(path);
    note.databases.push_back(each.get<std::string>());
    const auto& name = note.databases.back();
    if (!mongodb::is_token_collection(name, mongodb::token_collection(note.token)))
      return no_note(path);
  }
  return note;
}

Finding left(std::string subject, const std::string& why) {
  return {"scratch-left", std::move(subject), "left behind by a drill that died: " + why, false};
}

// Of one note. What is not gone stays noted.
std::vector<Finding> reap_noted(const fs::path& path, const mongodb::Server* server) {
  const auto note = read_scratch_note(path);
  if (!note) return {left(path.string(), note.error().describe())};
  std::vector<Finding> findings;
  bool all_gone = true;
  for (const auto& each : note->databases) {
    const auto subject = each + " on " + note->server;
    const bool is_here = server != nullptr && server->address() == note->server;
    const auto dropped = is_here
                             ? mongodb::drop_scratch(*server, each, note->token)
                             : fail(Code::unavailable, "the next drill on that server drops it (" +
                                                           note->purpose + ")");
    all_gone &= dropped.has_value();
    if (dropped)
      findings.push_back(
          {"scratch-reaped", subject, "left behind by a drill that died; dropped", false});
    else
      findings.push_back(left(subject, dropped.error().describe()));
  }
  std::error_code error;
  if (all_gone) fs::remove(path, error);
  return findings;
}

bool is_note(const fs::path& path) {
  const auto name = path.filename().string();
  return name.starts_with(kNotePrefix) && name.ends_with(kNoteSuffix);
}

}  // namespace

Result<ScratchDatabases> ScratchDatabases::make(const ScratchSpec& spec,
                                                const RunContext& context) {
  ScratchDatabases made;
  made.token_ = context.random.hex(mongodb::kScratchToken / 2);
  made.server_ = TRY(mongodb::Server::open(*spec.uri));
  for (const auto& each : spec.sources) {
    auto name = mongodb::scratch_database(made.token_, made.databases_.size() + 1, each);
    TRY(mongodb::check_scratch_rights(*made.server_, name));
    made.databases_.emplace(each, std::move(name));
  }
  made.uri_.emplace(TRY(KeptAddress::keep(spec.uri->view())));
  TRY(made.note(spec, context));
  for (const auto& [source, name] : made.databases_) {
    auto begun = mongodb::make_scratch(*made.server_, name, made.token_, spec.purpose);
    if (begun) continue;
    if (begun.error().code() == Code::refused) made.databases_.erase(source);  // somebody else's
    return fail(std::move(begun).error());
  }
  return made;
}

ScratchDatabases::ScratchDatabases(ScratchDatabases&& other) noexcept
    : token_(std::move(other.token_)),
      note_(std::exchange(other.note_, {})),
      lock_(std::move(other.lock_)),
      uri_(std::move(other.uri_)),
      server_(std::move(other.server_)),
      databases_(std::move(other.databases_)) {}

// Locked before it has its name: nobody takes it for one of a run that died.
Result<void> ScratchDatabases::note(const ScratchSpec& spec, const RunContext& context) {
  auto names = Json::array();
  for (const auto& [source, name] : databases_) names.push_back(name);
  const Json note{{"token", token_},
                  {"purpose", spec.purpose},
                  {"process", ::getpid()},
                  {"started", to_rfc3339(context.clock.now())},
                  {"server", server_->address()},
                  {"databases", std::move(names)}};
  TRY(make_directories(spec.parent));
  const auto path = note_of(spec.parent, token_);
  const auto unnamed = spec.parent / (std::string(kNotePrefix) + token_);
  auto file = TRY(open_file(unnamed, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail_errno(errno, "cannot lock " + unnamed.string());
  TRY(write_at(file.get(), 0, view_of(pretty_json(note))));
  TRY(sync_descriptor(file.get()));
  std::error_code error;
  fs::rename(unnamed, path, error);
  if (error) return fail_errno(error.value(), "cannot name " + path.string());
  note_ = path;
  lock_ = std::move(file);
  return sync_directory(spec.parent);
}

ScratchDatabases::~ScratchDatabases() {
  TearDownProof proof;
  drop(proof);
}

std::string ScratchDatabases::place_of(const std::string& source) const {
  const auto found = databases_.find(source);
  if (found == databases_.end()) return {};
  return mongodb::place_in(found->second, uri_->place());
}

void ScratchDatabases::drop(TearDownProof& proof) {
  const auto note = std::exchange(note_, {});
  if (note.empty()) return;
  bool all_gone = true;
  for (const auto& [source, name] : databases_) {
    const auto dropped = mongodb::drop_scratch(*server_, name, token_);
    all_gone &= dropped.has_value();
    const auto subject = name + " on " + server_->address();
    if (dropped)
      proof.removed.push_back(subject);
    else
      proof.remaining.push_back(subject + " (" + dropped.error().describe() + ")");
  }
  std::error_code error;
  if (all_gone) fs::remove(note, error);
  lock_.reset();
}

std::vector<Finding> reap_scratch(const fs::path& parent, const Secret* uri) {
  std::unique_ptr<mongodb::Server> server;
  if (uri != nullptr)
    if (auto opened = mongodb::Server::open(*uri)) server = std::move(*opened);
  std::vector<Finding> findings;
  std::error_code error;
  for (const auto& each : fs::directory_iterator(parent, error)) {
    if (!is_note(each.path())) continue;
    const auto file = open_file(each.path(), O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (!file || ::flock(file->get(), LOCK_EX | LOCK_NB) != 0) continue;  // its run lives
    for (auto& finding : reap_noted(each.path(), server.get()))
      findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace lifeboat::sandbox
