#pragma once
// Whether a source was restored to a server like the one that a recovery would use. Equal data on
// another product, or on an older one, do not show that the own one would take them. Pure.
#include <string>

#include "drill/report.h"

namespace lifeboat::drill {

// Both as "MongoDB 7.0.12" or "FerretDB v1.24.0": the same product, and no older release.
bool is_like_server(const std::string& ours, const std::string& theirs);

// What is told of the server of a dump, each empty where it is not.
struct ServerOfDump {
  std::string named;    // in the configuration: "MongoDB 7.0"
  std::string version;  // at the head of an archive, which names no product: "7.0.12"
};

// `product` and `version` are of the drill's server; FerretDB tells the version that it answers
// like. Not run where the server is another, or where nothing tells.
CheckResult judge_server(const std::string& source, const std::string& ours,
                         const std::string& theirs);
CheckResult judge_server_of_dump(const std::string& source, const ServerOfDump& dump,
                                 const std::string& product, const std::string& version);

}  // namespace lifeboat::drill
