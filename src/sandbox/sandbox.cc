#include "sandbox/sandbox.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_value.h"

namespace lifeboat::sandbox {
namespace {

constexpr std::string_view kPrefix = "lifeboat-sandbox-";
constexpr std::string_view kTokenFile = ".lifeboat-sandbox.json";
constexpr std::size_t kTokenBytes = 12;
constexpr std::chrono::minutes kYoung{1};

Json token_json(const std::string& token, const SandboxSpec& spec, const RunContext& context) {
  return {{"token", token},
          {"purpose", spec.purpose},
          {"process", getpid()},
          {"started", to_rfc3339(context.clock.now())},
          {"note", "Made by a Lifeboat drill, which removes it. Holds restored data."}};
}

Result<FileDescriptor> lock_token_file(const fs::path& path) {
  auto file = TRY(open_file(path, O_RDWR | O_NOFOLLOW));
  if (flock(file.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Code::busy, path.string() + " belongs to a running drill");
  return file;
}

Result<Json> note_in(const fs::path& directory) {
  return parse_json(to_text(TRY(read_file(directory / kTokenFile, 1U << 16U))));
}

Result<std::string> token_in(const fs::path& directory) {
  return text_at(TRY(note_in(directory)), "token");
}

// Restored trees may hold directories that their own owner may not write.
void make_removable(const fs::path& directory) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(directory, fs::directory_options::none, error), end;
       !error && at != end; at.increment(error))
    if (at->is_directory(error) && !at->is_symlink(error)) ::chmod(at->path().c_str(), 0700);
}

// All but the token; true when nothing else is left.
bool remove_contents(const fs::path& directory) {
  bool removed = true;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename() == kTokenFile) continue;
    std::error_code failed;
    fs::remove_all(at->path(), failed);
    removed &= !failed;
  }
  return removed && !error;
}

// True when nothing is left of it. The token goes last: whoever is killed on the way leaves
// something that the next run still knows.
bool remove_all_of(const fs::path& directory) {
  bool empty = remove_contents(directory);
  if (!empty) {
    make_removable(directory);
    empty = remove_contents(directory);
  }
  std::error_code error;
  if (empty) fs::remove_all(directory, error);
  return !fs::exists(fs::symlink_status(directory, error));
}

// Killed before its token was written, when nothing else was in it yet. Young ones may be about to
// get theirs.
bool was_never_begun(const fs::path& directory) {
  std::error_code error;
  const auto changed = fs::last_write_time(directory, error);
  if (error || changed > fs::file_time_type::clock::now() - kYoung) return false;
  const auto name = directory.filename().string().substr(kPrefix.size());
  const bool ours = name.size() == 2 * kTokenBytes &&
                    name.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!ours) return false;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    const auto file = at->path().filename().string();
    if (file == kTokenFile || file.find(kTokenFile) == std::string::npos) return false;
  }
  return !error;
}

Result<Time> kept_until(const fs::path& directory) {
  return parse_rfc3339(TRY(text_at(TRY(note_in(directory)), "kept_until")));
}

bool is_orphan(const fs::directory_entry& entry, Time now) {
  std::error_code error;
  if (entry.is_symlink(error) || !entry.is_directory(error)) return false;
  const auto name = entry.path().filename().string();
  if (!name.starts_with(kPrefix)) return false;
  const auto token = token_in(entry.path());
  if (!token) return was_never_begun(entry.path());
  if (name != std::string(kPrefix) + *token) return false;
  const auto until = kept_until(entry.path());
  if (until && *until > now) return false;
  return lock_token_file(entry.path() / kTokenFile).has_value();
}

}  // namespace

Result<Sandbox> Sandbox::provision(const SandboxSpec& spec, const RunContext& context) {
  TRY(make_directories(spec.parent));
  auto token = spec.token.empty() ? context.random.hex(kTokenBytes) : spec.token;
  const auto directory = fs::canonical(spec.parent) / (std::string(kPrefix) + token);
  if (::mkdir(directory.c_str(), 0700) != 0)
    return fail_errno(errno, "cannot make the sandbox " + directory.string());
  const auto path = directory / kTokenFile;
  TRY(write_file(path, view_of(pretty_json(token_json(token, spec, context)))));
  return Sandbox(directory, std::move(token), TRY(lock_token_file(path)));
}

Sandbox::Sandbox(Sandbox&& other) noexcept
    : directory_(std::exchange(other.directory_, {})),
      token_(std::move(other.token_)),
      lock_(std::move(other.lock_)) {}

Sandbox::~Sandbox() {
  if (!directory_.empty()) destroy();
}

Result<void> Sandbox::check_own() const {
  const auto found = token_in(directory_);
  if (found && *found == token_) return {};
  return fail(Code::io_error,
              directory_.string() + " was removed or exchanged while this run used it");
}

TearDownProof Sandbox::destroy() {
  TearDownProof proof;
  proof.token = token_;
  const bool own = check_own().has_value();
  const auto directory = std::exchange(directory_, {});
  if (directory.empty()) return proof;
  proof.vanished = !own;
  if (!proof.vanished && remove_all_of(directory))
    proof.removed.push_back(directory.string());
  else if (std::error_code error; fs::exists(fs::symlink_status(directory, error)))
    proof.remaining.push_back(directory.string());
  lock_.reset();
  return proof;
}

Result<TearDownProof> Sandbox::keep(Time until) {
  auto note = TRY(note_in(directory_));
  if (TRY(text_at(note, "token")) != token_)
    return fail(Code::refused, directory_.string() + " carries another run's token");
  note["kept_until"] = to_rfc3339(until);
  TRY(write_file(directory_ / kTokenFile, view_of(pretty_json(note))));
  TearDownProof proof;
  proof.token = token_;
  proof.kept_until = until;
  proof.kept.push_back(std::exchange(directory_, {}).string());
  lock_.reset();
  return proof;
}

std::vector<Kept> list_kept(const fs::path& parent) {
  std::vector<Kept> list;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error)) {
    const bool ours = entry.path().filename().string().starts_with(kPrefix);
    const auto until = ours ? kept_until(entry.path()) : fail(Code::not_found, "no sandbox");
    if (!until) continue;
    const auto purpose =
        note_in(entry.path()).and_then([](const Json& note) { return text_at(note, "purpose"); });
    list.push_back({entry.path(), purpose.value_or(""), *until});
  }
  return list;
}

Result<std::vector<std::string>> reap_orphans(const fs::path& parent, Time now) {
  std::vector<std::string> removed;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(parent, error))
    if (is_orphan(entry, now) && remove_all_of(entry.path()))
      removed.push_back(entry.path().string());
  if (error && error != std::errc::no_such_file_or_directory)
    return fail_errno(error.value(), "cannot look for old sandboxes in " + parent.string());
  return removed;
}

}  // namespace lifeboat::sandbox
