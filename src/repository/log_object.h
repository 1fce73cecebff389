#pragma once
// The object `logs/<log>/<from>-<to>`: a piece of a source's log, complete in itself: what it says
// of itself for every role, and its content for those who may read (docs/format.md, section 11).
// Pure functions, thread-safe.
#include "repository/boxed_key.h"

namespace lifeboat::repository {

constexpr std::size_t kMaxLogObject = 256U << 20U;
constexpr std::size_t kMaxLogContent = 128U << 20U;

// Which piece of which log; the log by an id that tells strangers nothing.
struct LogName {
  LogId log;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  auto operator<=>(const LogName&) const = default;
};

LogId log_id_of(const RoleKeys& keys, const std::string& service, const std::string& source);
std::string log_folder(const LogId& log);  // logs/<log>/
std::string log_key(const LogName& name);
// `corrupt` for what no Lifeboat gives.
Result<LogName> parse_log_key(std::string_view key);

Result<Bytes> make_log_object(const RoleKeys& keys, const NewLogPiece& piece, Random& random);

struct LogObject {
  Signer signer;
  LogPieceInfo info;
  Json about;
  ByteView clear;  // what lies before the content, which vouches for it
  std::vector<KeyBox> boxes;
  ByteView content;
};
// Name, form, signature and what it says of itself. Views into the object.
Result<LogObject> parse_log_object(const RoleKeys& keys, const LogName& name, ByteView object);
// How many of an object's first bytes hold its head, by the first few of them …
constexpr std::size_t kLogHeadBegin = 16;
Result<std::size_t> log_head_size(ByteView begin);
// … and what the head says, by those alone: no signature vouches for it, nor is the rest looked at.
Result<Json> parse_log_head(const RoleKeys& keys, const LogName& name, ByteView head);
// The content, for a role that holds the repository's key pair; `wrong_key` for others.
Result<Bytes> open_log_content(const RoleKeys& keys, const LogName& name, const LogObject& object);

}  // namespace lifeboat::repository
