#pragma once
// Sessions: opening one before anything is written, ending those that will never commit, and
// finding the keys of others (docs/format.md, section 4). A Session belongs to one writer;
// SessionRing is thread-safe.
#include <map>
#include <mutex>
#include <optional>

#include "base/file.h"
#include "repository/census.h"
#include "repository/session_object.h"

namespace lifeboat::repository {

// Says to other programs on this machine that the session's owner lives. Released by the end of the
// process, however it ends.
class SessionLock {
 public:
  // Nothing when another program holds it, or there is no cache to keep it in.
  static std::optional<SessionLock> take(const std::filesystem::path& cache, const SessionRef& ref);
  enum class Owner : std::uint8_t { alive, dead, unknown };
  static Owner look(const std::filesystem::path& cache, const SessionRef& ref);
  static void forget(const std::filesystem::path& cache, const SessionRef& ref);

 private:
  explicit SessionLock(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

// An open session of this writer, and its key.
class Session {
 public:
  struct About {
    SessionAbout about;
    Duration patience{0};
  };
  // Ends this writer's own stale sessions with voids, then takes the next free number.
  static Result<Session> open(const Store& store, const About& about, const RunContext& context);

  Session(Session&&) = default;
  Session& operator=(Session&&) = default;

  const SessionRef& ref() const { return ref_; }
  const Secret& key() const { return key_; }
  Time started() const { return started_; }
  // After it has ended: nobody needs to ask whether its owner lives.
  void ended(const Store& store);

 private:
  Session() = default;
  SessionRef ref_;
  Secret key_;
  Time started_;
  std::optional<SessionLock> lock_;
};

// `exists` when the session ended otherwise before.
Result<void> put_void(const Store& store, const SessionRef& ref, std::string_view reason);

// True when the session's patience is over, by its own clock's start and ours now.
bool patience_is_over(const SessionObject& session, Time now);

// The keys of all sessions, each fetched and opened once.
class SessionRing final : public SessionKeys {
 public:
  explicit SessionRing(const Store& store) : store_(store) {}
  Result<std::shared_ptr<const Secret>> find(const SessionRef& session) override;

 private:
  const Store& store_;
  std::mutex guard_;  // for keys_; not held while storage is read
  std::map<SessionRef, std::shared_ptr<const Secret>> keys_;
};

}  // namespace lifeboat::repository
