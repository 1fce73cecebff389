#pragma once
// What a probe inside a cell tried and found: the proof, or the want of proof, that nothing leaves
// it and that production is out of reach. Values only.
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/json_value.h"

namespace lifeboat::sandbox {

// One thing that must not be possible.
struct Attempt {
  std::string what;    // "IPv4", "DNS", "cloud metadata", "source db", …
  std::string target;  // "1.1.1.1:443", "/srv/shop/shop.db"
  std::string found;   // "Network is unreachable"
  bool blocked = false;
};

struct Isolation {
  std::vector<Attempt> attempts;
  // Every attempt was blocked, and there was at least one.
  bool proven() const;
};

Json to_json(const Isolation& isolation);

// A place that must not be seen, by its paths and by what they are.
struct Guarded {
  std::string name;  // "source db"
  std::vector<std::string> paths;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> inodes;  // device, inode
};

// What is seen of this machine, by its paths inside.
struct Sight {
  std::vector<std::filesystem::path> shown;  // as it is outside
  std::vector<std::filesystem::path> own;    // made for this cell, also where it lies in that
};

// What the agent is asked to try: public addresses, the metadata services of clouds, this
// machine's name servers, the guarded places, also by other names below what is shown, and what
// leads from there to a process outside: sockets and pipes.
Json probe_request(const std::vector<Guarded>& guarded, const Sight& sight,
                   const std::string& resolver_configuration);
// Runs inside the cell, a few seconds at most. The request is our own, the answer a list.
Json run_probe(const Json& request);
// `corrupt` when the answer is not of the form.
Result<Isolation> read_probe(const Json& answer);

}  // namespace lifeboat::sandbox
