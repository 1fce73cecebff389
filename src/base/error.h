#pragma once
// What went wrong, as data: a code from one table, where it happened, and what a person should do
// next. Values only; copy freely between threads.
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lifeboat {

enum class Code : std::uint8_t {
  damage_found,  // the answer is no: data is damaged or missing
  check_failed,  // the answer is no: a drill or a check failed
  incomplete,    // the answer is no: something could not be read and is not in the snapshot
  corrupt,       // bytes do not have the form, hash, MAC or signature they must have
  wrong_key,     // the key is not the one that sealed this
  not_found,
  exists,
  permission_denied,
  no_space,
  io_error,
  timed_out,
  busy,         // another run holds what this one needs
  unavailable,  // a peer or store did not answer; retryable
  source_unreadable,
  source_changed,      // the source changed while it was being read
  unsupported_format,  // made by a newer version
  not_restorable,
  session_voided,  // a collection ended this session: start again
  command_failed,  // a hook or external program failed
  internal,        // a bug in Lifeboat
  usage,
  config_invalid,
  refused,  // refused for safety
  interrupted,
};

struct CodeInfo {
  std::string_view name;  // as printed and in JSON
  int exit_status;        // product.md: 1 no, 2 undecided, 3 usage, 4 refused, 130 interrupted
  int http_status;
  std::string_view hint;  // used where the Error carries none of its own
};

const CodeInfo& info_of(Code code);

class Error {
 public:
  Error(Code code, std::string message,
        std::source_location where = std::source_location::current())
      : code_(code), message_(std::move(message)), location_(where) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::vector<std::string>& context() const { return context_; }
  // The error's own hint, else the code's.
  std::string_view hint() const;
  bool retryable() const { return retryable_; }
  const std::source_location& location() const { return location_; }

  Error& with_hint(std::string hint) &;
  Error&& with_hint(std::string hint) &&;
  Error& add_context(std::string what) &;
  Error&& add_context(std::string what) &&;
  Error&& as_retryable() &&;

  // "outer: inner: message" without the hint.
  std::string describe() const;

 private:
  Code code_;
  std::string message_;
  std::vector<std::string> context_;
  std::string hint_;
  bool retryable_ = false;
  std::source_location location_;
};

}  // namespace lifeboat
