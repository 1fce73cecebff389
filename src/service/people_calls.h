#pragma once
// What people say of drills: sign-offs, waivers, action items that are done with. All of it is kept
// in the repositories. Thread-safe.
#include <filesystem>
#include <string>

#include "base/result.h"
#include "base/run_context.h"
#include "service/setup.h"

namespace lifeboat::service {

struct SignOffCall {
  std::string service;
  std::string id;             // of the drill, as for show_drill
  std::filesystem::path key;  // the person's private Ed25519 key
  std::string name;
  std::string role;
  std::string comment;
  bool revoke = false;  // takes back what this key signed before
};
// {"service", "drill", "record", "verdict", "name", "role", "key", "revoked", "file"}
Result<Answer> sign_off(const Setup& setup, const SignOffCall& call, const RunContext& context);

struct WaiveCall {
  std::string service;
  std::string check;  // its id, such as "blobs.db.images"
  std::string reason;
  std::string who;
  std::string until;  // a day, a moment, or a time from now such as "14d"
};
// {"service", "check", "reason", "who", "until", "repositories", "errors"}
Result<Answer> waive(const Setup& setup, const WaiveCall& call, const RunContext& context);

// What is open in the newest records of the service's repositories: {"service", "findings":
// [{"repository", "id", "cause", …}], "errors"}; exit 1 when one is overdue, 2 when a repository
// does not answer.
Result<Answer> list_open_findings(const Setup& setup, const std::string& service,
                                  const RunContext& context);

struct CloseCall {
  std::string service;  // empty: whichever has it
  std::string id;       // or its beginning
  std::string reason;
  std::string who;
};
// {"service", "id", "cause", "repositories"}
Result<Answer> close_finding(const Setup& setup, const CloseCall& call, const RunContext& context);

}  // namespace lifeboat::service
