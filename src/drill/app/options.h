#pragma once
// What the configuration says of the application of a drill: how it is started, when it is ready,
// what is asked of it. Values only; texts may hold ${sandbox.…} and ${capture.…}, filled in while
// the drill runs.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/json_value.h"
#include "sandbox/options.h"

namespace lifeboat::drill {

struct ProcessOptions {
  std::string name;
  std::string command;  // for /bin/sh -c
};

struct ReadyOptions {
  std::string log;   // a pattern of a line; empty = not looked for
  std::string http;  // a path that answers 200; empty = not asked
  Duration within = std::chrono::seconds(60);
};

// A token signed with the application's own key, for who cannot log in.
struct JwtOptions {
  std::string key;
  Json claims = Json::object();
  Duration lifetime = std::chrono::minutes(5);
};

// Who asks: with a token that a step captured, or one that is signed here.
struct RoleOptions {
  std::string bearer;
  std::optional<JwtOptions> jwt;
};

struct ExpectOptions {
  std::optional<unsigned> status;
  std::vector<std::string> jq;                 // each must be true
  std::map<std::string, std::string> headers;  // name to a pattern
  std::string sha256;                          // of the body, in hex
  std::string body;                            // a pattern of a line of the body
  std::optional<Duration> within;              // each answer
  std::optional<Duration> p95;                 // of a step that is repeated
  double error_rate = 0;                       // likewise, 0 to 1
};

// One field of a multipart form.
struct PartOptions {
  std::string text;
  std::string filename;
  std::string type;
};

struct StepOptions {
  std::string name;  // for the report; empty: its number
  std::string method;
  std::string path;
  std::map<std::string, std::string> headers;
  std::string bearer;
  std::string role;
  Json json;  // null: none
  std::map<std::string, std::string> form;
  std::map<std::string, PartOptions> multipart;
  std::string text;                            // a body as it is
  std::map<std::string, std::string> capture;  // name to a jq filter
  ExpectOptions expect;
  std::map<std::string, std::vector<std::string>> fields;  // what each role sees, exactly
  unsigned repeat = 1;
  unsigned concurrency = 1;
};

struct AppOptions {
  std::vector<ProcessOptions> processes;  // in their order; the last one is the application
  std::string directory;                  // its files and where it starts: visible, not writable
  bool working_copy = false;              // writable, and a copy
  std::vector<std::string> visible;       // more of the same
  std::map<std::string, std::string> environment;
  ReadyOptions ready;
  std::string fail_on_log;                          // a pattern; empty = none
  Duration stop_within = std::chrono::seconds(10);  // after SIGTERM
  std::map<std::string, RoleOptions> roles;
  std::vector<StepOptions> journey;
  Duration time = std::chrono::minutes(15);    // for all of the journey
  std::vector<sandbox::Destination> ways_out;  // all there are: `network: {allow: …}`
  sandbox::Limits limits;
  bool names_memory = false;         // the configuration says how much, so it is what it needs
  std::vector<std::string> secrets;  // values that came from variables: never printed
};

}  // namespace lifeboat::drill
