#include "base/error.h"

#include <array>
#include <cerrno>
#include <cstring>

#include "base/result.h"

namespace lifeboat {
namespace {

constexpr std::string_view kRetryHint = "Try again; if it stays so, run `lifeboat doctor`.";

// One row a code, in the order of the enum.
constexpr std::array<CodeInfo, 24> kCodes{{
    {"damage_found", 1, 409, "Run `lifeboat verify --read-data` to see what is affected."},
    {"check_failed", 1, 409, "Read the report: it names the object, what was expected and found."},
    {"incomplete", 1, 409, "Mend what could not be read, then back up again."},
    {"corrupt", 1, 409, "Run `lifeboat verify`; another copy of the repository may be whole."},
    {"wrong_key", 2, 403,
     "Check the passphrase or key file, and that this is the repository it belongs to."},
    {"not_found", 2, 404, "Check the name; `lifeboat snapshots` lists what there is."},
    {"exists", 2, 409, "Choose another name or place."},
    {"permission_denied", 2, 403, "Run as a user that may read the source and the repository."},
    {"no_space", 2, 507, "Free some space or choose another place, then run the command again."},
    {"io_error", 2, 500, kRetryHint},
    {"timed_out", 2, 504, kRetryHint},
    {"busy", 2, 409, "Wait for the other run, or give --lock-wait."},
    {"unavailable", 2, 503, kRetryHint},
    {"source_unreadable", 2, 500, "Run `lifeboat doctor` to check every source."},
    {"source_changed", 2, 409, "Run the backup again."},
    {"unsupported_format", 2, 409, "Use a newer version of Lifeboat."},
    {"not_restorable", 2, 409, "`lifeboat snapshots` lists the moments that can be restored."},
    {"session_voided", 2, 409, "Run the backup again; what is stored already is not stored twice."},
    {"command_failed", 2, 500, "Read the command's own output above."},
    {"internal", 2, 500, "This is a bug in Lifeboat: please report it with this message."},
    {"usage", 3, 400, "See `lifeboat --help`."},
    {"config_invalid", 3, 400, "Mend the configuration, then run `lifeboat doctor`."},
    {"refused", 4, 403, "Nothing was changed."},
    {"interrupted", 130, 499, "Run the command again to go on."},
}};
static_assert(kCodes.size() == static_cast<std::size_t>(Code::interrupted) + 1);

Code code_of_errno(int error_number) {
  switch (error_number) {
    case ENOENT:
      return Code::not_found;
    case EEXIST:
      return Code::exists;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::permission_denied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::no_space;
    case ETIMEDOUT:
      return Code::timed_out;
    default:
      return Code::io_error;
  }
}

}  // namespace

const CodeInfo& info_of(Code code) { return kCodes[static_cast<std::size_t>(code)]; }

std::string_view Error::hint() const {
  return hint_.empty() ? info_of(code_).hint : std::string_view(hint_);
}

Error& Error::with_hint(std::string hint) & {
  hint_ = std::move(hint);
  return *this;
}
Error&& Error::with_hint(std::string hint) && { return std::move(with_hint(std::move(hint))); }

Error& Error::add_context(std::string what) & {
  context_.push_back(std::move(what));
  return *this;
}
Error&& Error::add_context(std::string what) && { return std::move(add_context(std::move(what))); }

Error&& Error::as_retryable() && {
  retryable_ = true;
  return std::move(*this);
}

std::string Error::describe() const {
  std::string text;
  for (auto each = context_.rbegin(); each != context_.rend(); ++each) text += *each + ": ";
  return text + message_;
}

Failure fail_errno(int error_number, std::string what, std::source_location where) {
  what += std::string(": ") + std::strerror(error_number);
  Error error(code_of_errno(error_number), std::move(what), where);
  const bool passing = error_number == EINTR || error_number == EAGAIN || error_number == ETIMEDOUT;
  return Failure(passing ? std::move(error).as_retryable() : std::move(error));
}

}  // namespace lifeboat
